/**
 * From paths to cases: which files a list of files and folders means, what each case is called, and whose bone it is.
 * Ids come from the path below the folder that was named, so the same command finds its finished cases again. (Name one
 * folder above all: adding a second folder with files of the same names lengthens the ids of both.)
 */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { FileError, UsageError } from '../errors.ts';
import { READABLE_MESHES } from '../mesh/readMesh.ts';
import { volumeExtension } from '../volume/io/index.ts';
import { isVtkFolder } from '../volume/io/vti.ts';
import { findScans, isScanFile, type ScanSource } from '../volume/scan/index.ts';
import { readTable, tableError } from './table.ts';

export interface InputFile {
  /** Absolute. */
  path: string;
  /** Safe as a file name, unique among the inputs. */
  id: string;
}

/**
 * What one case is made from: an open file (a volume, or a mesh), with the path of a second where cranium and mandible lie
 * in two (pairs.ts), or a scan found by its content (DICOM, zips, vtk.js).
 */
export type CaseInput =
  | { kind: 'volume' | 'mesh'; file: InputFile; second?: string }
  | { kind: 'scan'; scan: ScanSource };

/** The open files of a case: one, two, or none of a scan. */
export function pathsOf(input: CaseInput): string[] {
  if (input.kind === 'scan') return [];
  return input.second === undefined ? [input.file.path] : [input.file.path, input.second];
}

/**
 * All cases of `inputs`: open files in the order of their ids, then scans in the order they are found. Throws `FileError`
 * when a path does not exist or nothing is found.
 */
export async function collectCases(inputs: readonly string[]): Promise<CaseInput[]> {
  const files = collectFiles(inputs);
  const scans = await collectScans(inputs);
  if (files.length + scans.length === 0)
    throw new FileError({
      found: `nothing to read in ${inputs.join(', ')}`,
      expected:
        'head CT (DICOM folders or zips, NIfTI, NRRD, MetaImage, VTI), bone masks, or STL and PLY meshes',
      todo: 'name the folder that holds them',
    });
  return [
    ...files.map((file): CaseInput => ({ kind: isMesh(file.path) ? 'mesh' : 'volume', file })),
    ...scans.map((scan): CaseInput => ({ kind: 'scan', scan })),
  ];
}

/** The scans among the cases of `inputs`. */
export function collectScans(inputs: readonly string[]): Promise<ScanSource[]> {
  return findScans(inputs, { withoutVolumeFiles: true });
}

/** The extension of a file that is read by its name: a volume's or a mesh's. */
function extensionOf(path: string): string | undefined {
  return volumeExtension(path) ?? READABLE_MESHES.find((e) => path.toLowerCase().endsWith(e));
}

const isMesh = (path: string): boolean => READABLE_MESHES.some((e) => path.toLowerCase().endsWith(e));

/**
 * All volume files of `inputs`: files as they are named, folders searched through (hidden files and other extensions
 * left out), in the order of their ids, each once. Throws `FileError` when a path does not exist or nothing is found.
 */
export function collectInputs(inputs: readonly string[]): InputFile[] {
  const files = collectFiles(inputs).filter((file) => !isMesh(file.path));
  if (files.length > 0) return files;
  throw new FileError({
    found: `no volume file in ${inputs.join(', ')}`,
    expected: 'NRRD, NIfTI, MetaImage or VTI files',
    todo: 'name the folder that holds the masks',
  });
}

/** Files of a known extension. A file that is named is taken whatever it is called: reading it tells what is wrong. */
function collectFiles(inputs: readonly string[]): InputFile[] {
  const found = new Map<string, string>();
  for (const input of inputs) {
    const path = resolve(input);
    let folder: boolean;
    try {
      folder = statSync(path).isDirectory();
    } catch {
      throw new FileError({
        found: `${input} does not exist`,
        expected: 'files or folders of scans, masks or meshes',
        todo: 'check the path',
      });
    }
    const root = folder ? path : dirname(path);
    for (const file of folder ? filesUnder(path) : isScanFile(path) ? [] : [path])
      if (!found.has(file)) found.set(file, idOf(relative(root, file)));
  }
  return distinguish(found).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A folder that may not be opened gives nothing here; findScans refuses it by name. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function filesUnder(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => !entry.name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      // Links are followed for files only: a linked folder may lead back up.
      if (entry.isDirectory()) return isVtkFolder(path) ? [] : filesUnder(path);
      return extensionOf(path) === undefined ? [] : [path];
    });
}

/** Leaves room for what makes ids distinct, within the 100 letters that a record's name has. */
const LONGEST_ID = 80;

/** `a/b c/Mandible.nii.gz` -> `a_b-c_Mandible`; long names keep their end and a hash of the whole. */
function idOf(path: string): string {
  const extension = extensionOf(path) ?? '';
  const stem = path.slice(0, path.length - extension.length);
  const id = stem
    .split(sep)
    .join('_')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  if (id.length > 0 && id.length <= LONGEST_ID) return id;
  const hash = createHash('sha256').update(stem).digest('hex').slice(0, 12);
  return `${hash}${id.slice(12 - LONGEST_ID)}`;
}

/**
 * Files of one id take as many of the folders above them into it as tell them apart (`test_m` and `validation_m`), and
 * files that differ in their extension only, the extension. Nothing depends on where the data lies on this machine,
 * beyond those folders' names.
 */
