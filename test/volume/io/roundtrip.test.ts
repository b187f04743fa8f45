import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FileError, VolumeError } from '../../../src/errors.ts';
import { extensions, readVolume, writableExtensions, writeVolume } from '../../../src/volume/io/index.ts';
import { encodeNifti } from '../../../src/volume/io/nifti.ts';
import { type Mat3, type Volume, type VoxelArray, voxelToWorld } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/volume');
interface Case {
  file: string;
  direction: Mat3;
  index: [number, number, number];
  worldLps: number[];
  value: number;
  quaternion: number[];
  sform: number[];
}
const expected: Pick<Volume, 'size' | 'spacing' | 'origin'> & { data: number[]; cases: Case[] } = JSON.parse(
  readFileSync(join(FIXTURES, 'expected.json'), 'utf8'),
);

/** The fixture's volume: no symmetry, three different spacings, so that any flip or swap of axes shows. */
function fixture(data: VoxelArray = Int16Array.from(expected.data), direction?: Mat3): Volume {
  const { size, spacing, origin } = expected;
  return { data, size, spacing, origin, direction: direction ?? expected.cases[0].direction };
}

function expectSame(read: Volume, volume: Volume): void {
  expect([...read.data]).toEqual([...volume.data]);
  expect(read.size).toEqual(volume.size);
  for (const key of ['spacing', 'origin', 'direction'] as const)
    read[key].forEach((x, i) => {
      expect(x).toBeCloseTo(volume[key][i], 5);
    });
}

describe('readVolume', () => {
  it.each(expected.cases)("puts nibabel's $file where nibabel puts it, in LPS", async (c) => {
    const volume = await readVolume(join(FIXTURES, c.file));
    expectSame(volume, fixture(undefined, c.direction));
    voxelToWorld(volume, c.index[0], c.index[1], c.index[2]).forEach((x, i) => {
      expect(x).toBeCloseTo(c.worldLps[i], 4);
    });
    const [nx, ny] = volume.size;
    expect(volume.data[c.index[0] + nx * (c.index[1] + ny * c.index[2])]).toBe(c.value);
  });

  it('honours byte order, slope and intercept', async () => {
    const volume = await readVolume(join(FIXTURES, 'big-endian-slope.nii'));
    expectSame(volume, fixture(Float32Array.from(expected.data, (v) => 2 * v - 7)));
  });

  it('refuses a sheared affine and a series of volumes', async () => {
    await expect(readVolume(join(FIXTURES, 'sheared.nii.gz'))).rejects.toThrow(/not perpendicular/);
    await expect(readVolume(join(FIXTURES, 'sheared.nii.gz'))).rejects.toThrow(VolumeError);
    await expect(readVolume(join(FIXTURES, 'four-d.nii.gz'))).rejects.toThrow(/3x4x5x2 voxels/);
  });

  it('refuses what is no volume file', async () => {
    await expect(readVolume('scan.dcm')).rejects.toThrow(/extension/);
    await expect(readVolume('missing.nrrd')).rejects.toThrow(/missing.nrrd cannot be opened \(ENOENT\)/);
  });
});

describe('writeVolume', () => {
  const types: VoxelArray[] = [
    Uint8Array.from(expected.data, (v) => v + 100),
    Int8Array.from(expected.data, (v) => v >> 1),
    Uint16Array.from(expected.data, (v) => v * 150 + 15000),
    Int16Array.from(expected.data),
    Uint32Array.from(expected.data, (v) => (v + 100) * 1e7),
    Int32Array.from(expected.data, (v) => v * 1e7),
    Float32Array.from(expected.data, (v) => v / 3),
    Float64Array.from(expected.data, (v) => v / 3),
  ];
  it.each(writableExtensions)('%s: ITK reads back every type, in place', async (extension) => {
    const dir = temporaryFolder();
    for (const data of types) {
      const path = join(dir, `a b${data.constructor.name}${extension}`);
      await writeVolume(path, fixture(data));
      const read = await readVolume(path);
      expect(read.data.constructor).toBe(data.constructor);
      expectSame(read, fixture(data));
    }
  });

  it.each(writableExtensions)('%s: keeps a left-handed grid left-handed', async (extension) => {
    const path = join(temporaryFolder(), `mirrored${extension}`);
    const volume = fixture(undefined, expected.cases[1].direction);
    await writeVolume(path, volume);
    expectSame(await readVolume(path), volume);
  });

  it('writes the voxels of a view, not of the buffer under it, and the same bytes each time', async () => {
    const dir = temporaryFolder();
    const view = new Int16Array(200).subarray(40, 160);
    view.set(expected.data);
    for (const extension of writableExtensions) {
      await writeVolume(join(dir, `a${extension}`), fixture(view));
      await writeVolume(join(dir, `b${extension}`), fixture());
      expect(readFileSync(join(dir, `a${extension}`))).toEqual(readFileSync(join(dir, `b${extension}`)));
    }
  });

  it('gives NIfTI the affine and quaternion that nibabel gives it', () => {
    for (const c of expected.cases) {
      const bytes = encodeNifti(fixture(undefined, c.direction), false);
      const view = new DataView(bytes.buffer);
      c.sform.forEach((x, i) => {
        expect(view.getFloat32(280 + 4 * i, true)).toBeCloseTo(x, 5);
      });
      c.quaternion.forEach((x, i) => {
        expect(view.getFloat32(256 + 4 * i, true)).toBeCloseTo(x, 5);
      });
    }
  });

  it('refuses an unknown extension and an impossible grid', async () => {
    await expect(writeVolume('/tmp/x.stl', fixture())).rejects.toThrow(FileError);
    await expect(writeVolume('/tmp/x.nrrd', { ...fixture(), spacing: [1, 0, 1] })).rejects.toThrow(
      VolumeError,
    );
  });
});

