/** One asymmetric head in every flavour and format: each voxel must come out at the same place of the patient. */

import { join } from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { multiply3, rotationAbout } from '../../../src/volume/geometry.ts';
import { writableExtensions, writeVolume } from '../../../src/volume/io/index.ts';
import { findScans, readScan } from '../../../src/volume/scan/index.ts';
import { type Mat3, type Vec3, type Volume, voxelCount } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';
import { expectPhantom, hu, named, OBLIQUE, phantom, put, scanOf } from './phantom.ts';
import {
  ctSeries,
  ctSlice,
  type Dataset,
  decimals,
  type Flavour,
  type Phantom,
  storedPixels,
  writeDicom,
} from './writeDicom.ts';

const FLAVOURS: Record<string, Flavour> = {
  'explicit little endian, unsigned': {},
  'implicit little endian, signed': { syntax: 'implicit', signed: true },
  'explicit big endian, signed': { syntax: 'big', signed: true, rescale: () => [1, 0] },
  'explicit big endian, unsigned': { syntax: 'big' },
  deflated: { syntax: 'deflated' },
  '12 of 16 bits, overlays above': { bitsStored: 12 },
  '12 of 16 bits, signed, overlays above': { bitsStored: 12, signed: true, rescale: () => [1, 0] },
  'a rescale of its own for each slice': { rescale: (k) => [1, -1024 - 3 * k] },
};

/** The phantom's values, x fastest. */
function volumeOf(truth: Phantom): Volume<Int16Array> {
  const { size, spacing, origin, direction } = truth;
  const data = new Int16Array(voxelCount(size));
  for (let v = 0; v < data.length; v++)
    data[v] = truth.hu(v % size[0], Math.floor(v / size[0]) % size[1], Math.floor(v / (size[0] * size[1])));
  return { data, size, spacing, origin, direction };
}

