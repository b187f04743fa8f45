/**
 * A triangle mesh in the patient's space: `positions` holds x, y, z of each vertex in LPS mm, `indices` three vertices
 * a triangle, counter-clockwise seen from outside the bone. This file holds the type and what can be measured on it:
 * volume by the divergence theorem, area, the Euler number, and whether it is closed.
 */
import { VolumeError } from '../errors.ts';

export interface Mesh {
  /** [V * 3] LPS mm. */
  positions: Float32Array;
  /** [T * 3] vertex numbers. */
  indices: Uint32Array;
  /** [V * 3] unit vectors pointing out of the bone. */
  normals?: Float32Array;
  /** [V * 3] RGB, 0..255, in place of one colour for the whole mesh. */
  colours?: Uint8Array;
}

/** Number of vertices. */
const vertexCount = (mesh: Mesh): number => mesh.positions.length / 3;

/** Number of triangles. */
export const triangleCount = (mesh: Mesh): number => mesh.indices.length / 3;

/** `sum over triangles of a . (b x c) / 6`: the enclosed volume in mm^3 of a closed mesh, positive when it faces outward. */
export function meshVolume(mesh: Mesh): number {
  const { positions: p, indices } = mesh;
  let six = 0;
  for (let t = 0; t < indices.length; t += 3) {
    const a = 3 * indices[t];
    const b = 3 * indices[t + 1];
    const c = 3 * indices[t + 2];
    six +=
      p[a] * (p[b + 1] * p[c + 2] - p[b + 2] * p[c + 1]) +
      p[a + 1] * (p[b + 2] * p[c] - p[b] * p[c + 2]) +
      p[a + 2] * (p[b] * p[c + 1] - p[b + 1] * p[c]);
  }
  return six / 6;
}

/** Area of triangle `t`, `|(b - a) x (c - a)| / 2` in mm^2. */
export function triangleArea({ positions: p, indices }: Mesh, t: number): number {
  const a = 3 * indices[3 * t];
  const b = 3 * indices[3 * t + 1];
  const c = 3 * indices[3 * t + 2];
  const ux = p[b] - p[a];
  const uy = p[b + 1] - p[a + 1];
  const uz = p[b + 2] - p[a + 2];
  const vx = p[c] - p[a];
  const vy = p[c + 1] - p[a + 1];
  const vz = p[c + 2] - p[a + 2];
  return Math.sqrt((uy * vz - uz * vy) ** 2 + (uz * vx - ux * vz) ** 2 + (ux * vy - uy * vx) ** 2) / 2;
}

/** Sum of the triangles' areas in mm^2. */
export function meshArea(mesh: Mesh): number {
  let area = 0;
  for (let t = 0; t < triangleCount(mesh); t++) area += triangleArea(mesh, t);
  return area;
}

/** What the edges of a mesh say: each edge's faces are counted once in each direction. */
export interface Topology {
  vertices: number;
  edges: number;
  triangles: number;
  /** `V - E + F`: 2 for each sphere, 0 for each torus; twice the Euler number of the solid inside. */
  euler: number;
  /** Every edge has exactly two triangles, which run along it in opposite directions. */
  closed: boolean;
}

/** Counts vertices in use, edges and triangles, and tells whether the mesh is closed and consistently oriented. */
export function meshTopology(mesh: Mesh): Topology {
  const { indices } = mesh;
  const used = new Set(indices);
  const size = vertexCount(mesh);
  // A directed edge that appears once, together with its reverse, once: two faces, opposite directions.
  const directed = new Set<number>();
  let repeated = false;
  for (let t = 0; t < indices.length; t += 3) {
    for (let s = 0; s < 3; s++) {
      const key = indices[t + s] * size + indices[t + ((s + 1) % 3)];
      if (directed.has(key)) repeated = true;
      directed.add(key);
    }
  }
  let closed = !repeated && indices.length > 0;
  let edges = 0;
  for (const key of directed) {
    const a = Math.floor(key / size);
    const b = key - a * size;
    const reversed = directed.has(b * size + a);
    if (!reversed) closed = false;
    if (a < b || !reversed) edges++;
  }
  const triangles = indices.length / 3;
  return { vertices: used.size, edges, triangles, euler: used.size - edges + triangles, closed };
}

/** Unit normals of the vertices, each the area-weighted mean of its triangles' normals: [V * 3]. */
export function vertexNormals(mesh: Mesh): Float32Array {
  const { positions: p, indices } = mesh;
  const normals = new Float32Array(p.length);
  for (let t = 0; t < indices.length; t += 3) {
    const a = 3 * indices[t];
    const b = 3 * indices[t + 1];
    const c = 3 * indices[t + 2];
    const ux = p[b] - p[a];
    const uy = p[b + 1] - p[a + 1];
    const uz = p[b + 2] - p[a + 2];
    const vx = p[c] - p[a];
    const vy = p[c + 1] - p[a + 1];
    const vz = p[c + 2] - p[a + 2];
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    normals[a] += nx;
    normals[a + 1] += ny;
    normals[a + 2] += nz;
    normals[b] += nx;
    normals[b + 1] += ny;
    normals[b + 2] += nz;
    normals[c] += nx;
    normals[c + 1] += ny;
    normals[c + 2] += nz;
  }
  for (let v = 0; v < normals.length; v += 3) {
    const length = Math.sqrt(normals[v] ** 2 + normals[v + 1] ** 2 + normals[v + 2] ** 2) || 1;
    normals[v] /= length;
    normals[v + 1] /= length;
    normals[v + 2] /= length;
  }
  return normals;
}

/** Throws `VolumeError` naming `what` unless the mesh has triangles, whole arrays, finite positions and valid indices. */
export function requireSoundMesh(mesh: Mesh, what: string): void {
  const refuse = (found: string): never => {
    throw new VolumeError({
      found: `${what}: ${found}`,
      expected: 'a triangle mesh with at least one triangle and finite positions',
      todo: 'check that the volume it was made from has bone in it',
    });
  };
  const { positions, indices } = mesh;
  if (indices.length === 0) refuse('the mesh has no triangles');
  if (positions.length % 3 !== 0 || indices.length % 3 !== 0) refuse('its arrays do not hold whole triples');
  if (mesh.normals && mesh.normals.length !== positions.length)
    refuse('normals and positions differ in length');
  if (!positions.every(Number.isFinite)) refuse('a position is not finite');
  const limit = positions.length / 3;
  if (indices.some((i) => i >= limit)) refuse(`an index exceeds the ${limit} vertices`);
}
