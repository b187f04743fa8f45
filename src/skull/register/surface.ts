/**
 * The surface that registration works on: points spread over the bone with outward normals, at a resolution that
 * depends on the bone's size alone. The mask is averaged over blocks of voxels to a step of about a 1/32 of the bone's
 * radius (root mean square distance of its voxels from their centroid: 2.5 mm for a human head, 0.2 mm for a mouse),
 * blurred by 0.7 steps, and cut at 0.4, which keeps plates of 0.8 steps. Vertices of the marching cubes surface are the points.
 *
 * Where bone touches a face of the scan's field of view the surface is closed by a cap that is no bone; its vertices are
 * left out.
 */
import { VolumeError } from '../../errors.ts';
import { vertexNormals } from '../../mesh/mesh.ts';
import { gaussianBlur } from '../../mesh/smoothMask.ts';
import { extractSurface } from '../../mesh/surface.ts';
import { RandomStream } from '../../random/stream.ts';
import { apply3, worldToVoxel } from '../../volume/geometry.ts';
import { type Mask, type Vec3, type Volume, voxelToWorld } from '../../volume/volume.ts';
import { boneBounds } from '../orient.ts';
import { applyTransform, type Transform } from './transform.ts';

/** Steps in the bone's radius. */
const STEPS = 32;
/** Blocks along the longest side. */
const MOST_BLOCKS = 200;
/** Empty blocks around the bone, so that the blur is not cut off. */
const PAD = 3;
const BLUR = 0.7;
const LEVEL = 0.4;
/** Most points kept. */
const POINTS = 64000;

export interface Surface {
  /** [n * 3] mm, in random order: the first m points are an even sample too. */
  points: Float32Array;
  /** [n * 3] unit vectors out of the bone. */
  normals: Float32Array;
  /** Mean of the points, mm. */
  centroid: Vec3;
  /** Root mean square distance of the points from it, mm. */
  radius: number;
}

/** The surface of a mask in its own LPS space. Throws `VolumeError` when there is no bone, or only a few voxels. */
export function boneSurface(mask: Mask, seed = 0): Surface {
  const { field, open } = averaged(mask);
  const mesh = extractSurface(gaussianBlur(field, BLUR), LEVEL);
  const normals = vertexNormals(mesh);
  const kept = withoutCaps(mesh.positions, normals, mask, open, Math.max(...field.spacing));
  if (kept.length < 50)
    throw new VolumeError({
      found: `a bone mask whose surface has ${kept.length} points`,
      expected: 'a bone large enough to tell how it lies: at least 50',
      todo: 'check the segmentation and its threshold, or leave the file out',
    });
  const order = new RandomStream(seed, 'register/points').permutation(kept.length);
  const n = Math.min(POINTS, kept.length);
  const points = new Float32Array(3 * n);
  const directions = new Float32Array(3 * n);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < 3; c++) {
      points[3 * i + c] = mesh.positions[3 * kept[order[i]] + c];
      directions[3 * i + c] = normals[3 * kept[order[i]] + c];
    }
  return surfaceOf(points, directions);
}

function surfaceOf(points: Float32Array, normals: Float32Array): Surface {
  const n = points.length / 3;
  const mean = [0, 0, 0];
  for (let p = 0; p < points.length; p++) mean[p % 3] += points[p] / n;
  let square = 0;
  for (let p = 0; p < points.length; p++) square += (points[p] - mean[p % 3]) ** 2 / n;
  return { points, normals, centroid: mean as unknown as Vec3, radius: Math.sqrt(square) };
}

/** The points of a surface for which `keep` holds, in their order; `keep` is given mm. */
export function selectPoints({ points, normals }: Surface, keep: (point: Vec3) => boolean): Surface {
  const kept: number[] = [];
  for (let p = 0; p < points.length; p += 3)
    if (keep([points[p], points[p + 1], points[p + 2]])) kept.push(p);
  const pick = (from: Float32Array): Float32Array =>
    Float32Array.from({ length: 3 * kept.length }, (_, i) => from[kept[Math.floor(i / 3)] + (i % 3)]);
  return surfaceOf(pick(points), pick(normals));
}

/** The surface where `transform` puts it. */
export function moveSurface({ points, normals }: Surface, transform: Transform): Surface {
  const moved = new Float32Array(points.length);
  const turned = new Float32Array(points.length);
  for (let p = 0; p < points.length; p += 3) {
    moved.set(applyTransform(transform, [points[p], points[p + 1], points[p + 2]]), p);
    turned.set(apply3(transform.rotation, [normals[p], normals[p + 1], normals[p + 2]]), p);
  }
  return surfaceOf(moved, turned);
}

/** Where the bone reaches the first or last voxel of the mask, per axis. */
type OpenFaces = [boolean, boolean][];

