import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FileError, VolumeError } from '../../../src/errors.ts';
import { multiply3, rotationAbout } from '../../../src/volume/geometry.ts';
import { readVolume } from '../../../src/volume/io/index.ts';
import type { Volume } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';
import { put } from '../scan/phantom.ts';
import { type VtiForm, writeVti } from './writeVti.ts';

/** No symmetry, turned about two axes: a transposed direction shows. */
const volume: Volume<Int16Array> = {
  data: Int16Array.from({ length: 60 }, (_, i) => ((i * 7919) % 4001) - 1024),
  size: [3, 4, 5],
  spacing: [0.5, 0.75, 1.25],
  origin: [-10, 20, 5.5],
  direction: multiply3(rotationAbout(2, 0.4), rotationAbout(0, 0.2)),
};

async function readBytes(bytes: Uint8Array): Promise<Volume> {
  const path = join(temporaryFolder(), 'a.vti');
  writeFileSync(path, bytes);
  return readVolume(path);
}

function expectSame(read: Volume, truth: Volume): void {
  expect([...read.data]).toEqual([...truth.data]);
  expect(read.data.constructor).toBe(truth.data.constructor);
  expect(read.size).toEqual(truth.size);
  for (const key of ['spacing', 'origin', 'direction'] as const)
    read[key].forEach((x, i) => {
      expect(x).toBeCloseTo(truth[key][i], 6);
    });
}

const forms: VtiForm[] = [
  { format: 'ascii' },
  ...[false, true].flatMap((zlib) =>
    [false, true].flatMap((wide): VtiForm[] => [
      { format: 'binary', zlib, wide },
      { format: 'appended', encoding: 'raw', zlib, wide, big: wide },
      { format: 'appended', encoding: 'base64', zlib, wide, start: [2, -1, 7] },
    ]),
  ),
];

describe('VTK image data', () => {
  it.each(forms)('XML: %o', async (form) => {
    expectSame(await readBytes(writeVti(volume, form)), volume);
  });

  it('floats and bytes', async () => {
    for (const data of [
      Float32Array.from(volume.data, (v) => v / 3),
      Uint8Array.from(volume.data, (v) => v & 255),
    ])
      expectSame(await readBytes(writeVti({ ...volume, data }, { zlib: true, big: true })), {
        ...volume,
        data,
      });
  });

  it('the folder of vtk.js: three numbers after another are an axis, gzipped or not, either byte order', async () => {
    const d = volume.direction;
    for (const big of [false, true]) {
      const bytes = Buffer.from(Int16Array.from(volume.data).buffer);
      if (big) bytes.swap16();
      const index = {
        vtkClass: 'vtkImageData',
        origin: volume.origin,
        spacing: volume.spacing,
        extent: [0, 2, 0, 3, 0, 4],
        direction: [d[0], d[3], d[6], d[1], d[4], d[7], d[2], d[5], d[8]],
        pointData: {
          arrays: [
            {
              data: {
                dataType: 'Int16Array',
                numberOfComponents: 1,
                ref: { encode: big ? 'BigEndian' : 'LittleEndian', basepath: 'data', id: 'ab12' },
              },
            },
          ],
        },
      };
      const name = big ? 'h.vti/data/ab12' : 'h.vti/data/ab12.gz';
      const files = { 'h.vti/index.json': JSON.stringify(index), [name]: big ? bytes : gzipSync(bytes) };
      expectSame(await readVolume(join(put(temporaryFolder(), files), 'h.vti')), volume);
      const away = JSON.stringify(index)
        .replace('"data"', '"../../etc"')
        .replace('"basepath":"data"', '"basepath":".."');
      const dir = put(temporaryFolder(), { ...files, 'h.vti/index.json': away });
      await expect(readVolume(join(dir, 'h.vti'))).rejects.toThrow(
        /leads out of the folder|incomplete|cannot be/,
      );
    }
  });

  it('refuses what is cut, of several values a voxel, sheared, packed otherwise or no image', async () => {
    const whole = writeVti(volume, { zlib: true });
    for (const keep of [0, 10, 300, whole.length >> 1, whole.length - 60])
      await expect(readBytes(whole.subarray(0, keep)), `${keep} bytes`).rejects.toThrow(FileError);
    const text = writeVti(volume, { format: 'ascii' }).toString();
    const change = (from: string | RegExp, to: string) => readBytes(Buffer.from(text.replace(from, to)));
    await expect(change('Name="scan"', 'Name="scan" NumberOfComponents="3"')).rejects.toThrow(VolumeError);
    await expect(change(/Direction="[^"]*"/, 'Direction="1 0.5 0 0 1 0 0 0 1"')).rejects.toThrow(
      /perpendicular/,
    );
    await expect(change(/Spacing="[^"]*"/, 'Spacing="1 0 1"')).rejects.toThrow(VolumeError);
    await expect(change(/Spacing="[^"]*"/, '')).rejects.toThrow(/geometry is incomplete/);
    await expect(change('ImageData"', 'PolyData"')).rejects.toThrow(/no image/);
    await expect(change('Extent="0 2', 'Extent="0 200000')).rejects.toThrow(FileError);
    await expect(change('type="Int16"', 'type="String"')).rejects.toThrow(/a type that is not read/);
    const lz4 = Buffer.from(whole.toString('latin1').replace('vtkZLib', 'vtkLZ4'), 'latin1');
    await expect(readBytes(lz4)).rejects.toThrow(/another method than zlib/);
    await expect(readVolume('/nowhere/a.vti')).rejects.toThrow(/ENOENT/);
  });
});
