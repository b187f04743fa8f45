/** When there is enough to judge by, and the smaller figures. */
import { expect, test } from 'vitest';
import { holm } from '../../../src/evaluation/permutation.ts';
import { attackFigures } from '../../../src/privacy/membership/figures.ts';
import { normals } from './helpers.ts';

test('no leak among many cases: enough evidence, an AUC about 0.5', () => {
  const found = attackFigures(normals(300, 0, 1), normals(300, 0, 2));
  expect(found).toMatchObject({ evidence: 'enough', members: 300, nonMembers: 300, notes: [] });
  expect(found.auc.low).toBeLessThan(0.5);
  expect(found.auc.high).toBeGreaterThan(0.5);
  expect(found.auc.high - found.auc.low).toBeLessThan(0.1);
});

test('no leak among few cases proves nothing', () => {
  const found = attackFigures(normals(12, 0, 1), normals(12, 0, 2));
  expect(found.evidence).toBe('not enough');
  expect(found.notes.join('\n')).toMatch(/12 members and 12 non-members.*\n.*known to within 0\.4/);
});

test('a clear leak is shown by few cases', () => {
  const found = attackFigures(normals(10, 5, 1), normals(12, 0, 2));
  expect(found).toMatchObject({
    evidence: 'enough',
    auc: { value: 1, high: 1 },
    tprAtFpr1: { value: 1, allowed: 0 },
  });
  expect(found.pValue).toBeLessThan(1e-5);
});

test('the stated width decides', () => {
  const lists = [normals(60, 0, 1), normals(60, 0, 2)] as const;
  expect(attackFigures(...lists, { widest: 0.3 }).evidence).toBe('enough');
  expect(attackFigures(...lists, { widest: 0.1 }).evidence).toBe('not enough');
  expect(attackFigures(...lists, { widest: 0.3, least: 61 }).evidence).toBe('not enough');
});

test('members below non-members: said, and no leak', () => {
  const found = attackFigures(normals(100, -1, 1), normals(100, 0, 2));
  expect(found.pValue).toBeGreaterThan(0.99);
  expect(found.notes.join()).toMatch(/members score below non-members/);
});

test('advantage: the largest gap of two distributions, ties and all', () => {
  const gap = (a: number[], b: number[]) =>
    Math.max(
      0,
      ...[...a, ...b].map(
        (t) => a.filter((v) => v >= t).length / a.length - b.filter((v) => v >= t).length / b.length,
      ),
    );
  for (let r = 0; r < 50; r++) {
    const round = (v: Float64Array) => Array.from(v, (x) => Math.round(2 * x));
    const [a, b] = [round(normals(9, 0.5, 2 * r)), round(normals(7, 0, 2 * r + 1))];
    expect(attackFigures(a, b).advantage.value).toBeCloseTo(gap(a, b), 12);
  }
});

test('advantage by chance is its mean where there is no leak', () => {
  let sum = 0;
  for (let r = 0; r < 200; r++)
    sum += attackFigures(normals(150, 0, 2 * r), normals(100, 0, 2 * r + 1)).advantage.value;
  // The formula is the limit of many cases; steps of the curves take a little off.
  const { chance } = attackFigures(normals(150, 0, 1), normals(100, 0, 2)).advantage;
  expect(sum / 200 / chance).toBeGreaterThan(0.85);
  expect(sum / 200 / chance).toBeLessThan(1.1);
});

test("Holm's p-values, and their order", () => {
  const found = holm([0.03, 0.001, 0.02, 0.9]);
  for (const [i, p] of [0.06, 0.004, 0.06, 0.9].entries()) expect(found[i]).toBeCloseTo(p, 12);
});
