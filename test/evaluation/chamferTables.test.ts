import { expect, test } from 'vitest';
import { NumericsError } from '../../src/errors.ts';
import { chamferDistance, pointCloud } from '../../src/evaluation/chamfer.ts';
import { chamferTables } from '../../src/evaluation/chamferTables.ts';
import { crossDistances, selfDistances } from '../../src/evaluation/distanceMatrix.ts';
import { RandomStream } from '../../src/random/stream.ts';

/** Points about a sphere, some of them on a lattice as voxel centres are, one far away. */
function shape(index: number, n: number): Float32Array {
  const random = new RandomStream(1, 'test/clouds', index);
  const out = new Float32Array(3 * n);
  for (let p = 0; p < n; p++) {
    const v = [random.normal(), random.normal(), random.normal()];
    const scale = (60 + random.normal()) / Math.hypot(...v);
    for (let a = 0; a < 3; a++) out[3 * p + a] = p % 2 === 0 ? Math.round(v[a] * scale) : v[a] * scale;
  }
  if (index % 5 === 0) out.set([400, -10 * index, 3], 0);
  return out;
}

test('threads and cells give the very numbers of the trees, clouds of several sizes, one point and copies', async () => {
  const real = [...Array.from({ length: 6 }, (_, i) => shape(i, 150 + 40 * i)), Float32Array.of(1, 2, 3)];
  const fake = [...Array.from({ length: 4 }, (_, i) => shape(20 + i, 200)), real[2].slice()];
  const seen: [number, number][] = [];
  const onPairs = (done: number, total: number): void => {
    seen.push([done, total]);
  };
  const got = await chamferTables(real, fake, { threads: 2, onPairs }, 0);
  const [reals, fakes] = [real.map(pointCloud), fake.map(pointCloud)];
  expect(got.realReal).toEqual(selfDistances(reals, chamferDistance));
  expect(got.fakeFake).toEqual(selfDistances(fakes, chamferDistance));
  expect(got.realFake).toEqual(crossDistances(reals, fakes, chamferDistance));
  expect(got.realFake.values[2 * 5 + 4]).toBe(0);
  expect(seen.at(-1)).toEqual([66, 66]);
  expect(await chamferTables(real, fake)).toEqual(got); // few: by the trees
});

test('an empty cloud, NaN, no threads, a fault of the listener', async () => {
  const some = [shape(0, 20), shape(1, 20)];
  await expect(chamferTables(some, [new Float32Array(0)])).rejects.toThrow(NumericsError);
  await expect(chamferTables(some, [Float32Array.of(0, Number.NaN, 1)], {}, 0)).rejects.toThrow(/finite/);
  await expect(chamferTables(some, some, { threads: 0 })).rejects.toThrow(/threads/);
  const onPairs = () => {
    throw new RangeError('from the listener');
  };
  await expect(chamferTables(some, some, { threads: 1, onPairs }, 0)).rejects.toThrow('from the listener');
});
