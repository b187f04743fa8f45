/**
 * Inner products of the rows of two large tables, A B^T, a tile of rows by a tile of rows at a time, so that memory stays
 * small however many rows there are: what metrics on sets of features need (evaluation/distributionNumbers.ts).
 *
 * ONNX Runtime multiplies in float32 on threads of its own while the caller's JavaScript works on the tiles already done;
 * tiles arrive in the order asked for, so what is summed from them does not depend on the machine. Measured on one Zen 4
 * core of a busy machine: 84 GFLOP/s at 1024 rows a tile, as at 2048; OpenBLAS the same.
 *
 * The rounding of a product is bounded whatever order the runtime adds in (Higham 2002, section 3.1): with u = 2^-24,
 *
 *   |fl(a.b) - a.b| <= depth u / (1 - depth u) |a| |b|
 *
 * Rows longer than `MOST_DEPTH` are cut into chunks whose products are added in double precision, so `depth` never exceeds
 * it and the bound stays below 6.2e-5.
 */
import { availableParallelism } from 'node:os';
import { NumericsError, ShapeError } from '../errors.ts';
import { emit } from '../graph/emit.ts';
import { Graph } from '../graph/graph.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { Session, type Value, value } from './session.ts';

/** Numbers of a row multiplied in float32 before a sum in double precision. */
const MOST_DEPTH = 1024;
/** Rows a tile: at 1000 features its numbers, another's and their products take 4 MB each. */
const MOST_ROWS = 1024;
/** Node runs four native tasks at once; one stays free for files. */
const MOST_LANES = 3;

/** A table cut into tiles of `rows` rows (the last is filled up with zeros) and its rows into chunks of `depth` numbers. */
export interface TiledTable {
  /** Rows of the table. */
  count: number;
  /** Rows a tile. */
  rows: number;
  depth: number;
  /** `tiles[t][c]`: `rows` x `depth` numbers, chunk c of the rows of tile t. */
  tiles: Float32Array[][];
}

/**
 * Cuts a table of `count` rows of `dim` numbers; `fill(i, row)` writes row i into a buffer of `dim`. `mostRows` is for
 * tests. Throws `NumericsError` for a table without rows or columns.
 */
export function tiledTable(
  count: number,
  dim: number,
  fill: (i: number, row: Float32Array) => void,
  mostRows = MOST_ROWS,
): TiledTable {
  if (!(count > 0 && dim > 0))
    throw new NumericsError({
      found: `a table of ${count} rows of ${dim} numbers`,
      expected: 'at least one row of at least one number',
      todo: 'describe at least one case by at least one feature',
    });
  const tileCount = Math.ceil(count / mostRows);
  const rows = Math.ceil(count / tileCount);
  const chunks = Math.ceil(dim / MOST_DEPTH);
  const depth = Math.ceil(dim / chunks);
  const row = new Float32Array(dim);
  const tiles = Array.from({ length: tileCount }, (_, t) => {
    const tile = Array.from({ length: chunks }, () => new Float32Array(rows * depth));
    for (let r = 0; r < rows && t * rows + r < count; r++) {
      fill(t * rows + r, row);
      for (let c = 0; c < chunks; c++) tile[c].set(row.subarray(c * depth, (c + 1) * depth), r * depth);
    }
    return tile;
  });
  return { count, rows, depth, tiles };
}

/** Bound of |fl(a.b) - a.b| / (|a| |b|) for rows of a table. */
export const productError = ({ depth }: TiledTable): number => {
  const du = depth * 2 ** -24;
  return du / (1 - du);
};

/** The products of tile `i` of A with tile `j` of B: rows of A's `rows` by B's `rows` numbers. */
export type UseProducts = (i: number, j: number, products: Float32Array | Float64Array) => void;

/**
 * Calls `use` with the products of each pair of tiles of `order`, in that order; the buffer is reused afterwards. `threads`
 * are all cores by default. Throws `ShapeError` where the tables differ in depth, `RuntimeError` where the runtime fails.
 */
export async function eachTileProduct(
  a: TiledTable,
  b: TiledTable,
  order: readonly (readonly [number, number])[],
  use: UseProducts,
  threads = availableParallelism(),
): Promise<void> {
  const chunks = a.tiles[0].length;
  if (a.depth !== b.depth || chunks !== b.tiles[0].length)
    throw new ShapeError({
      found: `rows of ${chunks} x ${a.depth} and of ${b.tiles[0].length} x ${b.depth} numbers`,
      expected: 'rows of one length',
      todo: 'describe both sets by the same features',
    });
  const lanes = Math.max(1, Math.min(threads, MOST_LANES, order.length));
  const graph = new Graph();
  const [p, q] = [graph.input('a', [a.rows, a.depth]), graph.input('b', [b.rows, b.depth])];
  const { model } = emit(graph, { outputs: { product: matmul(p, q, false, true) }, target: 'cpu' });
  const session = await Session.create(model, { threads: Math.ceil(threads / lanes) });
  // One buffer more than lanes: a tile is read here while the next ones are multiplied.
  const buffers = Array.from({ length: lanes + 1 }, () =>
    value(new Float32Array(a.rows * b.rows), [a.rows, b.rows]),
  );
  const sum = chunks > 1 ? new Float64Array(a.rows * b.rows) : undefined;
  const jobs = order.flatMap(([i, j]) => Array.from({ length: chunks }, (_, c) => ({ i, j, c })));
  const running: Promise<Value>[] = [];
  const start = (at: number): void => {
    if (at >= jobs.length) return;
    const { i, j, c } = jobs[at];
    const feeds = {
      a: value(a.tiles[i][c], [a.rows, a.depth]),
      b: value(b.tiles[j][c], [b.rows, b.depth]),
    };
    const job = session.run(feeds, { product: buffers[at % buffers.length] }).then(({ product }) => product);
    job.catch(() => undefined); // told when it is waited for
    running.push(job);
  };
  try {
    for (let at = 0; at < lanes; at++) start(at);
    for (let at = 0; at < jobs.length; at++) {
      const products = (await running.shift()!).data as Float32Array;
      start(at + lanes);
      const { i, j, c } = jobs[at];
      if (sum === undefined) use(i, j, products);
      else {
        if (c === 0) sum.set(products);
        else for (let k = 0; k < sum.length; k++) sum[k] += products[k];
        if (c === chunks - 1) use(i, j, sum);
      }
    }
  } finally {
    await Promise.allSettled(running);
    await session.release();
  }
}