describe('damaged files', () => {
  it.each(writableExtensions)(
    '%s: cut anywhere, it is refused and the console stays clean',
    async (extension) => {
      const dir = temporaryFolder();
      const path = join(dir, `whole${extension}`);
      await writeVolume(path, fixture());
      const bytes = readFileSync(path);
      const spies = (['log', 'warn', 'error', 'info'] as const).map((name) => vi.spyOn(console, name));
      const cut = join(dir, `cut${extension}`);
      for (const keep of [0, 1, 10, 60, bytes.length >> 1, bytes.length - 20]) {
        writeFileSync(cut, bytes.subarray(0, keep));
        await expect(readVolume(cut), `${keep} of ${bytes.length} bytes`).rejects.toThrow(FileError);
      }
      // Without its very last byte NRRD's gzip still holds every voxel: either answer is right, another volume is not.
      writeFileSync(cut, bytes.subarray(0, bytes.length - 1));
      const last = await readVolume(cut).catch((error) => error);
      if (!(last instanceof FileError)) expectSame(last, fixture());
      for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    },
  );

  it.each(['.nrrd', '.nii.gz', '.mha'])('%s: a flipped bit in the data is noticed', async (extension) => {
    const path = join(temporaryFolder(), `a${extension}`);
    await writeVolume(path, fixture());
    const bytes = readFileSync(path);
    for (const back of [30, 6]) {
      const spoilt = Uint8Array.from(bytes);
      spoilt[spoilt.length - back] ^= 8;
      writeFileSync(path, spoilt);
      await expect(readVolume(path), `${back} bytes from the end`).rejects.toThrow(FileError);
    }
  });

  it('random bytes are refused in every format', async () => {
    const dir = temporaryFolder();
    for (const extension of extensions) {
      const path = join(dir, `r${extension}`);
      writeFileSync(
        path,
        Uint8Array.from({ length: 3000 }, (_, i) => (i * i * 7919) >> 3),
      );
      await expect(readVolume(path), extension).rejects.toThrow(FileError);
    }
  });

  it.each([
    ['space directions: [^\n]*\n', '', VolumeError, /how far apart/],
    ['sizes: (\\d+)', 'sizes: $1.5', FileError, /has the sizes/],
    ['sizes: (\\d+)', 'sizes: -$1', FileError, /has the sizes/],
    ['sizes: [^\n]*\n', '', FileError, /has the sizes ""/],
    ['left-posterior-superior', 'left-anterior-superior', VolumeError, /the space "left-anterior-superior"/],
    ['left-posterior-superior', 'LAS', VolumeError, /the space "LAS"/],
    ['left-posterior-superior', 'scanner-xyz', VolumeError, /the space "scanner-xyz"/],
  ])('an NRRD header with %s as "%s" is refused, not guessed at', async (field, by, kind, told) => {
    const path = join(temporaryFolder(), 'a.nrrd');
    await writeVolume(path, fixture());
    const whole = readFileSync(path, 'latin1');
    const altered = whole.replace(new RegExp(field), by);
    expect(altered).not.toBe(whole);
    writeFileSync(path, altered, 'latin1');
    const error = await readVolume(path).catch((e) => e);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(told);
  });
});
