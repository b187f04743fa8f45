/**
 * What the options of an ingest mean for the dataset as a whole: whether they are possible, and the header that tells how
 * every mask was made. A folder made under another header is not added to.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { alignerHash, readAligner } from '../aligner/network.ts';
import { UsageError } from '../errors.ts';
import { FRAMES } from '../skull/orient.ts';
import type { IngestOptions } from './ingest.ts';
import type { DatasetHeader } from './writer.ts';

/** Throws `UsageError` for an option out of its range. */
export function checkOptions(o: IngestOptions): void {
  const fail = (found: string, expected: string, todo: string) => new UsageError({ found, expected, todo });
  if (!o.grid.every((n) => Number.isInteger(n) && n >= 8 && n <= 1024 && n % 4 === 0))
    throw fail(
      `a grid of ${o.grid.join('x')} voxels`,
      'sides that are multiples of 4, 8 to 1024',
      'give --grid 64x56x48',
    );
  if (!(o.spacing > 0 && Number.isFinite(o.spacing)))
    throw fail(`a spacing of ${o.spacing} mm`, 'a positive number of mm', 'give --spacing 2');
  checkAligner(o);
  for (const [name, value, least, most] of [
    ['cut', o.cut ?? 0.5, 0.01, 1],
    ['max-cut', o.maxCut ?? 0, 0, 1],
    ['test-share', o.testShare ?? 0.2, 0, 1],
    ['quality', o.quality ?? 6, 2, 6],
    ['components', o.components ?? 1, 1, 1e6],
    ['max-slice-spacing', o.maxSliceSpacing ?? 3, 0.1, 20],
    ['min-slices', o.minSlices ?? 16, 2, 1e6],
  ] as const)
    if (!(value >= least && value <= most))
      throw fail(`--${name} ${value}`, `a number from ${least} to ${most}`, 'correct the option');
}

/** The network gives the frame: what else would give one is refused, and so is a network of another bone. */
function checkAligner({ aligner, frame, alignTo, landmarks, bone }: IngestOptions): void {
  if (aligner === undefined) return;
  const other = Object.entries({ frame, 'align-to': alignTo, landmarks }).find(([, v]) => v !== undefined);
  if (other !== undefined)
    throw new UsageError({
      found: `--aligner and --${other[0]} together`,
      expected: 'one of them: each says into which frame bones are brought',
      todo: `leave --aligner or --${other[0]} out`,
    });
  const { meta } = readAligner(aligner);
  if (bone !== undefined && bone !== 'bone' && bone !== meta.bone)
    throw new UsageError({
      found: `--bone "${bone}", and an aligner that learnt the bone "${meta.bone}"`,
      expected: 'an aligner of the bone that is taken in',
      todo: 'name another run, or correct --bone',
    });
}

/** How the masks were made, in words. */
export function headerOf(o: IngestOptions): DatasetHeader {
  const bone =
    o.label !== undefined
      ? `Bone is the label ${o.label}.`
      : o.threshold === 'otsu'
        ? "Bone is what lies above Otsu's threshold of each scan."
        : o.threshold !== undefined
          ? `Bone is what lies above ${o.threshold}.`
          : 'Of a scan in Hounsfield units bone is segmented by a threshold found for each, of a mask it is the higher of two values.';
  const frame = [
    frameText(o),
    o.alignTo === undefined
      ? ''
      : `Turned and shifted to lie as ${referenceName(o.alignTo, o.keepNames)} does.`,
    bone,
    o.components === undefined ? '' : `The ${o.components} largest connected component(s) of each are kept.`,
    `Resampled by linear interpolation, averaged over a voxel, cut at ${o.cut ?? 0.5}.`,
    o.meshSpace === 'RAS' ? 'Meshes that do not say lie in RAS.' : '',
    o.maxCut ? `Up to ${100 * o.maxCut} % of a bone may lie outside the grid.` : '',
  ];
  const [x, y, z] = o.grid;
  return {
    name: o.name ?? `${o.bone ?? 'bone'} masks`,
    bone: o.bone ?? 'bone',
    phantom: false,
    size: [x, y, z],
    spacing: o.spacing,
    frame: frame.filter((s) => s !== '').join(' '),
  };
}

/** What the reference is called: a file's name may be a patient's, a hash of its content tells it from another as well. */
function referenceName(path: string, keepNames = false): string {
  if (keepNames) return basename(path);
  try {
    return `a reference bone (content ${createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 8)})`;
  } catch {
    // A folder of vtk.js, or no file at all, which reading it tells.
    return 'a reference bone';
  }
}

function frameText({ frame, landmarks, aligner }: IngestOptions): string {
  if (aligner !== undefined) {
    const hash = alignerHash(aligner).slice(0, 16);
    return `Laid by an aligner (weights ${hash}) into the frame of its training data: ${readAligner(aligner).meta.frame}`;
  }
  if (landmarks !== undefined || frame === 'frankfort') return FRANKFORT;
  if (frame !== undefined) return FRAMES[frame];
  return `Scans: ${FRANKFORT} Masks and meshes: ${FRAMES.patient}`;
}

/** In words; register/frame.ts has the definition. */
const FRANKFORT =
  'Frankfort frame: x through the porions to the left, y to the back along the Frankfort plane, z up; aligned by shape to a template whose box is centred on the grid.';
