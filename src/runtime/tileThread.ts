/** A thread of tileProducts.ts: multiplies the tiles it is sent on one core. */
import { parentPort, workerData } from 'node:worker_threads';
import { CranioflowError } from '../errors.ts';
import { emit } from '../graph/emit.ts';
import { Graph } from '../graph/graph.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { Session, type Value, value } from './session.ts';
import type { ProductAnswer, ProductTask, TiledTable } from './tileProducts.ts';

const tables = workerData as readonly TiledTable[];

/** The session of one pair of shapes, and the two values it reads: the runtime takes no shared memory. */
interface Product {
  session: Session;
  a: Value;
  b: Value;
  shape: [number, number];
}

const products = new Map<string, Promise<Product>>();

async function productOf({ rows, depth }: TiledTable, columns: number): Promise<Product> {
  const graph = new Graph();
  const [p, q] = [graph.input('a', [rows, depth]), graph.input('b', [columns, depth])];
  const { model } = emit(graph, { outputs: { product: matmul(p, q, false, true) }, target: 'cpu' });
  return {
    session: await Session.create(model, { threads: 1 }),
    a: value(new Float32Array(rows * depth), [rows, depth]),
    b: value(new Float32Array(columns * depth), [columns, depth]),
    shape: [rows, columns],
  };
}

function fill(to: Value, { shared, rows, depth, chunks }: TiledTable, tile: number, chunk: number): void {
  const size = rows * depth;
  (to.data as Float32Array).set(new Float32Array(shared, 4 * (tile * chunks + chunk) * size, size));
}

async function multiply({ a, b, i, j, chunk, into }: ProductTask): Promise<ProductAnswer> {
  const [p, q] = [tables[a], tables[b]];
  const key = `${p.rows} ${q.rows}`;
  if (!products.has(key)) products.set(key, productOf(p, q.rows));
  const product = await products.get(key)!;
  fill(product.a, p, i, chunk);
  fill(product.b, q, j, chunk);
  await product.session.run({ a: product.a, b: product.b }, { product: value(into, product.shape) });
  return { products: into };
}

// One after the other: the two values are shared by all tasks.
let last: Promise<void> = Promise.resolve();
parentPort!.on('message', (task: ProductTask) => {
  last = last.then(async () => {
    try {
      await multiply(task);
      parentPort!.postMessage({ products: task.into }, [task.into.buffer as ArrayBuffer]);
    } catch (cause) {
      const fault =
        cause instanceof CranioflowError
          ? cause.explanation
          : { found: String(cause), expected: 'a product of two tiles', todo: 'compare fewer cases' };
      parentPort!.postMessage({ fault } satisfies ProductAnswer);
    }
  });
});
