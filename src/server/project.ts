/**
 * Everything below the folder that is viewed. It is looked through again on each request for the whole, for trainings make
 * new items all the time; what did not change is not read again. No link is followed to another folder, nor to a file
 * elsewhere; hidden folders, checkpoints, volumes and records of cases are passed over.
 */
import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MANIFEST } from '../dataset/manifest.ts';
import { FileError } from '../errors.ts';
import { packageVersion } from '../files/version.ts';
import type { Item, Project as Shown } from './api.ts';
import { notThere } from './errors.ts';
import { fileOf } from './files.ts';
import { type Folder, type Found, idOf, itemsOf } from './items.ts';

/** Levels below the folder that is viewed. */
const DEPTH = 5;
/** Names looked at, so that a whole disk is not searched through. */
const NAMES = 100_000;

const PASSED_OVER = new Set(['checkpoints', 'volumes', 'node_modules', 'pairs']);

export class Project {
  readonly #root: string;
  readonly #most: number;
  #found = new Map<string, Found>();

  /** Throws `FileError` where `path` is no folder that can be read, or holds nothing to be seen. */
  constructor(path: string, { names = NAMES } = {}) {
    this.#most = names;
    try {
      this.#root = realpathSync(path);
      if (!statSync(this.#root).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
      readdirSync(this.#root);
    } catch (cause) {
      throw new FileError(
        {
          found: `${path} cannot be viewed (${(cause as NodeJS.ErrnoException).code})`,
          expected: 'a folder: a dataset, a run, generated bones, or one that holds several of these',
          todo: 'check the path',
        },
        { cause },
      );
    }
    // One is enough to begin with: the rest is looked for when the page asks.
    this.#scan(1);
    if (this.#found.size > 0) return;
    throw new FileError({
      found: `${path} holds nothing to be seen`,
      expected: `a dataset (dataset.json), a run (config.yaml), pages of results or an implant in it, or in folders at most ${DEPTH} levels below`,
      todo: 'name another folder; `cranioflow demo` makes one with everything',
    });
  }

  /** Looks through the folder again and tells of everything in it. */
  shown(): Shown {
    this.#scan();
    const items = [...this.#found.values()].map((f) => f.item);
    return { name: basename(this.#root) || this.#root, version: packageVersion(), items };
  }

  /** The item of an id, if it is of one of the kinds. Throws `ServerError` where there is none. */
  find<K extends Item['kind']>(id: string, ...kinds: K[]): Found<Extract<Item, { kind: K }>> {
    const is = (found?: Found) => found !== undefined && kinds.includes(found.item.kind as K);
    // It may have been made since the last look.
    if (!is(this.#found.get(id))) this.#scan();
    const found = this.#found.get(id);
    if (!is(found)) throw notThere(`a ${kinds.join(' or ')} of the id ${id}`);
    return found as Found<Extract<Item, { kind: K }>>;
  }

  /** Stops when `enough` items are found. */
  #scan(enough = Number.POSITIVE_INFINITY): void {
    const found: Found[] = [];
    let names = 0;
    const visit = (dir: string, path: string, depth: number): void => {
      if (names > this.#most || found.length >= enough) return;
      const folder = this.#folder(dir, path);
      names += folder.files.size + folder.folders.size;
      found.push(...itemsOf(folder));
      if (names > this.#most) found.push(tooMany(this.#root, path, this.#most));
      if (depth === DEPTH) return;
      const records = folder.files.has(MANIFEST) ? 'cases' : '';
      for (const name of [...folder.folders].sort()) {
        if (name.startsWith('.') || name === records || PASSED_OVER.has(name)) continue;
        visit(join(dir, name), path === '.' ? name : `${path}/${name}`, depth + 1);
      }
    };
    visit(this.#root, '.', 0);
    this.#found = new Map(found.map((f) => [f.item.id, f]));
  }

  /** The names in a folder; one that cannot be read, or went away, holds none. */
  #folder(dir: string, path: string): Folder {
    const root = this.#root;
    let entries: Dirent[] = [];
    try {
      entries = readdirSync(dir, { withFileTypes: true });
    } catch {
      // Told by what is missing on the page; the folder that is viewed itself was read at the start.
    }
    const files = entries.filter((e) =>
      e.isSymbolicLink() ? fileOf({ root, dir }, e.name) !== undefined : e.isFile(),
    );
    const folders = entries.filter((e) => e.isDirectory());
    return {
      root,
      dir,
      path,
      files: new Set(files.map((e) => e.name)),
      folders: new Set(folders.map((e) => e.name)),
    };
  }
}

/** Said in the place of what is not shown. */
function tooMany(root: string, path: string, most: number): Found {
  const at = `${path}/…`;
  const error = {
    found: `more than ${most} files: what comes after ${path} is not shown`,
    expected: 'a folder of results',
    todo: 'view a folder further down',
  };
  return { item: { id: idOf(at), path: at, kind: 'broken', error }, root, dir: root };
}
