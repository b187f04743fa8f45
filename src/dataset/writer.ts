/**
 * Makes a dataset folder case by case, so that a kill at any time loses at most the case in hand.
 *
 * Each case is a volume file (written whole or not at all) and then a line in `cases.jsonl`, a journal. The manifest
 * appears only at the end, from the journal, which is then removed: a folder with a manifest is finished. Opening a
 * writer on a folder that has a journal or a manifest of the same header goes on with it: cases whose volume is intact
 * count as done. A header that differs (grid, bone, settings) is refused, never mixed.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { z } from 'zod';
import { DatasetError, GridError } from '../errors.ts';
import { asDiskError, makeFolder, writeFileAtomic } from '../files/atomic.ts';
import { type Mask, voxelCount } from '../volume/volume.ts';
import { datasetCard } from './card.ts';
import { bitsHash, type Dataset, openDataset, readBits } from './dataset.ts';
import {
  checkManifest,
  type DatasetCase,
  type DatasetManifest,
  datasetCaseSchema,
  FORMAT,
  ID_PATTERN,
  MANIFEST,
  readManifest,
  VERSION,
} from './manifest.ts';
import { countBits, packBits } from './pack.ts';
import { type Split, type SplitOptions, splitSubjects } from './split.ts';

export const JOURNAL = 'cases.jsonl';

/** Held in the folder by the commands that fill one: two at once would lose each other's cases. */
export const DATASET_LOCK = 'dataset.lock';

/** What all cases share; must be equal when a folder is taken up again. */
export type DatasetHeader = Pick<DatasetManifest, 'name' | 'bone' | 'phantom' | 'size' | 'spacing' | 'frame'>;

/** What the maker knows of a case; the rest of its row is computed. */
export type NewCase = Pick<
  DatasetCase,
  'id' | 'subject' | 'source' | 'attribution' | 'licence' | 'quality' | 'provenance'
>;

const rowSchema = datasetCaseSchema.omit({ split: true });
type Row = z.infer<typeof rowSchema>;

export class DatasetWriter {
  readonly dir: string;
  readonly header: DatasetHeader;
  readonly #rows = new Map<string, Row>();
  readonly #known = new Map<string, Split>();

  /**
   * Opens `dir` for writing, taking up what an interrupted or finished run of the same header left there. Throws
   * `DatasetError` when the folder belongs to another header, `DiskError` when it cannot be written.
   */
  constructor(dir: string, header: DatasetHeader) {
    this.dir = resolve(dir);
    this.header = header;
    const journal = join(this.dir, JOURNAL);
    if (existsSync(join(this.dir, MANIFEST))) {
      const manifest = readManifest(this.dir);
      this.#checkHeader(manifest);
      for (const { split, ...row } of manifest.cases) {
        this.#takeUp(row);
        this.#known.set(row.subject, split);
      }
    }
    if (existsSync(journal)) this.#readJournal(journal);
    else if (!existsSync(join(this.dir, MANIFEST))) checkNothingIsLost(this.dir);
    try {
      makeFolder(join(this.dir, 'volumes'));
    } catch (error) {
      throw asDiskError(error, this.dir);
    }
    // Rewritten, not appended to: its last line may have been cut short by a kill.
    this.#writeJournal();
  }

