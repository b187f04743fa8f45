/**
 * How far a surface lies from another, in mm, at each of its vertices: exact point to triangle, by a tree of boxes
 * (three-mesh-bvh). Positive where the vertex lies outside the other surface, so that 1 mm means 1 mm of bone too much: on the side
 * that the other surface's smooth normal points to, blended over the nearest triangle, for at edges one triangle's own would mislead.
 */
import { BufferAttribute, BufferGeometry, Triangle, Vector3 } from 'three';
import { type HitPointInfo, MeshBVH } from 'three-mesh-bvh';
import { type Mesh, vertexNormals } from '../../src/mesh/mesh.ts';

/** Signed distances [V] of the vertices of `of` to the surface `to`, mm; empty surfaces are infinitely far. */
export function surfaceDistances(of: Mesh, to: Mesh): Float32Array {
  const out = new Float32Array(of.positions.length / 3).fill(Number.POSITIVE_INFINITY);
  if (to.indices.length === 0) return out;
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(to.positions, 3));
  // The tree sorts the triangles it is given.
  geometry.setIndex(new BufferAttribute(to.indices.slice(), 1));
  const tree = new MeshBVH(geometry);
  const index = geometry.index!.array;
  const point = new Vector3();
  const hit = {} as HitPointInfo;
  const corners = [new Vector3(), new Vector3(), new Vector3()];
  const normals = to.normals ?? vertexNormals(to);
  const [weights, normal, one] = [new Vector3(), new Vector3(), new Vector3()];
  for (let v = 0; v < out.length; v++) {
    point.fromArray(of.positions, 3 * v);
    tree.closestPointToPoint(point, hit as HitPointInfo);
    for (let c = 0; c < 3; c++) corners[c].fromArray(to.positions, 3 * index[3 * hit.faceIndex + c]);
    Triangle.getBarycoord(hit.point, corners[0], corners[1], corners[2], weights);
    normal.set(0, 0, 0);
    for (let c = 0; c < 3; c++)
      normal.addScaledVector(
        one.fromArray(normals, 3 * index[3 * hit.faceIndex + c]),
        weights.getComponent(c),
      );
    const outside = point.sub(hit.point).dot(normal) >= 0;
    out[v] = outside ? hit.distance : -hit.distance;
  }
  return out;
}

/** Blue (too little) over near white to orange (too much); both ends tell apart for the colour-blind. */
const ENDS = { less: [38, 103, 196], none: [240, 236, 228], more: [212, 98, 14] } as const;

/** Colours [V * 3] of signed distances: full at `most_mm`. */
export function distanceColours(distances: Float32Array, most_mm: number): Uint8Array {
  const out = new Uint8Array(3 * distances.length);
  for (let v = 0; v < distances.length; v++) {
    const share = Math.min(Math.abs(distances[v]) / most_mm, 1);
    const end = distances[v] < 0 ? ENDS.less : ENDS.more;
    for (let c = 0; c < 3; c++) out[3 * v + c] = Math.round(ENDS.none[c] + share * (end[c] - ENDS.none[c]));
  }
  return out;
}

/** The same as a CSS gradient from -most to +most. */
export const DISTANCE_GRADIENT = `linear-gradient(to right, rgb(${ENDS.less}), rgb(${ENDS.none}), rgb(${ENDS.more}))`;

/** Mean, median, 95th percentile and largest of |d|, mm. */
export function summarise(distances: Float32Array) {
  const sorted = Float32Array.from(distances, Math.abs).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return {
    mean: sorted.reduce((sum, d) => sum + d, 0) / sorted.length,
    median: at(0.5),
    p95: at(0.95),
    most: at(1),
  };
}
