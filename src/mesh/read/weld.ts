/**
 * Corners at one place become one vertex. STL has no shared vertices, and PLY files split them where normals or colours
 * jump; without shared vertices no edge has a second triangle, and a mesh cannot be told closed from torn.
 */
import type { Mesh } from '../mesh.ts';

/**
 * The mesh with one vertex for each distinct position (all 32 bits of each coordinate equal; 0 and -0 are equal), in
 * order of first use. Triangles that name a vertex twice enclose nothing and are left out, as are unused vertices.
 */
export function weldVertices({ positions, indices }: Pick<Mesh, 'positions' | 'indices'>): Mesh {
  // Adding 0 turns -0 into 0; then equal positions have equal bits.
  const clean = positions.map((v) => v + 0);
  const bits = new Int32Array(clean.buffer);
  let slots = 1024;
  while (slots < 2 * Math.min(positions.length / 3, indices.length)) slots *= 2;
  /** 1 + number of the vertex in a slot, 0 when free. */
  const table = new Int32Array(slots);
  const first = new Uint32Array(Math.min(positions.length / 3, indices.length));
  let count = 0;
  const numberOf = (vertex: number): number => {
    const p = 3 * vertex;
    let hash = Math.imul(bits[p], 0x9e3779b1) ^ Math.imul(bits[p + 1], 0x85ebca6b);
    hash = Math.imul(hash ^ Math.imul(bits[p + 2], 0xc2b2ae35) ^ (hash >>> 15), 0x27d4eb2f);
    for (let slot = (hash ^ (hash >>> 13)) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const taken = table[slot];
      if (taken === 0) {
        first[count] = p;
        table[slot] = ++count;
        return count - 1;
      }
      const q = first[taken - 1];
      if (bits[q] === bits[p] && bits[q + 1] === bits[p + 1] && bits[q + 2] === bits[p + 2]) return taken - 1;
    }
  };
  const out = new Uint32Array(indices.length);
  let kept = 0;
  for (let t = 0; t < indices.length; t += 3) {
    const a = numberOf(indices[t]);
    const b = numberOf(indices[t + 1]);
    const c = numberOf(indices[t + 2]);
    if (a === b || b === c || c === a) continue;
    out[kept++] = a;
    out[kept++] = b;
    out[kept++] = c;
  }
  const welded = new Float32Array(3 * count);
  for (let v = 0; v < count; v++) welded.set(clean.subarray(first[v], first[v] + 3), 3 * v);
  return { positions: welded, indices: out.slice(0, kept) };
}
