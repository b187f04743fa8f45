/**
 * A surface becomes a solid: a voxel is bone when its centre lies inside. Inside is what the winding number says, the sum
 * of signed crossings along a ray from the point to infinity (+1 outward): 1 within a closed surface, 0 outside and in a
 * hollow whose faces look into it, 2 where two solids overlap. Bone is |w| >= 1/2, so a mesh turned inside out is bone too.
 *
 * A closed surface (`orient.ts`) has a whole w, the same along every ray: one direction of rays decides, exactly. A torn one
 * has not: rays through a hole miss a crossing. The mean over all directions is the generalised winding number (Jacobson,
 * Kavan, Sorkine-Hornung 2013), which closes holes smoothly; here it is the mean over the 26 directions of the voxel
 * lattice (`rays.ts`). Where directions of triangles contradict each other beyond repair, rays are counted by parity
 * instead and the majority decides. A surface that leaves much of the volume undecided is refused.
 *
 * Measured on a procedural skull of 360,000 triangles, 180^3 voxels, and on the Visible Human's of 578,000, 192x216x192: a
 * closed surface 0.4 to 0.9 s on one core, a torn one 1.3 to 2.9 s; Dice against the whole surface's solid 0.9997 and 0.999
 * with 10 % of the triangles deleted at random, 0.995 with 20 %; 30 % (0.964) and more is refused. Half of all triangles
 * turned round at random: 1.000 closed, 0.998 with 10 % deleted as well.
 *
 * Tried and left: parity along three axes with a majority loses too much on a torn skull, whose rays cross four to eight
 * layers, and makes a hole where solids overlap.
 */
import { GridError, VolumeError } from '../errors.ts';
import { checkGrid, worldToVoxel } from '../volume/geometry.ts';
import { LATTICE_DIRECTIONS } from '../volume/lattice.ts';
import { type Grid, IDENTITY, type Mask, type Vec3, voxelCount } from '../volume/volume.ts';
import { type Mesh, requireSoundMesh } from './mesh.ts';
import { orientMesh } from './orient.ts';
import { castRays, type RaySurface } from './rays.ts';
import { weldVertices } from './read/weld.ts';

/** What was found out about a surface on the way. */
export interface Solid {
  mask: Mask;
  /** 0 when the surface is closed. */
  openEdges: number;
  /** Triangles that faced the wrong way. */
  turned: number;
  /** Share of the bone voxels whose rays disagree (0.35 < |w| < 0.65); 0 for a closed surface. */
  undecided: number;
  method: 'exact' | 'winding' | 'parity';
}

/** Above this share of contradicting area the direction of triangles is no evidence any more. */
const CONTRADICTED = 0.2;

/** |w| (or, by parity, the share of odd half rays) between which a voxel is undecided. */
const DOUBT = [0.35, 0.65] as const;

/** Above this share of undecided voxels a surface does not enclose anything that could be told. */
const UNDECIDED = 0.2;

/** Half rays through a voxel. */
const HALF_RAYS = 2 * LATTICE_DIRECTIONS.length;

/**
 * The solid inside one mesh (LPS mm) on `grid`. Throws `VolumeError` for an unsound mesh, for one that encloses no voxel
 * centre and for one too open to have an inside, `GridError` when it lies beside the grid.
 */
export function solidOf(mesh: Mesh, grid: Grid): Solid {
  requireSoundMesh(mesh, 'the mesh');
  checkGrid(grid, 'the grid');
  const welded = weldVertices(mesh);
  const { turned, turnedCount, openEdges, contradicted } = orientMesh(welded);
  const points = toVoxels(welded.positions, grid);
  requireOverlap(points, grid);
  const surface: RaySurface = { points, indices: welded.indices, turned };
  const crossings = new Int16Array(voxelCount(grid.size));
  const data = new Uint8Array(crossings.length);
  let undecided = 0;
  const parity = contradicted > CONTRADICTED;
  const method = parity ? 'parity' : openEdges === 0 ? 'exact' : 'winding';
  if (openEdges === 0) {
    // Whole windings: bone where not 0, or, where only parity is left to trust, where odd.
    const odd = parity ? 1 : -1;
    const fill = (base: number, step: number, n: number): void => {
      for (let i = 0, p = base, w = 0; i < n; i++, p += step) {
        w += crossings[p];
        crossings[p] = 0;
        if ((w & odd) !== 0) data[p] = 1;
      }
    };
    castRays(surface, grid.size, LATTICE_DIRECTIONS[0], crossings, fill, parity);
  } else {
    const sum = parity ? sumOfParities(surface, grid, crossings) : sumOfWindings(surface, grid, crossings);
    const half = HALF_RAYS / 2;
    const doubtLow = DOUBT[0] * HALF_RAYS;
    const doubtHigh = DOUBT[1] * HALF_RAYS;
    let doubtful = 0;
    let likely = 0;
    for (let p = 0; p < sum.length; p++) {
      const w = Math.abs(sum[p]);
      if (w >= half) data[p] = 1;
      if (w > doubtLow) {
        likely++;
        if (w < doubtHigh) doubtful++;
      }
    }
    undecided = likely > 0 ? doubtful / likely : 0;
    if (undecided > UNDECIDED)
      throw new VolumeError({
        found: `a surface with ${openEdges} open edges, whose inside cannot be told for ${Math.round(100 * undecided)} % of its volume`,
        expected: 'a closed surface, or one with holes that are small beside it',
        todo: 'close the holes in the program that made the mesh',
      });
  }
  if (!data.includes(1))
    throw new VolumeError({
      found: `a surface that encloses no voxel centre of a grid with ${grid.spacing.map((s) => Number(s.toPrecision(3))).join(' x ')} mm`,
      expected: 'a bone thicker than a voxel',
      todo: 'use a finer grid, or check that the mesh is a closed surface',
    });
  return { mask: { ...grid, data }, openEdges, turned: turnedCount, undecided, method };
}

