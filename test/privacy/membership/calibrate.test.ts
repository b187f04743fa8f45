/** What covariates foretell is taken off: against numpy's least squares, and on a leak that difficulty hides. */
import { expect, test } from 'vitest';
import { normalTail } from '../../../src/evaluation/normal.ts';
import { calibrated, designOf, residualsOf } from '../../../src/privacy/membership/calibrate.ts';
import { columnOf, tableOf } from '../../../src/privacy/membership/errorTable.ts';
import { compareRanks } from '../../../src/privacy/membership/rank.ts';
import { fixture, normals } from './helpers.ts';

test('residuals are those of least squares', () => {
  const { x, y, residuals } = fixture.regression;
  const found = residualsOf(Float64Array.from(y), designOf(x));
  residuals.forEach((r, i) => void expect(Math.abs(found[i] - r)).toBeLessThan(2e-4));
});

test('covariates that repeat each other, or are constant, do no harm', () => {
  const { x, y, residuals } = fixture.regression;
  const found = residualsOf(
    Float64Array.from(y),
    designOf([...x, x[0], x[1].map((v) => 3 * v), y.map(() => 7)]),
  );
  residuals.forEach((r, i) => void expect(Math.abs(found[i] - r)).toBeLessThan(2e-4));
  expect(designOf([y.map(() => 7)])).toEqual([]);
});

test('a reference model uncovers what the difficulty of cases hides', () => {
  const [m, n] = [100, 100];
  const difficulty = normals(m + n, 0, 1).map((v) => 5 * v);
  const own = normals(m + n, 0, 2);
  const other = normals(m + n, 0, 3);
  // Another scale, as of another autoencoder.
  const target = difficulty.map((d, i) => 3 * (d + 0.3 * own[i] - (i < m ? 1 : 0)));
  const reference = difficulty.map((d, i) => d + 0.3 * other[i]);
  const auc = (error: Float64Array) =>
    compareRanks(error.map((e) => -e).slice(0, m), error.map((e) => -e).slice(m)).auc;
  expect(auc(target)).toBeLessThan(0.65);
  const table = calibrated(tableOf(['t'], [target]), () => [reference]);
  // 1 apart, with the noise of both: deviation 0.3 sqrt 2.
  expect(Math.abs(auc(columnOf(table, 0)) - normalTail(-1 / 0.6))).toBeLessThan(0.03);
});
