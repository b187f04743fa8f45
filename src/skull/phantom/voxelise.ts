/**
 * From distance to voxels: a voxel is bone when the signed distance at its centre is not positive. Two things make
 * coarse grids keep what is thin: the skull is asked for with a least thickness of 1.2 voxels (so arches, plates and
 * walls stay whole at 7 mm), and the joint gap is widened to a voxel where the grid can show it at all (up to 2.6 mm).
 * Blocks whose centre is further from any surface than their corners are filled without looking inside.
 */
import type { Grid, Mask } from '../../volume/volume.ts';
import { voxelCount, voxelToWorld } from '../../volume/volume.ts';
import type { PhantomParameters } from './parameters.ts';
import type { SignedDistance } from './primitives.ts';
import { phantomSignedDistance } from './sdf.ts';

/** Bone is at least this many voxels thick. */
const LEAST_VOXELS = 1.2;
/** mm: the coarsest spacing at which the jaw is kept apart from the cranium. */
const JOINT_SPACING = 2.6;
/** Voxels along the edge of a skipped block. */
const BLOCK = 4;
/** The distance estimate may be this many times too large far from a surface. */
const OVERESTIMATE = 1.6;

/** Voxelises a phantom on `grid` (any direction): 1 bone, 0 not; `teeth` as in `PhantomOptions`. */
export function voxelisePhantom(parameters: PhantomParameters, grid: Grid, teeth?: Uint8Array): Mask {
  const spacing = Math.max(...grid.spacing);
  const distance = phantomSignedDistance(parameters, {
    minimumThickness: LEAST_VOXELS * spacing,
    jointGap: spacing <= JOINT_SPACING ? Math.max(1.5, 1.1 * spacing) : 0,
    teeth,
  });
  return voxeliseDistance(distance, grid);
}

/** Voxelises any signed distance: `data = distance(centre) <= 0`, with empty or full blocks skipped. */
export function voxeliseDistance(distance: SignedDistance, grid: Grid): Mask {
  const [nx, ny, nz] = grid.size;
  const data = new Uint8Array(voxelCount(grid.size));
  const first = voxelToWorld(grid, 1, 0, 0);
  const ex = [first[0] - grid.origin[0], first[1] - grid.origin[1], first[2] - grid.origin[2]];
  const reach = (OVERESTIMATE * Math.hypot(...grid.spacing) * (BLOCK - 1)) / 2;
  const middle = (BLOCK - 1) / 2;
  for (let k0 = 0; k0 < nz; k0 += BLOCK) {
    for (let j0 = 0; j0 < ny; j0 += BLOCK) {
      for (let i0 = 0; i0 < nx; i0 += BLOCK) {
        const c = voxelToWorld(grid, i0 + middle, j0 + middle, k0 + middle);
        const far = distance(c[0], c[1], c[2]);
        if (far > reach) continue;
        const full = far < -reach ? 1 : 0;
        const [i1, j1, k1] = [Math.min(i0 + BLOCK, nx), Math.min(j0 + BLOCK, ny), Math.min(k0 + BLOCK, nz)];
        for (let k = k0; k < k1; k++) {
          for (let j = j0; j < j1; j++) {
            const row = nx * (j + ny * k);
            let [x, y, z] = voxelToWorld(grid, i0, j, k);
            for (let i = i0; i < i1; i++) {
              data[row + i] = full || distance(x, y, z) <= 0 ? 1 : 0;
              x += ex[0];
              y += ex[1];
              z += ex[2];
            }
          }
        }
      }
    }
  }
  return { ...grid, data };
}
