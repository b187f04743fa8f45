import { expect, test } from 'vitest';
import { NumericsError, ShapeError } from '../../src/errors.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { productError, TileProducts, tiledTable } from '../../src/runtime/tileProducts.ts';

function table(index: number, count: number, dim: number, mostRows: number) {
  const values = new RandomStream(1, 'test/tiles', index).fillNormal(new Float32Array(count * dim));
  const tiled = tiledTable(
    count,
    dim,
    (i, row) => row.set(values.subarray(i * dim, (i + 1) * dim)),
    mostRows,
  );
  return { values, tiled };
}

/** a.b and |a| |b| in double precision. */
function dot(a: Float32Array, i: number, b: Float32Array, j: number, dim: number): [number, number] {
  let [ab, aa, bb] = [0, 0, 0];
  for (let k = 0; k < dim; k++) {
    ab += a[i * dim + k] * b[j * dim + k];
    aa += a[i * dim + k] ** 2;
    bb += b[j * dim + k] ** 2;
  }
  return [ab, Math.sqrt(aa * bb)];
}

test.each([
  [37, 23, 5, 1],
  [20, 31, 1500, 3], // two chunks a row
])(
  '%i x %i rows of %i: every product within its bound, tiles in the order asked for',
  async (n, m, dim, threads) => {
    const [a, b] = [table(0, n, dim, 8), table(1, m, dim, 10)];
    const bound = productError(a.tiled);
    const order: [number, number][] = [];
    for (let i = a.tiled.tileCount - 1; i >= 0; i--)
      for (let j = 0; j < b.tiled.tileCount; j++) order.push([i, j]);
    const seen: [number, number][] = [];
    let pairs = 0;
    const products = new TileProducts([a.tiled, b.tiled], threads);
    try {
      await products.each(0, 1, order, (ti, tj, values) => {
        seen.push([ti, tj]);
        for (let r = 0; r < a.tiled.rows; r++)
          for (let c = 0; c < b.tiled.rows; c++) {
            const [i, j] = [ti * a.tiled.rows + r, tj * b.tiled.rows + c];
            const got = values[r * b.tiled.rows + c];
            if (i >= n || j >= m) expect(got).toBe(0);
            else {
              const [exact, size] = dot(a.values, i, b.values, j, dim);
              expect(Math.abs(got - exact)).toBeLessThanOrEqual(bound * size);
              pairs++;
            }
          }
      });
    } finally {
      await products.end();
    }
    expect(seen).toEqual(order);
    expect(pairs).toBe(n * m);
  },
);

test('rows of two lengths, no rows, half a thread; a fault of the reader ends the pass', async () => {
  const { tiled } = table(0, 5, 4, 8);
  expect(() => new TileProducts([tiled, table(1, 5, 3, 8).tiled])).toThrow(ShapeError);
  expect(() => tiledTable(0, 3, () => undefined)).toThrow(NumericsError);
  expect(() => new TileProducts([tiled], 0.5)).toThrow(NumericsError);
  const products = new TileProducts([tiled], 1);
  await expect(
    products.each(0, 0, [[0, 0]], () => {
      throw new RangeError('from the reader');
    }),
  ).rejects.toThrow('from the reader');
  await products.end();
  await expect(products.each(0, 0, [[0, 0]], () => undefined)).rejects.toThrow(/ended/);
});
