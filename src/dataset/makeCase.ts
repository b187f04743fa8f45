/**
 * One case, from its files to its mask on the grid: read, pose, fit, resample, grade, record. It knows nothing of other cases,
 * so cases can be made in any order and in any thread; what comes back is plain data.
 */
import { CranioflowError, DiskError, type Explanation, GridError } from '../errors.ts';
import { type AlignReference, alignedFrame, alignReference } from '../skull/align.ts';
import { type Canonical, canonicalFrame, placed } from '../skull/canonical.ts';
import { readMarkups } from '../skull/landmarks.ts';
import { boneFrame, boneVoxels, extentOf, type Frame, type FrameKind, toFrame } from '../skull/orient.ts';
import { type Quality, type QualityFacts, qualityScore } from '../skull/quality.ts';
import {
  measureRegions,
  type RegionPresence,
  type RegionTemplate,
  regionTemplate,
} from '../skull/regions.ts';
import { frameFromLandmarks } from '../skull/register/frame.ts';
import { skullTemplate, type Template, templateCentre } from '../skull/register/template.ts';
import { type Transform, transformToMatrix } from '../skull/register/transform.ts';
import { apply3, transpose3 } from '../volume/geometry.ts';
import { readVolume } from '../volume/io/index.ts';
import type { Mask, Vec3 } from '../volume/volume.ts';
import { CaseSheet } from './caseSheet.ts';
import type { CaseInput } from './inputs.ts';
import type { Provenance } from './manifest.ts';
import { ofMask, type ReadCase, type ReadOptions, readCase } from './readCase.ts';

/** `frankfort`: aligned to the human template; the others are those of orient.ts. */
export type IngestFrame = FrameKind | 'frankfort';

/** Plain data: what a thread must know to make cases. */
export interface MakeOptions extends Omit<ReadOptions, 'onStep' | 'clean'> {
  /** The dataset folder: records of cases go there. */
  out: string;
  /** Voxels along x, y, z: multiples of 4. */
  grid: Vec3;
  /** Default: `frankfort` for scans, `patient` for masks and meshes. */
  frame?: IngestFrame;
  /** A file of the same kind to which every bone is turned and shifted (never scaled). */
  alignTo?: string;
  /** Landmarks (3D Slicer markups) that define the Frankfort frame of a single case. */
  landmarks?: string;
  /** A resampled voxel is bone from this share on. Default 0.5; less for bones thinner than the spacing. */
  cut?: number;
  /** Share of a bone's voxels that the grid may cut off. Default 0. */
  maxCut?: number;
  /** No pictures, no `cases.html`. */
  withoutPictures?: boolean;
}

export interface CaseTask {
  id: string;
  /** For messages. */
  label: string;
  /** A grade that was given; else what is measured counts. */
  quality?: number;
}

export interface MadeCase {
  mask: Mask;
  quality: Quality['score'];
  provenance: Provenance;
  /** How far the bone reaches from the grid's centre along its axes, mm. */
  reach: [number, number, number];
}

/** A case that the grid does not hold tells its reach all the same. */
export type CaseOutcome = MadeCase | { refused: Explanation; reach?: MadeCase['reach'] };

/** Makes cases with the same options. */
export class CaseMaker {
  readonly #options: MakeOptions;
  readonly #reference?: AlignReference;
  readonly #landmarks?: Transform;
  #template?: Template;
  #regions?: RegionTemplate;

  private constructor(options: MakeOptions, reference?: AlignReference, landmarks?: Transform) {
    this.#options = options;
    this.#reference = reference;
    this.#landmarks = landmarks;
  }

  /** Reads the reference or the landmarks, where there are some. Throws what is wrong with them. */
  static async create(options: MakeOptions): Promise<CaseMaker> {
    const { alignTo, landmarks } = options;
    const reference = alignTo === undefined ? undefined : await readReference(options, alignTo);
    const given = landmarks === undefined ? undefined : frameFromLandmarks(readMarkups(landmarks));
    return new CaseMaker(options, reference, given);
  }