/**
 * The union of the solids inside `meshes` (LPS mm) on `grid`: 1 where a voxel's centre is inside one of them. What lies
 * outside the grid is cut off. Throws as `solidOf` does.
 */
export function voxelise(meshes: Mesh | readonly Mesh[], grid: Grid): Mask {
  const list: readonly Mesh[] = 'indices' in meshes ? [meshes] : meshes;
  if (list.length === 0)
    throw new VolumeError({
      found: 'no mesh to voxelise',
      expected: 'at least one',
      todo: 'give the files of the bone',
    });
  return unionOf(list.map((mesh) => solidOf(mesh, grid).mask));
}

/** The union of masks of one grid. Throws `GridError` when sizes differ. */
export function unionOf(masks: readonly Mask[]): Mask {
  const [first, ...others] = masks;
  const data = first.data.slice();
  for (const { data: other } of others) {
    if (other.length !== data.length)
      throw new GridError({
        found: `masks of ${data.length} and ${other.length} voxels`,
        expected: 'masks of one grid',
        todo: 'voxelise the meshes of a subject on one grid',
      });
    for (let p = 0; p < data.length; p++) data[p] |= other[p];
  }
  return { ...first, data };
}

/** Voxels that a grid around meshes may have: 1 GiB of crossings and mask together. */
const MOST_VOXELS = 2 ** 28;

/**
 * The axis-aligned grid of cubic voxels of `spacing` mm that holds all `meshes`, with `margin` voxels around them. Throws
 * `GridError` above 2^28 voxels.
 */
export function gridAround(meshes: readonly Mesh[], spacing: number, margin = 2): Grid {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const { positions } of meshes)
    for (let p = 0; p < positions.length; p++) {
      const a = p % 3;
      if (positions[p] < low[a]) low[a] = positions[p];
      if (positions[p] > high[a]) high[a] = positions[p];
    }
  const size = low.map((v, a) => Math.ceil((high[a] - v) / spacing) + 1 + 2 * margin) as unknown as Vec3;
  if (!(voxelCount(size) <= MOST_VOXELS))
    throw new GridError({
      found: `meshes that take ${size.join('x')} voxels of ${spacing} mm`,
      expected: `at most ${MOST_VOXELS} voxels`,
      todo: 'give a larger spacing, or check the unit of the meshes (mm)',
    });
  // The grid's middle is the middle of the meshes.
  const origin = low.map((v, a) => (v + high[a] - spacing * (size[a] - 1)) / 2) as unknown as Vec3;
  return { size, spacing: [spacing, spacing, spacing], origin, direction: IDENTITY };
}

/** 26 w: forward and backward windings along all directions. */
function sumOfWindings(surface: RaySurface, grid: Grid, crossings: Int16Array): Int16Array {
  const sum = new Int16Array(crossings.length);
  for (const d of LATTICE_DIRECTIONS)
    castRays(surface, grid.size, d, crossings, (base, step, n, total) => {
      for (let i = 0, p = base, w = 0; i < n; i++, p += step) {
        w += crossings[p];
        crossings[p] = 0;
        sum[p] += 2 * w - total;
      }
    });
  return sum;
}

/** How many of 26 half rays cross the surface an odd number of times. */
function sumOfParities(surface: RaySurface, grid: Grid, crossings: Int16Array): Int16Array {
  const sum = new Int16Array(crossings.length);
  for (const d of LATTICE_DIRECTIONS)
    castRays(
      surface,
      grid.size,
      d,
      crossings,
      (base, step, n, total) => {
        for (let i = 0, p = base, before = 0; i < n; i++, p += step) {
          before += crossings[p];
          crossings[p] = 0;
          sum[p] += (before & 1) + ((total - before) & 1);
        }
      },
      true,
    );
  return sum;
}

/** Voxel indices (fractional) of LPS points: [V * 3]. */
function toVoxels(positions: Float32Array, grid: Grid): Float64Array {
  const [ox, oy, oz] = worldToVoxel(grid, [0, 0, 0]);
  const columns = [
    worldToVoxel(grid, [1, 0, 0]),
    worldToVoxel(grid, [0, 1, 0]),
    worldToVoxel(grid, [0, 0, 1]),
  ].map(([x, y, z]) => [x - ox, y - oy, z - oz]);
  const [cx, cy, cz] = columns;
  const points = new Float64Array(positions.length);
  for (let p = 0; p < positions.length; p += 3) {
    const [x, y, z] = [positions[p], positions[p + 1], positions[p + 2]];
    points[p] = ox + cx[0] * x + cy[0] * y + cz[0] * z;
    points[p + 1] = oy + cx[1] * x + cy[1] * y + cz[1] * z;
    points[p + 2] = oz + cx[2] * x + cy[2] * y + cz[2] * z;
  }
  return points;
}

function requireOverlap(points: Float64Array, { size }: Grid): void {
  for (let a = 0; a < 3; a++) {
    let low = Infinity;
    let high = -Infinity;
    for (let p = a; p < points.length; p += 3) {
      if (points[p] < low) low = points[p];
      if (points[p] > high) high = points[p];
    }
    if (high < 0 || low > size[a] - 1)
      throw new GridError({
        found: 'a mesh that lies wholly beside the grid',
        expected: 'a grid around the mesh',
        todo: 'voxelise on a grid made from the meshes, or check whether the file is LPS or RAS',
      });
  }
}
