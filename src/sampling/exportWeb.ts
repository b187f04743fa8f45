/**
 * A generator as a page that any file server can serve: the page as built (web/site), the weights in half precision with their
 * card, and a service worker that keeps all of it for use without a network. Nothing is computed by the server: a browser
 * builds the networks from the weights and samples by the very modules of this package.
 *
 * Names of large files carry a hash of their content, so pages of an older export that are still open find either their own
 * file or none, never another's. A folder holds one export: files of the one before are removed, others' refused.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { FileError } from '../errors.ts';
import { asDiskError, makeFolder, writeFileAtomic } from '../files/atomic.ts';
import { acquireLock } from '../files/lock.ts';
import { refusedFolder, requireOwnFolder } from '../files/ownFolder.ts';
import { packageVersion } from '../files/version.ts';
import { SITE_FORMAT, type SiteRecord } from './exportWebRecord.ts';
import { exportRelease, origin } from './generateExport.ts';
import type { GeneratorWeights } from './generator.ts';

const RECORD = 'site.json';
const INDEX = 'index.html';
const WORKER = 'sw.js';
const OWN = /^(index\.html|site\.json|sw\.js|licences\.md|assets|model-[0-9a-f]{12})$/;
/** The line of the service worker that says what it keeps. */
const SITE_LINE = /^const SITE = .*$/m;

export interface ExportWebOptions {
  generator: GeneratorWeights;
  /** The folder of the page as built. */
  page: string;
  out: string;
  /** Class that the page begins with; default: drawn as in the training set. */
  quality?: number;
  /** Told that the lock of a dead process was taken over. */
  onWarning?: (text: string) => void;
}

export interface ExportedWeb {
  record: SiteRecord;
  /** Paths in the folder, and their bytes. */
  files: { path: string; bytes: number }[];
  bytes: number;
  /** The generator as the page will read it: rounded to half precision. */
  generator: GeneratorWeights;
}

/** Files below a folder, relative, in order. */
function below(folder: string, inner = ''): string[] {
  const entries = readdirSync(join(folder, inner), { withFileTypes: true });
  const paths = entries.flatMap((e) => {
    const path = posix.join(inner, e.name);
    return e.isDirectory() ? below(folder, path) : [path];
  });
  return paths.sort();
}

function recordIn(out: string): SiteRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(out, RECORD), 'utf8')) as SiteRecord;
    return record.format === SITE_FORMAT && Array.isArray(record.files) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** What an earlier export left in the folder. Throws `FileError` where anything else is there. */
function earlier(out: string): string[] {
  requireOwnFolder(out, OWN);
  const record = recordIn(out);
  if (record === undefined && [INDEX, RECORD].some((name) => existsSync(join(out, name))))
    throw refusedFolder(`${out} already holds a page of something else`);
  return record?.files ?? [];
}

/** SHA-256 of a file. */
const sumOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** SHA-256 over the names and contents of files, 16 digits. */
function versionOf(folder: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Fills `stage` with the page. */
function build(stage: string, { generator, page, quality }: ExportWebOptions): Omit<ExportedWeb, 'bytes'> {
  cpSync(page, stage, { recursive: true });
  const released = exportRelease(generator, join(stage, 'model'));
  const weights = below(join(stage, 'model')).filter((file) => file.endsWith('.safetensors'));
  const folder = `model-${versionOf(join(stage, 'model'), weights).slice(0, 12)}`;
  renameSync(join(stage, 'model'), join(stage, folder));
  const { meta } = released;
  const record: SiteRecord = {
    format: SITE_FORMAT,
    cranioflow: packageVersion(),
    bone: meta.bone,
    phantom: meta.phantom,
    origin: `${origin(meta).replaceAll('**', '')}${meta.phantom ? '' : ' No privacy audit has been made.'}`,
    private: meta.privacy !== undefined,
    ...(quality !== undefined && meta.qualities.includes(quality) && { quality }),
    model: {
      folder,
      bytes: weights.reduce((sum, file) => sum + statSync(join(stage, folder, file)).size, 0),
      sums: Object.fromEntries(weights.map((file) => [file, sumOf(join(stage, folder, file))])),
    },
    files: below(stage),
  };
  writeFileAtomic(join(stage, RECORD), `${JSON.stringify(record, null, 1)}\n`);
  // Browsers ask for the service worker again and again: when a byte of it differs, they take the new page.
  const kept = [...record.files.filter((file) => file !== WORKER), RECORD];
  const worker = readFileSync(join(stage, WORKER), 'utf8');
  const sums = Object.fromEntries(kept.map((file) => [file, sumOf(join(stage, file))]));
  const site = JSON.stringify({ version: versionOf(stage, kept), files: kept, sums });
  writeFileAtomic(join(stage, WORKER), worker.replace(SITE_LINE, `const SITE = ${site};`));
  const files = below(stage).map((path) => ({ path, bytes: statSync(join(stage, path)).size }));
  return { record, files, generator: released };
}

/** Moves what was built into its place; a page is complete before its index names it. */
function moveIn(stage: string, out: string, files: readonly string[]): void {
  const late = [WORKER, RECORD, INDEX];
  const order = [...files.filter((file) => !late.includes(file)), ...late];
  for (const file of order) {
    makeFolder(dirname(join(out, file)));
    renameSync(join(stage, file), join(out, file));
  }
}

/** Removes files of an earlier export that are not of this one, and folders that this leaves empty. */
function removeOld(out: string, before: ReadonlySet<string>, now: ReadonlySet<string>): void {
  // Of what lies there, not of what the record names: a path in it could lead anywhere.
  const old = below(out).filter((file) => before.has(file) && !now.has(file));
  for (const file of old) rmSync(join(out, file));
  for (const folder of new Set(old.map((file) => join(out, dirname(file)))))
    if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

/**
 * Writes the page of a generator to `out`. Throws `FileError` where the page was not built or the folder holds other files,
 * `NumericsError` where a weight does not fit into half precision, `RunFolderError` where another process writes the folder,
 * `DiskError`.
 */
export function exportWeb(options: ExportWebOptions): ExportedWeb {
  const { page, out } = options;
  if (![INDEX, WORKER].every((name) => existsSync(join(page, name))))
    throw new FileError({
      found: `this installation has no built page (${join(page, INDEX)})`,
      expected: 'the page that comes with the package',
      todo: 'in a copy of the repository: npm run build:web',
    });
  const before = earlier(out);
  const release = acquireLock(join(out, 'export.lock'), (text) => options.onWarning?.(text));
  const stage = join(out, `.${process.pid}.tmp`);
  try {
    rmSync(stage, { recursive: true, force: true });
    const built = build(stage, options);
    const paths = built.files.map(({ path }) => path);
    moveIn(stage, out, paths);
    removeOld(out, new Set(before), new Set(paths));
    return { ...built, bytes: built.files.reduce((sum, { bytes }) => sum + bytes, 0) };
  } catch (error) {
    throw asDiskError(error, out);
  } finally {
    rmSync(stage, { recursive: true, force: true });
    release();
  }
}
