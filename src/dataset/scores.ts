/**
 * What a person decided of cases: a table `file,quality` (or `case,quality`) that gives a case a quality from 2 to 6, or
 * `drop`. A row names the case by its id, as cases.html shows it, or by its file: the base name, a path's end, or the
 * whole path. A row whose quality is empty decides nothing. Other columns are passed over.
 */
import type { QualityScore } from '../skull/quality.ts';
import { namesOf } from './inputs.ts';
import { readTable, tableError } from './table.ts';

export type Score = QualityScore | 'drop';

interface ScoreRow {
  line: number;
  name: string;
  score: Score;
}

const EXPECTED =
  'a CSV file with the columns file,quality or case,quality: a file or case id, and 2 to 6, or drop, or nothing';

export class Scores {
  readonly #path: string;
  readonly #rows: readonly ScoreRow[];

  private constructor(path: string, rows: readonly ScoreRow[]) {
    this.#path = path;
    this.#rows = rows;
  }

  /** Reads the table. Throws `FileError` naming the line when a row is wrong. */
  static read(path: string): Scores {
    const { columns, rows } = readTable(path, EXPECTED);
    const column = ['file', 'case', 'case id', 'id'].find((c) => columns.includes(c));
    if (column === undefined || !columns.includes('quality'))
      throw tableError(`${path} has the header "${columns.join(',')}"`, EXPECTED);
    return new Scores(
      path,
      rows.flatMap(({ line, text, cells }) => {
        const [name, quality] = [cells.get(column)!, cells.get('quality')!.toLowerCase()];
        const sound = /^([2-6]|drop|)$/.test(quality);
        if (name === '' || !sound) throw tableError(`${path} line ${line} reads "${text}"`, EXPECTED);
        if (quality === '') return [];
        return [{ line, name, score: quality === 'drop' ? 'drop' : (Number(quality) as QualityScore) }];
      }),
    );
  }

  /**
   * The decisions by case id, and the lines that name none of `cases`. Throws `FileError` naming the line when a row names
   * two cases, or two rows decide one case differently.
   */
  of(cases: readonly { id: string; paths: readonly string[] }[]): {
    scores: Map<string, Score>;
    unknown: number[];
  } {
    const named = new Map<string, Set<string>>();
    for (const { id, paths } of cases)
      for (const name of [id, ...paths.flatMap(namesOf)])
        named.set(name, (named.get(name) ?? new Set()).add(id));
    const scores = new Map<string, Score>();
    const lines = new Map<string, number>();
    const unknown: number[] = [];
    for (const { line, name, score } of this.#rows) {
      const ids = [...(named.get(name) ?? [])];
      if (ids.length > 1)
        throw tableError(
          `${this.#path} line ${line} names ${ids.length} cases`,
          'one case a row: a longer part of the path, or the case id',
        );
      if (ids.length === 0) unknown.push(line);
      else if ((scores.get(ids[0]) ?? score) !== score)
        throw tableError(
          `${this.#path} lines ${lines.get(ids[0])} and ${line} decide one case differently`,
          'one decision a case',
        );
      else {
        scores.set(ids[0], score);
        lines.set(ids[0], line);
      }
    }
    return { scores, unknown };
  }
}
