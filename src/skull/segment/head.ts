/**
 * The head without what it lies on. On blocks of 3 mm, all that is denser than -400 HU is opened with a ball of 6 mm, so
 * that table, headrest, cushions and cables part from the skin they touch; of the pieces left, the head is the one that
 * holds most bone (a table may be the largest, but it is not bone). The skin, nose and ears that the opening took come
 * back within 9 mm. A headrest of 300 HU would survive only where it lies within that distance, and leaves with the
 * islands later.
 */
import { dilate, open } from '../../volume/morphology.ts';
import { forEachRun, labelRuns, paintRuns } from '../../volume/runs.ts';
import { type Vec3, type Volume, type VoxelArray, voxelCount, voxelToWorld } from '../../volume/volume.ts';
import { type Blocks, blockMeans, blocksOf } from './blocks.ts';
import type { Levels } from './levels.ts';
import { refuse, type SegmentStep } from './step.ts';

export const HEAD_DEFAULTS = {
  /** mm a block. */
  block: 3,
  /** HU: denser is body. */
  body: -400,
  /** mm: ball of the opening, and how far from it the skin may lie. */
  radius: 6,
  regrow: 9,
  /** mm of margin around the bone in the crop. */
  margin: 6,
};

export interface Head {
  /** The scan cut to the head's bone and a margin, in place in space. */
  volume: Volume;
  /** The head on blocks of `volume`: 1 head. */
  blocks: Blocks;
  inside: Uint8Array;
  step: SegmentStep;
}

/** Finds the head and crops the scan to its bone. Throws `VolumeError` when no piece of the body holds bone. */
export function isolateHead(volume: Volume, levels: Levels, options = HEAD_DEFAULTS): Head {
  const { offset } = levels;
  const blocks = blocksOf(volume, options.block);
  const { size, spacing } = blocks;
  const mean = blockMeans(volume.data, volume.size, blocks);
  const bone = blockMeans(volume.data, volume.size, blocks, 300 - offset);
  const body = new Uint8Array(mean.length);
  for (let b = 0; b < body.length; b++) body[b] = mean[b] + offset > options.body || bone[b] > 0.05 ? 1 : 0;
  const runs = labelRuns(open(body, size, spacing, options.radius), size, 6);
  const boneOf = new Float64Array(runs.sizes.length);
  forEachRun(runs, (at, length, label) => {
    for (let b = at; b < at + length; b++) boneOf[label] += bone[b];
  });
  const best = boneOf.reduce((top, amount, c) => (amount > boneOf[top] ? c : top), 0);
  if (runs.sizes.length === 0 || boneOf[best] === 0)
    throw refuse(
      'the scan holds no piece of body with bone in it',
      'a head',
      'check that the file is the scan you meant, and its rescale slope and intercept',
    );
  const inside = dilate(
    paintRuns(
      runs,
      boneOf.map((_, c) => (c === best ? 1 : 0)),
    ),
    size,
    spacing,
    options.regrow,
  );
  for (let b = 0; b < inside.length; b++) inside[b] &= body[b];
  const removed = body.reduce((n, v, b) => n + (v && !inside[b] ? 1 : 0), 0);
  const litres = (n: number): string => ((n * spacing[0] * spacing[1] * spacing[2]) / 1e6).toFixed(2);
  const kept = inside.reduce((n, v) => n + v, 0);
  const margin = spacing.map((s) => Math.ceil(options.margin / s));
  const [low, high] = boxOf(
    inside.map((v, b) => (v && bone[b] > 0 ? 1 : 0)),
    size,
  );
  const from = low.map((v, a) => Math.max(0, v - margin[a])) as unknown as Vec3;
  const to = high.map((v, a) => Math.min(size[a], v + 1 + margin[a])) as unknown as Vec3;
  const cropped = cropBlocks(volume, blocks, from, to);
  return {
    ...cropped,
    // The edge of the head keeps a block of margin: the outermost bone may share a block with air.
    inside: dilate(
      cutBlocks(inside, size, from, to),
      cropped.blocks.size,
      cropped.blocks.spacing,
      Math.max(...spacing),
    ),
    step: {
      name: 'head',
      count: runs.sizes.length,
      note: `the head is ${litres(kept)} litres; ${litres(removed)} litres of table, headrest and the like are left out; cut to ${cropped.volume.size.join('x')} voxels`,
    },
  };
}

function boxOf(mask: Uint8Array, [nx, ny, nz]: Vec3): [number[], number[]] {
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) {
        if (mask[p] === 0) continue;
        [i, j, k].forEach((v, a) => {
          low[a] = Math.min(low[a], v);
          high[a] = Math.max(high[a], v);
        });
      }
  return [low, high];
}

function cutBlocks(data: Uint8Array, size: Vec3, from: Vec3, to: Vec3): Uint8Array {
  return cropArray(data, size, from, to) as Uint8Array;
}

function cropArray(data: VoxelArray, size: Vec3, from: Vec3, to: Vec3): VoxelArray {
  const [nx, ny, nz] = [0, 1, 2].map((a) => to[a] - from[a]);
  const Kind = data.constructor as new (n: number) => VoxelArray;
  const out = new Kind(voxelCount([nx, ny, nz]));
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const at = from[0] + size[0] * (j + from[1] + size[1] * (k + from[2]));
      out.set(data.subarray(at, at + nx), nx * (j + ny * k));
    }
  return out;
}

/** The volume's voxels under blocks [from, to). */
function cropBlocks(volume: Volume, { factor, spacing }: Blocks, from: Vec3, to: Vec3) {
  const first = from.map((b, a) => b * factor[a]) as unknown as Vec3;
  const last = to.map((b, a) => Math.min(volume.size[a], b * factor[a])) as unknown as Vec3;
  const size = last.map((n, a) => n - first[a]) as unknown as Vec3;
  const cropped: Volume = {
    size,
    spacing: volume.spacing,
    direction: volume.direction,
    origin: voxelToWorld(volume, ...(first as unknown as [number, number, number])),
    data: cropArray(volume.data, volume.size, first, last),
  };
  const blocks: Blocks = {
    factor,
    spacing,
    size: to.map((b, a) => b - from[a]) as unknown as Vec3,
  };
  return { volume: cropped, blocks };
}
