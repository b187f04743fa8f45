/**
 * Whether a case would end as it did before, made or refused: by the parameters that decide it, and by what its files look
 * like from outside (size, time of change; a hash, so that neither can be read off). Nothing is opened for it.
 */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageVersion } from '../files/version.ts';
import { weightsFile } from '../files/weightsFile.ts';
import type { ScanSource } from '../volume/scan/index.ts';
import { type CaseInput, pathsOf } from './inputs.ts';
import type { MakeOptions } from './makeCase.ts';

/** A hash of all that decides what becomes of a file's content, this version of the program included. */
export function parametersHash(options: MakeOptions): string {
  const { grid, spacing, threshold, label, components, frame, meshSpace, cut, maxCut } = options;
  const { maxSliceSpacing, minSlices, longestRun, alignTo, landmarks, aligner } = options;
  const files = [alignTo, landmarks].map((path) => (path === undefined ? null : lookOf([path])));
  return hash([
    packageVersion(),
    [grid, spacing, threshold, label, components, frame, meshSpace, cut, maxCut],
    [maxSliceSpacing, minSlices, longestRun],
    files,
    ...(aligner === undefined ? [] : [lookOf([weightsFile(aligner)])]),
  ]);
}

/** A hash of the files of a case; undefined when they cannot be looked at, or when what was found needs no reading. */
export function filesHash(input: CaseInput): string | undefined {
  if (input.kind !== 'scan') return lookOf(pathsOf(input).flatMap(withCompanions));
  return lookOf(filesOf(input.scan), [input.scan.key, input.scan.files]);
}

/** A header whose voxels lie in another file: all files beside it, for only reading tells which. */
function withCompanions(path: string): string[] {
  if (!/\.(mhd|nhdr)$/i.test(path)) return [path];
  try {
    const beside = readdirSync(dirname(path), { withFileTypes: true }).filter((e) => e.isFile());
    return beside.map((e) => join(dirname(path), e.name));
  } catch {
    return [path];
  }
}

/** The files on disk that a scan lies in. */
function filesOf({ content }: ScanSource): string[] {
  const disk = (name: string) => name.split('\0')[0];
  if (content.kind === 'dicom') return content.slices.map((s) => disk(s.item.name));
  if (content.kind === 'packed') return content.items.map((i) => disk(i.name));
  if (content.kind === 'vtk') return [...content.items.values()].map((i) => disk(i.name));
  return content.kind === 'file' ? [content.path] : [];
}

/** What files look like from outside, as a hash; undefined where there are none, or one cannot be looked at. */
export function lookOf(paths: readonly string[], more: unknown[] = []): string | undefined {
  const unique = [...new Set(paths)].sort();
  if (unique.length === 0) return undefined;
  try {
    // The time of change goes with permissions too.
    const looks = unique.map((path) => {
      const { size, mtimeMs, ctimeMs } = statSync(path);
      return [size, mtimeMs, ctimeMs];
    });
    return hash([looks, more]);
  } catch {
    return undefined;
  }
}

function hash(of: unknown): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 16);
}

/**
 * True for an error that another try may not meet: the system refused (permissions, a network drive, too many open files).
 * Its code is in the error, or in what caused it.
 */
export function isTransient(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause)
    if (/^E[A-Z0-9]+$/.test((e as NodeJS.ErrnoException).code ?? '')) return true;
  return false;
}