  /** Makes a case and its record. What concerns the case refuses it; a full disk or a fault of ours is thrown. */
  async make(input: CaseInput, task: CaseTask): Promise<CaseOutcome> {
    const sheet = new CaseSheet(task.id, this.#options);
    const seen: { reach?: MadeCase['reach'] } = {};
    try {
      const made = await this.#make(input, task, sheet, seen);
      sheet.accept();
      return made;
    } catch (error) {
      if (!(error instanceof CranioflowError) || error instanceof DiskError) throw error;
      sheet.refuse(error, task.label);
      return { refused: error.explanation, ...seen };
    }
  }

  async #make(
    input: CaseInput,
    { label, quality: given }: CaseTask,
    sheet: CaseSheet,
    seen: { reach?: MadeCase['reach'] },
  ): Promise<MadeCase> {
    const { grid, spacing, cut, frame: kind } = this.#options;
    const clean = this.#landmarks !== undefined || kind === 'frankfort';
    const read = await readCase(input, { ...this.#options, clean, onStep: (step) => sheet.step(step) });
    sheet.read(read);
    const { frame, transform, registration } = this.#pose(read, label);
    const reach = reachOf(frame);
    seen.reach = reach;
    const cutShare = checkFit(read.mask, frame, this.#options, label);
    const mask = toFrame(read.mask, frame, grid, spacing, cut);
    const regions = this.#regionsOf(read, transform);
    if (regions !== undefined) sheet.regions(regions, mask, templateCentre(this.#skull()));
    const quality = gradeOf({ ...read.facts, ...(regions && { regions: regions.shares }) }, given);
    const provenance: Provenance = {
      kind: read.kind,
      format: read.format,
      spacing: [...read.spacing],
      ...(read.threshold !== undefined && { threshold: read.threshold }),
      transform: transformToMatrix(transform),
      ...(registration && {
        alignment: {
          rms_mm: registration.rms_mm,
          score: registration.score,
          runnerUp: registration.runnerUp,
        },
      }),
      qualityReasons: quality.reasons,
      notes: read.notes,
      cutShare,
    };
    sheet.placed(mask, provenance, quality);
    return { mask, quality: quality.score, provenance, reach };
  }

  /** Where the bone goes: by landmarks, by the template, by another bone, or by its own axes. */
  #pose({ mask, kind: what }: ReadCase, label: string): Canonical {
    if (this.#landmarks !== undefined) return placed(mask, this.#skull(), this.#landmarks);
    const kind = this.#options.frame ?? (what === 'ct' ? 'frankfort' : 'patient');
    const reference = this.#reference;
    if (reference === undefined && kind === 'frankfort') return canonicalFrame(mask, this.#skull(), label);
    const frame =
      reference === undefined ? boneFrame(mask, kind as FrameKind) : alignedFrame(mask, reference);
    const rotation = transpose3(frame.axes);
    const at = apply3(rotation, frame.centre);
    return { frame, transform: { rotation, translation: [-at[0], -at[1], -at[2]], scale: 1 } };
  }

  /** Which regions of a skull are there; undefined where the bone does not lie in the Frankfort frame. */
  #regionsOf({ mask, kind }: ReadCase, transform: Transform): RegionPresence | undefined {
    const frame = this.#options.frame ?? (kind === 'ct' ? 'frankfort' : 'patient');
    const frankfort =
      this.#landmarks !== undefined || (this.#reference === undefined && frame === 'frankfort');
    if (!frankfort) return undefined;
    this.#regions ??= regionTemplate(this.#skull());
    return measureRegions(mask, transform, this.#regions);
  }

  /** The human template takes a second to make: only where it is needed. */
  #skull(): Template {
    this.#template ??= skullTemplate();
    return this.#template;
  }
}

/** A grade that was given counts, else what was measured; a bone of which nothing was measured counts as complete. */
function gradeOf(facts: QualityFacts, given?: number): Quality {
  return given === undefined ? qualityScore(facts) : { score: given as Quality['score'], reasons: [] };
}

const reachOf = ({ low, high }: Frame): MadeCase['reach'] =>
  low.map((v, c) => Math.max(-v, high[c])) as MadeCase['reach'];

async function readReference(o: MakeOptions, path: string): Promise<AlignReference> {
  const mask = ofMask(await readVolume(path), path, o);
  return alignReference(mask, o.frame === 'principal' ? 'principal' : 'patient');
}

/**
 * The share of bone voxels whose centre is outside the grid. Throws `GridError` when it is above `maxCut`, or when the
 * whole bone is smaller than one voxel (a header in metres, say): averaging over such a voxel would take endless memory.
 */
function checkFit(mask: Mask, frame: Frame, o: MakeOptions, path: string): number {
  const extent = extentOf(frame);
  if (Math.max(...extent) < o.spacing)
    throw new GridError({
      found: `${path}: its whole bone spans ${extent.map((x) => x.toPrecision(2)).join(' x ')} mm, less than one voxel of ${o.spacing} mm`,
      expected: 'a bone of many voxels',
      todo: 'check the spacing in the header of the file, or choose a finer --spacing',
    });
  const half = o.grid.map((n) => (n * o.spacing) / 2);
  const slack = 1e-6 * o.spacing;
  if (half.every((h, c) => -frame.low[c] <= h + slack && frame.high[c] <= h + slack)) return 0;
  const voxels = boneVoxels(mask);
  const inverse = transpose3(frame.axes);
  let outside = 0;
  for (let p = 0; p < voxels.length; p += 3) {
    const [x, y, z] = [0, 1, 2].map((c) => voxels[p + c] - frame.centre[c]);
    if (apply3(inverse, [x, y, z]).some((u, c) => Math.abs(u) > half[c])) outside++;
  }
  const share = outside / (voxels.length / 3);
  const { maxCut = 0 } = o;
  if (share <= maxCut) return share;
  const mm = (v: readonly number[]) => v.map((x) => x.toFixed(1)).join(' x ');
  throw new GridError({
    found: `${path}: its bone spans ${mm(extent)} mm, and ${percent(share)} of it would be cut off by the grid`,
    expected: `bone within ${o.grid.join('x')} voxels of ${o.spacing} mm = ${mm(half.map((h) => 2 * h))} mm`,
    todo: `--grid ${gridFor(reachOf(frame), o.spacing).join('x')} is the smallest that holds it at this spacing`,
  });
}

/** `0.0012 %`, `87 %`: two digits, without an exponent. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

/** Sides, in multiples of 8, that reach `reach` mm to both sides of the centre. */
export function gridFor(reach: readonly number[], spacing: number): Vec3 {
  return reach.map((mm) => Math.max(8, 8 * Math.ceil((2 * mm) / spacing / 8 - 1e-6))) as unknown as Vec3;
}
