/**
 * From a network's answer to the implant on the patient's own voxels. A network works on a coarse grid, and its answer,
 * brought to fine voxels, differs from the patient's bone a little everywhere. So what is missing is decided where the
 * network looked, on its own grid:
 *
 *   core = whole and not defective, on the network's grid; its largest piece, and others at least `PIECE` of that
 *   near = the core and what lies within two voxels of it
 *   whole bone, fine = the patient's bone, or (belief, interpolated, >= 1/2 and near)
 *
 * Interpolating the belief (not its cut) gives surfaces finer than the network's voxels. What the field of view does not
 * show counts for nothing: nobody knows what is there. Downstream/implant cleans what is left.
 */
import { GridError, VolumeError } from '../../errors.ts';
import { labelComponents } from '../../volume/components.ts';
import { worldToVoxel } from '../../volume/geometry.ts';
import { dilate } from '../../volume/morphology.ts';
import { cut, resample } from '../../volume/resample.ts';
import { type Grid, type Mask, type Vec3, voxelCount, voxelToWorld } from '../../volume/volume.ts';
import type { Completion } from './method.ts';

/** Says of a point, LPS mm, whether the defect may be there. */
export type Region = (point: Vec3) => boolean;

/** Pieces of the core down to this share of the largest are kept: defects on both sides are one case. */
const PIECE = 0.25;
/** Voxels of the network's grid around the core in which the belief counts. */
const AROUND = 2;
/** Voxels of the patient's grid that one implant may be worked on in: 1 GB of memory. */
const MOST_VOXELS = 2e8;

export interface Core {
  /** 1 where bone is missing, on the network's grid. */
  data: Uint8Array;
  voxels: number;
  /** Of what was found missing in the region, the share that was left out as other, smaller pieces. */
  leftOut: number;
}

/** Tells whether a point lies in a grid's voxels. */
export function inside(grid: Grid, point: Vec3): boolean {
  return worldToVoxel(grid, point).every((u, a) => u >= -0.5 && u <= grid.size[a] - 0.5);
}

/**
 * What is missing, on the network's grid as it lies in the patient's space (`placed`). Throws `VolumeError` where nothing is,
 * or more than there is bone.
 */
export function coreOf(
  defective: Mask,
  whole: Mask,
  placed: Grid,
  seen: Grid | undefined,
  region?: Region,
): Core {
  const missing = new Uint8Array(whole.data.length);
  const [nx, ny, nz] = whole.size;
  let bone = 0;
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) {
        if (defective.data[p] !== 0) bone++;
        else if (whole.data[p] !== 0) {
          const at = voxelToWorld(placed, i, j, k);
          if ((seen === undefined || inside(seen, at)) && (region?.(at) ?? true)) missing[p] = 1;
        }
      }
  const { labels, sizes } = labelComponents(missing, whole.size);
  const where = region === undefined ? '' : ' in the region given';
  if (sizes.length === 0)
    throw new VolumeError({
      found: `the method finds no bone missing${where}`,
      expected: 'a bone with a defect',
      todo: `look at the bone: it may be whole, lie wrong (try another --frame, --align-to or --aligner), or its defect may be smaller than a voxel of the network (${defective.spacing[0]} mm)`,
    });
  const kept = sizes.filter((n) => n >= PIECE * sizes[0]);
  const data = missing.map((_, p) => (labels[p] > 0 && labels[p] <= kept.length ? 1 : 0));
  const [voxels, all] = [kept, sizes].map((list) => list.reduce((a, b) => a + b, 0));
  if (voxels > bone)
    throw new VolumeError({
      found: `the method finds ${voxels} voxels missing${where} and ${bone} there: more defect than bone`,
      expected: 'at least half of the bone',
      todo: 'give a scan that shows more of the bone, a pose that fits (--align-to, --aligner), or the --region of the defect',
    });
  return { data, voxels, leftOut: 1 - voxels / all };
}

/** Inclusive bounds, in voxels of `target`, of the voxels of `data` on `grid` (whole voxels). */
function boundsIn(target: Grid, grid: Grid, data: Uint8Array): [number[], number[]] {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const [nx, ny] = grid.size;
  for (let p = 0; p < data.length; p++) {
    if (data[p] === 0) continue;
    const row = Math.floor(p / nx);
    const at = [p - row * nx, row % ny, Math.floor(row / ny)];
    for (let corner = 0; corner < 8; corner++) {
      const [i, j, k] = at.map((u, a) => u + (((corner >> a) & 1) === 1 ? 0.5 : -0.5));
      const v = worldToVoxel(target, voxelToWorld(grid, i, j, k));
      for (let a = 0; a < 3; a++) {
        low[a] = Math.min(low[a], Math.floor(v[a]));
        high[a] = Math.max(high[a], Math.ceil(v[a]));
      }
    }
  }
  return [low, high];
}

