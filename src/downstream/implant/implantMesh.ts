/**
 * The implant as a surface to print: closed, smooth, at least `gapMm` from the faces of the bone, in the space of its mask.
 *
 *   f = min(smooth(implant), 1/2 + (c - gap) / (2 s))        surface: f = 1/2
 *
 * with c(x) the distance in mm from the faces of the bone's voxels (negative in bone), blurred by 0.7 voxels, and s the
 * smallest side of a voxel. So the gap is kept to fractions of a voxel, where the mask knows only whole ones. Taubin
 * smoothing follows, and the volume that rounding took is given back (`matchVolume`: an implant must be as thick as the
 * bone beside it); a vertex that these brought nearer than the gap is moved back along the gradient of c. Shells that hold
 * less than a twentieth of the largest, and the walls of cavities, are dropped: what is left is solid.
 */
import { matchVolume } from '../../mesh/matchVolume.ts';
import { type Mesh, meshVolume, vertexNormals } from '../../mesh/mesh.ts';
import { gaussianBlur, smoothMask } from '../../mesh/smoothMask.ts';
import { extractSurface } from '../../mesh/surface.ts';
import { taubinSmooth } from '../../mesh/taubin.ts';
import { squaredDistanceTransform } from '../../volume/distanceTransform.ts';
import { worldToVoxel } from '../../volume/geometry.ts';
import { requireSameGrid } from '../../volume/sameGrid.ts';
import { type Mask, type Vec3, type Volume, voxelToWorld } from '../../volume/volume.ts';
import { boxOf, cropTo } from './box.ts';
import { ImplantError } from './cutImplant.ts';

export interface ImplantMeshOptions {
  /** mm between the surface and the faces of the bone, at least; default: half the smallest side of a voxel. */
  gapMm?: number;
  /** Rounds of Taubin smoothing. */
  rounds: number;
}

export const IMPLANT_MESH_DEFAULTS: ImplantMeshOptions = { rounds: 6 };

/** Voxels around the implant's box. */
const MARGIN = 4;
/** Voxels: blur of the distance to the bone. */
const BLUR = 0.7;

/**
 * The surface of an implant, kept clear of `bone` where it is given. Throws `ImplantError` for an empty implant, or where
 * the gap leaves nothing, and `GridError` where the grids differ.
 */
export function implantMesh(implant: Mask, bone?: Mask, options: Partial<ImplantMeshOptions> = {}): Mesh {
  const least = Math.min(...implant.spacing);
  const { gapMm = least / 2, rounds } = { ...IMPLANT_MESH_DEFAULTS, ...options };
  // All bone that is nearer than the gap is in the box.
  const box = boxOf(implant, implant, Math.max(MARGIN, Math.ceil(gapMm / least) + 2));
  const piece: Mask = {
    ...implant,
    size: box.size,
    origin: voxelToWorld(implant, box.low[0], box.low[1], box.low[2]),
    data: cropTo(implant, box),
  };
  if (!piece.data.includes(1)) throw nothing('an empty implant');
  const field = smoothMask(piece);
  const taubin = (): Mesh => taubinSmooth(extractSurface(field, 0.5), { rounds, limit_mm: least / 4 });
  const free = taubin();
  const voxel = implant.spacing[0] * implant.spacing[1] * implant.spacing[2];
  const volume = voxel * piece.data.reduce((n, v) => n + v, 0);
  if (bone === undefined) return finish(matchVolume(free, volume, least / 2));
  requireSameGrid(implant, bone, 'the implant', 'the bone');
  const clear = clearance({ ...piece, data: cropTo(bone, box) });
  for (let p = 0; p < field.data.length; p++)
    field.data[p] = Math.min(field.data[p], 0.5 + (clear.data[p] - gapMm) / (2 * least));
  const held = taubin();
  if (held.indices.length === 0) throw nothing(`a gap of ${gapMm} mm`);
  // What rounding took is given back, what the gap took is not.
  const wanted = volume * (meshVolume(held) / meshVolume(free));
  return finish(pushedOut(matchVolume(held, wanted, least / 2), clear, gapMm));
}

/** Distances in mm from a mesh's vertices to the faces of the bone's voxels, blurred as above; negative inside. */
export function meshClearance(mesh: Mesh, bone: Mask): Float64Array {
  const clear = clearance(bone);
  const { positions } = mesh;
  return Float64Array.from(
    { length: positions.length / 3 },
    (_, v) => sample(clear, positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]).value,
  );
}

/**
 * The gap that was achieved: the least of `meshClearance`, mm, looked for no farther around the mesh than it must be.
 * `Infinity` without bone.
 */
export function meshGap(mesh: Mesh, bone: Mask): number {
  if (!bone.data.includes(1)) return Infinity;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let v = 0; v < mesh.positions.length; v += 3)
    for (const [a, u] of worldToVoxel(bone, [
      ...mesh.positions.slice(v, v + 3),
    ] as unknown as Vec3).entries()) {
      low[a] = Math.min(low[a], Math.floor(u));
      high[a] = Math.max(high[a], Math.ceil(u));
    }
  const [least, most] = [Math.min(...bone.spacing), Math.max(...bone.spacing)];
  for (let margin = MARGIN; ; margin *= 2) {
    const box = {
      low: low.map((l) => l - margin) as unknown as Vec3,
      size: low.map((l, a) => high[a] - l + 1 + 2 * margin) as unknown as Vec3,
    };
    const origin = voxelToWorld(bone, ...box.low);
    const near: Mask = { ...bone, size: box.size, origin, data: cropTo(bone, box) };
    const all = box.low.every((l, a) => l <= 0 && l + box.size[a] >= bone.size[a]);
    const gap = near.data.includes(1) ? meshClearance(mesh, near).reduce((m, c) => Math.min(m, c)) : Infinity;
    // Bone beyond the box is farther than its margin, the reach of the blur taken off.
    if (all || gap < margin * least - 3 * most) return gap;
  }
}

