/**
 * A dataset folder, opened: its manifest, and its masks on demand. Every mask is checked against the SHA-256 and the
 * size that the manifest gives, so that a damaged or exchanged file is never trained on.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DatasetError } from '../errors.ts';
import { type Grid, type Mask, voxelCount } from '../volume/volume.ts';
import { type DatasetCase, type DatasetManifest, manifestGrid, readManifest } from './manifest.ts';
import { packedLength, unpackBits } from './pack.ts';
import type { Split } from './split.ts';

/** The SHA-256 of packed bits, in hex. */
export function bitsHash(bits: Uint8Array): string {
  return createHash('sha256').update(bits).digest('hex');
}

export interface Dataset {
  readonly dir: string;
  readonly manifest: DatasetManifest;
  readonly grid: Grid;
  readonly cases: readonly DatasetCase[];
  /** The cases of one side, in the manifest's order. */
  split(name: Split): DatasetCase[];
  /** The packed bits of a case (see pack.ts), verified. Throws `DatasetError`. */
  loadBits(c: DatasetCase): Uint8Array;
  /** The mask of a case on the dataset's grid, verified. Throws `DatasetError`. */
  loadMask(c: DatasetCase): Mask;
}

/** Opens a dataset folder. Throws `DatasetError` when it is missing, unfinished or contradicts itself. */
export function openDataset(dir: string): Dataset {
  const folder = resolve(dir);
  const manifest = readManifest(folder);
  const grid = manifestGrid(manifest);
  const loadBits = (c: DatasetCase): Uint8Array => readBits(folder, c, voxelCount(grid.size));
  return {
    dir: folder,
    manifest,
    grid,
    cases: manifest.cases,
    split: (name) => manifest.cases.filter((c) => c.split === name),
    loadBits,
    loadMask: (c) => maskOf(grid, loadBits(c)),
  };
}

/** The same dataset, each mask read and verified once: its bits stay in memory from then on, 1 bit a voxel. */
export function readOnce(dataset: Dataset): Dataset {
  const known = new Map<string, Uint8Array>();
  const loadBits = (c: DatasetCase): Uint8Array => {
    const bits = known.get(c.id) ?? dataset.loadBits(c);
    known.set(c.id, bits);
    return bits;
  };
  return { ...dataset, loadBits, loadMask: (c) => maskOf(dataset.grid, loadBits(c)) };
}

const maskOf = (grid: Grid, bits: Uint8Array): Mask => ({
  ...grid,
  data: unpackBits(bits, voxelCount(grid.size)),
});

/** Reads, unzips and verifies one volume file. Throws `DatasetError` naming the file. */
export function readBits(dir: string, c: Pick<DatasetCase, 'volume' | 'sha256'>, voxels: number): Uint8Array {
  const path = join(dir, c.volume);
  let bits: Uint8Array;
  try {
    // Bounded: a damaged or hostile file must not inflate without end.
    bits = gunzipSync(readFileSync(path), { maxOutputLength: packedLength(voxels) + 1 });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw damaged(path, code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`, cause);
  }
  if (bits.length !== packedLength(voxels))
    throw damaged(path, `holds ${bits.length} bytes, not ${packedLength(voxels)}`);
  if (bitsHash(bits) !== c.sha256) throw damaged(path, 'does not have the SHA-256 that the manifest gives');
  return bits;
}

function damaged(path: string, what: string, cause?: unknown): DatasetError {
  return new DatasetError(
    {
      found: `${path} ${what}`,
      expected: 'the volume as it was written when the dataset was made',
      todo: 'run the command that made the dataset again: whole cases are kept, this one is made anew',
    },
    { cause },
  );
}
