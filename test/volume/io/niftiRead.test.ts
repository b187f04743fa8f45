/** Voxels taken from a NIfTI file as they lie are those that ITK decodes, in the same place; the rest goes through ITK. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { decode } from '../../../src/volume/io/itk.ts';
import { encodeNifti } from '../../../src/volume/io/nifti.ts';
import { readNifti } from '../../../src/volume/io/nifti-read.ts';
import type { Volume } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';

const random = new RandomStream(5, 'test/nifti', 0);
const KINDS = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
];

function volume(Kind: (typeof KINDS)[number]): Volume {
  return {
    size: [5, 3, 4],
    spacing: [0.4 + random.uniform(), 0.7, 2.5],
    origin: [10 * random.uniform(), -20, 700],
    direction: rotationAbout(2, 6 * random.uniform()),
    data: Kind.from(Array.from({ length: 60 }, () => Math.floor(120 * random.uniform()))),
  };
}

async function expectAsItk(path: string): Promise<void> {
  const [ours, itk] = [await readNifti(path), await decode(path, 'nifti')];
  expect(ours.data).toEqual(itk.data);
  expect(ours.data!.constructor).toBe(itk.data!.constructor);
  for (const key of ['size', 'spacing', 'origin', 'direction'] as const)
    expect([...ours[key]], key).toEqual([...itk[key]]);
}

it.each(KINDS)('%o, plain and packed', async (Kind) => {
  for (const name of ['a.nii', 'a.nii.gz']) {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), encodeNifti(volume(Kind), name.endsWith('.gz')));
    await expectAsItk(join(folder, name));
  }
});

/** Offsets are those of nifti1.h: forms 252 and 254, unit 123, sign of the quaternion 76, rank 40, scaling 112, start 108. */
const HEADERS: Record<string, (b: Buffer) => Buffer | number> = {
  'quaternion alone': (b) => b.writeInt16LE(0, 254),
  'affine alone': (b) => b.writeInt16LE(0, 252),
  'another space': (b) => b.writeInt16LE(2, 254),
  microns: (b) => b.writeUInt8(3, 123),
  'left-handed quaternion': (b) => b.writeInt16LE(0, 254) + b.writeFloatLE(-1, 76),
  'a fourth dimension of one': (b) => b.writeInt16LE(4, 40),
  'no scaling, as NiBabel says it': (b) => b.writeFloatLE(Number.NaN, 112) + b.writeFloatLE(Number.NaN, 116),
  scaled: (b) => b.writeFloatLE(2, 112) + b.writeFloatLE(-7, 116),
  'an extension before the voxels': (b) => {
    b.writeFloatLE(368, 108);
    return Buffer.concat([b.subarray(0, 352), Buffer.alloc(16), b.subarray(352)]);
  },
};

it.each(Object.entries(HEADERS))('%s', async (_, change) => {
  const path = join(temporaryFolder(), 'a.nii.gz');
  const bytes = Buffer.from(encodeNifti(volume(Int16Array), false));
  const changed = change(bytes);
  writeFileSync(path, gzipSync(typeof changed === 'number' ? bytes : changed));
  await expectAsItk(path);
});

it('a packed file beside an unpacked one of its name is read itself, scaled or not', async () => {
  const folder = temporaryFolder();
  const [one, other] = [volume(Int16Array), volume(Int16Array)];
  const scaled = Buffer.from(encodeNifti(other, false));
  scaled.writeFloatLE(2, 112);
  writeFileSync(join(folder, 'a.nii'), encodeNifti(one, false));
  for (const bytes of [Buffer.from(encodeNifti(other, true)), gzipSync(scaled)]) {
    writeFileSync(join(folder, 'a.nii.gz'), bytes);
    const { data } = await readNifti(join(folder, 'a.nii.gz'));
    const factor = bytes.equals(gzipSync(scaled)) ? 2 : 1;
    expect(Array.from(data as Int16Array)).toEqual(Array.from(other.data, (v) => factor * v));
  }
});

