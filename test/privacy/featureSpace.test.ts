/** Neighbours among features, described a few at a time, against all pairs of the rows in double precision. */
import { expect, test } from 'vitest';
import { setFeatures } from '../../src/evaluation/features.ts';
import { featureNear } from '../../src/privacy/featureSpace.ts';
import { buildShapeIndex } from '../../src/privacy/shapeIndex.ts';
import { phantoms } from './helpers.ts';

test('each shape, as it is and mirrored, finds the nearest other subject', async () => {
  const [train, heldOut, fake] = [phantoms(17), phantoms(3, 17), phantoms(2, 20)];
  fake[1] = train[16];
  const subjects = train.map((_, i) => `s${Math.floor(i / 2)}`);
  const index = await buildShapeIndex(17, (i) => train[i], subjects);
  const seen: number[][][] = [];
  const space = {
    name: 'Plain',
    words: 'boxes',
    async describe(masks: Parameters<typeof setFeatures>[0]) {
      const { values, count, dim } = setFeatures(masks);
      seen.push(Array.from({ length: count }, (_, i) => [...values.subarray(i * dim, (i + 1) * dim)]));
      return { values, count, dim };
    },
  };
  const masks = {
    trainAt: (i: number) => train[i],
    heldOutAt: (i: number) => heldOut[i],
    fakeAt: (i: number) => fake[i],
  };
  const work = { heldOut: [0, 2], fakes: 2, onCase() {}, async breathe() {} };
  const found = await featureNear(space, index, masks, work);

  expect(seen.map((rows) => rows.length)).toEqual([16, 1, 2, 2, 2, 2]);
  const rows = [...seen[0], ...seen[1]];
  const mean = rows[0].map((_, d) => rows.reduce((sum, row) => sum + row[d] / 17, 0));
  const less = (row: number[]) => row.map((v, d) => v - mean[d]);
  const dot = (a: number[], b: number[]) => a.reduce((sum, v, d) => sum + v * b[d], 0);
  const truth = (forms: number[][], own?: string) => {
    const pairs = forms.map(less).flatMap((q) =>
      rows
        .map(less)
        .map((r, j) => ({
          j,
          distance: Math.hypot(...q.map((v, d) => v - r[d])),
          correlation: dot(q, r) / Math.sqrt(dot(q, q) * dot(r, r)),
        }))
        .filter(({ j }) => subjects[j] !== own),
    );
    pairs.sort((a, b) => a.distance - b.distance);
    return { ...pairs[0], correlation: Math.max(...pairs.map((p) => p.correlation)) };
  };
  const check = (near: (typeof found.fake)[number], forms: number[][], own?: string) => {
    const { j, distance, correlation } = truth(forms, own);
    expect(near.index).toBe(j);
    expect(near.distances[0]).toBeCloseTo(distance, 5);
    expect(near.correlation).toBeCloseTo(correlation, 6);
  };
  found.train.forEach((near, i) => void check(near, [rows[i]], subjects[i]));
  found.heldOut.forEach((near, i) => void check(near, [seen[2][i], seen[3][i]]));
  found.fake.forEach((near, i) => void check(near, [seen[4][i], seen[5][i]]));
  expect(found.fake[1].index).toBe(16);
});