describe('every voxel at its place', () => {
  it.each(Object.entries(FLAVOURS))('DICOM, %s', async (_, flavour) => {
    const dir = put(temporaryFolder(), named(ctSeries(phantom(), flavour)));
    const { volume, kind } = await scanOf(dir);
    expect(kind).toBe('ct');
    expect(volume.data).toBeInstanceOf(Int16Array);
    expectPhantom(volume, phantom());
  });

  it('DICOM, 8 bits and a slope that gives fractions', async () => {
    const truth: Phantom = { ...phantom(), hu: (i, j, k) => -900 + 4.5 * ((i * 31 + j * 7 + k * 3) % 250) };
    const flavour: Flavour = { bitsAllocated: 8, rescale: () => [4.5, -900] };
    const { volume } = await scanOf(put(temporaryFolder(), named(ctSeries(truth, flavour))));
    expect(volume.data).toBeInstanceOf(Float32Array);
    expectPhantom(volume, truth);
  });

  it('DICOM, values above 16 bits become floats, also late in the stack', async () => {
    const truth: Phantom = { ...phantom(), hu: (i, j, k) => (i + j + k === 28 ? 60000 : hu(i, j, k)) };
    const { volume } = await scanOf(put(temporaryFolder(), named(ctSeries(truth))));
    expect(volume.data).toBeInstanceOf(Float32Array);
    expectPhantom(volume, truth);
  });

  it('DICOM, feet first: slices stored from head to feet with rows running to the right', async () => {
    // Rows to the patient's right, columns to the back: n points to the feet.
    const direction: Mat3 = [-1, 0, 0, 0, 1, 0, 0, 0, -1];
    const { volume } = await scanOf(put(temporaryFolder(), named(ctSeries(phantom(direction)))));
    expect([...volume.direction]).toEqual([...direction]);
    expectPhantom(volume, phantom(direction));
  });

  it('DICOM, enhanced: one file with a header for each frame', async () => {
    const truth = phantom();
    const { '7fe00010': _, ...first } = ctSlice(truth, 0);
    const frames = Array.from({ length: truth.size[2] }, (_, k) => k).reverse();
    const groups = frames.map(
      (k): Dataset => ({
        '00209113': ['SQ', [{ '00200032': ctSlice(truth, k)['00200032'] }]],
        '00289145': [
          'SQ',
          [{ '00281052': ['DS', '-1024'], '00281053': ['DS', '1'], '00281054': ['LO', 'HU'] }],
        ],
      }),
    );
    const shared: Dataset = {
      '00189325': ['SQ', [{ '00180060': ['DS', '100'] }]],
      '00209116': ['SQ', [{ '00200037': first['00200037'] }]],
      '00289110': ['SQ', [{ '00280030': first['00280030'], '00180050': ['DS', '1.25'] }]],
    };
    const file = writeDicom({
      ...first,
      '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.2.1'],
      '00280008': ['IS', String(frames.length)],
      '52009229': ['SQ', [shared]],
      '52009230': ['SQ', groups],
      '7fe00010': ['OW', Buffer.concat(frames.map((k) => storedPixels(truth, k, {})))],
    });
    const { volume, facts } = await scanOf(put(temporaryFolder(), { enhanced: file }));
    expectPhantom(volume, truth);
    expect(facts.kVp).toBe(100);
    expect(facts.sliceThickness).toBe(1.25);
  });

  it('DICOM in a zip, in folders, without extensions, with rubbish beside it', async () => {
    const files = Object.fromEntries(
      Object.entries(named(ctSeries(phantom()))).map(([name, bytes]) => [
        `A/B ${name.length}/${name}`,
        bytes,
      ]),
    );
    const rubbish = {
      'A/README.txt': Buffer.from('x'),
      '__MACOSX/._IM1': Buffer.from('y'),
      LICENSE: Buffer.alloc(500),
    };
    const zip = zipSync({ ...files, ...rubbish });
    const dir = put(temporaryFolder(), { 'study.zip': zip, '.DS_Store': 'z', 'report.pdf': '%PDF-1.4' });
    const { volume } = await scanOf(dir);
    expectPhantom(volume, phantom());
    expectPhantom((await scanOf(join(dir, 'study.zip'))).volume, phantom());
  });

  it.each(writableExtensions)('%s, on disk and in a zip', async (extension) => {
    const dir = temporaryFolder();
    const path = join(dir, `scan${extension}`);
    await writeVolume(path, volumeOf(phantom()));
    const { volume, kind } = await scanOf(path);
    expect(kind).toBe('unknown');
    expectPhantom(volume, phantom());
    const { readFileSync } = await import('node:fs');
    put(dir, { 'zips/a.zip': zipSync({ [`x/scan${extension}`]: readFileSync(path) }) });
    expectPhantom((await scanOf(join(dir, 'zips'))).volume, phantom());
  });

  it('MHD with its data file, on disk and in a zip; the same header with other data is another scan', async () => {
    const { data, size, spacing, origin, direction: d } = volumeOf(phantom());
    const header = `ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nTransformMatrix = ${[0, 1, 2].flatMap((c) => [d[c], d[3 + c], d[6 + c]]).join(' ')}\nOffset = ${origin.join(' ')}\nElementSpacing = ${spacing.join(' ')}\nDimSize = ${size.join(' ')}\nElementType = MET_SHORT\nElementDataFile = ct.raw\n`;
    const raw = new Uint8Array(data.buffer);
    const other = raw.map((b, i) => (i % 2 ? b : b ^ 1));
    const dir = put(temporaryFolder(), {
      'a/ct.mhd': header,
      'a/ct.raw': raw,
      'b/ct.mhd': header,
      'b/ct.raw': other,
    });
    const sources = await findScans([dir]);
    expect(sources.map((s) => [s.label, s.files])).toEqual([
      [`${dir}, file 1 of 2`, 2],
      [`${dir}, file 2 of 2`, 2],
    ]);
    expectPhantom((await readScan(sources[0])).volume, phantom());
    const zip = zipSync({ 'a/ct.mhd': Buffer.from(header), 'a/ct.raw': raw, 'b/ct.raw': other });
    const packed = await scanOf(join(put(dir, { 'c/z.zip': zip }), 'c'));
    expectPhantom(packed.volume, phantom());
  });

  it('the folder form of vtk.js, on disk and in a zip', async () => {
    const { data, size, spacing, origin, direction: d } = volumeOf(phantom());
    const index = {
      vtkClass: 'vtkImageData',
      origin,
      spacing,
      extent: size.flatMap((n) => [0, n - 1]),
      direction: [0, 1, 2].flatMap((c) => [d[c], d[3 + c], d[6 + c]]),
      pointData: {
        arrays: [
          { data: { dataType: 'Int16Array', ref: { encode: 'LittleEndian', basepath: 'data', id: 'abc' } } },
        ],
      },
    };
    const files = {
      'h.vti/index.json': Buffer.from(JSON.stringify(index)),
      'h.vti/data/abc': new Uint8Array(data.buffer),
    };
    const dir = put(temporaryFolder(), files);
    expectPhantom((await scanOf(dir)).volume, phantom());
    expectPhantom((await scanOf(join(dir, 'h.vti'))).volume, phantom());
    put(dir, { 'z/z.zip': zipSync(files) });
    expectPhantom((await scanOf(join(dir, 'z'))).volume, phantom());
  });
});