/** The file as NIfTI-2, by the two headers' offsets; `big`: with the bytes of every number turned round. */
function asNifti2(one: Buffer, big = false): Buffer {
  const out = Buffer.alloc(544);
  const real = (at: number, v: number) => (big ? out.writeDoubleBE(v, at) : out.writeDoubleLE(v, at));
  const int = (at: number, v: number) => (big ? out.writeInt32BE(v, at) : out.writeInt32LE(v, at));
  const long = (at: number, v: number) =>
    big ? out.writeBigInt64BE(BigInt(v), at) : out.writeBigInt64LE(BigInt(v), at);
  const short = (at: number, v: number) => (big ? out.writeInt16BE(v, at) : out.writeInt16LE(v, at));
  int(0, 540);
  out.write('n+2\0\r\n\x1a\n', 4, 'latin1');
  short(12, one.readInt16LE(70));
  short(14, one.readInt16LE(72));
  for (let d = 0; d < 8; d++) {
    long(16 + 8 * d, one.readInt16LE(40 + 2 * d));
    real(104 + 8 * d, one.readFloatLE(76 + 4 * d));
  }
  long(168, 544);
  for (const [to, count, from] of [
    [176, 2, 112],
    [352, 6, 256],
    [400, 12, 280],
  ])
    for (let i = 0; i < count; i++) real(to + 8 * i, one.readFloatLE(from + 4 * i));
  int(344, one.readInt16LE(252));
  int(348, one.readInt16LE(254));
  int(500, one[123]);
  const voxels = Buffer.from(one.subarray(352));
  if (big) voxels.swap16();
  return Buffer.concat([out, voxels]);
}

it.each([
  ['plain', false, 1, 'a.nii'],
  ['packed', false, 1, 'a.nii.gz'],
  ['scaled', false, 2, 'a.nii.gz'],
  ['big-endian', true, 1, 'a.nii'],
] as const)('NIfTI-2, %s, says what NIfTI-1 says', async (_, big, slope, name) => {
  const folder = temporaryFolder();
  const one = Buffer.from(encodeNifti(volume(Int16Array), false));
  one.writeFloatLE(slope, 112);
  const two = asNifti2(one, big);
  writeFileSync(join(folder, 'one.nii'), one);
  writeFileSync(join(folder, name), name.endsWith('gz') ? gzipSync(two) : two);
  const [a, b] = [await readNifti(join(folder, 'one.nii')), await readNifti(join(folder, name))];
  expect(b.data).toEqual(a.data);
  for (const key of ['size', 'spacing', 'origin', 'direction'] as const) expect(b[key]).toEqual(a[key]);
});

it('NaN where the decoder would make it 0 is refused', async () => {
  const folder = temporaryFolder();
  const scaled = volume(Float32Array);
  scaled.data[7] = Number.NaN;
  scaled.data[8] = Number.POSITIVE_INFINITY;
  const bytes = Buffer.from(encodeNifti(scaled, false));
  bytes.writeFloatLE(Number.NaN, 112);
  writeFileSync(join(folder, 'a.nii'), bytes);
  // Taken as they lie, for the readers of masks and scans to refuse.
  expect((await readNifti(join(folder, 'a.nii'))).data).toEqual(scaled.data);
  bytes.writeFloatLE(2, 112);
  writeFileSync(join(folder, 'a.nii'), bytes);
  await expect(readNifti(join(folder, 'a.nii'))).rejects.toThrow(/holds 2 voxels that are NaN or infinite/);
});

it('fixtures of nibabel', async () => {
  const folder = join(import.meta.dirname, '../../fixtures/volume');
  for (const name of ['oblique.nii.gz', 'mirrored.nii.gz', 'half-turn.nii.gz', 'big-endian-slope.nii'])
    await expectAsItk(join(folder, name));
});
