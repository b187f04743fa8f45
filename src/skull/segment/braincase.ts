/**
 * Where the braincase is, without a template and without trusting the axes of the file: the largest ball that fits
 * between bones lies in it (radius about 60 mm in an adult, 34 where the scan ends at the brows), and balls of 20 mm
 * that can roll from there without touching bone fill it but cannot leave: the foramen magnum, 35 mm wide, lets them sink
 * by no more than 9 mm. "Between bones" means that most of 26 directions meet bone or a face of the field of view that cuts
 * bone; the ball itself may reach out of such a face, so that a braincase without its crown still holds it.
 *
 * Works on blocks of 2 mm; a block is bone when bone fills more than 15 % of it: a wall does, a speck of noise does not.
 */
import { squaredDistanceTransform } from '../../volume/distanceTransform.ts';
import { dilate } from '../../volume/morphology.ts';
import { labelRuns, paintRuns } from '../../volume/runs.ts';
import { type Grid, type Mask, type Vec3, voxelCount, voxelToWorld } from '../../volume/volume.ts';
import { blockMeans, blocksOf } from './blocks.ts';

export interface Braincase {
  /** LPS mm of the centre of the largest ball, and its radius in mm. */
  centre: Vec3;
  radius: number;
  /** The braincase's room on a grid of about 2 mm. */
  room: Mask;
}

const BLOCK = 2;
/** Share of a block that bone must exceed. */
const SPECK = 0.15;
/** mm^3: smaller pieces are not looked at. */
const ISLAND = 3000;
/** mm: balls that roll. */
const ROLL = 20;
/** mm: a room whose largest ball is smaller is no braincase. */
const LEAST_RADIUS = 28;
/** mm^2 of bone on a face of the volume that make it a wall. */
const WALL_AREA = 150;
/** Of 26 directions, in how many bone must be seen from inside. */
const ENCLOSED = 20;

/** The braincase of a bone mask; undefined where none is found (no ball of 28 mm between bones). */
export function findBraincase(mask: Mask): Braincase | undefined {
  const { size, spacing, grid, bone, walls } = paddedBlocks(mask);
  const squared = squaredDistanceTransform(bone, size, spacing);
  const seen = enclosure(walls, size);
  let best = -1;
  for (let b = 0; b < squared.length; b++)
    if (seen[b] >= ENCLOSED && (best < 0 || squared[b] > squared[best])) best = b;
  if (best < 0 || squared[best] < LEAST_RADIUS ** 2) return undefined;
  const middles = squared.map((d, b) => (seen[b] >= ENCLOSED && d >= ROLL * ROLL ? 1 : 0));
  const runs = labelRuns(Uint8Array.from(middles), size);
  const own = labelAt(runs, best);
  const room = dilate(
    paintRuns(
      runs,
      runs.sizes.map((_, c) => (c === own ? 1 : 0)),
    ),
    size,
    spacing,
    ROLL,
  );
  const [nx, ny] = size;
  return {
    centre: voxelToWorld(grid, best % nx, Math.floor(best / nx) % ny, Math.floor(best / (nx * ny))),
    radius: Math.sqrt(squared[best]),
    room: { ...grid, data: room },
  };
}

/** Blocks of about 2 mm in a border of one block. */
export interface PaddedBlocks {
  size: Vec3;
  spacing: Vec3;
  /** Voxels a block. */
  factor: Vec3;
  grid: Grid;
  /** Blocks of bone, islands left out; the same with the border set on faces that cut bone; blocks with any bone. */
  bone: Uint8Array;
  walls: Uint8Array;
  any: Uint8Array;
}