describe('gantry tilt', () => {
  /** A field that is linear in the patient's space: linear interpolation gives it back exactly. */
  const field = (p: readonly number[]) => 3 * p[0] + 5 * p[1] - 2 * p[2] + 100;

  it('is sheared out: the field stays at its place, whatever the tilt (property)', async () => {
    const dir = temporaryFolder();
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: -29, max: 29, noNaN: true }),
        fc.double({ min: -20, max: 20, noNaN: true }),
        fc.constantFrom<Mat3>([1, 0, 0, 0, 1, 0, 0, 0, 1], OBLIQUE),
        async (aboutX, aboutY, direction) => {
          fc.pre(Math.hypot(aboutX, aboutY) < 28 && Math.hypot(aboutX, aboutY) > 1);
          const base: Phantom = { ...phantom(direction), size: [12, 10, 16] };
          const lean = [Math.tan((aboutY * Math.PI) / 180), Math.tan((aboutX * Math.PI) / 180)].map(
            (t) => t * 1.5,
          );
          /** Place of a voxel of the tilted scan. */
          const place = (i: number, j: number, k: number): Vec3 => {
            const index = [i + (k * lean[0]) / 0.8, j + (k * lean[1]) / 1.1, k];
            const x = index.map((v, a) => v * base.spacing[a]);
            const d = base.direction;
            return [0, 1, 2].map(
              (r) => base.origin[r] + d[3 * r] * x[0] + d[3 * r + 1] * x[1] + d[3 * r + 2] * x[2],
            ) as unknown as Vec3;
          };
          const truth: Phantom = { ...base, hu: (i, j, k) => field(place(i, j, k)) };
          const files = ctSeries(truth, {
            rescale: () => [0.03125, -900],
            tags: (k) => ({ '00200032': ['DS', decimals(place(0, 0, k))] }),
          });
          const { volume, facts } = await scanOf(put(join(dir, String(n++)), named(files)));
          const degrees = (Math.atan(Math.hypot(...lean) / 1.5) * 180) / Math.PI;
          expect(facts.gantryTilt).toBeCloseTo(degrees, 1);
          expect(facts.corrections).toContain(`gantry tilt of ${degrees.toFixed(1)} degrees sheared out`);
          const [nx, ny, nz] = volume.size;
          let inside = 0;
          for (let k = 0; k < nz; k++)
            for (let j = 0; j < ny; j++)
              for (let i = 0; i < nx; i++) {
                const value = volume.data[i + nx * (j + ny * k)];
                const d = volume.direction;
                const x = [i, j, k].map((v, a) => v * volume.spacing[a]);
                const p = [0, 1, 2].map(
                  (r) => volume.origin[r] + d[3 * r] * x[0] + d[3 * r + 1] * x[1] + d[3 * r + 2] * x[2],
                );
                // Within the scan, not at its rim, where air is mixed in.
                const q = [0, 1].map(
                  (a) =>
                    [0, 1, 2].reduce((s, r) => s + (p[r] - base.origin[r]) * d[3 * r + a], 0) - k * lean[a],
                );
                const within = q.every(
                  (v, a) => v >= -1e-6 && v <= (base.size[a] - 1) * base.spacing[a] + 1e-6,
                );
                if (!within) continue;
                inside++;
                if (Math.abs(value - field(p)) > 0.2)
                  throw new Error(`${i},${j},${k}: ${value}, ${field(p)}`);
              }
          expect(inside).toBeGreaterThan(9 * 8 * 16);
        },
      ),
      { numRuns: 12, seed: 3 },
    );
  });
});

describe('directions', () => {
  it('any rotation of the patient comes through (property)', async () => {
    const dir = temporaryFolder();
    let n = 0;
    const angle = fc.double({ min: -3.14, max: 3.14, noNaN: true });
    await fc.assert(
      fc.asyncProperty(angle, angle, angle, async (a, b, c) => {
        const direction = multiply3(multiply3(rotationAbout(0, a), rotationAbout(1, b)), rotationAbout(2, c));
        const truth = phantom(direction);
        const { volume } = await scanOf(put(join(dir, String(n++)), named(ctSeries(truth))));
        expectPhantom(volume, truth);
      }),
      { numRuns: 15, seed: 5 },
    );
  });
});
