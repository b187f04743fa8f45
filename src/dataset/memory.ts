/**
 * What a dataset folder remembers beside its cases: those that were refused, so that they are not read again for nothing, and
 * those that a person dropped, so that they do not come back. `ingest.json` in the folder; like the records of cases it
 * holds no path and no name.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DatasetError, type Explanation } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';

const refusalSchema = z.strictObject({
  /** Hashes of what decided it: fingerprint.ts. */
  parameters: z.string(),
  files: z.string(),
  /** {0}, {1} .. where the case's label and paths stood. */
  found: z.string(),
  expected: z.string(),
  todo: z.string(),
  /** mm; where the bone was read and did not fit. */
  reach: z.tuple([z.number(), z.number(), z.number()]).optional(),
});

const memorySchema = z.strictObject({
  note: z.string(),
  refused: z.record(z.string(), refusalSchema),
  dropped: z.array(z.string()),
});

const NOTE = 'Kept by cranioflow ingest: cases that were refused, and cases that a person dropped.';

export interface Refusal {
  refused: Explanation;
  reach?: [number, number, number];
}

export class Memory {
  readonly #path: string;
  readonly #refused: Map<string, z.infer<typeof refusalSchema>>;
  readonly #dropped: Set<string>;

  private constructor(
    path: string,
    { refused, dropped }: Pick<z.infer<typeof memorySchema>, 'refused' | 'dropped'>,
  ) {
    this.#path = path;
    this.#refused = new Map(Object.entries(refused));
    this.#dropped = new Set(dropped);
  }

  /** The memory of a dataset folder, empty where there is none. Throws `DatasetError` when it is damaged. */
  static open(out: string): Memory {
    const path = join(out, 'ingest.json');
    if (!existsSync(path)) return new Memory(path, { refused: {}, dropped: [] });
    try {
      return new Memory(path, memorySchema.parse(JSON.parse(readFileSync(path, 'utf8'))));
    } catch (cause) {
      throw new DatasetError(
        {
          found: `${path} is damaged`,
          expected: 'the list of refused and dropped cases, as an earlier ingest wrote it',
          todo: 'remove it: refused cases are then read again, and what a person dropped must be dropped again',
        },
        { cause },
      );
    }
  }

  get dropped(): ReadonlySet<string> {
    return this.#dropped;
  }

  /** Why a case was refused under these parameters and with these files; undefined where another try may tell otherwise. */
  refusal(
    id: string,
    by: { parameters: string; files: string | undefined },
    names: readonly string[],
  ): Refusal | undefined {
    const known = this.#refused.get(id);
    if (known === undefined || known.parameters !== by.parameters || known.files !== by.files)
      return undefined;
    const { found, expected, todo, reach } = known;
    const back = (text: string) => names.reduce((t, name, i) => t.replaceAll(`{${i}}`, () => name), text);
    return { refused: { found: back(found), expected: back(expected), todo: back(todo) }, reach };
  }

  /** Remembers a refusal; `names` are the case's label and paths, which are not kept. */
  refuse(
    id: string,
    { parameters, files }: { parameters: string; files: string | undefined },
    names: readonly string[],
    { refused, reach }: Refusal,
  ): void {
    if (files === undefined) return;
    const hide = (text: string) => names.reduce((t, name, i) => t.replaceAll(name, () => `{${i}}`), text);
    const [found, expected, todo] = [refused.found, refused.expected, refused.todo].map(hide);
    this.#refused.set(id, { parameters, files, found, expected, todo, ...(reach && { reach }) });
    this.save();
  }

  /** Forgets that a case was refused. */
  forget(id: string): void {
    if (this.#refused.delete(id)) this.save();
  }

  /** Notes what a person decided; `save` writes it. */
  drop(id: string): void {
    this.#dropped.add(id);
  }

  takeBack(id: string): void {
    this.#dropped.delete(id);
  }

  /** Throws `DiskError`. */
  save(): void {
    const refused = Object.fromEntries([...this.#refused].sort(([a], [b]) => (a < b ? -1 : 1)));
    const memory = { note: NOTE, refused, dropped: [...this.#dropped].sort() };
    writeFileAtomic(this.#path, `${JSON.stringify(memory, null, 1)}\n`);
  }
}