/** `c`: mm from the faces of the bone's voxels, taken half a voxel from their centres; far away where there is no bone. */
function clearance(bone: Mask): Volume<Float32Array> {
  const { data, size, spacing } = bone;
  const half = Math.min(...spacing) / 2;
  const far = Math.hypot(...size.map((n, a) => n * spacing[a]));
  const out = squaredDistanceTransform(data, size, spacing);
  const background = data.map((v) => (v === 0 ? 1 : 0));
  const within = squaredDistanceTransform(background, size, spacing);
  for (let p = 0; p < out.length; p++)
    out[p] =
      data[p] === 0 ? Math.min(far, Math.sqrt(out[p])) - half : half - Math.min(far, Math.sqrt(within[p]));
  return gaussianBlur({ ...bone, data: out }, BLUR);
}

/** Trilinear value and gradient (a mm) at a point in mm, clamped to the grid. */
function sample(
  volume: Volume<Float32Array>,
  x: number,
  y: number,
  z: number,
): { value: number; gradient: [number, number, number] } {
  const { size, spacing, direction: d, data } = volume;
  const at = worldToVoxel(volume, [x, y, z]);
  const low = at.map((v, a) => Math.min(Math.max(Math.floor(v), 0), Math.max(0, size[a] - 2)));
  const f = at.map((v, a) => Math.min(Math.max(v - low[a], 0), 1));
  let value = 0;
  const slope = [0, 0, 0];
  for (let corner = 0; corner < 8; corner++) {
    const bit = [corner & 1, (corner >> 1) & 1, (corner >> 2) & 1];
    const q = bit.map((b, a) => Math.min(low[a] + b, size[a] - 1));
    const w = bit.map((b, a) => (b === 1 ? f[a] : 1 - f[a]));
    const v = data[q[0] + size[0] * (q[1] + size[1] * q[2])];
    value += w[0] * w[1] * w[2] * v;
    for (let a = 0; a < 3; a++)
      slope[a] += ((bit[a] === 1 ? 1 : -1) * v * w[(a + 1) % 3] * w[(a + 2) % 3]) / spacing[a];
  }
  return {
    value,
    gradient: [0, 1, 2].map(
      (r) => d[3 * r] * slope[0] + d[3 * r + 1] * slope[1] + d[3 * r + 2] * slope[2],
    ) as [number, number, number],
  };
}

/** Newton steps along the gradient of c, until every vertex is clear of the bone by the gap. */
function pushedOut(mesh: Mesh, clear: Volume<Float32Array>, gap: number): Mesh {
  const positions = mesh.positions.slice();
  const most = Math.min(...clear.spacing) / 2;
  for (let v = 0; v < positions.length; v += 3)
    for (let round = 0; round < 4; round++) {
      const { value, gradient } = sample(clear, positions[v], positions[v + 1], positions[v + 2]);
      const slope = Math.hypot(...gradient);
      if (value >= gap || slope < 1e-3) break;
      const step = Math.min((1.001 * (gap - value)) / slope, most) / slope;
      for (let a = 0; a < 3; a++) positions[v + a] += step * gradient[a];
    }
  return { ...mesh, positions };
}

/** Share of the largest shell's volume below which a shell is dropped. */
const SPECK = 0.05;

/** The mesh's large outer shells, with normals. */
function finish(mesh: Mesh): Mesh {
  const { positions: p, indices } = mesh;
  const parent = Int32Array.from({ length: p.length / 3 }, (_, v) => v);
  const find = (v: number): number => {
    while (parent[v] !== v) {
      parent[v] = parent[parent[v]];
      v = parent[v];
    }
    return v;
  };
  for (let t = 0; t < indices.length; t += 3) {
    const a = find(indices[t]);
    parent[find(indices[t + 1])] = a;
    parent[find(indices[t + 2])] = a;
  }
  const volumes = new Map<number, number>();
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [3 * indices[t], 3 * indices[t + 1], 3 * indices[t + 2]];
    const six =
      p[a] * (p[b + 1] * p[c + 2] - p[b + 2] * p[c + 1]) +
      p[a + 1] * (p[b + 2] * p[c] - p[b] * p[c + 2]) +
      p[a + 2] * (p[b] * p[c + 1] - p[b + 1] * p[c]);
    const root = find(indices[t]);
    volumes.set(root, (volumes.get(root) ?? 0) + six / 6);
  }
  const largest = Math.max(...volumes.values());
  const number = new Int32Array(parent.length).fill(-1);
  const kept: number[] = [];
  const triangles: number[] = [];
  for (let t = 0; t < indices.length; t++) {
    const v = indices[t];
    if (volumes.get(find(v))! < SPECK * largest) continue;
    if (number[v] < 0) {
      number[v] = kept.length / 3;
      kept.push(p[3 * v], p[3 * v + 1], p[3 * v + 2]);
    }
    triangles.push(number[v]);
  }
  const solid: Mesh = { positions: Float32Array.from(kept), indices: Uint32Array.from(triangles) };
  return { ...solid, normals: vertexNormals(solid) };
}

function nothing(what: string): ImplantError {
  return new ImplantError({
    found: `${what} leaves no surface`,
    expected: 'an implant with voxels, thicker than its gap',
    todo: 'give a smaller gap, or check the implant',
  });
}
