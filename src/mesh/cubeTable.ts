/**
 * The 256 cases of a cube whose corners are inside or outside, as triangles between crossed edges. The table is derived
 * here, not typed in: on each face of the cube the crossed edges are joined by segments, the segments of the six faces
 * chain into closed loops, and each loop is cut into a fan of triangles.
 *
 * Two choices make the surface a closed 2-manifold, always (marching cubes as first published has holes, and naive
 * surface nets glue thin sheets together, which thin bone provokes):
 *  - a face with two inside corners on a diagonal is cut so that the two stay joined. The rule depends on that face alone,
 *    so both cubes that share it draw the same segments. Joined, because thin bone should not fall apart;
 *  - a fan never uses a diagonal lying in a face of the cube, where the neighbour could draw the same one.
 *
 * Corner c of a cube lies at (c & 1, c >> 1 & 1, c >> 2 & 1). Edge e runs along axis e >> 2; bits 0 and 1 of e are its place on
 * the two axes that follow cyclically.
 */

/** The edge between two neighbouring corners. */
function edgeBetween(a: number, b: number): number {
  const axis = Math.log2(a ^ b);
  const low = Math.min(a, b);
  return axis * 4 + ((low >> ((axis + 1) % 3)) & 1) + 2 * ((low >> ((axis + 2) % 3)) & 1);
}

/** Four corners of each face, counter-clockwise seen from outside the cube. */
function faceCorners(): number[][] {
  const faces: number[][] = [];
  for (let axis = 0; axis < 3; axis++) {
    const u = 1 << ((axis + 1) % 3);
    const v = 1 << ((axis + 2) % 3);
    faces.push([0, v, u | v, u]);
    const far = 1 << axis;
    faces.push([far, far | u, far | u | v, far | v]);
  }
  return faces;
}

const FACES = faceCorners();

/** Bit f of entry e is set when edge e lies on face f. */
const FACES_OF_EDGE = Array.from({ length: 12 }, (_, edge) =>
  FACES.reduce(
    (bits, corners, face) =>
      corners.some((c, s) => edgeBetween(c, corners[(s + 1) % 4]) === edge) ? bits | (1 << face) : bits,
    0,
  ),
);

/** Loops of crossed edges of one case. Each edge leaves the bone on one of its faces and enters it on the other. */
function loops(inside: number): number[][] {
  const isIn = (corner: number) => ((inside >> corner) & 1) === 1;
  const next = new Map<number, number>();
  for (const f of FACES) {
    for (let s = 0; s < 4; s++) {
      if (!isIn(f[s]) || isIn(f[(s + 1) % 4])) continue;
      // From leaving the bone, past the outside corners, to the first re-entry: the outside is cut off, bone stays joined.
      let t = (s + 1) % 4;
      while (!isIn(f[(t + 1) % 4])) t = (t + 1) % 4;
      next.set(edgeBetween(f[t], f[(t + 1) % 4]), edgeBetween(f[s], f[(s + 1) % 4]));
    }
  }
  const found: number[][] = [];
  while (next.size > 0) {
    const loop: number[] = [];
    let edge = next.keys().next().value as number;
    while (next.has(edge)) {
      loop.push(edge);
      const following = next.get(edge) as number;
      next.delete(edge);
      edge = following;
    }
    found.push(loop);
  }
  return found;
}

/** Triangles of a loop as a fan from the first corner whose diagonals all cross the inside of the cube; one always exists. */
function fan(loop: number[]): number[] {
  const n = loop.length;
  const apex = loop.findIndex((edge, s) => {
    for (let d = 2; d < n - 1; d++) if (FACES_OF_EDGE[edge] & FACES_OF_EDGE[loop[(s + d) % n]]) return false;
    return true;
  });
  if (apex < 0) throw new Error(`no fan for the loop ${loop}`);
  const triangles: number[] = [];
  for (let d = 1; d < n - 1; d++) triangles.push(loop[apex], loop[(apex + d) % n], loop[(apex + d + 1) % n]);
  return triangles;
}

/** `CUBE_TRIANGLES[inside]`: edges of the triangles, three each, for the case whose bit c tells that corner c is inside. */
export const CUBE_TRIANGLES: readonly Uint8Array[] = Array.from({ length: 256 }, (_, inside) =>
  Uint8Array.from(loops(inside).flatMap(fan)),
);