/** The blocks of a mask. */
export function paddedBlocks(mask: Mask): PaddedBlocks {
  const blocks = blocksOf(mask, BLOCK);
  const { size: inner, spacing, factor } = blocks;
  const share = blockMeans(mask.data, mask.size, blocks);
  const size: Vec3 = [inner[0] + 2, inner[1] + 2, inner[2] + 2];
  const bone = new Uint8Array(voxelCount(size));
  const any = new Uint8Array(bone.length);
  for (let k = 0, b = 0; k < inner[2]; k++)
    for (let j = 0; j < inner[1]; j++)
      for (let i = 0; i < inner[0]; i++, b++) {
        const at = i + 1 + size[0] * (j + 1 + size[1] * (k + 1));
        any[at] = share[b] > 0 ? 1 : 0;
        bone[at] = share[b] > SPECK ? 1 : 0;
      }
  dropIslands(bone, size, spacing);
  const walls = bone.slice();
  for (const { axis, end, area } of faceAreas(mask)) {
    if (area < WALL_AREA) continue;
    const [u, v] = [0, 1, 2].filter((a) => a !== axis);
    const at = [0, 0, 0];
    at[axis] = end === 0 ? 0 : size[axis] - 1;
    for (at[u] = 0; at[u] < size[u]; at[u]++)
      for (at[v] = 0; at[v] < size[v]; at[v]++) walls[at[0] + size[0] * (at[1] + size[1] * at[2])] = 1;
  }
  // Block 0 begins at voxel -factor of the mask: its centre lies half a block in.
  const first = factor.map((f) => (f - 1) / 2 - f) as unknown as [number, number, number];
  const grid: Grid = { size, spacing, direction: mask.direction, origin: voxelToWorld(mask, ...first) };
  return { size, spacing, factor, grid, bone, walls, any };
}

/** Clears pieces below `ISLAND`: a calcified pineal gland sits in the very middle of the braincase. */
function dropIslands(bone: Uint8Array, size: Vec3, spacing: Vec3): void {
  const runs = labelRuns(bone, size);
  const voxel = spacing[0] * spacing[1] * spacing[2];
  bone.set(
    paintRuns(
      runs,
      runs.sizes.map((n) => (n * voxel >= ISLAND ? 1 : 0)),
    ),
  );
}

/** mm^2 of bone on each of the six faces of the grid. */
export function faceAreas({ data, size, spacing }: Mask): { axis: number; end: 0 | 1; area: number }[] {
  const step = [1, size[0], size[0] * size[1]];
  return [0, 1, 2].flatMap((axis) =>
    ([0, 1] as const).map((end) => {
      const [u, v] = [0, 1, 2].filter((a) => a !== axis);
      const start = end * (size[axis] - 1) * step[axis];
      let n = 0;
      for (let a = 0; a < size[u]; a++)
        for (let b = 0; b < size[v]; b++) n += data[start + a * step[u] + b * step[v]];
      return { axis, end, area: n * spacing[u] * spacing[v] };
    }),
  );
}

/** For each block, in how many of 26 directions a ray along the grid meets bone. */
export function enclosure(bone: Uint8Array, [nx, ny, nz]: Vec3): Uint8Array {
  const count = new Uint8Array(bone.length);
  const seen = new Uint8Array(bone.length);
  for (let c = -1; c <= 1; c++)
    for (let b = -1; b <= 1; b++)
      for (let a = -1; a <= 1; a++) {
        if (a === 0 && b === 0 && c === 0) continue;
        // Swept against the ray, so that what it will meet is known already.
        const step = a + nx * (b + ny * c);
        seen.fill(0);
        for (let kk = 0; kk < nz; kk++) {
          const k = c > 0 ? nz - 1 - kk : kk;
          if (k + c < 0 || k + c >= nz) continue;
          for (let jj = 0; jj < ny; jj++) {
            const j = b > 0 ? ny - 1 - jj : jj;
            if (j + b < 0 || j + b >= ny) continue;
            const row = nx * (j + ny * k);
            for (let ii = 0; ii < nx; ii++) {
              const i = a > 0 ? nx - 1 - ii : ii;
              if (i + a < 0 || i + a >= nx) continue;
              const p = row + i;
              if (bone[p + step] | seen[p + step]) {
                seen[p] = 1;
                count[p]++;
              }
            }
          }
        }
      }
  return count;
}

function labelAt(runs: ReturnType<typeof labelRuns>, voxel: number): number {
  const { size, rows, begin, end, labels } = runs;
  const row = Math.floor(voxel / size[0]);
  const x = voxel % size[0];
  for (let r = rows[row]; r < rows[row + 1]; r++) if (begin[r] <= x && x < end[r]) return labels[r];
  return -1;
}
