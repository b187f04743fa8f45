import { describe, expect, test } from 'vitest';
import { crossDistances, selfDistances, subMatrix } from '../../src/evaluation/distanceMatrix.ts';
import { energyDistance } from '../../src/evaluation/energy.ts';
import { kernelDiscrepancy, kernels, subKernels } from '../../src/evaluation/kid.ts';
import {
  holm,
  kernelTest,
  meansTest,
  nearestTest,
  permutationTest,
  rankP,
  unionTable,
} from '../../src/evaluation/permutation.ts';
import { nearestNeighbourAccuracy } from '../../src/evaluation/setMetrics.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { normalFeatures } from './helpers.ts';

describe('rankP', () => {
  test('counts the value itself, ties as extreme, and doubles the smaller tail', () => {
    const draws = [1, 2, 3, 4];
    expect(rankP(5, draws, 'upper')).toBe(1 / 5);
    expect(rankP(3, draws, 'upper')).toBe(3 / 5);
    expect(rankP(3, draws, 'lower')).toBe(4 / 5);
    expect(rankP(5, draws, 'both')).toBe(2 / 5);
    expect(rankP(2.5, draws, 'both')).toBe(1);
    // Equal but for rounding.
    expect(rankP(0.1 + 0.2, [0.3, 0.3, 0.3], 'upper')).toBe(1);
  });

  test('refuses what has no rank', () => {
    expect(() => rankP(1, [], 'upper')).toThrow(/no draws/);
    expect(() => rankP(1, [Number.NaN], 'upper')).toThrow(/not finite/);
    expect(() => rankP(Number.NaN, [1], 'upper')).toThrow(/not finite/);
    expect(() => permutationTest(0, 3, () => 0)).toThrow(/0 and 3 cases/);
    expect(() => kernelTest({ rows: 3, columns: 3, values: new Float64Array(9) }, 1)).toThrow(/cases/);
  });
});

test("Holm's adjustment, worked by hand: p 4, 3, 2, 1 times, never falling", () => {
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((p, i) => void expect(adjusted[i]).toBeCloseTo(p, 12));
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});

test('two against two: the p-value is that of all six labellings', () => {
  // |difference of means| is 4 for {1, 2 | 5, 6} and its mirror alone: 2 of 6.
  const { p, value } = meansTest([1, 2], [5, 6], { tail: 'both', permutations: 20_000 });
  expect(value).toBe(-4);
  expect(Math.abs(p - 2 / 6)).toBeLessThan(0.02);
  expect(Math.abs(meansTest([5, 6], [1, 2], { permutations: 20_000 }).p - 1 / 6)).toBeLessThan(0.015);
});

const euclid = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((v, i) => v - b[i]));
const rowsOf = ({ values, count, dim }: ReturnType<typeof normalFeatures>) =>
  Array.from({ length: count }, (_, i) => values.subarray(i * dim, (i + 1) * dim));

test('the fast tests are the plain ones, shuffle by shuffle', () => {
  const [x, y] = [normalFeatures(1, 9, 3), normalFeatures(2, 7, 3, 1, 0.3)];
  const k = kernels(x, y);
  const union = unionTable(k.realReal, k.realFake, k.fakeFake);
  const options = { seed: 3, permutations: 99 };
  const slow = permutationTest(
    9,
    7,
    (a, b) =>
      kernelDiscrepancy({
        realReal: subMatrix(union, a, a),
        realFake: subMatrix(union, a, b),
        fakeFake: subMatrix(union, b, b),
      }),
    options,
  );
  const fast = kernelTest(union, 9, options);
  expect(fast.value).toBeCloseTo(kernelDiscrepancy(k), 10);
  expect(fast.value).toBeCloseTo(slow.value, 10);
  expect(fast.p).toBe(slow.p);
  expect(kernelDiscrepancy(subKernels(k, [0, 1, 2], [0, 1]))).toBeDefined();

  const [p, q] = [rowsOf(x), rowsOf(y)];
  const tables = [selfDistances(p, euclid), crossDistances(p, q, euclid), selfDistances(q, euclid)] as const;
  const distances = unionTable(...tables);
  const plain = permutationTest(
    9,
    7,
    (a, b) =>
      nearestNeighbourAccuracy(
        subMatrix(distances, a, a),
        subMatrix(distances, a, b),
        subMatrix(distances, b, b),
      ),
    { ...options, tail: 'both' },
  );
  const nearest = nearestTest(distances, 9, options);
  expect(nearest.value).toBeCloseTo(nearestNeighbourAccuracy(...tables), 12);
  expect(nearest.p).toBe(plain.p);

  // Negated distances as kernels give the energy distance.
  const negated = { ...distances, values: distances.values.map((d) => -d) };
  expect(kernelTest(negated, 9, options).value).toBeCloseTo(energyDistance(...tables), 10);
  expect(() => unionTable(tables[2], tables[1], tables[0])).toThrow(/n x n/);
});

