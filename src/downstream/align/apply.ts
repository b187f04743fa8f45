/**
 * The aligner applied to one input, from its file to a file: read as ingest reads a case (scans segmented, meshes filled), aligned,
 * resampled in one step onto a grid in the canonical frame, which has the extent of the training's grid unless another is named.
 */
import { resolve } from 'node:path';
import { type Aligner, openAligner } from '../../aligner/aligner.ts';
import type { ReadOptions } from '../../dataset/readCase.ts';
import { readOne } from '../../dataset/readOne.ts';
import { FileError, UsageError } from '../../errors.ts';
import { writeFileAtomic } from '../../files/atomic.ts';
import { interruptedError, nextTurn } from '../../files/interrupt.ts';
import type { AlignerMeta } from '../../models/metadata.ts';
import { boneVoxels, cropToBone } from '../../skull/orient.ts';
import {
  applyTransform,
  IDENTITY_TRANSFORM,
  invertTransform,
  rotationAngle,
  type Transform,
  transformGrid,
  transformToMatrix,
} from '../../skull/register/transform.ts';
import { centroidOf } from '../../volume/centroid.ts';
import { volumeExtension, writableExtensions } from '../../volume/io/formats.ts';
import { writeVolume } from '../../volume/io/index.ts';
import { resampleMask } from '../../volume/resample.ts';
import { centredGrid, type Mask, type Vec3 } from '../../volume/volume.ts';
import type { PoseUncertainty } from './method.ts';

export interface ApplyOptions
  extends Pick<ReadOptions, 'threshold' | 'label' | 'components' | 'meshSpace' | 'clean'> {
  /** A CT, a mask or a mesh. */
  input: string;
  /** Run folder or weights file. */
  run: string;
  /** Volume file to write. */
  out: string;
  /** ITK transform file to write. */
  matrix?: string;
  /** mm between voxels written. Default: that of the training. */
  spacing?: number;
  /** Voxels written. Default: what the training's grid spans. */
  grid?: Vec3;
  /** A voxel written is bone from this share on. Default 0.5. */
  cut?: number;
  threads?: number;
  signal?: AbortSignal;
}

export interface Applied {
  out: string;
  /** Row-major 4x4: LPS mm of the input to the canonical frame. */
  matrix: number[];
  /** How far the bone was turned, and its centroid shifted. */
  rotationDeg: number;
  translationMm: number;
  uncertainty: PoseUncertainty;
  /** What the uncertainty was scaled by; absent where it was not. */
  calibration?: AlignerMeta['calibration'];
  /** Share of the bone's voxels that the grid written cuts off. */
  cutShare: number;
  size: Vec3;
  /** mm. */
  spacing: number;
  warnings: string[];
}

/** Voxels of a grid written, at most. */
const MOST_VOXELS = 2 ** 29;

/**
 * Aligns one input and writes it. Throws `FileError` for an output of another kind, `UsageError` where the input holds several
 * bones or the grid written is too large, `VolumeError` where it holds none or one of another size, `CheckpointError`,
 * `InterruptedError` before anything is written when `signal` is aborted, and what reading throws.
 */
