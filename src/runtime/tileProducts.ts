/**
 * Inner products of the rows of two large tables, A B^T, a tile of rows by a tile of rows at a time, so that memory stays
 * small however many rows there are: what metrics on sets of features need (evaluation/distributionNumbers.ts).
 *
 * ONNX Runtime multiplies in float32. Its `run` blocks the thread that calls it, so threads of our own (tileThread.ts) do,
 * one core each, while the caller reads the tiles already done. Tiles arrive in the order asked for, so what is summed from
 * them does not depend on the machine. Measured on one Zen 4 core of a busy machine: 84 GFLOP/s at 1024 rows a tile, as at
 * 2048; OpenBLAS the same. The tables lie in memory that all threads see.
 *
 * The rounding of a product is bounded whatever order the runtime adds in (Higham 2002, section 3.1): with u = 2^-24,
 *
 *   |fl(a.b) - a.b| <= depth u / (1 - depth u) |a| |b|
 *
 * Rows longer than `MOST_DEPTH` are cut into chunks whose products are added in double precision, so `depth` never exceeds
 * it and the bound stays below 6.2e-5.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { type Explanation, NumericsError, ShapeError } from '../errors.ts';
import { startThread } from '../files/thread.ts';
import { RuntimeError } from './session.ts';

/** Numbers of a row multiplied in float32 before a sum in double precision. */
const MOST_DEPTH = 1024;
/** Rows a tile: at 1000 features its numbers, another's and their products take 4 MB each. */
const MOST_ROWS = 1024;
/** More threads than these wait for the one that reads. */
const MOST_THREADS = 16;

/** A table cut into tiles of `rows` rows (the last is filled up with zeros) and its rows into chunks of `depth` numbers. */
export interface TiledTable {
  /** Rows of the table. */
  count: number;
  /** Rows a tile. */
  rows: number;
  depth: number;
  chunks: number;
  tileCount: number;
  /** Chunk c of tile t: the `rows` x `depth` numbers from `(t * chunks + c) * rows * depth` on. */
  shared: SharedArrayBuffer;
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
  const size = rows * depth;
  const shared = new SharedArrayBuffer(4 * size * chunks * tileCount);
  const all = new Float32Array(shared);
  const row = new Float32Array(dim);
  for (let i = 0; i < count; i++) {
    fill(i, row);
    const at = Math.floor(i / rows) * chunks * size + (i % rows) * depth;
    for (let c = 0; c < chunks; c++) all.set(row.subarray(c * depth, (c + 1) * depth), at + c * size);
  }
  return { count, rows, depth, chunks, tileCount, shared };
}

/** Bound of |fl(a.b) - a.b| / (|a| |b|) for rows of a table. */
export const productError = ({ depth }: TiledTable): number => {
  const du = depth * 2 ** -24;
  return du / (1 - du);
};

/** The products of tile `i` of A with tile `j` of B: rows of A's `rows` by B's `rows` numbers. */
export type UseProducts = (i: number, j: number, products: Float32Array | Float64Array) => void;

/** What a thread is sent: a chunk of a pair of tiles, by the tables' places in the list it started with. */
export interface ProductTask {
  a: number;
  b: number;
  i: number;
  j: number;
  chunk: number;
  /** Where the products go; sent back and forth. */
  into: Float32Array;
}

export type ProductAnswer = { products: Float32Array } | { fault: Explanation };

/** Threads that multiply tiles of some tables. */
export class TileProducts {
  readonly #tables: readonly TiledTable[];
  readonly #threads: ProductThread[];

  /** Starts the threads, as many as cores by default. */
  constructor(tables: readonly TiledTable[], threads = availableParallelism()) {
    if (!(Number.isInteger(threads) && threads > 0))
      throw new NumericsError({
        found: `${threads} threads`,
        expected: 'a whole number of at least 1',
        todo: 'leave it to its default, all cores',
      });
    const [first] = tables;
    for (const { chunks, depth } of tables)
      if (depth !== first.depth || chunks !== first.chunks)
        throw new ShapeError({
          found: `rows of ${first.chunks} x ${first.depth} and of ${chunks} x ${depth} numbers`,
          expected: 'rows of one length',
          todo: 'describe both sets by the same features',
        });
    this.#tables = tables;
    const count = Math.min(threads, MOST_THREADS);
    this.#threads = Array.from({ length: count }, () => new ProductThread(tables));
  }

  /**
   * Calls `use` with the products of each pair of tiles of `order`, of table `a` with table `b`, in that order; the buffer is
   * reused afterwards. Throws `RuntimeError` where the runtime or a thread fails.
   */
  async each(
    a: number,
    b: number,
    order: readonly (readonly [number, number])[],
    use: UseProducts,
  ): Promise<void> {
    const { chunks } = this.#tables[a];
    const size = this.#tables[a].rows * this.#tables[b].rows;
    const jobs = order.flatMap(([i, j]) => Array.from({ length: chunks }, (_, chunk) => ({ i, j, chunk })));
    const sum = chunks > 1 ? new Float64Array(size) : undefined;
    const threads = this.#threads;
    const running: Promise<Float32Array>[] = [];
    const start = (at: number, into: Float32Array): void => {
      if (at >= jobs.length) return;
      const job = threads[at % threads.length].run({ a, b, ...jobs[at], into });
      job.catch(() => undefined); // told when it is waited for
      running.push(job);
    };
    // Two tasks a thread: it works on one while the other's products are read here.
    const ahead = 2 * threads.length;
    for (let at = 0; at < ahead; at++) start(at, new Float32Array(at < jobs.length ? size : 0));
    for (let at = 0; at < jobs.length; at++) {
      const products = await running[at];
      const { i, j, chunk } = jobs[at];
      if (sum === undefined) use(i, j, products);
      else {
        if (chunk === 0) sum.set(products);
        else for (let k = 0; k < size; k++) sum[k] += products[k];
        if (chunk === chunks - 1) use(i, j, sum);
      }
      start(at + ahead, products);
    }
  }

  /** Ends the threads. */
  async end(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }
}

class ProductThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve: (products: Float32Array) => void; reject: (cause: Error) => void }[] = [];
  #dead: RuntimeError | undefined;

  constructor(tables: readonly TiledTable[]) {
    this.#worker = startThread('tileThread', import.meta.url, { workerData: tables });
    this.#worker.on('message', (answer: ProductAnswer) => {
      const { resolve, reject } = this.#waiting.shift()!;
      if ('products' in answer) resolve(answer.products);
      else reject(new RuntimeError(answer.fault));
    });
    const die = (found: string): void => {
      this.#dead ??= new RuntimeError({
        found,
        expected: 'a thread that multiplies',
        todo: 'look whether memory ran out; compare fewer cases or use fewer threads',
      });
      for (const { reject } of this.#waiting.splice(0)) reject(this.#dead);
    };
    this.#worker.on('error', (cause) => die(`a thread failed: ${cause.message}`));
    this.#worker.on('exit', (code) => die(`a thread ended with code ${code}`));
  }

  run(task: ProductTask): Promise<Float32Array> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(task, [task.into.buffer as ArrayBuffer]);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