describe('under the null hypothesis p is uniform', () => {
  const RUNS = 300;
  const ps: Record<string, number[]> = { kid: [], energy: [], nna: [], means: [] };
  for (let run = 0; run < RUNS; run++) {
    const [x, y] = [normalFeatures(1000 + run, 12, 3), normalFeatures(5000 + run, 12, 3)];
    const options = { seed: run, permutations: 99 };
    const k = kernels(x, y);
    ps.kid.push(kernelTest(unionTable(k.realReal, k.realFake, k.fakeFake), 12, options).p);
    const [p, q] = [rowsOf(x), rowsOf(y)];
    const union = unionTable(
      selfDistances(p, euclid),
      crossDistances(p, q, euclid),
      selfDistances(q, euclid),
    );
    ps.energy.push(kernelTest({ ...union, values: union.values.map((d) => -d) }, 12, options).p);
    ps.nna.push(nearestTest(union, 12, options).p);
    ps.means.push(
      meansTest(x.values.subarray(0, 12), y.values.subarray(0, 12), { ...options, tail: 'both' }).p,
    );
  }
  const share = (values: number[], level: number) => values.filter((p) => p <= level).length / RUNS;

  test.each(['kid', 'energy', 'means'])('%s: every level is met as often as it says', (name) => {
    // Four standard errors.
    for (const level of [0.05, 0.1, 0.25, 0.5, 0.75, 0.9])
      expect(Math.abs(share(ps[name], level) - level), `${level}`).toBeLessThan(
        4 * Math.sqrt((level * (1 - level)) / RUNS),
      );
  });

  test('1-NNA, which has few values: never more often than it says', () => {
    for (const level of [0.05, 0.1, 0.25, 0.5])
      expect(share(ps.nna, level), `${level}`).toBeLessThan(
        level + 4 * Math.sqrt((level * (1 - level)) / RUNS),
      );
    expect(share(ps.nna, 0.5)).toBeGreaterThan(0.2);
  });
});

test('apart by one deviation in each number: all tests see it; the seed decides the shuffles', () => {
  const [x, y] = [normalFeatures(1, 20, 4), normalFeatures(2, 20, 4, 1, 1)];
  const k = kernels(x, y);
  const union = unionTable(k.realReal, k.realFake, k.fakeFake);
  expect(kernelTest(union, 20).p).toBe(0.001);
  const [p, q] = [rowsOf(x), rowsOf(y)];
  const distances = unionTable(
    selfDistances(p, euclid),
    crossDistances(p, q, euclid),
    selfDistances(q, euclid),
  );
  expect(nearestTest(distances, 20).p).toBeLessThan(0.02);
  expect(kernelTest(union, 20, { seed: 5 })).toEqual(kernelTest(union, 20, { seed: 5 }));
  // A copier has no nearest neighbour of its own: as far from the null as one that keeps apart.
  const random = new RandomStream(1, 'test/copies');
  const copies = p.map((row) => row.map((v) => v + 1e-4 * random.normal()));
  const copied = unionTable(
    selfDistances(p, euclid),
    crossDistances(p, copies, euclid),
    selfDistances(copies, euclid),
  );
  expect(nearestTest(copied, 20)).toMatchObject({ value: 0, p: 0.002 });
});
