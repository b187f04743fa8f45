/** Head CT from its files to the dataset: the bone, its pose, its record, and nothing that names the patient. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type IngestOptions, type IngestProgress, ingest } from '../../src/dataset/ingest.ts';
import { InterruptedError, UsageError } from '../../src/errors.ts';
import { diceOf, overlap } from '../../src/evaluation/overlap.ts';
import { encodeStl } from '../../src/mesh/stl.ts';
import { extractSurface } from '../../src/mesh/surface.ts';
import { readCaseRecord } from '../../src/report/cases.ts';
import { multiply3, rotationAbout } from '../../src/volume/geometry.ts';
import { writeVolume } from '../../src/volume/io/index.ts';
import { type Mask, type Mat3, type Vec3, type Volume, voxelToWorld } from '../../src/volume/volume.ts';
import { syntheticCt } from '../skull/segment/ct.ts';
import { ctSeries, type Dataset, type Phantom } from '../volume/scan/writeDicom.ts';
import { randomMask, temporaryFolder } from './helpers.ts';

const ct = syntheticCt({ spacing: [2.5, 2.5, 2.5], size: [88, 104, 108] });
const dice = (a: Mask, b: Mask): number => diceOf(overlap(a.data, b.data));
const base = {
  grid: [56, 72, 72] as Vec3,
  spacing: 3.75,
  bone: 'skull',
  jobs: 1,
} satisfies Partial<IngestOptions>;

/** The scan, its patient turned by `rotation` about the origin. */
function turned(rotation: Mat3): Volume<Int16Array> {
  const grid = { ...ct.volume, direction: multiply3(rotation, ct.volume.direction) };
  const [x, y, z] = ct.volume.origin;
  const r = rotation;
  const origin: Vec3 = [
    r[0] * x + r[1] * y + r[2] * z + 30,
    r[3] * x + r[4] * y + r[5] * z - 200,
    r[6] * x + r[7] * y + r[8] * z + 900,
  ];
  return { ...grid, origin };
}

const TEXT: [tag: string, vr: string][] = [
  ['00080050', 'SH'],
  ['00080080', 'LO'],
  ['00080081', 'ST'],
  ['00080090', 'PN'],
  ['00081010', 'SH'],
  ['00081030', 'LO'],
  ['0008103e', 'LO'],
  ['00081048', 'PN'],
  ['00081070', 'PN'],
  ['00091010', 'LO'],
  ['00100010', 'PN'],
  ['00100020', 'LO'],
  ['00101000', 'LO'],
  ['00101040', 'LO'],
  ['00102160', 'SH'],
  ['001021b0', 'LT'],
  ['00104000', 'LT'],
  ['00180015', 'CS'],
  ['00181030', 'LO'],
  ['00200010', 'SH'],
  ['00204000', 'LT'],
  ['00321032', 'PN'],
];
const plant = (n: number): string => `PLANT${String(n).padStart(2, '0')}`;
const planted = Object.fromEntries(TEXT.map(([tag, vr], n) => [tag, [vr, plant(n)]])) as unknown as Dataset;

/** The same scan, its voxels kept from left to right and from head to feet instead. */
function backward({ size, spacing, origin, ...volume }: Volume<Int16Array>): Volume<Int16Array> {
  const [nx, ny, nz] = size;
  const data = new Int16Array(volume.data.length);
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) data[nx - 1 - i + nx * (j + ny * (nz - 1 - k))] = volume.data[p];
  const last: Vec3 = [origin[0] + spacing[0] * (nx - 1), origin[1], origin[2] + spacing[2] * (nz - 1)];
  return { size, spacing, origin: last, direction: [-1, 0, 0, 0, 1, 0, 0, 0, -1], data };
}

function series(folder: string, volume: Volume<Int16Array>, uid: string, more: Dataset = {}): void {
  const [nx, ny] = volume.size;
  const phantom: Phantom = { ...volume, hu: (i, j, k) => volume.data[i + nx * (j + ny * k)] };
  const tags = (k: number): Dataset => ({
    ...planted,
    '00080018': ['UI', `${uid}.${k + 1}`],
    '0020000e': ['UI', uid],
    ...more,
  });
  mkdirSync(folder, { recursive: true });
  ctSeries(phantom, { tags }).forEach((bytes, k) => {
    writeFileSync(join(folder, `PLANT-DOE_${k}.dcm`), bytes);
  });
}

/** All bytes under a folder, unpacked where they are packed, and the names of files. */
function everything(dir: string): string {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const path = join(dir, name);
      if (statSync(path).isDirectory()) return name;
      const bytes = readFileSync(path);
      return name + (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
    })
    .join('\n');
}

