/** A small head of no symmetry, so that any flip, swap or shift of voxels shows, and the check that it came through. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { multiply3, rotationAbout, worldToVoxel } from '../../../src/volume/geometry.ts';
import { findScans, readScan, type Scan, type ScanOptions } from '../../../src/volume/scan/index.ts';
import { type Mat3, type Volume, voxelToWorld } from '../../../src/volume/volume.ts';
import type { Phantom } from './writeDicom.ts';

/** Turned about all three axes: rows, columns and slices lie obliquely, as in a head that is not straight. */
export const OBLIQUE: Mat3 = multiply3(
  multiply3(rotationAbout(2, 0.3), rotationAbout(0, -0.2)),
  rotationAbout(1, 0.15),
);

/** HU by voxel: no two voxels of a neighbourhood alike, air and bone among them. */
export function hu(i: number, j: number, k: number): number {
  return -1000 + 37 * i + 101 * j + 7 * k + ((i * 5 + j * 3 + k * 11) % 13);
}

export function phantom(direction: Mat3 = OBLIQUE): Phantom {
  return { size: [7, 6, 18], spacing: [0.8, 1.1, 1.5], origin: [-12.5, 30.25, -61], direction, hu };
}

/** Writes files into a folder by their names. */
export function put(dir: string, files: Record<string, Uint8Array | string>): string {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return dir;
}

/** Names for the files of a series that sort in another order than the slices lie. */
export function named(files: readonly Uint8Array[]): Record<string, Uint8Array> {
  return Object.fromEntries(files.map((bytes, k) => [`IM${(k * 7) % files.length}_${k}`, bytes]));
}

/** The one scan under a path. */
export async function scanOf(path: string, options?: ScanOptions): Promise<Scan> {
  const sources = await findScans([path]);
  expect(sources).toHaveLength(1);
  return readScan(sources[0], options);
}

/** Every voxel of the volume has the value that the phantom has at its place in the patient. */
export function expectPhantom(volume: Volume, truth: Phantom, tolerance = 0): void {
  expect([...volume.size].sort()).toEqual([...truth.size].sort());
  const [nx, ny, nz] = volume.size;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        const index = worldToVoxel(truth, voxelToWorld(volume, i, j, k));
        const near = index.map(Math.round);
        index.forEach((x, a) => {
          if (Math.abs(x - near[a]) > 1e-3) throw new Error(`voxel ${i},${j},${k} lies at ${index}`);
        });
        const value = volume.data[i + nx * (j + ny * k)];
        const wanted = truth.hu(near[0], near[1], near[2]);
        if (Math.abs(value - wanted) > tolerance)
          throw new Error(`voxel ${i},${j},${k} is ${value}, not ${wanted}`);
      }
}
