/**
 * Bone by hysteresis. What reaches the bone threshold is bone. A wall thinner than a voxel does not reach it, but it
 * stands out: across the wall both sides are darker. So a voxel between the two thresholds is bone when it is a ridge,
 *
 *     v(p) - max(v(p + d), v(p - d)) >= drop   for one of nine directions d (3 axes, 6 diagonals) of about 1.5 mm,
 *
 * and connected through ridges to bone. A plain second threshold would also take the blurred rim of every thick bone
 * and swell the whole skull by part of a voxel; at a rim one side is brighter, so it is no ridge.
 *
 * The bone threshold itself is a quarter of dense bone, so that cancellous and thin bone pass; a thick bone's surface,
 * which lies at half, is then too far out. So the outermost layer is trimmed by the half maximum of its own place: a voxel
 * that touches background, is no ridge, and stays below the middle between soft tissue and the densest of its 26
 * neighbours goes.
 */
import { LATTICE_DIRECTIONS } from '../../volume/lattice.ts';
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

/** Along the axes and the diagonals of faces. */
const DIRECTIONS = LATTICE_DIRECTIONS.filter((d) => d.includes(0));

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
  const drop = Math.max(LEAST_DROP, 3 * levels.noise);
  const ridge = ridgeTest(volume, drop);
  const trimmed = trimRim(volume, levels.tissue - levels.offset, ridge, out);
  const seeds = out.slice();
  const low = threshold.thin - levels.offset;
  for (let p = 0; p < out.length; p++) if (data[p] >= low && data[p] < high && ridge(p)) out[p] = 1;
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
      note: `${total} voxels, of which ${thin} of thin walls below ${threshold.bone.toFixed(0)} HU; ${trimmed} of the rim, below half of the bone beside them, trimmed`,
    },
  };
}

/** Whether a voxel is a ridge; those within a side's reach of the border are not. */
function ridgeTest({ size, spacing, data }: Volume, drop: number): (p: number) => boolean {
  const [nx, ny, nz] = size;
  const [sx, sy, sz] = spacing.map((s) => Math.max(1, Math.round(SIDE / s)));
  const offsets = Int32Array.from(DIRECTIONS, ([x, y, z]) => {
    // A diagonal step has the length of a straight one.
    const straight = x * x + y * y + z * z === 1;
    const step = (s: number): number => (straight ? s : Math.max(1, Math.round(s * Math.SQRT1_2)));
    return x * step(sx) + nx * (y * step(sy) + ny * z * step(sz));
  });
  return (p) => {
    const i = p % nx;
    const row = (p - i) / nx;
    const j = row % ny;
    const k = (row - j) / ny;
    if (i < sx || i >= nx - sx || j < sy || j >= ny - sy || k < sz || k >= nz - sz) return false;
    const side = data[p] - drop;
    for (let d = 0; d < offsets.length; d++)
      if (data[p + offsets[d]] <= side && data[p - offsets[d]] <= side) return true;
    return false;
  };
}

/** Clears the outermost layer's voxels below their half maximum, in place; returns how many. */
function trimRim(
  { size, data }: Volume,
  tissue: number,
  ridge: (p: number) => boolean,
  mask: Uint8Array,
): number {
  const [nx, ny, nz] = size;
  const plane = nx * ny;
  const go: number[] = [];
  for (let k = 1; k < nz - 1; k++)
    for (let j = 1; j < ny - 1; j++) {
      const row = nx * (j + ny * k);
      for (let p = row + 1; p < row + nx - 1; p++) {
        if (mask[p] === 0) continue;
        const inner =
          mask[p - 1] & mask[p + 1] & mask[p - nx] & mask[p + nx] & mask[p - plane] & mask[p + plane];
        if (inner) continue;
        let most = 0;
        for (let c = -plane; c <= plane; c += plane)
          for (let b = -nx; b <= nx; b += nx)
            for (let q = p + b + c - 1; q <= p + b + c + 1; q++) if (data[q] > most) most = data[q];
        if (2 * data[p] < tissue + most && !ridge(p)) go.push(p);
      }
    }
  for (const p of go) mask[p] = 0;
  return go.length;
}
