/**
 * Bone by hysteresis. What reaches the bone threshold is bone. A wall thinner than a voxel does not reach it, but it
 * stands out: across the wall both sides are darker. So a voxel between the two thresholds is bone when it is a ridge,
 *
 *     v(p) - max(v(p + d), v(p - d)) >= drop   for one of nine directions d (3 axes, 6 diagonals) of about 1.5 mm,
 *
 * and connected through ridges to bone. A plain second threshold would also take the blurred rim of every thick bone
 * and swell the whole skull by part of a voxel; at a rim one side is brighter, so it is no ridge.
 */
import { labelRuns, overlapOfRuns, paintRuns } from '../../volume/runs.ts';
import type { Mask, Volume } from '../../volume/volume.ts';
import { clearOutside } from './blocks.ts';
import type { Head } from './head.ts';
import type { Levels } from './levels.ts';
import type { SegmentStep } from './step.ts';
import type { BoneThreshold } from './threshold.ts';

/** mm from a ridge to its sides. */
const SIDE = 1.5;
/** HU: least height of a ridge over its sides, whatever the noise. */
const LEAST_DROP = 80;

const DIRECTIONS = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 1, 0],
  [1, -1, 0],
  [1, 0, 1],
  [1, 0, -1],
  [0, 1, 1],
  [0, 1, -1],
] as const;

/** The bone voxels of a head: thresholds as in `BoneThreshold`. */
export function boneVoxels(
  head: Head,
  levels: Levels,
  threshold: BoneThreshold,
): { mask: Mask; step: SegmentStep } {
  const { volume } = head;
  const { size, spacing, origin, direction, data } = volume;
  const high = threshold.bone - levels.offset;
  const out = new Uint8Array(data.length);
  for (let p = 0; p < out.length; p++) out[p] = data[p] >= high ? 1 : 0;
  const seeds = out.slice();
  const drop = Math.max(LEAST_DROP, 3 * levels.noise);
  markRidges(volume, threshold.thin - levels.offset, high, drop, out);
  clearOutside(out, size, head.blocks, head.inside);
  const runs = labelRuns(out, size);
  const sure = overlapOfRuns(runs, seeds);
  const data2 = paintRuns(runs, sure);
  let thin = 0;
  let total = 0;
  for (let p = 0; p < data2.length; p++) {
    total += data2[p];
    thin += data2[p] & ~seeds[p];
  }
  return {
    mask: { size, spacing, origin, direction, data: data2 },
    step: {
      name: 'bone',
      count: total,
      note: `${total} voxels, of which ${thin} of thin walls below ${threshold.bone.toFixed(0)} HU`,
    },
  };
}

/** Sets `out` at ridge voxels with a value in [low, high). */
function markRidges(volume: Volume, low: number, high: number, drop: number, out: Uint8Array): void {
  const { size, spacing, data } = volume;
  const [nx, ny, nz] = size;
  const [sx, sy, sz] = spacing.map((s) => Math.max(1, Math.round(SIDE / s)));
  const offsets = DIRECTIONS.map(([x, y, z]) => {
    // A diagonal step has the length of a straight one.
    const straight = x * x + y * y + z * z === 1;
    const step = (s: number): number => (straight ? s : Math.max(1, Math.round(s * Math.SQRT1_2)));
    return x * step(sx) + nx * (y * step(sy) + ny * z * step(sz));
  });
  for (let k = sz; k < nz - sz; k++)
    for (let j = sy; j < ny - sy; j++) {
      const row = nx * (j + ny * k);
      for (let p = row + sx; p < row + nx - sx; p++) {
        const v = data[p];
        if (v < low || v >= high) continue;
        for (let d = 0; d < offsets.length; d++) {
          const side = v - drop;
          if (data[p + offsets[d]] > side || data[p - offsets[d]] > side) continue;
          out[p] = 1;
          break;
        }
      }
    }
}
