/** Small masks and folders for the tests of the dataset. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DatasetHeader, NewCase } from '../../src/dataset/writer.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { centredGrid, type Mask, type Vec3, voxelCount } from '../../src/volume/volume.ts';

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'cranioflow-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const SIZE: Vec3 = [8, 4, 12];

export const HEADER: DatasetHeader = {
  name: 'test set',
  bone: 'skull',
  phantom: true,
  size: [8, 4, 12],
  spacing: 2,
  frame: 'Random voxels.',
};

/** Random bone on the test grid. */
export function randomMask(index: number, size: Vec3 = SIZE): Mask {
  const stream = new RandomStream(11, 'test/mask', index);
  const data = Uint8Array.from({ length: voxelCount(size) }, () => (stream.uniform() < 0.4 ? 1 : 0));
  return { ...centredGrid(size, [2, 2, 2]), data };
}

export function newCase(index: number, subject = `s${index}`): NewCase {
  return {
    id: `case-${index}`,
    subject,
    source: `phantom 1/${index}`,
    attribution: 'cranioflow',
    licence: 'Apache-2.0',
    quality: 2 + (index % 5),
  };
}
