/**
 * C_T, the test for data copying of Meehan, Chaudhuri and Dasgupta (2020): in each cell of the space the distances of fakes
 * to the training set are ranked against those of held-out reals (Mann-Whitney Z), and
 *
 *   C_T = sum_c (n_c / n) Z_c       n_c the held-out reals of cell c, over cells with enough of both
 *
 * so that copying in one region is not made up for by blurred shapes in another. Cells are groups of training cases
 * (k-means); a shape is in the cell of its nearest one. The p-value is that of C_T under independent standard normal Z_c.
 */
import { normalTail } from '../evaluation/normal.ts';
import { rankSum } from '../evaluation/rankSum.ts';
import { RandomStream } from '../random/stream.ts';

/** Fewest fakes, and fewest held-out reals, of a cell that is tested. */
export const CELL_LEAST = 15;
const MOST_CELLS = 5;
/** Cases of either set, a cell on average. */
const CELL_CASES = 30;

export interface CellTest {
  /** C_T; negative where fakes lie nearer. */
  z: number;
  p: number;
  /** Cells tested, of all. */
  tested: number;
  cells: number;
}

export interface InCell {
  value: number;
  cell: number;
}

/** C_T over the cells that hold enough; where none does, one test of all. */
export function cellTest(fakes: readonly InCell[], reals: readonly InCell[]): CellTest {
  const cells = [...new Set([...fakes, ...reals].map((c) => c.cell))];
  const values = (set: readonly InCell[], cell: number) =>
    set.filter((c) => c.cell === cell).map((c) => c.value);
  const filled = cells.map((cell) => ({ f: values(fakes, cell), r: values(reals, cell) }));
  const isEnough = ({ f, r }: (typeof filled)[number]) => Math.min(f.length, r.length) >= CELL_LEAST;
  const tested = filled.filter(isEnough);
  // Copies may fill a cell where few real shapes lie: what is left is tested together, or with the smallest cell.
  const left = filled.filter((cell) => !isEnough(cell));
  const rest = { f: left.flatMap(({ f }) => f), r: left.flatMap(({ r }) => r) };
  if (isEnough(rest)) tested.push(rest);
  else if (tested.length > 0 && rest.f.length + rest.r.length > 0) {
    const least = tested.reduce((a, b) => (b.r.length < a.r.length ? b : a));
    tested[tested.indexOf(least)] = { f: [...least.f, ...rest.f], r: [...least.r, ...rest.r] };
  }
  const all = (set: readonly InCell[]) => set.map((c) => c.value);
  const groups = tested.length < 2 ? [{ f: all(fakes), r: all(reals) }] : tested;
  const n = groups.reduce((sum, { r }) => sum + r.length, 0);
  let z = 0;
  let squares = 0;
  for (const { f, r } of groups) {
    z += (r.length / n) * rankSum(f, r).z;
    squares += (r.length / n) ** 2;
  }
  const p = normalTail(-z / Math.sqrt(squares));
  return { z, p, tested: groups.length, cells: groups.length === 1 ? 1 : cells.length };
}

/** How many cells sets of these sizes allow. */
export function cellCount(fakes: number, reals: number): number {
  return Math.max(1, Math.min(MOST_CELLS, Math.floor(Math.min(fakes, reals) / CELL_CASES)));
}

/** k-means of `n` rows of `dim` numbers, seeded (k-means++ starts, at most 25 rounds): the cell of each row. */
export function cellsOf(rows: Float32Array, dim: number, k: number, seed: number): Uint16Array {
  const n = rows.length / dim;
  const cell = new Uint16Array(n);
  if (k < 2 || n <= k) return cell;
  const random = new RandomStream(seed, 'privacy/cells');
  const distance = (i: number, centre: Float64Array): number => {
    let sum = 0;
    for (let d = 0, at = i * dim; d < dim; d++, at++) sum += (rows[at] - centre[d]) ** 2;
    return sum;
  };
  const rowOf = (i: number): Float64Array => Float64Array.from(rows.subarray(i * dim, (i + 1) * dim));
  const centres = [rowOf(random.integer(n))];
  const least = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  while (centres.length < k) {
    let total = 0;
    for (let i = 0; i < n; i++)
      total += least[i] = Math.min(least[i], distance(i, centres[centres.length - 1]));
    let at = random.uniform() * total;
    let chosen = 0;
    while (chosen < n - 1 && (at -= least[chosen]) > 0) chosen++;
    centres.push(rowOf(chosen));
  }
  for (let round = 0; round < 25; round++) {
    let moved = 0;
    for (let i = 0; i < n; i++) {
      let [best, nearest] = [0, Number.POSITIVE_INFINITY];
      for (let c = 0; c < k; c++) {
        const d = distance(i, centres[c]);
        if (d < nearest) [best, nearest] = [c, d];
      }
      if (cell[i] !== best || round === 0) moved++;
      cell[i] = best;
    }
    if (moved === 0) break;
    for (let c = 0; c < k; c++) {
      const members = cell.reduce((sum, v) => sum + (v === c ? 1 : 0), 0);
      if (members === 0) continue;
      centres[c].fill(0);
      for (let i = 0; i < n; i++)
        if (cell[i] === c)
          for (let d = 0, at = i * dim; d < dim; d++, at++) centres[c][d] += rows[at] / members;
    }
  }
  return cell;
}