export async function applyAligner(options: ApplyOptions): Promise<Applied> {
  const { input, run, out, cut } = options;
  const extension = volumeExtension(out);
  if (extension === undefined || !writableExtensions.includes(extension))
    throw new FileError({
      found: `--out ${out} ends in no extension that can be written`,
      expected: `one of ${writableExtensions.join(', ')}`,
      todo: 'change the extension',
    });
  if (options.matrix !== undefined && !/\.(tfm|txt)$/i.test(options.matrix))
    throw new FileError({
      found: `--matrix ${options.matrix} does not end in .tfm`,
      expected: 'an ITK transform: a file in .tfm or .txt',
      todo: 'change the extension',
    });
  for (const path of [out, options.matrix])
    if (path !== undefined && resolve(path) === resolve(input))
      throw new FileError({
        found: `${path} is the input itself`,
        expected: 'another file to write: the scan must stay as it is',
        todo: 'choose another name',
      });
  const aligner = await openAligner(run, { threads: options.threads });
  try {
    const { spacing, calibration } = aligner.meta;
    const grid = gridOf(aligner, options);
    await goOn(options.signal);
    const { threshold, label, components, meshSpace, clean } = options;
    const { mask } = await readOne(input, { threshold, label, components, meshSpace, clean, spacing });
    await goOn(options.signal);
    const { transform, uncertainty, warnings } = await aligner.align(mask);
    const cutShare = shareOutside(mask, transform, grid);
    if (cutShare > 0)
      warnings.push(
        `${Number((100 * cutShare).toPrecision(2))} % of the bone lies outside the grid of ${grid.size.join('x')} voxels of ${grid.spacing[0]} mm: choose a larger --grid`,
      );
    const placed = resampleMask(transformGrid(cropToBone(mask), transform), grid, cut);
    if (!placed.data.includes(1))
      warnings.push('no voxel of the grid written is bone: choose a finer --spacing or a lower --cut');
    await goOn(options.signal);
    await writeVolume(out, placed);
    if (options.matrix !== undefined) writeFileAtomic(options.matrix, itkTransform(transform));
    const centroid = centroidOf(mask);
    const moved = applyTransform(transform, centroid);
    return {
      out,
      matrix: transformToMatrix(transform),
      rotationDeg: rotationAngle(transform.rotation, IDENTITY_TRANSFORM.rotation),
      translationMm: Math.hypot(moved[0] - centroid[0], moved[1] - centroid[1], moved[2] - centroid[2]),
      uncertainty,
      ...(calibration && { calibration }),
      cutShare,
      size: grid.size,
      spacing: grid.spacing[0],
      warnings,
    };
  } finally {
    await aligner.release();
  }
}

/** Throws `InterruptedError` once the signal is aborted; what blocks the event loop gives it a chance to be heard here. */
async function goOn(signal?: AbortSignal): Promise<void> {
  await nextTurn();
  if (signal?.aborted) throw interruptedError('nothing was written', 'run the same command again');
}

function gridOf({ meta }: Aligner, { spacing = meta.spacing, grid }: ApplyOptions) {
  const size =
    grid ?? (meta.size.map((n) => Math.max(1, Math.round((n * meta.spacing) / spacing))) as unknown as Vec3);
  if (size[0] * size[1] * size[2] > MOST_VOXELS)
    throw new UsageError({
      found: `a grid of ${size.join('x')} voxels`,
      expected: `at most ${MOST_VOXELS} voxels in all`,
      todo: 'choose a coarser --spacing or a smaller --grid',
    });
  return centredGrid(size, [spacing, spacing, spacing]);
}

/** Share of a bone's voxel centres that lie outside a centred grid. */
function shareOutside(
  mask: Mask,
  transform: Transform,
  { size, spacing }: ReturnType<typeof centredGrid>,
): number {
  const voxels = boneVoxels(cropToBone(mask));
  const half = size.map((n, a) => (n * spacing[a]) / 2);
  let outside = 0;
  for (let p = 0; p < voxels.length; p += 3) {
    const at = applyTransform(transform, [voxels[p], voxels[p + 1], voxels[p + 2]]);
    if (at.some((v, a) => Math.abs(v) > half[a])) outside++;
  }
  return outside / (voxels.length / 3);
}

/**
 * The text of an ITK transform file. ITK's transforms lead from the space written to the space read, so the inverse move stands in
 * it; 3D Slicer, which opens such files as resampling transforms, then moves the bone into the canonical frame.
 */
export function itkTransform(transform: Transform): string {
  const { rotation, translation } = invertTransform(transform);
  return [
    '#Insight Transform File V1.0',
    '#Transform 0',
    'Transform: AffineTransform_double_3_3',
    `Parameters: ${[...rotation, ...translation].join(' ')}`,
    'FixedParameters: 0 0 0',
    '',
  ].join('\n');
}
