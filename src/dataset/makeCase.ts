/**
 * One case, from its files to its mask on the grid: read, pose, fit, resample, grade, record. It knows nothing of other cases,
 * so cases can be made in any order and in any thread; what comes back is plain data.
 */
import { CranioflowError, DiskError, type Explanation, GridError, VolumeError } from '../errors.ts';
import { type AlignReference, alignedFrame, alignReference } from '../skull/align.ts';
import { type Canonical, canonicalFrame, landmarkFrame } from '../skull/canonical.ts';
import { readMarkups } from '../skull/landmarks.ts';
import { boneFrame, boneVoxels, extentOf, type Frame, type FrameKind, toFrame } from '../skull/orient.ts';
import { type Quality, type QualityScore, qualityScore } from '../skull/quality.ts';
import {
  measureRegions,
  type RegionPresence,
  type RegionTemplate,
  regionTemplate,
} from '../skull/regions.ts';
import { frameFromLandmarks } from '../skull/register/frame.ts';
import { humanTemplate, templateCentre } from '../skull/register/template.ts';
import { type Transform, transformToMatrix } from '../skull/register/transform.ts';
import type { SegmentStep } from '../skull/segment/step.ts';
import { apply3, transpose3 } from '../volume/geometry.ts';
import type { Mask, Vec3, Volume } from '../volume/volume.ts';
import { type AlignedCase, CaseAligner } from './caseAligner.ts';
import { CaseSheet } from './caseSheet.ts';
import { contentHash } from './copies.ts';
import { isTransient } from './fingerprint.ts';
import { graded } from './grade.ts';
import { type CaseInput, pathsOf } from './inputs.ts';
import { limitsOf } from './limits.ts';
import type { Provenance } from './manifest.ts';
import { type ReadCase, type ReadOptions, readCase } from './readCase.ts';
import { readOne } from './readOne.ts';

/** `frankfort`: aligned to the human template; the others are those of orient.ts. */
export type IngestFrame = FrameKind | 'frankfort';

/** Plain data: what a thread must know to make cases. */
export interface MakeOptions extends Omit<ReadOptions, 'onStep' | 'onScan' | 'clean'> {
  /** The dataset folder: records of cases go there. */
  out: string;
  /** Voxels along x, y, z: multiples of 4. */
  grid: Vec3;
  /** Default: `frankfort` for scans, `patient` for masks and meshes. */
  frame?: IngestFrame;
  /** A mask, mesh or scan of one bone, to which every bone is turned and shifted (never scaled). */
  alignTo?: string;
  /** Run folder or weights of an aligner: the network brings every bone into its frame, in place of `frame` and `alignTo`. */
  aligner?: string;
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
  quality?: QualityScore;
}

export interface MadeCase {
  mask: Mask;
  quality: Quality['score'];
  provenance: Provenance;
  /** A hash of the bone as it was read: copies.ts. */
  content: string;
  /** How far the bone reaches from the grid's centre along its axes, mm. */
  reach: [number, number, number];
}

/** A case that the grid does not hold tells its reach all the same. */
export type CaseOutcome = MadeCase | RefusedCase;

export interface RefusedCase {
  refused: Explanation;
  reach?: MadeCase['reach'];
  /** Another try may end otherwise. */
  transient?: boolean;
}

/** Told that a step has ended, and the bone it left, where it left one: for a clock. */
export type StepEnded = (step: string, mask?: Mask) => void;

/** Makes cases with the same options. */
export class CaseMaker {
  readonly #options: MakeOptions;
  readonly #reference?: AlignReference;
  readonly #landmarks?: Transform;
  readonly #aligner?: CaseAligner;
  readonly #ended: StepEnded;

  private constructor(
    options: MakeOptions,
    ended: StepEnded,
    { reference, landmarks, aligner }: Partial<PoseSources>,
  ) {
    this.#options = options;
    this.#ended = ended;
    this.#reference = reference;
    this.#landmarks = landmarks;
    this.#aligner = aligner;
  }

