/**
 * Linear assignment: the one-to-one pairing of n rows with n columns whose summed cost is least, exactly, in O(n^3), by
 * shortest augmenting paths with dual potentials (Jonker and Volgenant 1987; Crouse 2016).
 *
 * Row by row, a Dijkstra search over the columns, on reduced costs c - u - v >= 0, finds the cheapest way to give the
 * new row a column, moving earlier rows along the path; the potentials then keep every reduced cost non-negative.
 */
import { NumericsError, ShapeError } from '../errors.ts';

export interface Assignment {
  /** Column of each row. */
  columnOfRow: Int32Array;
  /** Sum of the chosen costs. */
  total: number;
}

/** Solves the assignment for `cost`, n x n row-major. Throws `ShapeError` if not square, `NumericsError` if not finite. */
export function solveAssignment(cost: Float64Array | Float32Array, n: number): Assignment {
  if (!Number.isInteger(n) || n < 0 || cost.length !== n * n)
    throw new ShapeError({
      found: `${cost.length} costs for ${n} rows`,
      expected: `${n * n} costs, a square matrix`,
      todo: 'give as many columns as rows',
    });
  for (let i = 0; i < cost.length; i++)
    if (!Number.isFinite(cost[i]))
      throw new NumericsError({
        found: `the cost of row ${Math.floor(i / n)}, column ${i % n} is ${cost[i]}`,
        expected: 'finite costs',
        todo: 'look for NaN or infinity in what the costs come from',
      });

  const columnOfRow = new Int32Array(n).fill(-1);
  const rowOfColumn = new Int32Array(n).fill(-1);
  const u = new Float64Array(n);
  const v = new Float64Array(n);
  const distance = new Float64Array(n); // of each column from the new row, along alternating paths
  const cameFrom = new Int32Array(n); // the row before each column on its path
  const open = new Int32Array(n); // columns not settled yet: open[0 .. openCount)
  const settled = new Int32Array(n);

  for (let start = 0; start < n; start++) {
    distance.fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < n; j++) open[j] = j;
    let openCount = n;
    let settledCount = 0;
    let row = start;
    let reached = 0; // the distance of `row`
    let sink = -1;
    while (sink < 0) {
      const base = row * n;
      const offset = reached - u[row];
      let best = -1;
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0; k < openCount; k++) {
        const j = open[k];
        const d = offset + cost[base + j] - v[j];
        if (d < distance[j]) {
          distance[j] = d;
          cameFrom[j] = row;
        }
        // Of columns equally near, a free one ends the search at once.
        if (distance[j] < least || (distance[j] === least && rowOfColumn[j] < 0)) {
          least = distance[j];
          best = k;
        }
      }
      const column = open[best];
      reached = least;
      open[best] = open[--openCount];
      settled[settledCount++] = column;
      if (rowOfColumn[column] < 0) sink = column;
      else row = rowOfColumn[column];
    }
    // Potentials of everything settled; the sink's own change is zero.
    u[start] += reached;
    for (let k = 0; k < settledCount; k++) {
      const j = settled[k];
      const slack = reached - distance[j];
      v[j] -= slack;
      if (j !== sink) u[rowOfColumn[j]] += slack;
    }
    // Turn the path around: each row on it takes the column it led to.
    for (let column = sink; ; ) {
      const rowBefore = cameFrom[column];
      rowOfColumn[column] = rowBefore;
      const next = columnOfRow[rowBefore];
      columnOfRow[rowBefore] = column;
      if (rowBefore === start) break;
      column = next;
    }
  }
  let total = 0;
  for (let i = 0; i < n; i++) total += cost[i * n + columnOfRow[i]];
  return { columnOfRow, total };
}