/** The bone averaged over blocks, and the faces of the field of view that it touches. */
function averaged(mask: Mask): { field: Volume<Float32Array>; open: OpenFaces } {
  const bounds = boneBounds(mask);
  if (bounds === undefined)
    throw new VolumeError({
      found: 'a mask without a bone voxel',
      expected: 'a bone to align',
      todo: 'check the segmentation, or leave the file out',
    });
  const [low, high] = bounds;
  // Specks far off must not make the grid large.
  const longest = Math.max(...low.map((l, c) => (high[c] - l + 1) * mask.spacing[c]));
  const step = Math.max(boneRadius(mask, low, high) / STEPS, longest / MOST_BLOCKS);
  const block = mask.spacing.map((s) => Math.max(1, Math.round(step / s)));
  const size = low.map((l, c) => Math.ceil((high[c] - l + 1) / block[c]) + 2 * PAD) as unknown as Vec3;
  const data = new Float32Array(size[0] * size[1] * size[2]);
  const share = 1 / (block[0] * block[1] * block[2]);
  const column = Int32Array.from({ length: high[0] - low[0] + 1 }, (_, i) => PAD + Math.floor(i / block[0]));
  for (let k = low[2]; k <= high[2]; k++) {
    const z = PAD + Math.floor((k - low[2]) / block[2]);
    for (let j = low[1]; j <= high[1]; j++) {
      const to = size[0] * (PAD + Math.floor((j - low[1]) / block[1]) + size[1] * z);
      const from = low[0] + mask.size[0] * (j + mask.size[1] * k);
      const row = mask.data.subarray(from, from + column.length);
      // Most of a row is empty: from one run of bone to the next.
      for (let i = row.indexOf(1); i >= 0; i = row.indexOf(1, i))
        for (; i < row.length && row[i] !== 0; i++) data[to + column[i]] += share;
    }
  }
  const first = low.map((l, c) => l - PAD * block[c] + (block[c] - 1) / 2);
  return {
    field: {
      size,
      spacing: mask.spacing.map((s, c) => s * block[c]) as unknown as Vec3,
      origin: voxelToWorld(mask, first[0], first[1], first[2]),
      direction: mask.direction,
      data,
    },
    open: low.map((l, c) => [l === 0, high[c] === mask.size[c] - 1]),
  };
}

/** Root mean square distance of the bone's voxels (of some 100,000 rows, all) from their centroid, mm. */
function boneRadius(mask: Mask, low: Vec3, high: Vec3): number {
  const skip = Math.max(1, Math.floor(Math.sqrt(((high[1] - low[1]) * (high[2] - low[2])) / 20000)));
  const sum = [0, 0, 0];
  let squares = 0;
  let n = 0;
  const [sx, sy, sz] = mask.spacing;
  for (let k = low[2]; k <= high[2]; k += skip)
    for (let j = low[1]; j <= high[1]; j += skip) {
      const row = mask.size[0] * (j + mask.size[1] * k);
      for (let i = low[0]; i <= high[0]; i++) {
        if (mask.data[row + i] === 0) continue;
        n++;
        sum[0] += sx * i;
        sum[1] += sy * j;
        sum[2] += sz * k;
        squares += sx * i * sx * i + sy * j * sy * j + sz * k * sz * k;
      }
    }
  // A bone so thin that the rows looked at miss it has fewer voxels than rows: all of it is one step.
  if (n === 0) return STEPS * Math.max(sx, sy, sz);
  return Math.sqrt(Math.max(0, squares / n - (sum[0] ** 2 + sum[1] ** 2 + sum[2] ** 2) / (n * n)));
}

/** Numbers of the vertices that are not on the cap over an open face: near it, and facing out of it. */
function withoutCaps(
  positions: Float32Array,
  normals: Float32Array,
  mask: Mask,
  open: OpenFaces,
  step: number,
): Uint32Array {
  const kept = new Uint32Array(positions.length / 3);
  const { direction: d, size, spacing } = mask;
  const any = open.flat().includes(true);
  let n = 0;
  for (let v = 0; v < kept.length; v++) {
    if (any) {
      const p = 3 * v;
      const at = worldToVoxel(mask, [positions[p], positions[p + 1], positions[p + 2]]);
      let cap = false;
      for (let c = 0; c < 3; c++) {
        const out = normals[p] * d[c] + normals[p + 1] * d[3 + c] + normals[p + 2] * d[6 + c];
        const reach = (1.2 * step) / spacing[c];
        if (open[c][0] && out < -0.6 && at[c] < reach) cap = true;
        if (open[c][1] && out > 0.6 && at[c] > size[c] - 1 - reach) cap = true;
      }
      if (cap) continue;
    }
    kept[n++] = v;
  }
  return kept.subarray(0, n);
}
