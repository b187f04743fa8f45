/** Packed voxels whose checksum fails are refused, wherever the damage is. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { FileError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { readVolume } from '../../../src/volume/io/index.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';

const HEADER = `NRRD0004
type: uint8
dimension: 3
space: left-posterior-superior
sizes: 24 20 16
space directions: (1,0,0) (0,1,0) (0,0,1)
endian: little
encoding: gzip

`;

test('one damaged byte anywhere in the packed voxels', async () => {
  const path = join(temporaryFolder(), 'mask.nrrd');
  const stream = new RandomStream(4, 'test/nrrd');
  const voxels = Uint8Array.from({ length: 24 * 20 * 16 }, () => (stream.uniform() < 0.3 ? 1 : 0));
  const packed = gzipSync(voxels);
  writeFileSync(path, Buffer.concat([Buffer.from(HEADER), packed]));
  expect((await readVolume(path)).data).toEqual(voxels);
  const whole = readFileSync(path);
  for (const share of [0.2, 0.4, 0.5, 0.6, 0.8, 0.95]) {
    const bytes = Buffer.from(whole);
    bytes[HEADER.length + Math.floor(share * packed.length)] ^= 0x55;
    writeFileSync(path, bytes);
    await expect(readVolume(path), `${share}`).rejects.toThrow(FileError);
  }
});