/** A block of a grid's lattice, from voxel `low` to `high`; it may reach beyond the grid. */
export function blockOf(grid: Grid, low: readonly number[], high: readonly number[]): Grid {
  const size = low.map((l, a) => high[a] - l + 1) as unknown as Vec3;
  const { spacing, direction } = grid;
  return { size, spacing, direction, origin: voxelToWorld(grid, low[0], low[1], low[2]) };
}

/** Copies the voxels that `from` and `to` share; both lie on one lattice. */
export function copyBlock(from: Mask, to: Mask): Mask {
  const offset = worldToVoxel(from, to.origin).map(Math.round);
  const [nx, ny, nz] = to.size;
  const i0 = Math.max(0, -offset[0]);
  const i1 = Math.min(nx, from.size[0] - offset[0]);
  for (let k = Math.max(0, -offset[2]); k < Math.min(nz, from.size[2] - offset[2]); k++)
    for (let j = Math.max(0, -offset[1]); j < Math.min(ny, from.size[1] - offset[1]); j++) {
      const row = from.size[0] * (j + offset[1] + from.size[1] * (k + offset[2])) + offset[0];
      if (i1 > i0) to.data.set(from.data.subarray(row + i0, row + i1), i0 + nx * (j + ny * k));
    }
  return to;
}

/** The bone around the core on the patient's voxels: as it is, and whole. */
export interface FinePair {
  whole: Mask;
  defective: Mask;
}

/**
 * Brings an answer onto the patient's voxels. `bone` is the patient's, `seen` the grid of the volume that it came from (none
 * for a mesh: it may be built on around the bone). Beyond the region nothing is added.
 */
export function finePair(
  bone: Mask,
  seen: Grid | undefined,
  placed: Grid,
  core: Core,
  answer: Completion,
  region?: Region,
): FinePair {
  const belief = answer.probability ?? Float32Array.from(answer.whole.data);
  const near = dilate(core.data, placed.size, placed.spacing, AROUND * placed.spacing[0]);
  // Belief outside the core's surroundings is none: the cut runs through it smoothly, and nothing else is added.
  const local = { ...placed, data: belief.map((p, i) => (near[i] !== 0 ? p : 0)) };
  const lattice = seen ?? bone;
  // With too little bone around it, an implant could not be told from the bone: the block grows until there is more.
  for (let around = 0; ; around = 2 * around + 4) {
    const surroundings = dilate(near, placed.size, placed.spacing, around * placed.spacing[0]);
    const block = blockUnder(lattice, boundsIn(lattice, placed, surroundings), seen);
    const defective = copyBlock(bone, { ...block, data: new Uint8Array(voxelCount(block.size)) });
    const data = cut(resample(local, block, { antialias: false }).data, 0.5);
    if (region !== undefined) clearOutside(block, data, region);
    let [there, missing] = [0, 0];
    for (let p = 0; p < data.length; p++)
      if (defective.data[p] !== 0) {
        data[p] = 1;
        there++;
      } else missing += data[p];
    if (there > 1.2 * missing || around > Math.max(...placed.size))
      return { whole: { ...block, data }, defective };
  }
}

/** What lies outside the region is no implant. */
function clearOutside(grid: Grid, data: Uint8Array, region: Region): void {
  const [nx, ny] = grid.size;
  for (let p = 0; p < data.length; p++)
    if (
      data[p] !== 0 &&
      !region(voxelToWorld(grid, p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))))
    )
      data[p] = 0;
}

/** The block of the lattice within bounds, and within the field of view; throws `GridError` where it is too large. */
function blockUnder(lattice: Grid, [low, high]: [number[], number[]], seen: Grid | undefined): Grid {
  const block =
    seen === undefined
      ? blockOf(lattice, low, high)
      : blockOf(
          lattice,
          low.map((l) => Math.max(0, l)),
          high.map((h, a) => Math.min(seen.size[a] - 1, h)),
        );
  if (block.size.every((n) => n >= 1) && voxelCount(block.size) <= MOST_VOXELS) return block;
  throw new GridError({
    found: `the defect spans ${block.size.join('x')} voxels of the input`,
    expected: `at most ${MOST_VOXELS} voxels: a part of the bone`,
    todo: 'resample the input to coarser voxels, or give the --region of the defect',
  });
}

/** Tells whether an implant reaches the first or last voxels of the volume that the bone came from. */
export function touchesEdge(implant: Mask, seen: Grid | undefined): boolean {
  if (seen === undefined) return false;
  const low = worldToVoxel(seen, implant.origin).map(Math.round);
  const [nx, ny] = implant.size;
  for (let p = 0; p < implant.data.length; p++) {
    if (implant.data[p] === 0) continue;
    const at = [p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))];
    if (at.some((u, a) => u + low[a] <= 0 || u + low[a] >= seen.size[a] - 1)) return true;
  }
  return false;
}
