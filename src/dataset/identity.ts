/**
 * Ids that tell nothing of whose bone it is. A case's id is HMAC-SHA-256 of what identifies its source (a series UID, a path),
 * a subject's that of the patient's id, both under a secret salt: the same input gets the same id again, and nobody without
 * the salt can check a guess. The salt and the list that leads from ids back to files lie *beside* the dataset, in
 * `DATASET.private.json`, never in it; that file stays where the patients' data are.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { FileError } from '../errors.ts';
import { writePrivateFile } from '../files/atomic.ts';

const NOTE =
  'Secret: leads from case ids back to patients. Keep it with the original data, never with the dataset.';

const privateSchema = z.strictObject({
  note: z.string(),
  salt: z.string().min(16),
  /** Where each case came from, as found on this machine. */
  cases: z.record(z.string(), z.string()),
});

/** Hex digits of an id: 10 digits make a clash among 10,000 cases less likely than 1 in 20,000. */
const DIGITS = 10;

export class Identity {
  readonly path: string;
  readonly #salt: string;
  readonly #cases: Map<string, string>;

  private constructor(path: string, salt: string, cases: Map<string, string>) {
    this.path = path;
    this.#salt = salt;
    this.#cases = cases;
  }

  /**
   * The identity file of the dataset folder `out`, made with a random salt where there is none. Throws `FileError` when it is
   * damaged: without its salt the ids of finished cases could not be found again.
   */
  static open(out: string, salt = randomBytes(16).toString('hex')): Identity {
    const path = `${resolve(out)}.private.json`;
    if (!existsSync(path)) return new Identity(path, salt, new Map());
    try {
      const found = privateSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
      return new Identity(path, found.salt, new Map(Object.entries(found.cases)));
    } catch (cause) {
      throw new FileError(
        {
          found: `${path} is not the private file of a dataset`,
          expected: 'the salt and the list of cases, as an earlier ingest wrote them',
          todo: 'restore it from a copy, or remove it and the dataset and ingest again',
        },
        { cause },
      );
    }
  }

  /** The id of a case, `c-` and ten digits. */
  caseId(key: string): string {
    return `c-${this.#digest('case', key)}`;
  }

  /** The id of a subject, `s-` and ten digits. */
  subjectId(key: string): string {
    return `s-${this.#digest('subject', key)}`;
  }

  /** A hash of a bone's content that nobody without the salt can compare a scan with. */
  contentId(content: string): string {
    return this.#digest('content', content, 32);
  }

  /** Notes which file a case came from; `save` writes it. */
  note(id: string, source: string): void {
    this.#cases.set(id, source);
  }

  /** Writes the file, readable by its owner alone. Throws `DiskError`. */
  save(): void {
    const cases = Object.fromEntries([...this.#cases].sort(([a], [b]) => (a < b ? -1 : 1)));
    const text = `${JSON.stringify({ note: NOTE, salt: this.#salt, cases }, null, 1)}\n`;
    writePrivateFile(this.path, text);
  }

  #digest(purpose: string, key: string, digits = DIGITS): string {
    return createHmac('sha256', this.#salt).update(`${purpose}\0${key}`).digest('hex').slice(0, digits);
  }
}
