/** What a NIfTI header says twice (spacing and qform, sform) must agree: else one of two programs reads a mirrored bone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CranioflowError } from '../../../src/errors.ts';
import { readVolume, writeVolume } from '../../../src/volume/io/index.ts';
import type { Volume } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';

const volume: Volume = {
  data: Int16Array.from({ length: 4 * 5 * 6 }, (_, i) => i),
  size: [4, 5, 6],
  spacing: [1, 2, 3],
  origin: [10, -20, 30],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

type Edit = (header: DataView) => void;
const short =
  (at: number, ...v: number[]): Edit =>
  (h) =>
    v.forEach((x, i) => {
      h.setInt16(at + 2 * i, x, true);
    });
const float =
  (at: number, ...v: number[]): Edit =>
  (h) =>
    v.forEach((x, i) => {
      h.setFloat32(at + 4 * i, x, true);
    });
/** Changes the sign of a row of the sform. */
const mirror =
  (row: number): Edit =>
  (h) => {
    for (let c = 0; c < 4; c++) {
      const at = 280 + 16 * row + 4 * c;
      h.setFloat32(at, -h.getFloat32(at, true), true);
    }
  };

/** The file with its header changed, read. */
async function read(...edits: Edit[]): Promise<Volume> {
  const path = join(temporaryFolder(), 'a.nii');
  await writeVolume(path, volume);
  const bytes = readFileSync(path);
  for (const edit of edits) edit(new DataView(bytes.buffer, bytes.byteOffset));
  writeFileSync(path, bytes);
  return readVolume(path);
}

const QFORM = 252;
const SFORM = 254;

describe('spacing and orientation of a NIfTI header', () => {
  it('is read from qform and sform, or from either alone', async () => {
    for (const edits of [[], [short(QFORM, 0)], [short(SFORM, 0)]]) {
      const { data: _d, ...grid } = await read(...edits);
      const { data: _e, ...expected } = volume;
      expect(grid).toEqual(expected);
    }
  });

  it("is the scanner's own where the affine leads to an atlas", async () => {
    const turned = await read(short(SFORM, 4), mirror(0), mirror(1));
    expect(turned.direction).toEqual(volume.direction);
  });

  it.each<[string, RegExp, Edit[]]>([
    ['a mirrored sform', /mirror image/, [mirror(0)]],
    ['a mirrored sform of another space', /mirror image/, [short(SFORM, 4), mirror(2)]],
    ['two directions in one space', /differ by 180 degrees/, [mirror(0), mirror(1)]],
    ['two spacings', /spacing 1.5 x 2 x 3 in pixdim, but 1 x 2 x 3 in its sform/, [float(80, 1.5)]],
    ['a spacing of 0', /the spacing 1 x 0 x 3/, [float(84, 0)]],
    ['a spacing of 0 without affines', /the spacing 0 x 2 x 3/, [float(80, 0), short(QFORM, 0, 0)]],
    ['a spacing that is no number', /the spacing 1 x 2 x NaN/, [float(88, Number.NaN)]],
    ['an sform of zeros', /but 0 x 2 x 3 in its sform/, [float(280, 0), short(QFORM, 0)]],
    ['neither qform nor sform', /how its voxels lie/, [short(QFORM, 0, 0)]],
  ])('%s is refused', async (_name, told, edits) => {
    const error = await read(...edits).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CranioflowError);
    expect((error as Error).message).toMatch(told);
  });
});
