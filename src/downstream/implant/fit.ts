/**
 * What an implant is like as a piece: how near it lies to the bone, how thin it is, how large. The gap is measured from
 * face to face: two voxels that are (a, b, c) steps apart have cubes whose faces are
 *
 *   sqrt(sum ((max(|a|, 1) - 1) s)^2)
 *
 * apart, which is the distance to the bone widened by one voxel in all 26 directions. It is stated over the rim: surface
 * voxels of the implant within two voxels of bone, where any are; else over the nearest tenth of its surface. Thickness is
 * local thickness (`evaluation/plausibility/thickness.ts`), good to half a voxel: its 5th percentile stands for the least,
 * because every piece ends in a thin edge.
 */
import { localThickness } from '../../evaluation/plausibility/thickness.ts';
import { quantileOfSorted } from '../../evaluation/statistics.ts';
import { surfaceVoxels } from '../../evaluation/surfaceDistance.ts';
import { squaredDistanceTransform } from '../../volume/distanceTransform.ts';
import { IDENTITY, type Vec3 } from '../../volume/volume.ts';
import type { Box } from './box.ts';

export interface Fit {
  /** Distances between the faces of implant and bone along the rim, mm, and the share of it that touches. */
  gap: { least: number; median: number; p95: number; touching: number };
  /** Local thickness, mm: 5th percentile and median over the voxels. */
  thickness: { least: number; median: number };
  volumeMm3: number;
}

/** mm between the faces of each voxel and those of the nearest bone voxel; 0 where they touch, if by a corner. */
export function faceDistances(bone: Uint8Array, size: Vec3, spacing: Vec3): Float32Array {
  const out = squaredDistanceTransform(widen(bone, size), size, spacing);
  for (let p = 0; p < out.length; p++) out[p] = Math.sqrt(out[p]);
  return out;
}

/** Measures an implant in the box; `toBone` holds squared distances to the bone, centre to centre, `faces` those between faces. */
export function measureFit(
  implant: Uint8Array,
  toBone: Float32Array,
  faces: Float32Array,
  { size }: Box,
  spacing: Vec3,
): Fit {
  const surface = surfaceVoxels(implant, size);
  const near = 4 * Math.max(...spacing) ** 2 * (1 + 1e-5);
  let rim = surface.filter((p) => toBone[p] <= near);
  if (rim.length === 0) {
    const sorted = surface.slice().sort((a, b) => toBone[a] - toBone[b]);
    rim = sorted.slice(0, Math.max(1, Math.ceil(sorted.length / 10)));
  }
  const gaps = Float64Array.from(rim, (p) => faces[p]).sort();
  const { data, size: cropped } = cropAround(implant, size);
  const local = localThickness({ data, size: cropped, spacing, origin: [0, 0, 0], direction: IDENTITY });
  const thick = local.filter((_, p) => data[p] !== 0).sort();
  let touching = 0;
  for (const g of gaps) if (g === 0) touching++;
  return {
    gap: {
      least: gaps[0],
      median: quantileOfSorted(gaps, 0.5),
      p95: quantileOfSorted(gaps, 0.95),
      touching: touching / gaps.length,
    },
    thickness: { least: quantileOfSorted(thick, 0.05), median: quantileOfSorted(thick, 0.5) },
    volumeMm3: thick.length * spacing[0] * spacing[1] * spacing[2],
  };
}

/** Every voxel with a set voxel among itself and its 26 neighbours: along each axis in turn. */
function widen(mask: Uint8Array, [nx, ny, nz]: Vec3): Uint8Array {
  let from = mask;
  for (const [stride, n] of [
    [1, nx],
    [nx, ny],
    [nx * ny, nz],
  ]) {
    const to = from.slice();
    for (let p = 0; p < from.length; p++) {
      if (from[p] === 0) continue;
      const at = Math.floor(p / stride) % n;
      if (at > 0) to[p - stride] = 1;
      if (at < n - 1) to[p + stride] = 1;
    }
    from = to;
  }
  return from;
}

/** The part of a mask around its set voxels. */
function cropAround(mask: Uint8Array, [nx, ny, nz]: Vec3): { data: Uint8Array; size: Vec3 } {
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  for (let p = 0; p < mask.length; p++) {
    if (mask[p] === 0) continue;
    const at = [p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))];
    for (let c = 0; c < 3; c++) {
      if (at[c] < low[c]) low[c] = at[c];
      if (at[c] > high[c]) high[c] = at[c];
    }
  }
  const size: Vec3 = [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1];
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) {
      const from = low[0] + nx * (j + low[1] + ny * (k + low[2]));
      data.set(mask.subarray(from, from + size[0]), size[0] * (j + size[1] * k));
    }
  return { data, size };
}