describe('head CT', () => {
  test('DICOM of one patient twice: bone, pose and record, one subject, no identifier anywhere', async () => {
    const [study, parent] = [temporaryFolder(), temporaryFolder()];
    const out = join(parent, 'data');
    const upsideDown = multiply3(rotationAbout(0, (170 * Math.PI) / 180), rotationAbout(2, 0.4));
    series(join(study, 'one', 'PLANT-DOE'), ct.volume, '1.2.826.77.1');
    series(join(study, 'PLANT-DOE', 'b'), turned(upsideDown), '1.2.826.77.2');
    writeFileSync(join(study, 'PLANT.txt'), 'PLANT');
    const said: string[] = [];
    const options: IngestOptions = {
      ...base,
      inputs: [study],
      out,
      onProgress: ({ file }) => said.push(file),
      onWarning: (text) => said.push(text),
    };
    // Pictures of one are enough.
    const first = await ingest({ ...options, inputs: [join(study, 'one')] });
    expect(first.accepted).toHaveLength(1);
    const record = readCaseRecord(out, first.accepted[0].id)!;
    const result = await ingest({ ...options, withoutPictures: true });
    expect(result.refused).toEqual([]);
    expect([result.accepted.length, result.kept]).toEqual([1, [record.id]]);
    const [a, b] = result.dataset.cases;
    expect(a.subject).toBe(b.subject);
    expect([a.source, b.source]).toEqual(['ct', 'ct']);
    // The same head from two poses is the same bone on the grid.
    const masks = result.dataset.cases.map((c) => result.dataset.loadMask(c));
    expect(dice(masks[0], masks[1])).toBeGreaterThan(0.93);
    // Upright: most of a skull's bone is above its middle, and the face is at the front.
    const { transform, threshold, alignment } = a.provenance!;
    expect(transform.slice(12)).toEqual([0, 0, 0, 1]);
    expect(threshold).toBeGreaterThan(150);
    expect(alignment!.score).toBeGreaterThan(0.6);

    expect(record.status).toBe('accepted');
    expect(record.slices).toHaveLength(3);
    expect(record.views.length).toBeGreaterThan(3);
    expect(record.steps.map((s) => s.title)).toContain('threshold');
    expect(readFileSync(first.casesPage!, 'utf8')).toContain(record.id);

    const all = everything(out) + said.join('\n') + JSON.stringify({ ...result, dataset: 0, privateFile: 0 });
    for (const word of ['PLANT', '1.2.826.77']) expect(all.includes(word), word).toBe(false);
    expect(everything(out).includes(study)).toBe(false);
    // What the ids stand for lies beside the dataset.
    expect(readFileSync(result.privateFile!, 'utf8')).toContain(a.id);

    const again = await ingest({ ...options, withoutPictures: true });
    expect([again.accepted.length, again.kept.length]).toEqual([0, 2]);
    expect(again.dataset.cases).toEqual(result.dataset.cases);
  });

  test('a CT as NIfTI, its mask and its surface give one bone', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    await writeVolume(join(inputs, 'PLANTct.nii.gz'), ct.volume);
    await writeVolume(join(inputs, 'PLANTmask.nrrd'), ct.truth);
    writeFileSync(join(inputs, 'PLANTmesh.stl'), encodeStl(extractSurface(ct.truth, 0.5)));
    const options: IngestOptions = { ...base, inputs: [inputs], out: join(out, 'a'), frame: 'patient' };
    const { dataset, refused } = await ingest({ ...options, withoutPictures: true });
    expect(refused).toEqual([]);
    expect(dataset.cases.map((c) => c.source).sort()).toEqual(['ct', 'mask', 'mesh']);
    const [first, ...others] = dataset.cases.map((c) => dataset.loadMask(c));
    for (const other of others) expect(dice(first, other)).toBeGreaterThan(0.85);
    expect(everything(join(out, 'a'))).not.toContain('PLANT');
  });

  test('one head of two patients is refused as a copy, in DICOM and along other axes in NIfTI', async () => {
    const [study, out] = [temporaryFolder(), temporaryFolder()];
    const patient = (id: string): Dataset => ({ '00100020': ['LO', id] });
    series(join(study, 'a'), ct.volume, '1.2.826.77.1', patient('ANNE'));
    series(join(study, 'b'), ct.volume, '1.2.826.77.2', patient('BERT'));
    await writeVolume(join(study, 'c.nii.gz'), backward(ct.volume));
    const { dataset, refused, accepted } = await ingest({
      ...base,
      frame: 'patient',
      withoutPictures: true,
      inputs: [study],
      out,
    });
    // The open file comes first.
    expect(accepted.map((a) => a.file)).toEqual([join(study, 'c.nii.gz')]);
    expect(dataset.cases.map((c) => c.source)).toEqual(['ct']);
    expect(refused.map((r) => r.reason)).toEqual([
      expect.stringMatching(
        `the same bone as case ${accepted[0].id}, voxel for voxel, under another subject`,
      ),
      expect.stringMatching(`the same bone as case ${accepted[0].id}`),
    ]);
  });

  test('two threads, stopped, end with what one makes; the rest is made later', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    for (const [i, name] of ['a.nrrd', 'b.nii.gz', 'c.nrrd'].entries())
      await writeVolume(join(inputs, name), randomMask(i, [16, 16, 16]));
    writeFileSync(join(inputs, 'd.nrrd'), 'no volume');
    const options: IngestOptions = {
      ...base,
      inputs: [inputs],
      out: join(out, 'a'),
      keepNames: true,
      withoutPictures: true,
    };
    const stop = new AbortController();
    const onProgress = ({ accepted }: IngestProgress) => accepted === 1 && stop.abort();
    const stopped = ingest({ ...options, jobs: 2, signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow(InterruptedError);
    const resumed = await ingest(options);
    expect(resumed.kept).toHaveLength(1);
    expect(resumed.refused.map((r) => r.file)).toEqual([join(inputs, 'd.nrrd')]);
    const one = await ingest({ ...options, out: join(out, 'b') });
    expect(resumed.dataset.cases).toEqual(one.dataset.cases);
  });

  test('a scan that is no head is refused with a picture of it; a threshold in HU counts, otsu does not', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    const [nx, ny] = ct.volume.size;
    const few: Vec3 = [nx, ny, 25];
    const [slab, whole] = [join(inputs, 'slab.nii'), join(inputs, 'whole.nii')];
    await writeVolume(slab, { ...ct.volume, size: few, data: ct.volume.data.slice(0, nx * ny * 25) });
    await writeVolume(whole, ct.volume);
    const options: IngestOptions = { ...base, inputs: [slab], out: join(out, 'a'), keepNames: true };
    await expect(ingest(options)).rejects.toThrow(/covers too little/);
    const record = readCaseRecord(join(out, 'a'), 'slab')!;
    expect([record.status, record.reason?.includes(inputs)]).toEqual(['refused', false]);
    // There is no bone yet: the slices show the scan alone.
    expect(record.slices.map((s) => s.alt)).toEqual([
      'axial slice through the middle: scan',
      'coronal slice through the middle: scan',
      'sagittal slice through the middle: scan',
    ]);
    const { dataset } = await ingest({
      ...options,
      inputs: [whole],
      out: join(out, 'b'),
      threshold: 400,
      frame: 'patient',
      withoutPictures: true,
    });
    expect(dataset.cases[0].provenance!.threshold).toBe(400);
    const otsu = { ...options, out: join(out, 'c'), threshold: 'otsu' as const, withoutPictures: true };
    await expect(ingest(otsu)).rejects.toThrow(/Hounsfield units/);
  });

  test('landmarks define the frame of a single case', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    await writeVolume(join(inputs, 'mask.nrrd'), ct.truth);
    const at = (x: number, y: number, z: number) => voxelToWorld(ct.truth, x, y, z);
    const markups = {
      markups: [
        {
          coordinateSystem: 'LPS',
          controlPoints: [
            { label: 'porion_L', position: at(70, 60, 40) },
            { label: 'porion_R', position: at(18, 60, 40) },
            { label: 'orbitale_L', position: at(56, 20, 40) },
            { label: 'orbitale_R', position: at(32, 20, 40) },
          ],
        },
      ],
    };
    const landmarks = join(inputs, 'points.mrk.json');
    writeFileSync(landmarks, JSON.stringify(markups));
    const options: IngestOptions = {
      ...base,
      inputs: [inputs],
      out,
      landmarks,
      withoutPictures: true,
      maxCut: 1,
    };
    const { dataset } = await ingest(options);
    const m = dataset.cases[0].provenance!.transform;
    // The points lie straight in the scan: nothing is turned.
    for (const [i, v] of [1, 0, 0, 0, 1, 0, 0, 0, 1].entries())
      expect(m[4 * Math.floor(i / 3) + (i % 3)]).toBeCloseTo(v, 6);
    await expect(ingest({ ...options, frame: 'patient' })).rejects.toThrow(UsageError);
  });
});