function distinguish(found: ReadonlyMap<string, string>): InputFile[] {
  const groups = new Map<string, string[]>();
  for (const [path, id] of found) groups.set(id, [...(groups.get(id) ?? []), path]);
  return [...groups].flatMap(([id, paths]) => {
    if (paths.length === 1) return [{ path: paths[0], id }];
    const typed = paths.map((path) => ({ path, id: `${id}-${extensionOf(path)!.slice(1)}` }));
    if (new Set(typed.map((f) => f.id)).size === paths.length) return typed;
    for (let n = 2; ; n++) {
      const named = paths.map((path) => ({ path, id: idOf(path.split(sep).slice(-n).join(sep)) }));
      const distinct = new Set(named.map((f) => f.id)).size === paths.length;
      if (distinct && named.every((f) => !groups.has(f.id))) return named;
      if (n > Math.max(...paths.map((path) => path.split(sep).length)))
        return paths.map((path) => ({ path, id: `${idOf(path)}-${extensionOf(path)!.slice(1)}` }));
    }
  });
}

/** What is known of a file besides its voxels. */
export interface CaseFacts {
  subject: string;
  quality?: number;
  /** The subject is a name that the user chose, from a table: kept as it is. */
  chosen?: boolean;
  /** Files of one subject that are given the same name here are one case. */
  case?: string;
}

/** Whose bone a file is; undefined where that is not known. */
export interface SubjectsOf {
  (file: InputFile): CaseFacts | undefined;
  /** Lines of the table that named none of the files asked for so far. */
  unused?: () => number[];
}

/**
 * Subjects by a regular expression with one capture group, matched against the whole path with forward slashes:
 * `(0522c\d+|TCGA-CV-\w+)` makes one subject of the folders 0522c0727a and 0522c0727b. Throws `UsageError` for a pattern
 * that is no regular expression or has not exactly one group.
 */
export function subjectsByPattern(pattern: string): SubjectsOf {
  let regex: RegExp;
  let groups = 0;
  try {
    regex = new RegExp(pattern);
    groups = new RegExp(`${pattern}|`).exec('')!.length - 1;
  } catch (cause) {
    throw patternError(
      `the subject pattern ${pattern} is no regular expression (${(cause as Error).message})`,
    );
  }
  if (groups !== 1) throw patternError(`the subject pattern ${pattern} has ${groups} capture groups`);
  return (file) => {
    const subject = regex.exec(file.path.split(sep).join('/'))?.[1];
    return subject ? { subject } : undefined;
  };
}

function patternError(found: string): UsageError {
  return new UsageError({
    found,
    expected: 'a regular expression with one group in parentheses that catches the subject in the path',
    todo: "for masks/ID/Mandible.nrrd give --subject-pattern 'masks/([^/]+)/'",
  });
}

/**
 * Subjects and qualities by a table: CSV with the columns file and subject, and if wanted quality and case, where `file` is a
 * base name, a path's end, or a case id. Throws `FileError` when it cannot be read or a row is wrong: an empty cell, a
 * quality that is none, a case of more than two files or of two subjects; and when two rows that name one file differ.
 */
export function subjectsByTable(path: string): SubjectsOf {
  const { columns, rows } = readTable(path, TABLE);
  if (!columns.includes('file') || !columns.includes('subject'))
    throw tableError(`${path} has the header "${columns.join(',')}"`, TABLE);
  const facts = new Map<string, CaseFacts & { line: number }>();
  const cases = new Map<string, { subject: string; files: number }>();
  for (const { line, text, cells } of rows) {
    const [file, subject, q, together] = ['file', 'subject', 'quality', 'case'].map((c) => cells.get(c));
    const quality = q ? Number(q) : undefined;
    const sound = quality === undefined || (Number.isInteger(quality) && quality >= 2 && quality <= 6);
    if (!file || !subject || !sound) throw tableError(`${path} line ${line} reads "${text}"`, TABLE);
    if (together) {
      const own = cases.get(together) ?? { subject, files: 0 };
      cases.set(together, { ...own, files: own.files + 1 });
      const wrong =
        own.subject !== subject ? 'of two subjects' : own.files > 1 ? 'of more than two files' : undefined;
      if (wrong !== undefined)
        throw tableError(`${path} line ${line} makes a case ${wrong}: "${text}"`, TABLE);
    }
    const row = { subject, quality, chosen: true, line, ...(together && { case: together }) };
    const earlier = facts.get(file);
    if (earlier !== undefined) alike(path, earlier, row);
    facts.set(file, row);
  }
  const used = new Set<number>();
  const subjects = (input: InputFile): CaseFacts | undefined => {
    const rows = [...namesOf(input.path), input.id].map((n) => facts.get(n)).filter((r) => r !== undefined);
    for (const row of rows) {
      used.add(row.line);
      alike(path, rows[0], row);
    }
    if (rows.length === 0) return undefined;
    const { line: _, ...row } = rows[0];
    return row;
  };
  return Object.assign(subjects, {
    unused: () => [...facts.values()].map((row) => row.line).filter((line) => !used.has(line)),
  });
}

/** Throws `FileError` unless two rows of a table that name one file say the same of it. */
function alike(path: string, a: CaseFacts & { line: number }, b: CaseFacts & { line: number }): void {
  if (a.subject === b.subject && a.quality === b.quality && a.case === b.case) return;
  const [first, second] = [a.line, b.line].sort((x, y) => x - y);
  throw tableError(
    `${path} lines ${first} and ${second} name one file and differ in what they say of it`,
    'one subject, quality and case a file',
  );
}

const TABLE =
  'a CSV file with the columns file,subject and, if wanted, quality (2..6) and case (the same for the two files of one case)';

/** What a table may call a path: the whole of it, or its end, from the longest to the base name. */
export function namesOf(path: string): string[] {
  const parts = path.split(sep);
  return parts.map((_, i) => parts.slice(i).join('/'));
}
