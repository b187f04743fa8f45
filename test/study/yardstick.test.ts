/** What sets are measured against: the right cases, each loaded once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.ts';
import { Yardstick } from '../../src/study/yardstick.ts';
import { temporary, tinyData, tinySettings } from './tinyStudy.ts';

const folder = temporary();
afterAll(folder.remove);

let dataset: Dataset;
beforeAll(async () => {
  dataset = await tinyData(folder.path('data'));
}, 60_000);

test('all classes and one: its held-out cases, training cases of its own draw, none loaded twice', () => {
  const loads = new Map<string, number>();
  const counting = {
    split: (side: 'train' | 'test') => dataset.split(side),
    loadMask(c: Parameters<Dataset['loadMask']>[0]) {
      loads.set(c.id, (loads.get(c.id) ?? 0) + 1);
      return dataset.loadMask(c);
    },
  } as unknown as Dataset;
  const yardstick = new Yardstick({ dataset: counting, settings: tinySettings(['measure.train=100']) });
  const all = yardstick.of();
  const test = dataset.split('test');
  const train = dataset.split('train');
  expect([all.real.length, all.train.length]).toEqual([test.length, train.length]);
  const { quality } = test[0];
  const one = yardstick.of(quality);
  expect(one.real.map((m) => m.data)).toEqual(
    test.filter((c) => c.quality === quality).map((c) => dataset.loadMask(c).data),
  );
  expect(one.train).toHaveLength(train.filter((c) => c.quality === quality).length);
  expect(one.real.every((m) => all.real.includes(m)) && one.train.every((m) => all.train.includes(m))).toBe(
    true,
  );
  expect([...loads.values()].every((n) => n === 1)).toBe(true);
  expect(yardstick.of(quality)).toBe(one);
});

test('at most measure.train training cases', () => {
  expect(new Yardstick({ dataset, settings: tinySettings() }).of().train).toHaveLength(16);
});
