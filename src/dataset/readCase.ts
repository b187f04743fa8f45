/**
 * From an input to its bone: scans are segmented, masks taken as they are, meshes filled. Of a volume file only its values
 * can tell what it is: values from air to bone are Hounsfield units, two values a mask; anything else, such as micro-CT,
 * needs a threshold or a label.
 */
import { VolumeError } from '../errors.ts';
import { readMesh } from '../mesh/readMesh.ts';
import { gridAround, solidOf } from '../mesh/voxelise.ts';
import { type BoneMaskOptions, boneMask } from '../skull/bone-mask.ts';
import { cropToBone } from '../skull/orient.ts';
import type { QualityFacts } from '../skull/quality.ts';
import { cleanMask, segmentBone } from '../skull/segment/segmentBone.ts';
import type { SegmentStep } from '../skull/segment/step.ts';
import { largestComponents } from '../volume/components.ts';
import { FORMAT_NAMES, formatOf } from '../volume/io/formats.ts';
import { readVolume } from '../volume/io/index.ts';
import { readScan } from '../volume/scan/index.ts';
import type { Mask, Vec3, Volume } from '../volume/volume.ts';
import type { CaseInput } from './inputs.ts';
import type { Provenance } from './manifest.ts';

export interface ReadOptions extends BoneMaskOptions {
  /** Keep only this many of the largest connected components of a mask. Default: all. */
  components?: number;
  /** Coordinates of meshes that do not say it themselves. Default LPS. */
  meshSpace?: 'LPS' | 'RAS';
  /** Clean masks as a segmented scan is: neck, islands, marker pins, small holes. For whole skulls. */
  clean?: boolean;
  /** mm between the voxels that a mesh is filled with; the dataset's spacing. */
  spacing: number;
  onStep?: (step: SegmentStep) => void;
}

export interface ReadCase {
  mask: Mask;
  /** The scan, for pictures; absent for masks and meshes. */
  scan?: Volume<Int16Array | Float32Array>;
  kind: Provenance['kind'];
  format: string;
  spacing: Vec3;
  threshold?: number;
  notes: string[];
  facts?: QualityFacts;
}

/** Reads one case. Throws the tagged error of what refuses it. */
export async function readCase(input: CaseInput, options: ReadOptions): Promise<ReadCase> {
  if (input.kind === 'mesh') return ofMesh(input.file.path, options);
  if (input.kind === 'scan') {
    const { volume, kind, facts } = await readScan(input.scan);
    const read = { format: facts.format, notes: facts.corrections };
    if (kind === 'ct') return segmented(volume, options, inHounsfield(options.threshold), read);
    return ofVolume(volume, input.scan.label, options, read);
  }
  const volume = await readVolume(input.file.path);
  return ofVolume(volume, input.file.path, options, {
    format: FORMAT_NAMES[formatOf(input.file.path)],
    notes: [],
  });
}

type Reading = Pick<ReadCase, 'format' | 'notes'>;

function ofVolume(volume: Volume, label: string, options: ReadOptions, reading: Reading): ReadCase {
  if (options.label === undefined && isScan(volume, options.threshold)) {
    const threshold = inHounsfield(options.threshold);
    try {
      return segmented(asScan(volume), options, threshold, reading);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      // The file does not say that it is a CT; its user may know better.
      const { found, expected, todo } = error.explanation;
      const other =
        'if it is no head CT, give --threshold VALUE (bone is what is above; or otsu), or --label VALUE';
      throw new VolumeError({ found, expected, todo: `${todo}; ${other}` }, { cause: error });
    }
  }
  const mask = ofMask(volume, label, options);
  if (!options.clean) return { mask, kind: 'mask', spacing: volume.spacing, ...reading };
  const cleaned = cleanMask(mask, { onStep: options.onStep });
  const notes = [...reading.notes, ...stepNotes(cleaned.steps)];
  return {
    mask: cleaned.mask,
    kind: 'mask',
    spacing: volume.spacing,
    facts: cleaned.facts,
    ...reading,
    notes,
  };
}

/** The bone of a mask, cut to it; of its pieces the largest that were asked for. */
export function ofMask(volume: Volume, label: string, options: ReadOptions): Mask {
  const bone = cropToBone(boneMask(volume, label, options));
  if (options.components === undefined) return bone;
  return cropToBone({ ...bone, data: largestComponents(bone.data, bone.size, options.components) });
}

const stepNotes = (steps: readonly SegmentStep[]): string[] => steps.map((s) => `${s.name}: ${s.note}`);

/** The threshold of a scan, in HU. */
function inHounsfield(threshold: ReadOptions['threshold']): number | undefined {
  if (threshold !== 'otsu') return threshold;
  throw new VolumeError({
    found: 'a scan in Hounsfield units, and otsu for its threshold',
    expected: 'a threshold in HU, or none: it is then found for each scan',
    todo: 'leave --threshold out',
  });
}

function segmented(
  volume: Volume<Int16Array | Float32Array>,
  { onStep }: ReadOptions,
  given: number | undefined,
  reading: Reading,
): ReadCase {
  const { mask, steps, facts, threshold } = segmentBone(volume, { threshold: given, onStep });
  const notes = [...reading.notes, ...stepNotes(steps)];
  return { mask, scan: volume, kind: 'ct', spacing: volume.spacing, threshold, facts, ...reading, notes };
}

function ofMesh(path: string, { spacing, meshSpace }: ReadOptions): ReadCase {
  const mesh = readMesh(path, { space: meshSpace });
  // Finer than the grid, so that thin bone keeps its share of a voxel.
  const grid = gridAround([mesh], Math.min(spacing / 2, 1));
  const { mask, openEdges } = solidOf(mesh, grid);
  const notes = openEdges > 0 ? [`surface with ${openEdges} open edges, closed by winding numbers`] : [];
  return { mask, kind: 'mesh', format: 'mesh', spacing: grid.spacing, notes };
}

/** Distinct values from which on a volume is no map of labels. */
const SCAN_VALUES = 64;

/**
 * Many values that reach from air to bone are Hounsfield units. Without a threshold any volume of many values is taken for a
 * scan: the segmentation knows HU + 1024, and says what is wrong with others.
 */
function isScan({ data }: Volume, threshold: ReadOptions['threshold']): boolean {
  let [least, most] = [Infinity, -Infinity];
  const distinct = new Set<number>();
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (v < least) least = v;
    if (v > most) most = v;
    if (distinct.size < SCAN_VALUES) distinct.add(v);
  }
  if (distinct.size < SCAN_VALUES) return false;
  return threshold === undefined || (least <= -300 && most >= 300);
}

function asScan(volume: Volume): Volume<Int16Array | Float32Array> {
  const { data } = volume;
  if (data instanceof Int16Array) return { ...volume, data };
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  if (!values.every(Number.isFinite))
    throw new VolumeError({
      found: 'a scan with voxels that are NaN or infinite',
      expected: 'finite numbers only',
      todo: 'mend the file: replace NaN with -1024',
    });
  return { ...volume, data: values };
}
