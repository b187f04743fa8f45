/** The rate at 1 % false positives, on lists where it can be counted by hand. */
import { expect, test } from 'vitest';
import { clopperPearson } from '../../../src/evaluation/binomial.ts';
import { truePositives } from '../../../src/privacy/membership/truePositives.ts';
import { choices, normals } from './helpers.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

test('250 non-members allow two above the threshold', () => {
  // Others 0 .. 249: the threshold is 247.
  const found = truePositives([247, 247.5, 248.5, 300, 3], upTo(250));
  expect(found).toMatchObject({ found: 3, allowed: 2, value: 0.6 });
  expect([found.low, found.high]).toEqual(clopperPearson(3, 5));
  expect(found.fprHigh).toBeCloseTo(clopperPearson(2, 250)[1], 12);
});

test('below 100 none is allowed, and the rate of false positives is known that well only', () => {
  const found = truePositives([38, 39, 40, 41], upTo(40));
  expect(found).toMatchObject({ found: 2, allowed: 0 });
  expect(found.fprHigh).toBeCloseTo(1 - 0.025 ** (1 / 40), 6);
});

test('the p-value counts arrangements', () => {
  // 4 members among 9 places, no false positive and one.
  for (const fpr of [0, 0.2]) {
    const all = choices(9, 4).map((places) =>
      truePositives(
        places,
        upTo(9).filter((p) => !places.includes(p)),
        fpr,
      ),
    );
    for (const { found, pValue } of all)
      expect(pValue).toBeCloseTo(all.filter((o) => o.found >= found).length / all.length, 12);
  }
});

test('a few members that stick out are seen, where the AUC sees nothing', () => {
  const members = normals(200, 0, 1);
  members.fill(9, 0, 10);
  expect(truePositives(members, normals(200, 0, 2)).pValue).toBeLessThan(0.01);
});
