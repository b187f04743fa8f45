/** What is no usable head CT is refused with its reason; what can be mended is mended and told. */

import { readdirSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { CranioflowError, FileError, ScanError } from '../../../src/errors.ts';
import { findScans, readScan, type ScanOptions } from '../../../src/volume/scan/index.ts';
import { voxelToWorld } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';
import { expectPhantom, hu, named, phantom, put, scanOf } from './phantom.ts';
import { ctSeries, ctSlice, type Dataset, decimals, writeDicom } from './writeDicom.ts';

const truth = phantom();
const position = (k: number): Dataset => ({ '00200032': ['DS', decimals(voxelToWorld(truth, 0, 0, k))] });

const only = (condition: boolean, tags: Dataset): Dataset => (condition ? tags : {});

/** Reads the phantom with other tags; the error that comes, as text. */
async function refused(tags: (k: number) => Dataset, options?: ScanOptions): Promise<string> {
  const dir = put(temporaryFolder(), named(ctSeries(truth, { tags })));
  const error = await scanOf(dir, options).catch((e) => e);
  expect(error).toBeInstanceOf(ScanError);
  expect(error.explanation.found.startsWith(`${dir}: `)).toBe(true);
  return error.explanation.found.slice(dir.length + 2);
}

describe('refused by the header', () => {
  const cases: [string, (k: number) => Dataset, RegExp][] = [
    ['MR', () => ({ '00080060': ['CS', 'MR'] }), /modality is MR/],
    ['an odd modality', () => ({ '00080060': ['CS', 'DOE^JANE'] }), /modality is not stated/],
    ['a localiser', () => ({ '00080008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'] }), /localiser/],
    ['a screenshot', () => ({ '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.7'] }), /secondary capture/],
    ['a CT dose report', () => ({ '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.88.67'] }), /no CT images/],
    ['colour', () => ({ '00280002': ['US', 3] }), /colour/],
    [
      'no position',
      (k) => ({ '00200032': k === 4 ? ['DS', ''] : position(k)['00200032'] }),
      /1 of 18 slices: no ImagePosition/,
    ],
    [
      'half a position',
      () => ({ '00200032': ['DS', '1\\2'] }),
      /no ImagePositionPatient of 3 finite numbers/,
    ],
    ['a position of NaN', () => ({ '00200032': ['DS', '1\\NaN\\3'] }), /no ImagePositionPatient of 3 finite/],
    [
      'a slope of 0',
      () => ({ '00281053': ['DS', '0'] }),
      /a RescaleSlope of 0, which makes every voxel the same/,
    ],
    ['no orientation', () => ({ '00200037': ['DS', ''] }), /no ImageOrientationPatient/],
    ['no spacing', () => ({ '00280030': ['DS', 'NaN\\1'] }), /no PixelSpacing/],
    ['zero spacing', () => ({ '00280030': ['DS', '0\\1'] }), /distance between pixels/],
    ['no rescale', () => ({ '00281053': ['DS', ''] }), /no RescaleSlope/],
    ['no Hounsfield units', () => ({ '00281054': ['LO', 'OD'] }), /something else than Hounsfield/],
    ['a skewed orientation', () => ({ '00200037': ['DS', '1\\0\\0\\0.5\\0.8\\0'] }), /perpendicular unit/],
    ['two orientations', (k) => only(k > 9, { '00200037': ['DS', '0\\1\\0\\0\\0\\1'] }), /another direction/],
    ['two pixel spacings', (k) => only(k > 9, { '00280030': ['DS', '1\\1'] }), /distance between their pix/],
    ['two sizes', (k) => only(k > 9, { '00280010': ['US', 3] }), /several sizes/],
    ['32 bits', () => ({ '00280100': ['US', 32] }), /bits/],
    ['more bits stored than there are', () => ({ '00280101': ['US', 20] }), /20 bits in 16/],
    ['frames without places', () => ({ '00280008': ['IS', '2'] }), /several frames/],
    ['thick slices', () => ({ '00180050': ['DS', '5'] }), /slices are 5 mm thick/],
    ['a huge claim', () => ({ '00280010': ['US', 4000], '00280011': ['US', 4000] }), /cut short/],
  ];
  it.each(cases)('%s', async (_, tags, message) => {
    expect(await refused(tags)).toMatch(message);
  });

  it('an unknown transfer syntax, by the header of the file', async () => {
    const packed = { transferSyntax: '1.2.840.10008.1.2.4.100', frames: [new Uint8Array(8)] };
    const files = Array.from({ length: 18 }, (_, k) => writeDicom(ctSlice(truth, k), 'explicit', packed));
    await expect(scanOf(put(temporaryFolder(), named(files)))).rejects.toThrow(/transfer syntax that is not/);
  });
});

