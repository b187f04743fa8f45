/**
 * The finished rows of a test, kept line by line while it runs: `align.rows.jsonl`, first a line with the key of what is tested,
 * then a row a line. The same test goes on from there; a log of another test is begun anew, and a last line that was cut short by a
 * kill is asked again.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { asDiskError, writeFileAtomic } from '../../files/atomic.ts';
import { type AlignRow, rowSchema } from './row.ts';

export const ROW_LOG = 'align.rows.jsonl';

type RowPlace = Pick<AlignRow, 'case' | 'pose' | 'condition' | 'draw' | 'method'>;

const placeOf = ({ case: id, pose, condition, draw, method }: RowPlace): string =>
  JSON.stringify([id, pose, condition, draw, method]);

export class RowLog {
  readonly path: string;
  readonly #head: string;
  readonly #rows = new Map<string, AlignRow>();
  #begun = false;

  /** Opens the log of the test that `key` names; nothing is written before there is a row. */
  constructor(path: string, key: string) {
    this.path = path;
    this.#head = JSON.stringify({ key });
    const [first, ...lines] = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    for (const line of first === this.#head ? lines : []) {
      const row = parsed(line);
      // What follows a damaged line may be damaged too.
      if (row === undefined) break;
      this.#rows.set(placeOf(row), row);
    }
  }

  /** A row that is finished. */
  find(place: RowPlace): AlignRow | undefined {
    return this.#rows.get(placeOf(place));
  }

  /** Keeps a row. Throws `DiskError`. */
  add(row: AlignRow): void {
    if (!this.#begun) {
      const kept = [...this.#rows.values()].map((known) => JSON.stringify(known));
      writeFileAtomic(this.path, [this.#head, ...kept, ''].join('\n'));
      this.#begun = true;
    }
    try {
      appendFileSync(this.path, `${JSON.stringify(row)}\n`);
    } catch (error) {
      throw asDiskError(error, this.path);
    }
    this.#rows.set(placeOf(row), row);
  }

  /** Of no use once the figures are written. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function parsed(line: string): AlignRow | undefined {
  try {
    return rowSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
