/**
 * Which way the triangles of a mesh face, and whether it is closed. A closed surface is a cycle: along every edge as many
 * triangles run one way as the other. Then, and only then, a ray crosses it as often outward as inward, and the winding
 * number of every point is whole. Two triangles that meet alone at an edge must run along it in opposite directions: where
 * they do not, one faces the wrong way, and from neighbour to neighbour a whole patch is brought to agree; the side that
 * held more area before wins.
 */
import { type Mesh, triangleArea } from './mesh.ts';

export interface Orientation {
  /** 1 for each triangle that is to be turned round: [T]. */
  turned: Uint8Array;
  /** Triangles that were turned. */
  turnedCount: number;
  /** Edges (counted as often as triangles are missing) that have more triangles one way than the other, after turning. */
  openEdges: number;
  /** Share of the area in patches of contradicting directions that disagreed with the winning one; 0 when none did. */
  contradicted: number;
}

/** Finds, for a welded mesh, which triangles to turn so that neighbours agree, and counts what is open after that. */
export function orientMesh(mesh: Mesh): Orientation {
  const { indices } = mesh;
  const sides = indices.length;
  const triangles = sides / 3;
  const edges = edgeTable(mesh);
  const { edgeOf, forward, twin } = edges;
  const turned = new Uint8Array(triangles);
  const seen = new Uint8Array(triangles);
  const queue = new Uint32Array(triangles);
  let minority = 0;
  let total = 0;
  let turnedCount = 0;
  for (let seed = 0; seed < triangles; seed++) {
    if (seen[seed]) continue;
    seen[seed] = 1;
    queue[0] = seed;
    let length = 1;
    let disagrees = false;
    const area = [0, 0];
    for (let q = 0; q < length; q++) {
      const t = queue[q];
      area[turned[t]] += triangleArea(mesh, t);
      for (let h = 3 * t; h < 3 * t + 3; h++) {
        const other = twin[h];
        if (other < 0) continue;
        const u = Math.floor(other / 3);
        const wanted = turned[t] ^ (forward[h] === forward[other] ? 1 : 0);
        if (!seen[u]) {
          seen[u] = 1;
          turned[u] = wanted;
          queue[length++] = u;
        }
        if (forward[h] === forward[other]) disagrees = true;
      }
    }
    total += area[0] + area[1];
    if (!disagrees) continue;
    const swap = area[1] > area[0] ? 1 : 0;
    minority += Math.min(area[0], area[1]);
    for (let q = 0; q < length; q++) turnedCount += turned[queue[q]] ^= swap;
  }
  const balance = new Int32Array(edges.count);
  for (let h = 0; h < sides; h++)
    balance[edgeOf[h]] += (forward[h] ^ turned[Math.floor(h / 3)]) === 1 ? 1 : -1;
  const openEdges = balance.reduce((sum, b) => sum + Math.abs(b), 0);
  return { turned, turnedCount, openEdges, contradicted: total > 0 ? minority / total : 0 };
}

interface Edges {
  count: number;
  /** Number of the undirected edge of each side 3 t + s, which runs from corner s to the next: [3 T]. */
  edgeOf: Uint32Array;
  /** 1 when the side runs from the lower vertex number to the higher. */
  forward: Uint8Array;
  /** The one other side on the same edge; -1 when there is none, or more than one. */
  twin: Int32Array;
}

function edgeTable({ indices }: Mesh): Edges {
  const sides = indices.length;
  let slots = 1024;
  while (slots < 1.4 * sides) slots *= 2;
  /** 1 + the first side found on the slot's edge, 0 when free. */
  const table = new Int32Array(slots);
  const edgeOf = new Uint32Array(sides);
  const forward = new Uint8Array(sides);
  const twin = new Int32Array(sides).fill(-1);
  const many = new Uint8Array(sides);
  let count = 0;
  for (let h = 0; h < sides; h++) {
    const a = indices[h];
    const b = indices[h % 3 === 2 ? h - 2 : h + 1];
    forward[h] = a < b ? 1 : 0;
    const low = Math.min(a, b);
    const high = Math.max(a, b);
    let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x27d4eb2f);
    for (let slot = (hash ^ (hash >>> 13)) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      if (table[slot] === 0) {
        table[slot] = h + 1;
        edgeOf[h] = count++;
        break;
      }
      const first = table[slot] - 1;
      const c = indices[first];
      const d = indices[first % 3 === 2 ? first - 2 : first + 1];
      if ((c === a && d === b) || (c === b && d === a)) {
        edgeOf[h] = edgeOf[first];
        if (twin[first] >= 0 || many[first]) {
          // A third triangle: the edge joins no one.
          if (twin[first] >= 0) twin[twin[first]] = -1;
          twin[first] = -1;
          many[first] = 1;
        } else {
          twin[first] = h;
          twin[h] = first;
        }
        break;
      }
    }
  }
  return { count, edgeOf, forward, twin };
}