describe('refused or mended by the places of the slices', () => {
  it('too few', async () => {
    const files = named(ctSeries(truth).slice(0, 15));
    await expect(scanOf(put(temporaryFolder(), files))).rejects.toThrow(
      /15 slices\n {2}expected: at least 16/,
    );
    expectPhantom((await scanOf(put(temporaryFolder(), files), { minSlices: 15 })).volume, {
      ...truth,
      size: [7, 6, 15],
    });
  });

  it('missing ones', async () => {
    const files = ctSeries(truth).filter((_, k) => k !== 5 && k !== 6);
    const dir = put(temporaryFolder(), named(files));
    await expect(scanOf(dir)).rejects.toThrow(
      /2 slices are missing \(1.5 mm apart, but 4.5 mm after slice 5\)/,
    );
    const { volume, facts } = await scanOf(dir, { longestRun: true, minSlices: 5 });
    expect(volume.size).toEqual([7, 6, 11]);
    expect(facts.corrections[0]).toMatch(
      /^cut to slices 6 to 16 of 16, the longest run of even steps \(2 slices are missing[^:]*\)$/,
    );
    const origin = voxelToWorld(truth, 0, 0, 7);
    expectPhantom(volume, { ...truth, origin, size: [7, 6, 11], hu: (i, j, k) => hu(i, j, k + 7) });
  });

  it('a mixture of distances', async () => {
    const tags = (k: number) => position(k < 9 ? k : 9 + (k - 9) * 1.5);
    expect(await refused(tags)).toMatch(/varies \(1.5 to 2.25 mm.*longest even run is slices 1 to 10/);
  });

  it('too far apart', async () => {
    expect(await refused((k) => position(3 * k))).toMatch(/4.5 mm apart/);
    const wide = named(ctSeries(truth, { tags: (k) => position(3 * k) }));
    const { volume } = await scanOf(put(temporaryFolder(), wide), { maxSliceSpacing: 5 });
    expect(volume.spacing[2]).toBeCloseTo(4.5, 5);
  });

  it('too much tilt, and slices beside the line', async () => {
    const lean = (k: number, y: number) =>
      position(k)['00200032'][1].toString().split('\\').map(Number)[1] + y;
    const moved =
      (by: (k: number) => number) =>
      (k: number): Dataset => {
        const p = position(k)['00200032'][1].toString().split('\\').map(Number);
        return { '00200032': ['DS', decimals([p[0], lean(k, by(k)), p[2]])] };
      };
    expect(await refused(moved((k) => 1.2 * k))).toMatch(/lean by 3\d\.\d degrees/);
    expect(await refused(moved((k) => (k === 7 ? 0.4 : 0)))).toMatch(/beside|varies/);
  });

  it('doubles: equal ones are taken once, others refused', async () => {
    const files = { ...named(ctSeries(truth)), again: writeDicom(ctSlice(truth, 3)) };
    const { volume, facts } = await scanOf(put(temporaryFolder(), files));
    expectPhantom(volume, truth);
    expect(facts.corrections).toEqual(['one slice that was there twice taken once']);
    const other = { ...truth, hu: () => 5 };
    const conflict = { ...files, again: writeDicom(ctSlice(other, 3)) };
    await expect(scanOf(put(temporaryFolder(), conflict))).rejects.toThrow(
      /1 of 19 slices share a position with another whose content differs \(first at slice 4\)/,
    );
  });

  it('a tilt that only the header names is told, not applied', async () => {
    const straight = phantom([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const tags = (): Dataset => ({ '00181120': ['DS', '18.5'], '00180060': ['DS', '19560412'] });
    const { volume, facts } = await scanOf(put(temporaryFolder(), named(ctSeries(straight, { tags }))));
    expectPhantom(volume, straight);
    expect(facts.gantryTilt).toBe(0);
    expect(facts.corrections[0]).toMatch(
      /names a gantry tilt of 18.5 degrees; the slices' positions show none/,
    );
    expect(facts.kVp).toBeUndefined();
  });

  it('localisers within a series are left out', async () => {
    const scout = ctSlice({ ...truth, direction: [0, 1, 0, 0, 0, 1, 1, 0, 0] }, 0, {
      tags: () => ({ '00080008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'] }),
    });
    const { volume, facts } = await scanOf(
      put(temporaryFolder(), { ...named(ctSeries(truth)), scout: writeDicom(scout) }),
    );
    expectPhantom(volume, truth);
    expect(facts.corrections).toEqual(['1 localiser image left out']);
  });

  it('padding becomes air, as a value and as a range, signed and unsigned', async () => {
    const rim = {
      ...truth,
      hu: (i: number, j: number, k: number) => (i === 0 ? -2000 - (j % 3) : hu(i, j, k)),
    };
    const air = { ...truth, hu: (i: number, j: number, k: number) => (i === 0 ? -1024 : hu(i, j, k)) };
    const files = ctSeries(rim, {
      signed: true,
      rescale: () => [1, 0],
      tags: () => ({ '00280120': ['SS', -2000], '00280121': ['SS', -2002] }),
    });
    const { volume, facts } = await scanOf(put(temporaryFolder(), named(files)));
    expectPhantom(volume, air);
    expect(facts.corrections).toEqual(['padding -2000 set to -1024 (108 voxels)']);
    const bright = { ...truth, hu: (i: number, j: number, k: number) => (i === 0 ? 3000 : hu(i, j, k)) };
    const high = ctSeries(bright, { tags: () => ({ '00280120': ['US', 4024] }) });
    expectPhantom((await scanOf(put(temporaryFolder(), named(high)))).volume, air);
  });
});

describe('sources', () => {
  it('series are sorted out, keyed and numbered; one that is refused harms no other', async () => {
    const second = ctSeries(truth, {
      tags: () => ({ '0020000e': ['UI', '1.2.9'], '00080060': ['CS', 'MR'] }),
    });
    const dir = put(temporaryFolder(), named(ctSeries(truth)));
    put(dir, Object.fromEntries(second.map((bytes, k) => [`x/${k}.dcm`, bytes])));
    const zip = put(temporaryFolder(), { 'a.zip': zipSync(named(second)) });
    // The second series is there twice, on disk and zipped: one source, its doubles taken once.
    const sources = await findScans([dir, zip]);
    expect(sources.map((s) => s.label)).toEqual([`${dir}, series 1 of 2`, `${dir}, series 2 of 2`]);
    expect(sources.map((s) => s.files)).toEqual([18, 36]);
    for (const s of sources) expect(s.key).toMatch(/^[0-9a-f]{16}$/);
    expect((await findScans([zip]))[0].key).toBe(sources[1].key);
    expectPhantom((await readScan(sources[0])).volume, truth);
    await expect(readScan(sources[1])).rejects.toThrow(/modality is MR/);
    expect((await findScans([dir, zip])).map((s) => s.key)).toEqual(sources.map((s) => s.key));
  });

  it('nothing there, and nothing in it', async () => {
    await expect(findScans(['/nowhere'])).rejects.toThrow(FileError);
    await expect(findScans([put(temporaryFolder(), { 'a.txt': 'x' })])).rejects.toThrow(/no scan in/);
  });

  it('files cut short: within the header, and within the pixels', async () => {
    const dir = put(temporaryFolder(), named(ctSeries(truth)));
    const name = (k: number) => join(dir, `IM${(k * 7) % 18}_${k}`);
    truncateSync(name(17), 300);
    const sources = await findScans([dir]);
    expect(sources).toHaveLength(2);
    await expect(readScan(sources[1])).rejects.toThrow(/1 DICOM file that cannot be read/);
    expect((await readScan(sources[0])).volume.size[2]).toBe(17);
    truncateSync(name(2), ctSeries(truth)[2].length - 10);
    await expect(readScan((await findScans([dir]))[0])).rejects.toThrow(/cut short/);
  });

  it('zips: encrypted, nested, too large, lying about their size, leading elsewhere', async () => {
    const files = named(ctSeries(truth));
    const read = async (zip: Uint8Array, options = {}) => {
      const [source] = await findScans([put(temporaryFolder(), { 'z.zip': zip })], options);
      return readScan(source);
    };
    await expect(read(zipSync({ 'in.zip': zipSync(files) }))).rejects.toThrow(/zip inside a zip/);
    await expect(read(zipSync(files), { zip: { entries: 10 } })).rejects.toThrow(/18 entries/);
    await expect(read(zipSync(files), { zip: { entryBytes: 100 } })).rejects.toThrow(
      /above the limit of 100/,
    );
    await expect(read(zipSync(files), { zip: { totalBytes: 3000 } })).rejects.toThrow(/more than 3000 bytes/);
    const bomb = Buffer.from(zipSync({ 'a.dcm': new Uint8Array(1 << 20) }));
    const directory = bomb.indexOf('PK\x01\x02');
    const encrypted = Buffer.from(bomb);
    encrypted[directory + 8] |= 1;
    await expect(read(encrypted)).rejects.toThrow(/encrypted/);
    const forged = Buffer.from(bomb);
    forged.writeUInt32LE(0x3fffffff, directory + 24);
    await expect(read(forged)).rejects.toThrow(/beyond what packing can do/);
    const small = Buffer.from(zipSync({ 'x.nrrd': Buffer.from(`NRRD0004\n${'#\n'.repeat(2000)}`) }));
    small.writeUInt32LE(500, small.indexOf('PK\x01\x02') + 24);
    await expect(read(small)).rejects.toThrow(/damaged entry/);
    const before = readdirSync(tmpdir()).filter((n) => n.startsWith('cranioflow-scan')).length;
    const outside = await read(zipSync({ '../../up.nrrd': Buffer.from('NRRD0004\n\n') })).catch((e) => e);
    expect(outside).toBeInstanceOf(CranioflowError);
    expect(readdirSync(tmpdir()).filter((n) => n.startsWith('cranioflow-scan')).length).toBe(before);
  });
});

describe('privacy', () => {
  it('no planted name comes out: not of a header, a folder, a file or an entry', async () => {
    const planted = 'Zqx';
    const text = (vr: string): [string, string] => [vr, `${planted}^${vr}`];
    const tags = (): Dataset => ({
      '00080080': text('LO'),
      '00080090': text('PN'),
      '0008103e': text('LO'),
      '00081030': text('LO'),
      '00100010': text('PN'),
      '00100020': text('LO'),
      '00104000': text('LT'),
      '00185100': text('CS'),
      '00180015': text('CS'),
      '00204000': text('LT'),
      '00091001': text('LO'),
      '00281054': ['LO', 'HU'],
    });
    const seen: string[] = [];
    const look = async (paths: string[]) => {
      for (const source of await findScans(paths)) {
        const { content: _, ...open } = source;
        const outcome = await readScan(source).catch((error) => error);
        const { volume: __, ...rest } = outcome;
        const told = outcome instanceof Error ? `${outcome.message} ${outcome.stack} ${outcome.cause}` : '';
        seen.push(JSON.stringify({ ...open, ...rest }) + told);
      }
    };
    const root = temporaryFolder();
    put(join(root, 'good'), {
      [`${planted}/1/x.zip`]: zipSync({ [`${planted}.dcm`]: writeDicom(ctSlice(truth, 0, { tags })) }),
    });
    put(join(root, 'good'), named(ctSeries(truth, { tags })));
    const bad = ['00080060', '00080008', '00200032', '00280030', '00281052', '00200037'];
    bad.forEach((tag, n) => {
      const spoilt = () => ({ ...tags(), [tag]: text('CS'), '0020000e': ['UI', `1.2.${n}`] as const });
      put(
        join(root, 'bad'),
        Object.fromEntries(ctSeries(truth, { tags: spoilt }).map((b, k) => [`${n}/${k}`, b])),
      );
    });
    put(join(root, 'volumes'), {
      [`${planted}.nrrd`]: `NRRD0004\ntype: short\ndimension: 3\nsizes: ${planted} 2 3\n\n`,
      [`${planted}2.nii`]: planted,
      [`${planted}3.mha`]: `ObjectType = ${planted}\nComment = ${planted}\n`,
      [`${planted}4.vti`]: `<VTKFile type="${planted}">`,
      [`${planted}5.vti/index.json`]: `{"vtkClass": "vtkImageData", "name": "${planted}"}`,
      [`${planted}6.dcm`]: planted,
      [`${planted}7.zip`]: 'PK\x03\x04 no zip',
      [`${planted}8.nii.gz`]: `\x1f\x8b${planted}`,
      [`${planted}9.mhd`]: `ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_SHORT\nElementDataFile = ${planted}.raw\n`,
    });
    await look([join(root, 'good')]);
    await look([join(root, 'bad')]);
    await look([join(root, 'volumes')]);
    expect(seen).toHaveLength(1 + bad.length + 9);
    for (const told of seen) expect(told).not.toContain(planted);
  });
});
