/** What `findScans` gives: one scan each, not read yet. */
import { createHash } from 'node:crypto';
import type { ScanError } from '../../errors.ts';
import type { Slice } from './header.ts';
import type { Item } from './item.ts';

export interface ScanSource {
  /** 16 hexadecimal digits of a hash: of the series' UID, or of the file's content. The same wherever the scan lies. */
  readonly key: string;
  /** The same for scans of one patient, by the header's patient id; a hash. Undefined where the format does not say. */
  readonly subjectKey?: string;
  /** For messages: the path that was typed, and a number where it holds several. No name of a file below it. */
  readonly label: string;
  /** Files it is made of. */
  readonly files: number;
  /** Where the bytes are; only `readScan` looks into it. */
  readonly content: ScanContent;
}

export type ScanContent =
  | { kind: 'dicom'; slices: readonly Slice[] }
  /** A volume file on disk. */
  | { kind: 'file'; path: string }
  /** A volume file in a zip, the first of `items`, with the files of its folder that it may name. */
  | { kind: 'packed'; items: readonly Item[] }
  /** A folder of vtk.js: files by their names inside it. */
  | { kind: 'vtk'; items: ReadonlyMap<string, Item> }
  | { kind: 'refused'; error: ScanError; paths: readonly string[] };

/**
 * Where a scan lies: its first file (`ZIP > NAME` in a zip) and how many more there are. Such names may be a patient's: they
 * are for the user's private list alone.
 */
export function placeOf({ content, files }: ScanSource): string {
  const more = files > 1 ? ` and ${files - 1} more` : '';
  return `${firstOf(content).replace('\0', ' > ')}${more}`;
}

function firstOf(content: ScanContent): string {
  switch (content.kind) {
    case 'file':
      return content.path;
    case 'dicom':
      return content.slices[0].item.name;
    case 'refused':
      return content.paths[0];
    case 'packed':
      return content.items[0].name;
    case 'vtk':
      return [...content.items.values()][0].name;
  }
}

/** 16 hexadecimal digits of SHA-256. */
export function keyOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}
