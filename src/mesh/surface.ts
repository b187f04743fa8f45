/**
 * The surface of a volume at a level, as an indexed mesh in LPS mm: closed, facing outward, vertices shared. Marching
 * cubes (Lorensen and Cline 1987) with a derived table (`cubeTable.ts`) that is a 2-manifold in all 256 cases. One
 * sweep over slabs; each crossed grid edge makes one vertex, kept by number until the next slab has used it.
 *
 * The grid is thought to go on one voxel beyond its border with a field mirrored at the level, so bone that touches the
 * border is closed by a flat cap half a voxel outside the last voxel centres, where the voxels themselves end.
 */
import { VolumeError } from '../errors.ts';
import { type Mask, type Volume, type VoxelArray, voxelCount, voxelToWorld } from '../volume/volume.ts';
import { CUBE_TRIANGLES } from './cubeTable.ts';
import { Growing } from './growing.ts';
import { matchVolume } from './matchVolume.ts';
import { type Mesh, vertexNormals } from './mesh.ts';
import { type SmoothOptions, smoothMask } from './smoothMask.ts';
import { taubinSmooth } from './taubin.ts';

export interface MaskSurfaceOptions extends SmoothOptions {
  /** Rounds of Taubin smoothing on the mesh after extraction. */
  rounds: number;
}

/** A crossing keeps this distance (in edges) from a grid point, so that no triangle loses its area. */
const KEEP = 0.01;

/** Copies slice k of the volume, with its mirrored border, into `plane` [(nx + 2) * (ny + 2)]; false when all is outside. */
function readPlane(volume: Volume<VoxelArray>, k: number, level: number, plane: Float32Array): boolean {
  const [nx, ny, nz] = volume.size;
  const { data } = volume;
  const width = nx + 2;
  const outsideZ = k < 0 || k >= nz;
  const base = Math.min(Math.max(k, 0), nz - 1) * nx * ny;
  let any = false;
  for (let j = -1; j <= ny; j++) {
    const outsideY = outsideZ || j < 0 || j >= ny;
    const row = base + Math.min(Math.max(j, 0), ny - 1) * nx;
    const out = (j + 1) * width + 1;
    for (let i = -1; i <= nx; i++) {
      const value = data[row + (i < 0 ? 0 : i >= nx ? nx - 1 : i)] - level;
      const outside = outsideY || i < 0 || i >= nx;
      const kept = outside ? -Math.abs(value) : value;
      if (kept > 0) any = true;
      else if (Number.isNaN(value)) return refuseNaN(volume, i, j, k);
      plane[out + i] = kept;
    }
  }
  return any;
}

function refuseNaN(volume: Volume<VoxelArray>, i: number, j: number, k: number): never {
  throw new VolumeError({
    found: `voxel (${i}, ${j}, ${k}) of a ${volume.size.join('x')} volume is not a number`,
    expected: 'finite values only',
    todo: 'find what wrote NaN; a surface through it would be arbitrary',
  });
}

/**
 * The surface `field = level`, inside where `field > level`; vertices in LPS mm by linear interpolation on grid edges. A
 * volume with nothing above the level gives a mesh of no triangles. Throws `VolumeError` on NaN or a wrong length.
 */
