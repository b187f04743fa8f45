/** Distances of all pairs of two sets: row i, column j is `values[i * columns + j] = d(a_i, b_j)`. */
export interface DistanceMatrix {
  rows: number;
  columns: number;
  values: Float64Array;
}

/** All distances from `a` to `b`; `onPair` is called after each pair. */
export function crossDistances<T>(
  a: readonly T[],
  b: readonly T[],
  distance: (p: T, q: T) => number,
  onPair?: () => void,
): DistanceMatrix {
  const values = new Float64Array(a.length * b.length);
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < b.length; j++) {
      values[i * b.length + j] = distance(a[i], b[j]);
      onPair?.();
    }
  return { rows: a.length, columns: b.length, values };
}

/** All distances inside `a` for a symmetric distance, each pair computed once; the diagonal is 0. */
export function selfDistances<T>(
  a: readonly T[],
  distance: (p: T, q: T) => number,
  onPair?: () => void,
): DistanceMatrix {
  const n = a.length;
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      values[i * n + j] = values[j * n + i] = distance(a[i], a[j]);
      onPair?.();
    }
  return { rows: n, columns: n, values };
}

/** The matrix with its rows and columns swapped. */
export function transposed(d: DistanceMatrix): DistanceMatrix {
  const values = new Float64Array(d.values.length);
  for (let i = 0; i < d.rows; i++)
    for (let j = 0; j < d.columns; j++) values[j * d.rows + i] = d.values[i * d.columns + j];
  return { rows: d.columns, columns: d.rows, values };
}

/** The rows and columns with the given indices. */
export function subMatrix(
  d: DistanceMatrix,
  rows: ArrayLike<number>,
  columns: ArrayLike<number>,
): DistanceMatrix {
  const values = new Float64Array(rows.length * columns.length);
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j < columns.length; j++)
      values[i * columns.length + j] = d.values[rows[i] * d.columns + columns[j]];
  return { rows: rows.length, columns: columns.length, values };
}

/** The least distance of each row. */
export function rowMinima(d: DistanceMatrix): Float64Array {
  const out = new Float64Array(d.rows).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < d.rows; i++)
    for (let j = 0; j < d.columns; j++) out[i] = Math.min(out[i], d.values[i * d.columns + j]);
  return out;
}