  /** Ids of the finished cases. */
  get ids(): string[] {
    return [...this.#rows.keys()];
  }

  /** True when the case is finished and its volume intact. */
  has(id: string): boolean {
    return this.#rows.has(id);
  }

  /**
   * Writes one case; `mask` is on the dataset's grid. Throws `GridError` when it is of another size, `DatasetError` when
   * the id is unusable or taken or the mask empty, `DiskError` when the disk refuses.
   */
  add(fresh: NewCase, mask: Mask): void {
    const { size } = this.header;
    if (!ID_PATTERN.test(fresh.id) || this.has(fresh.id))
      throw new DatasetError({
        found: this.has(fresh.id)
          ? `a second case called ${fresh.id}`
          : `the case id ${JSON.stringify(fresh.id)}`,
        expected: 'unique ids of letters, digits, dot, dash and underscore',
        todo: 'give each case an id of its own',
      });
    if (mask.size.some((n, i) => n !== size[i]) || mask.data.length !== voxelCount(size))
      throw new GridError({
        found: `the mask of ${fresh.id} has ${mask.size.join('x')} voxels`,
        expected: `${size.join('x')}, the dataset's grid`,
        todo: 'resample the mask onto the grid of the dataset',
      });
    const bits = packBits(mask.data);
    const voxels = countBits(bits);
    if (voxels === 0)
      throw new DatasetError({
        found: `the mask of ${fresh.id} is empty on the dataset's grid`,
        expected: 'at least one bone voxel',
        todo: 'leave the case out, or choose a finer spacing',
      });
    const volume = `volumes/${fresh.id}.bits.gz`;
    writeFileAtomic(join(this.dir, volume), gzipSync(bits));
    const { id, subject, source, attribution, licence, quality, provenance } = fresh;
    const row: Row = {
      id,
      subject,
      source,
      attribution,
      licence,
      quality,
      voxels,
      sha256: bitsHash(bits),
      volume,
      ...(provenance && { provenance }),
    };
    const journal = join(this.dir, JOURNAL);
    try {
      appendFileSync(journal, `${JSON.stringify(row)}\n`);
    } catch (error) {
      throw asDiskError(error, journal);
    }
    this.#rows.set(id, row);
  }

  /**
   * Splits by subject (subjects of an earlier manifest keep their side), writes the manifest and the card and returns the
   * dataset. Throws `DatasetError` when no case was added.
   */
  finish(split: Partial<SplitOptions> = {}): Dataset {
    const rows = [...this.#rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (rows.length === 0)
      throw new DatasetError({
        found: `${this.dir} would be a dataset of no cases`,
        expected: 'at least one case',
        todo: 'look at why each input was refused',
      });
    const sides = splitSubjects(rows, split, this.#known);
    const cases = rows.map((row) => ({ ...row, split: sides.get(row.subject)! }));
    this.#writeManifest({ format: FORMAT, version: VERSION, ...pickHeader(this.header), cases });
    rmSync(join(this.dir, JOURNAL), { force: true });
    return openDataset(this.dir);
  }

  /** What is known of a finished case. */
  case(id: string): Readonly<Row> | undefined {
    return this.#rows.get(id);
  }

  /**
   * Takes finished cases out, volumes included, and changes what is known of others. The manifest, where there is one, changes
   * with them, so that the folder is whole at any time; it goes when no case is left. Throws `DiskError`.
   */
  revise(
    removed: readonly string[],
    changed: readonly (Partial<NewCase> & Pick<NewCase, 'id'>)[] = [],
  ): void {
    const gone = removed.filter((id) => this.#rows.delete(id));
    for (const { id, ...change } of changed) {
      const row = this.#rows.get(id);
      if (row) this.#rows.set(id, { ...row, ...change });
    }
    if (existsSync(join(this.dir, MANIFEST))) {
      const { cases, ...header } = readManifest(this.dir);
      const left = cases.filter((c) => !gone.includes(c.id)).map((c) => ({ ...c, ...this.#rows.get(c.id) }));
      if (left.length > 0) this.#writeManifest({ ...header, cases: left });
      else rmSync(join(this.dir, MANIFEST), { force: true });
    }
    for (const id of gone) rmSync(join(this.dir, `volumes/${id}.bits.gz`), { force: true });
    this.#writeJournal();
  }

  #writeManifest(content: unknown): void {
    const path = join(this.dir, MANIFEST);
    const manifest = checkManifest(content, path);
    writeFileAtomic(join(this.dir, 'README.md'), datasetCard(manifest));
    writeFileAtomic(path, `${JSON.stringify(manifest, null, 1)}\n`);
  }

  #writeJournal(): void {
    const records = [pickHeader(this.header), ...this.#rows.values()];
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    writeFileAtomic(join(this.dir, JOURNAL), lines.join(''));
  }

  #checkHeader(found: DatasetHeader): void {
    const mine = pickHeader(this.header);
    const theirs = pickHeader(found);
    for (const key of Object.keys(mine) as (keyof DatasetHeader)[])
      if (JSON.stringify(mine[key]) !== JSON.stringify(theirs[key])) {
        const [there, here] = apart(theirs[key], mine[key]);
        throw new DatasetError({
          found: `${this.dir} already holds a dataset whose ${key} is ${there}`,
          expected: `${key} ${here}, as this command asks for`,
          todo: 'choose another --out, remove the folder, or repeat the first command to go on with it',
        });
      }
  }

  #readJournal(path: string): void {
    const lines = readFileSync(path, 'utf8').split('\n');
    const records = lines.map(parseLine).filter((r) => r !== undefined);
    const [header, ...rows] = records;
    if (header === undefined)
      throw new DatasetError({
        found: `${path} is damaged: its first line is not JSON`,
        expected: 'the journal of an unfinished dataset',
        todo: 'remove the folder and make the dataset again',
      });
    // Where no case was finished (all refused for want of a threshold, say), there is nothing to mix with.
    if (rows.length === 0) return;
    this.#checkHeader(header as DatasetHeader);
    for (const record of rows) {
      const row = rowSchema.safeParse(record);
      if (row.success) this.#takeUp(row.data);
    }
  }

  /** Counts a row as done if its volume is whole; otherwise the case will be made again. */
  #takeUp(row: Row): void {
    try {
      readBits(this.dir, row, voxelCount(this.header.size));
      this.#rows.set(row.id, row);
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error;
      this.#rows.delete(row.id);
    }
  }
}

function pickHeader({ name, bone, phantom, size, spacing, frame }: DatasetHeader): DatasetHeader {
  return { name, bone, phantom, size, spacing, frame };
}

/** A line of the journal; the last one may have been cut short by a kill. */
function parseLine(line: string): unknown {
  try {
    return line === '' ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Writes a whole dataset at once; see `DatasetWriter`. */
export function writeDataset(
  dir: string,
  header: DatasetHeader,
  cases: Iterable<{ meta: NewCase; mask: Mask }>,
  split: Partial<SplitOptions> = {},
): Dataset {
  const writer = new DatasetWriter(dir, header);
  for (const { meta, mask } of cases) if (!writer.has(meta.id)) writer.add(meta, mask);
  return writer.finish(split);
}

/** Throws `DatasetError` when a folder that is no dataset holds files that a dataset would write over. */
function checkNothingIsLost(dir: string): void {
  const there = ['README.md', 'cases.html'].find((name) => existsSync(join(dir, name)));
  if (there === undefined) return;
  throw new DatasetError({
    found: `${dir} is no dataset, and holds a ${there} that a dataset would write over`,
    expected: 'a new folder, an empty one, or a dataset',
    todo: 'choose another --out',
  });
}

/** Two values as JSON; of two texts only the sentences that differ. */
function apart(a: unknown, b: unknown): [string, string] {
  if (typeof a !== 'string' || typeof b !== 'string') return [JSON.stringify(a), JSON.stringify(b)];
  const [theirs, mine] = [a, b].map((text) => text.split(/(?<=\.) /));
  const only = (own: string[], other: string[]) => own.filter((s) => !other.includes(s)).join(' ');
  return [only(theirs, mine), only(mine, theirs)].map((s) =>
    s === '' ? 'without the sentence that the other has' : JSON.stringify(s),
  ) as [string, string];
}