export function extractSurface(volume: Volume<VoxelArray>, level: number): Mesh {
  const [nx, ny, nz] = volume.size;
  if (volume.data.length !== voxelCount(volume.size))
    throw new VolumeError({
      found: `${volume.data.length} voxels on a grid of ${volume.size.join('x')}`,
      expected: `${voxelCount(volume.size)} voxels`,
      todo: 'check that the volume was read whole',
    });
  const w = nx + 2;
  const h = ny + 2;
  const area = w * h;
  let below = new Float32Array(area).fill(-1);
  let above = new Float32Array(area);
  // Vertex numbers of crossed edges: x and y edges of both planes, z edges between them, indexed by their low corner.
  let xBelow = new Uint32Array(area);
  let yBelow = new Uint32Array(area);
  let xAbove = new Uint32Array(area);
  let yAbove = new Uint32Array(area);
  const zEdge = new Uint32Array(area);
  const points = new Growing((n) => new Float32Array(n));
  const faces = new Growing((n) => new Uint32Array(n));
  const [ox, oy, oz] = voxelToWorld(volume, 0, 0, 0);
  const unit = [voxelToWorld(volume, 1, 0, 0), voxelToWorld(volume, 0, 1, 0), voxelToWorld(volume, 0, 0, 1)];
  const [ux, uy, uz] = unit.map((u) => [u[0] - ox, u[1] - oy, u[2] - oz]);
  const addVertex = (i: number, j: number, k: number): number => {
    const number = points.length / 3;
    points.push3(
      ox + i * ux[0] + j * uy[0] + k * uz[0],
      oy + i * ux[1] + j * uy[1] + k * uz[1],
      oz + i * ux[2] + j * uy[2] + k * uz[2],
    );
    return number;
  };
  const crossing = (a: number, b: number): number => Math.min(Math.max(a / (a - b), KEEP), 1 - KEEP);
  let anyBelow = false;
  const edge = new Uint32Array(12);
  for (let k = 0; k <= nz; k++) {
    // Planes k - 1 (below) and k (above) of the volume bound this slab; index 0 of a plane is voxel -1.
    const anyAbove = readPlane(volume, k, level, above);
    if (anyAbove || anyBelow) {
      for (let j = 0, p = 0; j < h; j++) {
        for (let i = 0; i < w; i++, p++) {
          const value = above[p];
          const bone = value > 0;
          if (i + 1 < w && above[p + 1] > 0 !== bone)
            xAbove[p] = addVertex(i - 1 + crossing(value, above[p + 1]), j - 1, k);
          if (j + 1 < h && above[p + w] > 0 !== bone)
            yAbove[p] = addVertex(i - 1, j - 1 + crossing(value, above[p + w]), k);
          if (below[p] > 0 !== bone) zEdge[p] = addVertex(i - 1, j - 1, k - 1 + crossing(below[p], value));
        }
      }
      for (let j = 0; j + 1 < h; j++) {
        const start = j * w;
        let west =
          (below[start] > 0 ? 1 : 0) |
          (below[start + w] > 0 ? 4 : 0) |
          (above[start] > 0 ? 16 : 0) |
          (above[start + w] > 0 ? 64 : 0);
        for (let i = 0, p = start; i + 1 < w; i++, p++) {
          const east =
            (below[p + 1] > 0 ? 1 : 0) |
            (below[p + w + 1] > 0 ? 4 : 0) |
            (above[p + 1] > 0 ? 16 : 0) |
            (above[p + w + 1] > 0 ? 64 : 0);
          const inside = west | (east << 1);
          west = east;
          if (inside === 0 || inside === 255) continue;
          // Edge numbering of cubeTable.ts: x edges by (y, z), y edges by (z, x), z edges by (x, y).
          edge[0] = xBelow[p];
          edge[1] = xBelow[p + w];
          edge[2] = xAbove[p];
          edge[3] = xAbove[p + w];
          edge[4] = yBelow[p];
          edge[5] = yAbove[p];
          edge[6] = yBelow[p + 1];
          edge[7] = yAbove[p + 1];
          edge[8] = zEdge[p];
          edge[9] = zEdge[p + 1];
          edge[10] = zEdge[p + w];
          edge[11] = zEdge[p + w + 1];
          const cut = CUBE_TRIANGLES[inside];
          for (let t = 0; t < cut.length; t += 3)
            faces.push3(edge[cut[t]], edge[cut[t + 1]], edge[cut[t + 2]]);
        }
      }
    }
    anyBelow = anyAbove;
    [below, above] = [above, below];
    [xBelow, xAbove] = [xAbove, xBelow];
    [yBelow, yAbove] = [yAbove, yBelow];
  }
  const indices = faces.taken();
  if (determinant(ux, uy, uz) < 0) flip(indices);
  return { positions: points.taken(), indices };
}

const determinant = (a: number[], b: number[], c: number[]): number =>
  a[0] * (b[1] * c[2] - b[2] * c[1]) -
  a[1] * (b[0] * c[2] - b[2] * c[0]) +
  a[2] * (b[0] * c[1] - b[1] * c[0]);

/** A left-handed grid mirrors the surface: turn every triangle round. */
function flip(indices: Uint32Array): void {
  for (let t = 0; t < indices.length; t += 3) {
    const swap = indices[t + 1];
    indices[t + 1] = indices[t + 2];
    indices[t + 2] = swap;
  }
}

/**
 * The smooth surface of a bone mask, with unit normals, around the volume of the mask's voxels: `smoothMask`, level 0.5,
 * `rounds` of Taubin smoothing that move no vertex by more than a quarter voxel, `matchVolume` by no more than half a
 * voxel. Nothing is removed: a floating voxel shows as a speck. An empty mask gives a mesh of no triangles.
 */
export function maskSurface(mask: Mask, options: Partial<MaskSurfaceOptions> = {}): Mesh {
  const raw = extractSurface(smoothMask(mask, options), 0.5);
  const [sx, sy, sz] = mask.spacing;
  const voxel = Math.min(sx, sy, sz);
  const smooth = taubinSmooth(raw, { rounds: options.rounds ?? 6, limit_mm: 0.25 * voxel });
  let bone = 0;
  for (const v of mask.data) if (v > 0) bone++;
  const mesh = matchVolume(smooth, bone * sx * sy * sz, 0.5 * voxel);
  return { ...mesh, normals: vertexNormals(mesh) };
}
