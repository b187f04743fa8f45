/**
 * Cases differ in how hard they are, members or not, and that hides membership. What can be foretold of an error without
 * the model is taken off (Watson et al. 2021, "On the importance of difficulty calibration"; Carlini et al. 2022), column
 * by column, by least squares over members and non-members alike:
 *
 *   residual = error - (a + sum_k b_k x_k),      b = argmin |error - a - X b|^2
 *
 * x is the error of reference models that never saw these cases, or, without any, what is plain to see of the bone. With
 * one reference and b = 1 this is the difference of errors; a fitted b never adds more noise than it takes away, and
 * allows for references of another autoencoder or objective. The fit knows no membership, so the test stays exact.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { columnOf, type ErrorTable, standardised, tableOf } from './errorTable.ts';

/** Rows wanted for each covariate; fewer would be fitted to their noise. */
export const ROWS_A_COVARIATE = 4;

/** Weight of the squared coefficients, in rows: enough for covariates that are sums of others. */
const RIDGE = 1e-3;

/** Standardised covariates, one a column, constant ones left out. */
export function designOf(covariates: readonly ArrayLike<number>[]): Float64Array[] {
  return covariates
    .map((x) => standardised(Float64Array.from(x)))
    .filter((x) => x.some((v) => Math.abs(v) > 1e-9));
}

/** Rows `1, x_1, .., x_k` of some cases, from a design's columns. */
export function rowsOf(design: readonly Float64Array[], cases: ArrayLike<number>): Matrix {
  return new Matrix(Array.from(cases, (i) => [1, ...design.map((c) => c[i])]));
}

/** `argmin |y - x b|^2 + weight |b|^2` [1 + k, targets] of rows x (as `rowsOf` gives them), the constant left free. */
export function ridge(x: Matrix, y: Matrix, weight: number): Matrix {
  const gram = x.transpose().mmul(x);
  for (let k = 1; k < gram.rows; k++) gram.set(k, k, gram.get(k, k) + weight);
  return new CholeskyDecomposition(gram).solve(x.transpose().mmul(y));
}

/** What is left of `y` when its best linear guess from the covariates (as `designOf` gives them) is taken off. */
export function residualsOf(y: Float64Array, design: readonly Float64Array[]): Float64Array {
  const x = rowsOf(
    design,
    y.map((_, i) => i),
  );
  const guess = x.mmul(ridge(x, Matrix.columnVector(Array.from(y)), RIDGE));
  return y.map((v, i) => v - guess.get(i, 0));
}

/** The table with each column's foreseeable part taken off; `covariates(c)` are those of column c. */
export function calibrated(
  table: ErrorTable,
  covariates: (column: number) => readonly ArrayLike<number>[],
): ErrorTable {
  return tableOf(
    table.columns,
    table.columns.map((_, c) => residualsOf(columnOf(table, c), designOf(covariates(c)))),
  );
}
