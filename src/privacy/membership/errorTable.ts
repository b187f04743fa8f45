/**
 * What a model answers of each case: a row a case, a column a question (a time of the velocity, a measure of the
 * reconstruction), larger the worse the model knows the case. All attacks end in such a table, and one number a case is
 * made of it without a look at who is a member, so that nothing is chosen on the cases that are judged:
 *
 *   standardised   score = - mean over columns of (error - mean of the column) / deviation of the column
 *   mean           score = - mean over columns of the error, so that columns of large errors weigh most
 */
import { ShapeError } from '../../errors.ts';

export interface ErrorTable {
  columns: string[];
  rows: number;
  /** Row after row. */
  values: Float64Array;
}

export type Combine = 'standardised' | 'mean';

/** One column of a table. */
export function columnOf({ columns, rows, values }: ErrorTable, column: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => values[i * columns.length + column]);
}

/** A table of these columns. Throws `ShapeError` where they differ in length. */
export function tableOf(columns: string[], data: readonly ArrayLike<number>[]): ErrorTable {
  const rows = data[0].length;
  if (data.length !== columns.length || data.some((d) => d.length !== rows))
    throw new ShapeError({
      found: `columns of ${data.map((d) => d.length).join(', ')} numbers for ${columns.length} names`,
      expected: 'columns of one length, one a name',
      todo: 'give one number a case in each',
    });
  const values = new Float64Array(rows * columns.length);
  data.forEach((d, c) => {
    for (let i = 0; i < rows; i++) values[i * columns.length + c] = d[i];
  });
  return { columns, rows, values };
}

/** A column less its mean, over its deviation; zeros where it is constant to rounding. */
export function standardised(column: Float64Array): Float64Array {
  const n = column.length;
  const mean = column.reduce((a, b) => a + b, 0) / n;
  const deviation = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n);
  if (!(deviation > 1e-12 * Math.abs(mean))) return new Float64Array(n);
  return column.map((v) => (v - mean) / deviation);
}

/** One score a row, higher for what the model knows better. */
export function combined(table: ErrorTable, how: Combine): Float64Array {
  const scores = new Float64Array(table.rows);
  for (let c = 0; c < table.columns.length; c++) {
    const column = columnOf(table, c);
    const part = how === 'standardised' ? standardised(column) : column;
    for (let i = 0; i < scores.length; i++) scores[i] -= part[i] / table.columns.length;
  }
  return scores;
}

/** Rows of one subject averaged into one, in the order subjects first come up: cases of one person are not independent. */
export function bySubject(
  table: ErrorTable,
  subjects: readonly string[],
): { table: ErrorTable; subjects: string[] } {
  const names = [...new Set(subjects)];
  if (names.length === subjects.length) return { table, subjects: names };
  const place = new Map(names.map((name, i) => [name, i]));
  const width = table.columns.length;
  const values = new Float64Array(names.length * width);
  const counts = new Float64Array(names.length);
  subjects.forEach((subject, i) => {
    const at = place.get(subject)!;
    counts[at]++;
    for (let c = 0; c < width; c++) values[at * width + c] += table.values[i * width + c];
  });
  for (let i = 0; i < values.length; i++) values[i] /= counts[Math.floor(i / width)];
  return { table: { columns: table.columns, rows: names.length, values }, subjects: names };
}
