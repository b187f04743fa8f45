/**
 * Tables as CSV (RFC 4180) that a page carries in itself: what a figure shows, to be opened in a spreadsheet or read by a
 * program. Numbers keep all their digits. A spreadsheet takes a text that begins with = + - @ for a formula; such a text, a
 * name of a file perhaps, gets an apostrophe before it and stays text.
 */

export type CsvCell = number | string | undefined;

export interface Csv {
  /** With units. */
  columns: readonly string[];
  rows: readonly (readonly CsvCell[])[];
}

/** A whole cell that is one number as pages write it: −1,204.5. */
const NUMBER = /^[-−+]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?(e[-+]?\d+)?$/i;
/** What a spreadsheet may begin a formula with; tab and carriage return hide it in some. */
const FORMULA = /^\s*[=+\-@]|^[\t\r]/;

function cellText(cell: CsvCell): string {
  if (cell === undefined || (typeof cell === 'number' && Number.isNaN(cell))) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : cell > 0 ? 'Inf' : '-Inf';
  if (NUMBER.test(cell)) return cell.replaceAll(',', '').replace('−', '-');
  // Spaces that keep words on one line are plain spaces in a table.
  const plain = cell.replace(/[\u00a0\u202f]/g, ' ');
  const text = FORMULA.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The table as text, header first, lines ended by CR LF; what is unknown or not a number is an empty cell. */
export const csvText = ({ columns, rows }: Csv): string =>
  [columns, ...rows].map((row) => `${row.map(cellText).join(',')}\r\n`).join('');
