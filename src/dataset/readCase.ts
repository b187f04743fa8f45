/**
 * From an input to its bone: scans are segmented, masks taken as they are, meshes filled. Of a volume file only its values
 * can tell what it is: values from air to bone are Hounsfield units, two values a mask; anything else, such as micro-CT,
 * needs a threshold or a label.
 */
import { VolumeError } from '../errors.ts';
import { readMesh } from '../mesh/readMesh.ts';
import { type BoneMaskOptions, boneMask } from '../skull/bone-mask.ts';
import { cropToBone } from '../skull/orient.ts';
import type { QualityFacts } from '../skull/quality.ts';
import { THICKEST } from '../skull/segment/checkHeadCt.ts';
import { cleanMask, segmentBone } from '../skull/segment/segmentBone.ts';
import type { SegmentStep } from '../skull/segment/step.ts';
import { largestComponents } from '../volume/components.ts';
import { FORMAT_NAMES, formatOf } from '../volume/io/formats.ts';
import { readVolume } from '../volume/io/index.ts';
import { asScan, readScan } from '../volume/scan/index.ts';
import type { Grid, Mask, Vec3, Volume } from '../volume/volume.ts';
import { type CaseInput, pathsOf } from './inputs.ts';
import { limitsOf, type ScanLimits } from './limits.ts';
import type { Provenance } from './manifest.ts';
import { uniteMeshes, uniteVolumes } from './unite.ts';

export interface ReadOptions extends BoneMaskOptions, ScanLimits {
  /** Keep only this many of the largest connected components of a mask. Default: all. */
  components?: number;
  /** Coordinates of meshes that do not say it themselves. Default LPS. */
  meshSpace?: 'LPS' | 'RAS';
  /** Clean masks as a segmented scan is: neck, islands, marker pins, small holes. For whole skulls. */
  clean?: boolean;
  /** mm between the voxels that a mesh is filled with; the dataset's spacing. */
  spacing: number;
  onStep?: (step: SegmentStep) => void;
  /** Told of a scan before it is segmented, so that a refused one can be shown. */
  onScan?: (scan: Volume) => void;
}

export interface ReadCase {
  mask: Mask;
  /** The scan, for pictures; absent for masks and meshes. */
  scan?: Volume<Int16Array | Float32Array>;
  kind: Provenance['kind'];
  format: string;
  /** Read for it. */
  files: number;
  spacing: Vec3;
  /** Of the one volume it came from, before it was cut to the bone; absent for meshes and where two files were united. */
  grid?: Grid;
  threshold?: number;
  notes: string[];
  facts?: QualityFacts;
}

/** Reads one case. Throws the tagged error of what refuses it. */
export async function readCase(input: CaseInput, options: ReadOptions): Promise<ReadCase> {
  if (input.kind === 'mesh') return ofMeshes(pathsOf(input), options);
  if (input.kind === 'scan') {
    const { volume, kind, facts } = await readScan(input.scan, limitsOf(options));
    const read = { format: facts.format, files: input.scan.files, notes: facts.corrections };
    if (kind === 'ct') return segmented(volume, options, inHounsfield(options.threshold), read);
    return ofVolume(volume, input.scan.label, options, read);
  }
  const [path, second] = pathsOf(input);
  const volume = await readVolume(path);
  const format = FORMAT_NAMES[formatOf(path)];
  if (second !== undefined) return ofTwoMasks(path, volume, second, options, format);
  return ofVolume(volume, path, options, { format, files: 1, notes: [] });
}

type Reading = Pick<ReadCase, 'format' | 'files' | 'notes'>;

function ofVolume(volume: Volume, label: string, options: ReadOptions, reading: Reading): ReadCase {
  if (options.label === undefined && isScan(volume, options.threshold)) {
    const threshold = inHounsfield(options.threshold);
    try {
      return segmented(inScanType(volume), options, threshold, reading);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      // The file does not say that it is a CT; its user may know better.
      const { found, expected, todo } = error.explanation;
      const other =
        'if it is no head CT, give --threshold VALUE (bone is what is above; or otsu), or --label VALUE';
      throw new VolumeError({ found, expected, todo: `${todo}; ${other}` }, { cause: error });
    }
  }
  return { ...cleanedMask(ofMask(volume, label, options), options, reading), grid: gridOf(volume) };
}

