/**
 * Tables that people write, as CSV: a header, then a row a line. Cells are parted by commas, semicolons or tabs (whichever
 * the header holds), may stand in double quotes, and a byte order mark is passed over: what spreadsheet programs save.
 */
import { readFileSync } from 'node:fs';
import { FileError } from '../errors.ts';

export interface TableRow {
  /** In the file, from 1 on. */
  line: number;
  /** Trimmed; by the columns' names in lower case. */
  cells: ReadonlyMap<string, string>;
  /** The line as it stands. */
  text: string;
}

export interface Table {
  /** Lower case. */
  columns: string[];
  rows: TableRow[];
}

/** Reads a table; `expected` tells what it should be. Throws `FileError` when it cannot be read or names a column twice. */
export function readTable(path: string, expected: string): Table {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw tableError(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, expected);
  }
  const lines = text.split(/\r?\n/).map((line, i) => ({ line: i + 1, text: line }));
  const [head, ...rest] = lines.filter((l) => l.text.trim() !== '');
  const header = head?.text ?? '';
  const separator = [',', ';', '\t'].find((s) => header.includes(s)) ?? ',';
  const columns = cellsOf(header, separator).map((name) => name.toLowerCase());
  if (new Set(columns).size < columns.length)
    throw tableError(`${path} has the header "${header}": a column twice`, expected);
  const rows = rest.map(({ line, text }) => {
    const cells = cellsOf(text, separator);
    return { line, text, cells: new Map(columns.map((name, i) => [name, cells[i] ?? ''])) };
  });
  return { columns, rows };
}

/** The cells of a line. In quotes a separator is a letter, and two quotes are one. */
function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [''];
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (quoted && c === '"' && line[i + 1] === '"') cells[cells.length - 1] += line[++i];
    else if (c === '"' && (quoted || cells[cells.length - 1].trim() === '')) quoted = !quoted;
    else if (c === separator && !quoted) cells.push('');
    else cells[cells.length - 1] += c;
  }
  return cells.map((cell) => cell.trim());
}

/** A `FileError` of a table. */
export function tableError(found: string, expected: string): FileError {
  return new FileError({ found, expected, todo: 'mend the table' });
}
