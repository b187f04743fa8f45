/**
 * `findScans`: from what a user typed (files, folders, zip files) to scans. Folders are walked through in the order of
 * their names, zips are looked into, and every file is taken for what its content says it is: DICOM by its magic,
 * sorted into series by SeriesInstanceUID wherever its files lie; volumes by their extension. Text, pictures, tables of
 * contents (DICOMDIR) and hidden files are passed over. Whatever looks like a scan and cannot be one becomes a source
 * too, whose reading tells the reason: nothing that was given is lost without a word.
 */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { FileError } from '../../errors.ts';
import { extensions, volumeExtension } from '../io/formats.ts';
import { isVtkFolder, isVtkIndex } from '../io/vti.ts';
import { MEDIA_DIRECTORY } from './dicomTables.ts';
import { isDicom, readSlices, type Slice } from './header.ts';
import { fileItem, type Item } from './item.ts';
import { refusal } from './refuse.ts';
import { keyOf, type ScanContent, type ScanSource } from './source.ts';
import { isZip, ZipFault, type ZipLimits, zipItems } from './zip.ts';

export interface FindOptions {
  /** Bounds of a zip: entries, bytes of an entry, bytes of all. */
  zip?: Partial<ZipLimits>;
  /** Volume files that lie open on the disk are left to the caller; nothing found is then no error. */
  withoutVolumeFiles?: boolean;
}

/** What one typed path holds. */
interface Found {
  typed: string;
  series: Map<string, Slice[]>;
  volumes: { content: ScanContent; key: string; files: number }[];
  faults: Fault[];
  /** DICOM files whose header cannot be read. */
  unreadable: string[];
}

/** What cannot be read, in words without a name, and where it lies. */
interface Fault {
  what: string;
  path: string;
}

/**
 * The scans of `inputs`, in the order of the inputs and the names below them; a scan that is there twice, once. Throws
 * `FileError` for a path that does not exist, or when nothing at all is found.
 */
export async function findScans(inputs: readonly string[], options: FindOptions = {}): Promise<ScanSource[]> {
  const found: Found[] = [];
  const seen = new Set<string>();
  for (const typed of inputs) {
    const here: Found = { typed, series: new Map(), volumes: [], faults: [], unreadable: [] };
    try {
      statSync(typed);
    } catch (error) {
      throw new FileError({
        found: `${typed} cannot be opened (${(error as NodeJS.ErrnoException).code})`,
        expected: 'files or folders of scans',
        todo: 'check the path',
      });
    }
    walk(resolve(typed), here, seen, options);
    found.push(here);
  }
  const sources = mergeSources(found);
  if (sources.length === 0 && !options.withoutVolumeFiles)
    throw new FileError({
      found: `no scan in ${inputs.join(', ')}`,
      expected: `DICOM files, zips of them, or ${extensions.join(', ')}`,
      todo: 'name the folder that holds the scans',
    });
  return sources;
}

/** True for a file that is taken by its content: DICOM or a zip. */
export function isScanFile(path: string): boolean {
  try {
    const head = fileItem(path).head(132);
    return isZip(head) || isDicom(head) || LIKE_DICOM.test(path);
  } catch {
    return false;
  }
}

/** Names of files that should be DICOM. */
const LIKE_DICOM = /\.(dcm|dicom|ima)$/i;

function walk(path: string, found: Found, seen: Set<string>, options: FindOptions): void {
  if (statSync(path).isDirectory()) {
    if (isVtkFolder(path)) {
      addVtkFolder(path, found, seen);
      return;
    }
    for (const entry of list(path, found)) {
      const below = join(path, entry.name);
      // Links are followed for files only: a linked folder may lead back up.
      if (entry.isDirectory() || entry.isFile() || (entry.isSymbolicLink() && linksToFile(below)))
        walk(below, found, seen, options);
    }
    return;
  }
  if (seen.has(path)) return;
  seen.add(path);
  // A pipe or a device would wait for ever.
  if (!statSync(path).isFile()) return;
  let item: Item;
  let head: Uint8Array;
  try {
    item = fileItem(path);
    head = item.head(132);
  } catch {
    // A volume file that the caller takes is refused there.
    if (volumeExtension(path) === undefined || !options.withoutVolumeFiles)
      found.faults.push({ what: 'a file that cannot be opened', path });
    return;
  }
  if (isZip(head)) {
    addZip(path, item, found, options);
    return;
  }
  if (addDicom(item, head, found)) return;
  if (volumeExtension(path) === undefined || options.withoutVolumeFiles) return;
  try {
    const beside = isHeaderAlone(path) ? siblings(path) : [];
    addVolume({ kind: 'file', path }, [item, ...companions(item, beside)], found);
  } catch {
    found.faults.push({ what: 'a file that cannot be read', path });
  }
}

/** A header whose voxels lie in another file. */
const isHeaderAlone = (name: string): boolean => /\.(mhd|nhdr)$/i.test(name);

/** The files in the folder of `path`. */
function siblings(path: string): Item[] {
  const names = readdirSync(dirname(path), { withFileTypes: true }).filter((e) => e.isFile());
  return names.map((e) => fileItem(join(dirname(path), e.name))).filter((i) => i.name !== path);
}

/** Those of `beside` whose names the header holds: its data files. */
function companions(header: Item, beside: readonly Item[]): Item[] {
  if (beside.length === 0) return [];
  const text = Buffer.from(header.head(1 << 16)).toString('latin1');
  return beside.filter((item) => text.includes(Buffer.from(basename(item.name)).toString('latin1')));
}

/** What a folder holds, hidden files left out, in the order of the names. */
function list(folder: string, found: Found): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter((e) => !e.name.startsWith('.'));
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    found.faults.push({ what: 'a folder that cannot be opened', path: folder });
    return [];
  }
}

function linksToFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Adds a DICOM file to its series; false when it is none. */
function addDicom(item: Item, head: Uint8Array, found: Found): boolean {
  if (!isDicom(head)) {
    // Named so, yet without the magic: told, not passed over.
    if (LIKE_DICOM.test(item.name)) found.unreadable.push(item.name);
    else return false;
    return true;
  }
  const slices = readSlices(item);
  if (slices === undefined) {
    // A DICOMDIR has no series; so has a file cut before it.
    if (!/(^|[/\\\0])DICOMDIR$/i.test(item.name)) found.unreadable.push(item.name);
    return true;
  }
  for (const slice of slices) {
    if (slice.classUid === MEDIA_DIRECTORY) continue;
    const series = found.series.get(slice.seriesUid);
    if (series) series.push(slice);
    else found.series.set(slice.seriesUid, [slice]);
  }
  return true;
}

function addVolume(content: ScanContent, items: readonly Item[], found: Found): void {
  try {
    found.volumes.push({ content, key: keyOf('volume', ...hashed(items)), files: items.length });
  } catch (error) {
    found.faults.push({
      what: error instanceof ZipFault ? error.message : 'a file that cannot be read',
      path: items[0].name,
    });
  }
}

/** The content of items, a piece at a time. */
function* hashed(items: readonly Item[]): Generator<Uint8Array> {
  const piece = 1 << 24;
  for (const item of items)
    if (item.name.includes('\0')) yield item.range(0, item.size);
    else for (let at = 0; at < item.size; at += piece) yield item.range(at, at + piece);
}

function addVtkFolder(path: string, found: Found, seen: Set<string>): void {
  if (seen.has(path)) return;
  seen.add(path);
  const items = new Map<string, Item>();
  try {
    for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort())
      if (linksToFile(join(path, name))) items.set(name.replaceAll('\\', '/'), fileItem(join(path, name)));
  } catch {
    found.faults.push({ what: 'a folder that cannot be opened', path });
    return;
  }
  addVolume({ kind: 'vtk', items }, [...items.values()], found);
}

function addZip(path: string, zip: Item, found: Found, options: FindOptions): void {
  try {
    const items = zipItems(path, zip.size, options.zip).filter((item) => !isHidden(entryName(item)));
    items.sort((a, b) => (a.name < b.name ? -1 : 1));
    const folders = items
      .filter((i) => basename(entryName(i)) === 'index.json' && i.size < 1e6)
      .filter((i) => isVtkIndex(i.range(0, i.size)))
      .map((i) => i.name.slice(0, -'index.json'.length));
    for (const folder of folders) {
      const inside = items.filter((i) => i.name.startsWith(folder));
      const byName = new Map(inside.map((i) => [i.name.slice(folder.length), i]));
      addVolume({ kind: 'vtk', items: byName }, inside, found);
    }
    for (const item of items) {
      if (folders.some((folder) => item.name.startsWith(folder))) continue;
      const name = entryName(item);
      const head = item.head(132);
      if (addDicom(item, head, found)) continue;
      if (volumeExtension(name) !== undefined) {
        const folder = dirname(item.name);
        const near = items.filter((i) => i !== item && dirname(i.name) === folder);
        const all = [item, ...companions(item, isHeaderAlone(name) ? near : [])];
        addVolume({ kind: 'packed', items: all }, all, found);
      } else if (isZip(head)) found.faults.push({ what: 'a zip inside a zip', path: item.name });
    }
  } catch (error) {
    found.faults.push({
      what: error instanceof ZipFault ? error.message : 'a zip that cannot be read',
      path,
    });
  }
}

const entryName = (item: Item): string => item.name.slice(item.name.indexOf('\0') + 1);

function isHidden(name: string): boolean {
  return name.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
}

/** Sources of all inputs: a series whose files lie under several belongs to the first of them. */
function mergeSources(found: readonly Found[]): ScanSource[] {
  const sources: ScanSource[] = [];
  const taken = new Set<string>();
  found.forEach((here, n) => {
    const series = [...here.series].filter(([uid]) => !taken.has(`series ${uid}`));
    series.forEach(([uid, own], i) => {
      taken.add(`series ${uid}`);
      const slices = [...own, ...found.slice(n + 1).flatMap((f) => f.series.get(uid) ?? [])];
      sources.push({
        key: keyOf('series', uid),
        subjectKey: slices[0].subjectKey,
        label: series.length > 1 ? `${here.typed}, series ${i + 1} of ${series.length}` : here.typed,
        files: new Set(slices.map((s) => s.item.name)).size,
        content: { kind: 'dicom', slices },
      });
    });
    const volumes = here.volumes.filter(({ key }) => !taken.has(key) && taken.add(key));
    volumes.forEach(({ content, key, files }, i) => {
      const alone = volumes.length === 1 && series.length === 0;
      sources.push({
        key,
        label: alone ? here.typed : `${here.typed}, file ${i + 1} of ${volumes.length}`,
        files,
        content,
      });
    });
    const unreadable = here.unreadable.length;
    const faults = here.faults.map(({ what, path }) => ({ what, paths: [path] }));
    if (unreadable > 0)
      faults.push({
        what: `${unreadable} DICOM file${unreadable === 1 ? '' : 's'} that cannot be read`,
        paths: here.unreadable,
      });
    faults.forEach(({ what, paths }, i) => {
      const error = refusal(
        here.typed,
        what,
        'whole files, and zips within the limits that are neither encrypted nor nested',
        'unpack, copy or export them again; the other scans are not touched by this',
      );
      sources.push({
        key: keyOf('refused', here.typed, String(i)),
        label: here.typed,
        files: paths.length,
        content: { kind: 'refused', error, paths },
      });
    });
  });
  return sources;
}