const gridOf = ({ size, spacing, origin, direction }: Grid): Grid => ({ size, spacing, origin, direction });

/** Two masks of one subject. Throws `VolumeError` where one is a scan: its bone is not told from its values alone. */
async function ofTwoMasks(
  path: string,
  volume: Volume,
  second: string,
  options: ReadOptions,
  format: string,
): Promise<ReadCase> {
  const parts = [
    { path, content: volume },
    { path: second, content: await readVolume(second) },
  ];
  const scan = parts.find((p) => options.label === undefined && isScan(p.content, options.threshold));
  if (scan !== undefined)
    throw new VolumeError({
      found: `${scan.path} is a scan, and its name puts it together with ${parts.find((p) => p !== scan)!.path}`,
      expected: 'two masks, of a cranium and a mandible, in two files named alike',
      todo: 'give --no-pairs: each file is then a case of its own',
    });
  const mask = kept(cropToBone(uniteVolumes(parts, options)), options);
  return cleanedMask(mask, options, { format, files: 2, notes: [UNITED] });
}

/** A mask as it is, or cleaned as a scan is. */
function cleanedMask(mask: Mask, options: ReadOptions, reading: Reading): ReadCase {
  const { spacing } = mask;
  if (!options.clean) return { mask, kind: 'mask', spacing, ...reading };
  const cleaned = cleanMask(mask, { onStep: options.onStep });
  const notes = [...reading.notes, ...stepNotes(cleaned.steps)];
  return {
    mask: cleaned.mask,
    kind: 'mask',
    spacing,
    facts: cleaned.facts,
    ...reading,
    notes,
  };
}

/** The bone of a mask, cut to it; of its pieces the largest that were asked for. */
function ofMask(volume: Volume, label: string, options: ReadOptions): Mask {
  return kept(cropToBone(boneMask(volume, label, options)), options);
}

/** The largest components, where a number of them is asked for. */
function kept(bone: Mask, { components }: ReadOptions): Mask {
  if (components === undefined) return bone;
  return cropToBone({ ...bone, data: largestComponents(bone.data, bone.size, components) });
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
  { onStep, onScan, maxSliceSpacing = 0 }: ReadOptions,
  given: number | undefined,
  reading: Reading,
): ReadCase {
  onScan?.(volume);
  const { mask, steps, facts, threshold } = segmentBone(volume, {
    threshold: given,
    thickest: Math.max(THICKEST, maxSliceSpacing),
    onStep,
  });
  const notes = [...reading.notes, ...stepNotes(steps)];
  const { spacing } = volume;
  const grid = gridOf(volume);
  return { mask, scan: volume, kind: 'ct', spacing, grid, threshold, facts, ...reading, notes };
}

/** In a case's record: what it was made of must be seen. */
const UNITED = 'two files united, cranium and mandible';

function ofMeshes(paths: readonly string[], { spacing, meshSpace }: ReadOptions): ReadCase {
  const parts = paths.map((path) => ({ path, content: readMesh(path, { space: meshSpace }) }));
  // Finer than the grid, so that thin bone keeps its share of a voxel.
  const { mask, solids } = uniteMeshes(parts, Math.min(spacing / 2, 1));
  const open = solids.reduce((sum, s) => sum + s.openEdges, 0);
  const notes = [
    ...(paths.length > 1 ? [UNITED] : []),
    ...(open > 0 ? [`surface with ${open} open edges, closed by winding numbers`] : []),
  ];
  return { mask, kind: 'mesh', format: 'mesh', files: paths.length, spacing: mask.spacing, notes };
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

function inScanType(volume: Volume): Volume<Int16Array | Float32Array> {
  const data = asScan(volume.data);
  if (data !== undefined) return { ...volume, data };
  throw new VolumeError({
    found: 'a scan with voxels that are NaN or infinite',
    expected: 'finite numbers only',
    todo: 'mend the file: replace NaN with -1024',
  });
}
