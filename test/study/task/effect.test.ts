import { expect, test } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { errorRatio, seedScatter, type TestError, typicalError } from '../../../src/study/task/effect.ts';

/** Tests of `subjects` bones, two each, whose errors are `level` times something of their own. */
function tests(level: number, subjects = 12, seed = 0, noise = 0): TestError[] {
  const own = new RandomStream(7, 'test/own');
  const extra = new RandomStream(seed, 'test/extra');
  return Array.from({ length: 2 * subjects }, (_, i) => ({
    subject: `s${i % subjects}`,
    test: `${Math.floor(i / subjects)}`,
    error: level * Math.exp(own.normal() + noise * extra.normal()),
  }));
}

test('the ratio of errors that differ by a factor is that factor, exactly', () => {
  const { ratio, low, high } = errorRatio([tests(0.9), tests(0.9)], [tests(1), tests(1)], 1e-9);
  for (const value of [ratio, low, high]) expect(value).toBeCloseTo(0.9, 10);
  expect(typicalError([tests(3)], 1e-9) / typicalError([tests(1)], 1e-9)).toBeCloseTo(3, 10);
});

test('the typical error is the geometric mean, each subject counted once', () => {
  const rows = [
    { subject: 'a', test: '0', error: 1 },
    { subject: 'a', test: '1', error: 100 },
    { subject: 'b', test: '0', error: 1000 },
  ];
  expect(typicalError([rows], 1e-9)).toBeCloseTo(Math.sqrt(10 * 1000), 8);
  // Errors below the floor count as the floor.
  expect(typicalError([[{ subject: 'a', test: '0', error: 0 }]], 0.01)).toBeCloseTo(0.01, 10);
});

test('intervals hold the truth about as often as they say, and are wider over seeds that scatter', () => {
  let held = 0;
  const worlds = 60;
  for (let w = 0; w < worlds; w++) {
    const seeds = [0, 1, 2].map((s) => 10 * w + s);
    const { low, high } = errorRatio(
      seeds.map((s) => tests(1.2, 20, 2 * s, 0.4)),
      seeds.map((s) => tests(1, 20, 2 * s + 1, 0.4)),
      1e-9,
    );
    if (low <= 1.2 && 1.2 <= high) held++;
  }
  expect(held / worlds).toBeGreaterThan(0.9);
  const calm = errorRatio([tests(1), tests(1)], [tests(1), tests(1)], 1e-9);
  const wild = errorRatio([tests(1), tests(1.5)], [tests(1), tests(1)], 1e-9);
  expect(wild.high - wild.low).toBeGreaterThan(calm.high - calm.low);
});

test('two seeds of many training sets tell what two seeds of two cannot', () => {
  // Ten sets of equal worth; each training is off by some 20 % of its own.
  let [held, narrower] = [0, 0];
  const worlds = 60;
  for (let w = 0; w < worlds; w++) {
    const luck = new RandomStream(w, 'test/training');
    const mixes = Array.from({ length: 10 }, () =>
      [0, 1].map(() => tests(Math.exp(0.2 * luck.normal()), 20)),
    );
    const scatter = seedScatter(mixes, 1e-9);
    expect(scatter.freedom).toBe(10);
    const { low, high } = errorRatio(mixes[0], mixes[1], 1e-9, scatter);
    if (low <= 1 && 1 <= high) held++;
    const alone = errorRatio(mixes[0], mixes[1], 1e-9);
    if (high / low < alone.high / alone.low) narrower++;
  }
  expect(held / worlds).toBeGreaterThan(0.88);
  expect(narrower / worlds).toBeGreaterThan(0.5);
  expect(seedScatter([[tests(1)]], 1e-9)).toEqual({ variance: 0, freedom: 0 });
});

test('tests that are not the same, and too few subjects, are refused', () => {
  expect(() => errorRatio([tests(1, 12)], [tests(1, 11)], 1e-9)).toThrow(/not the same tests/);
  expect(() => errorRatio([tests(1, 3)], [tests(1, 3)], 1e-9)).toThrow(/at least 4/);
});
