import { describe, expect, test } from 'vitest';
import { isolation, type Near } from '../../src/privacy/near.ts';
import { copyRule, duplicates, foundAlone, suspicions } from '../../src/privacy/nearCopies.ts';
import { RandomStream } from '../../src/random/stream.ts';

/** Shapes as they come: the ratio of first to next neighbours is u^(1/D), the scale of distances about 1. */
function people(count: number, seed: number, dimensions = 10): Near[] {
  const random = new RandomStream(seed, 'test/people');
  return Array.from({ length: count }, (_, index) => {
    const scale = Math.exp(0.2 * random.normal());
    const ratio = (1 - random.uniform()) ** (1 / dimensions);
    return { index, distances: [ratio * scale, scale, scale, scale] };
  });
}
const copy = (ratio: number, scale = 1): Near => ({
  index: 0,
  distances: [ratio * scale, scale, scale, scale],
});

test('isolation is the first distance over the geometric mean of the next', () => {
  expect(isolation({ distances: [1, 2, 4, 8] })).toBeCloseTo(0.25, 12);
  expect(isolation({ distances: [0, 2, 4, 8] })).toBe(0);
  expect(isolation({ distances: [0, 0, 0, 0] })).toBe(1);
  expect(isolation({ distances: [3] })).toBe(1);
});

describe('suspicions', () => {
  const rule = copyRule(people(200, 1));

  test('one copy among hundreds is flagged, and it alone', () => {
    const set = [...people(300, 2), copy(0.2)];
    const judged = suspicions(set, rule);
    expect(judged.filter((s) => s.flagged)).toHaveLength(1);
    expect(judged[300]).toMatchObject({ flagged: true, why: 'alone' });
    expect(judged[300].p).toBeLessThan(1e-5);
  });

  test('a set of new shapes has one flagged in at most a few of a hundred sets', () => {
    let sets = 0;
    for (let seed = 100; seed < 300; seed++)
      if (suspicions(people(100, seed), rule).some((s) => s.flagged)) sets++;
    expect(sets / 200).toBeLessThan(0.05);
  });

  test('a copy of someone who has a twin is not alone, but identical', () => {
    const twin: Near = { index: 0, distances: [0.001, 0.0012, 1, 1] };
    const [judged] = suspicions([{ index: 0, distances: [0.001, 0.001, 0.001, 0.001] }], rule);
    expect(judged.isolation).toBeCloseTo(1, 12);
    expect(judged).toMatchObject({ flagged: true, why: 'identical' });
    expect(suspicions([twin], rule)[0].flagged).toBe(true);
  });

  test('a shape that is merely near to everyone is not flagged', () => {
    expect(suspicions([copy(0.9, rule.leastReal)], rule)[0].flagged).toBe(false);
  });

  test('with fewer than fifty real shapes only identical ones are', () => {
    const few = copyRule(people(30, 4));
    expect(few.tail).toBeNull();
    expect(suspicions([copy(0.6, 3 * few.leastReal)], few)[0]).toMatchObject({ flagged: false, p: 1 });
    expect(suspicions([copy(0)], few)[0].flagged).toBe(true);
  });
});

test('a trial copy counts as found at the rate of the whole set', () => {
  const rule = copyRule(people(200, 1));
  const border = copy(0.5);
  const { p } = suspicions([border], rule)[0];
  expect(foundAlone(border, rule, Math.floor(0.02 / p))).toBe(true);
  expect(foundAlone(border, rule, Math.ceil(0.02 / p) + 1)).toBe(false);
});

describe('duplicates', () => {
  test('scans of a training subject under another name are found, also several', () => {
    const reals = people(100, 5);
    for (const i of [3, 40, 77]) reals[i] = copy(0.1);
    expect(duplicates(reals)).toEqual([3, 40, 77]);
  });

  test('there are none among people', () => {
    for (let seed = 10; seed < 40; seed++) expect(duplicates(people(120, seed))).toEqual([]);
  });

  test('few reals: equal shapes alone', () => {
    expect(duplicates([copy(0), copy(0.1), copy(0.9)])).toEqual([0]);
  });
});
