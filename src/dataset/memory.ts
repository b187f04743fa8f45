/**
 * What a dataset folder remembers beside its cases: how they are called; those that were refused, so that they are not read
 * again for nothing; those that a person dropped, so that they do not come back; and of those that were made what their files
 * looked like, so that a changed one is made again, and a hash of their bone, by which a copy is known. `ingest.json` in
 * the folder; like the records of cases it holds no path and no name.
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
  /** The case that it is a copy of. */
  copyOf: z.string().optional(),
});

const madeSchema = z.strictObject({
  /** Hashes of what the files, and landmarks, looked like: fingerprint.ts. */
  files: z.string().optional(),
  landmarks: z.string().optional(),
  /** Of its bone, as it was read: copies.ts. */
  content: z.string().optional(),
});

const memorySchema = z.strictObject({
  note: z.string(),
  refused: z.record(z.string(), refusalSchema),
  dropped: z.array(z.string()),
  made: z.record(z.string(), madeSchema).default({}),
  /** `files`: open files are called by their names; `secret`: all cases have secret ids. */
  names: z.enum(['files', 'secret']).optional(),
});

type Stored = z.infer<typeof memorySchema>;

/** What is known of how a case was made. */
export type Made = z.infer<typeof madeSchema>;

const NOTE =
  'Kept by cranioflow ingest: cases that were refused, cases that a person dropped, and what cases were made of.';

export interface Refusal {
  refused: Explanation;
  reach?: [number, number, number];
  copyOf?: string;
}

export class Memory {
  readonly #path: string;
  readonly #refused: Map<string, z.infer<typeof refusalSchema>>;
  readonly #dropped: Set<string>;
  readonly #made: Map<string, Made>;
  #names: Stored['names'];

  private constructor(path: string, { refused, dropped, made, names }: Omit<Stored, 'note'>) {
    this.#path = path;
    this.#refused = new Map(Object.entries(refused));
    this.#dropped = new Set(dropped);
    this.#made = new Map(Object.entries(made));
    this.#names = names;
  }

  /** The memory of a dataset folder, empty where there is none. Throws `DatasetError` when it is damaged. */
  static open(out: string): Memory {
    const path = join(out, 'ingest.json');
    if (!existsSync(path)) return new Memory(path, { refused: {}, dropped: [], made: {} });
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

  get names(): Stored['names'] {
    return this.#names;
  }

  /** Notes how cases are called. */
  call(names: NonNullable<Stored['names']>): void {
    if (this.#names === names) return;
    this.#names = names;
    this.save();
  }

  made(id: string): Readonly<Made> | undefined {
    return this.#made.get(id);
  }

  /** Notes how a case was made. */
  make(id: string, made: Made): void {
    this.#made.set(id, made);
    this.save();
  }

  /**
   * Why a case was refused under these parameters and with these files; undefined where another try may tell otherwise. A copy
   * is one as long as its original is `there`.
   */
  refusal(
    id: string,
    by: { parameters: string; files: string | undefined },
    names: readonly string[],
    there: (id: string) => boolean,
  ): Refusal | undefined {
    const known = this.#refused.get(id);
    if (known === undefined || known.parameters !== by.parameters || known.files !== by.files)
      return undefined;
    const { found, expected, todo, reach, copyOf } = known;
    if (copyOf !== undefined && !there(copyOf)) return undefined;
    const back = (text: string) => names.reduce((t, name, i) => t.replaceAll(`{${i}}`, () => name), text);
    return { refused: { found: back(found), expected: back(expected), todo: back(todo) }, reach, copyOf };
  }

  /** Remembers a refusal; `names` are the case's label and paths, which are not kept. */
  refuse(
    id: string,
    { parameters, files }: { parameters: string; files: string | undefined },
    names: readonly string[],
    { refused, reach, copyOf }: Refusal,
  ): void {
    if (files === undefined) return;
    const hide = (text: string) => names.reduce((t, name, i) => t.replaceAll(name, () => `{${i}}`), text);
    const [found, expected, todo] = [refused.found, refused.expected, refused.todo].map(hide);
    this.#refused.set(id, {
      parameters,
      files,
      found,
      expected,
      todo,
      ...(reach && { reach }),
      ...(copyOf !== undefined && { copyOf }),
    });
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
    const sorted = <T>(map: Map<string, T>) =>
      Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
    const memory: Stored = {
      note: NOTE,
      ...(this.#names && { names: this.#names }),
      refused: sorted(this.#refused),
      dropped: [...this.#dropped].sort(),
      made: sorted(this.#made),
    };
    writeFileAtomic(this.#path, `${JSON.stringify(memory, null, 1)}\n`);
  }
}