  /**
   * Reads the reference, the landmarks or the aligner, where there are some. Throws what is wrong with them. `ended` is told of each step
   * of a case when it has ended.
   */
  static async create(options: MakeOptions, ended: StepEnded = () => undefined): Promise<CaseMaker> {
    const { alignTo, landmarks, aligner } = options;
    const reference = alignTo === undefined ? undefined : await readReference(options, alignTo);
    const given = landmarks === undefined ? undefined : frameFromLandmarks(readMarkups(landmarks));
    return new CaseMaker(options, ended, {
      reference,
      landmarks: given,
      aligner: aligner === undefined ? undefined : await CaseAligner.open(aligner),
    });
  }

  /** Frees what the aligner holds. */
  async release(): Promise<void> {
    await this.#aligner?.release();
  }

  /** Makes a case and its record. What concerns the case refuses it; a full disk or a fault of ours is thrown. */
  async make(input: CaseInput, task: CaseTask): Promise<CaseOutcome> {
    const sheet = new CaseSheet(task.id, this.#options);
    const seen: { reach?: MadeCase['reach'] } = {};
    try {
      const made = await this.#make(input, task, sheet, seen);
      sheet.accept();
      this.#ended('slices, views and record');
      return made;
    } catch (error) {
      const reason = isOutOfMemory(error) ? outOfMemory(task.label, error) : error;
      if (!(reason instanceof CranioflowError) || reason instanceof DiskError) throw error;
      sheet.refuse(reason, [task.label, ...pathsOf(input)]);
      const transient = reason !== error || isTransient(reason);
      return { refused: reason.explanation, ...seen, ...(transient && { transient }) };
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
    const onStep = (step: SegmentStep): void => {
      this.#ended(step.name, step.mask);
      sheet.step(step);
      this.#ended('pictures of the steps');
    };
    const onScan = (scan: Volume): void => sheet.scan(scan);
    const read = await readCase(input, { ...this.#options, clean, onStep, onScan });
    this.#ended('quality facts');
    sheet.read(read);
    const { frame, transform, registration, aligner } = await this.#pose(read, label);
    this.#ended('align');
    const reach = reachOf(frame);
    // What no grid holds does not count for the grid that would hold every bone.
    if (isGrid(gridFor(reach, spacing))) seen.reach = reach;
    const cutShare = checkFit(read.mask, frame, this.#options, label);
    const mask = toFrame(read.mask, frame, grid, spacing, cut);
    this.#ended('resample to the grid');
    const regions = this.#regionsOf(read, transform);
    if (regions !== undefined) sheet.regions(regions, mask, templateCentre(humanTemplate()));
    this.#ended('regions');
    const measured = qualityScore({ ...read.facts, ...(regions && { regions: regions.shares }) });
    const { quality, graded: grades } = graded(measured, given);
    const provenance: Provenance = {
      kind: read.kind,
      format: read.format,
      files: read.files,
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
      ...(aligner && { aligner: aligner.record }),
      ...grades,
      notes: [...read.notes, ...(aligner?.warnings ?? [])],
      ...(read.kind === 'ct' && { limits: limitsOf(this.#options) }),
      cutShare,
    };
    sheet.placed(mask, provenance, quality);
    return { mask, quality: quality.score, provenance, content: contentHash(read.mask), reach };
  }

  /** Where the bone goes: by the aligner, by landmarks, by the template, by another bone, or by its own axes. */
  async #pose({ mask, kind: what }: ReadCase, label: string): Promise<Canonical & { aligner?: AlignedCase }> {
    if (this.#aligner !== undefined) {
      const aligner = await this.#aligner.align(mask, label);
      return { ...aligner.canonical, aligner };
    }
    if (this.#landmarks !== undefined) return landmarkFrame(mask, humanTemplate(), this.#landmarks, label);
    const kind = this.#options.frame ?? (what === 'ct' ? 'frankfort' : 'patient');
    const reference = this.#reference;
    if (reference === undefined && kind === 'frankfort') return canonicalFrame(mask, humanTemplate(), label);
    const frame =
      reference === undefined ? boneFrame(mask, kind as FrameKind) : alignedFrame(mask, reference);
    const rotation = transpose3(frame.axes);
    const at = apply3(rotation, frame.centre);
    return { frame, transform: { rotation, translation: [-at[0], -at[1], -at[2]], scale: 1 } };
  }

  /** Which regions of a skull are there; undefined where the bone does not lie in the Frankfort frame. */
  #regionsOf({ mask, kind }: ReadCase, transform: Transform): RegionPresence | undefined {
    const frame = this.#options.frame ?? (kind === 'ct' ? 'frankfort' : 'patient');
    // Of an aligner's frame it is not known whether it is that one.
    const frankfort =
      this.#landmarks !== undefined ||
      (this.#reference === undefined && this.#aligner === undefined && frame === 'frankfort');
    if (!frankfort) return undefined;
    humanRegions ??= regionTemplate(humanTemplate());
    return measureRegions(mask, transform, humanRegions);
  }
}

interface PoseSources {
  reference: AlignReference;
  landmarks: Transform;
  aligner: CaseAligner;
}

/** Of the human template; made where it is needed, once in a thread. */
let humanRegions: RegionTemplate | undefined;

const reachOf = ({ low, high }: Frame): MadeCase['reach'] =>
  low.map((v, c) => Math.max(-v, high[c])) as MadeCase['reach'];

/** The reference is read as a case is: a mesh is filled, a scan segmented. */
async function readReference(o: MakeOptions, path: string): Promise<AlignReference> {
  const { mask } = await readOne(path, o);
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
  const needed = gridFor(reachOf(frame), o.spacing);
  const longest = Math.max(...extent);
  throw new GridError({
    found: `${path}: its bone spans ${mm(extent)} mm, and ${percent(share)} of it would be cut off by the grid`,
    expected: `bone within ${o.grid.join('x')} voxels of ${o.spacing} mm = ${mm(half.map((h) => 2 * h))} mm`,
    todo: isGrid(needed)
      ? `--grid ${needed.join('x')} is the smallest that holds it at this spacing`
      : longest > LONGEST_BONE_MM
        ? 'no bone is as long: the spacing in its header is likely in another unit (metres, or micrometres, where mm are meant); correct it there'
        : `no grid holds it at this spacing (at most ${LARGEST_SIDE} voxels a side): choose a coarser --spacing, or check the unit of the spacing in its header`,
  });
}

/** Voxels along a side of a dataset's grid, at most: manifest.ts. */
const LARGEST_SIDE = 1024;

/** mm; twice a thigh bone. What is longer is a wrong unit. */
const LONGEST_BONE_MM = 1000;

const isGrid = (grid: Vec3): boolean => grid.every((n) => n <= LARGEST_SIDE);

/** What the engine throws where an array does not fit. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof RangeError && /allocation failed|invalid (typed )?array length/i.test(error.message)
  );
}

/** The refusal of a case for want of memory: not of the case's making, so never remembered. */
export function outOfMemory(label: string, cause: unknown): VolumeError {
  return new VolumeError(
    {
      found: `${label}: the memory of this machine did not suffice`,
      expected: 'memory for the scan and about ten bytes a voxel of the head',
      todo: 'run the same command again with --jobs 1, or crop the scan to the head',
    },
    { cause },
  );
}

/** `0.0012 %`, `87 %`: two digits, without an exponent. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

/** Sides, in multiples of 8, that reach `reach` mm to both sides of the centre. */
export function gridFor(reach: readonly number[], spacing: number): Vec3 {
  return reach.map((mm) => Math.max(8, 8 * Math.ceil((2 * mm) / spacing / 8 - 1e-6))) as unknown as Vec3;
}
