/** What a person decided of cases, and what a folder remembers of refused ones: a rerun does no work twice. */
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { filesHash, isTransient } from '../../src/dataset/fingerprint.ts';
import { type IngestOptions, ingest } from '../../src/dataset/ingest.ts';
import { subjectsByPattern, subjectsByTable } from '../../src/dataset/inputs.ts';
import { asWide, limitsOf } from '../../src/dataset/limits.ts';
import { Scores } from '../../src/dataset/scores.ts';
import { DatasetError, FileError, UsageError } from '../../src/errors.ts';
import { readCaseRecord } from '../../src/report/cases.ts';
import { readVolume, writeVolume } from '../../src/volume/io/index.ts';
import { centredGrid, type Mask, voxelToWorld } from '../../src/volume/volume.ts';
import { phantom } from '../volume/scan/phantom.ts';
import { ctSeries, type Dataset, decimals } from '../volume/scan/writeDicom.ts';
import { temporaryFolder } from './helpers.ts';

/** A box of n^3 mm in 16^3 voxels of 1 mm, without the first `notch` of its voxels: no two notches are one bone. */
function box(n: number, notch = 0): Mask {
  const data = new Uint8Array(4096);
  let left = notch;
  for (let p = 0; p < 4096; p++)
    if ([p % 16, (p >> 4) % 16, p >> 8].every((i) => i >= 8 - n / 2 && i < 8 + n / 2) && left-- <= 0)
      data[p] = 1;
  return { ...centredGrid([16, 16, 16], [1, 1, 1]), data };
}

const base = {
  grid: [16, 16, 16],
  spacing: 1,
  keepNames: true,
  jobs: 1,
  withoutPictures: true,
} satisfies Partial<IngestOptions>;

/** A folder of masks a, b, c of 10 mm, and where their dataset goes. */
async function three(): Promise<IngestOptions & { folder: string; csv: (text: string) => string }> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'in'));
  for (const [i, name] of ['a', 'b', 'c'].entries())
    await writeVolume(join(folder, 'in', `${name}.nrrd`), box(10, i));
  const csv = (text: string) => {
    writeFileSync(join(folder, 'q.csv'), text);
    return join(folder, 'q.csv');
  };
  return { ...base, inputs: [join(folder, 'in')], out: join(folder, 'out'), folder, csv };
}

const qualities = (dir: string) => Object.fromEntries(openDataset(dir).cases.map((c) => [c.id, c.quality]));

describe('a table of decisions', () => {
  const cases = ['1/m.nrrd', '2/m.nrrd'].map((p, i) => ({ id: `c-${i}`, paths: [`/x/${p}`] }));
  const read = (text: string) => {
    const path = join(temporaryFolder(), 'q.csv');
    writeFileSync(path, text);
    return Scores.read(path);
  };

  it('names cases by id or by file, in any column order, and leaves the empty alone', () => {
    const { scores, unknown } = read(
      'note,quality,file\nfine,3,c-0\n,DROP,2/m.nrrd\n,,c-1\n,4,/y/m.nrrd\n',
    ).of(cases);
    expect([...scores]).toEqual([
      ['c-0', 3],
      ['c-1', 'drop'],
    ]);
    expect(unknown).toEqual([5]);
  });

  it.each([
    ['file,quality\na,3\n\nb,7\n', /line 4 reads "b,7"/],
    ['file,quality\n,3\n', /line 2/],
    ['file,quality\na,3.5\n', /line 2/],
    ['case,grade\na,3\n', /the header "case,grade"/],
    ['', /the header ""/],
  ])('refuses %j', (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(FileError);
  });

  it('refuses a name of two cases, and two decisions for one', () => {
    expect(() => read('file,quality\nc-0,3\nm.nrrd,3\n').of(cases)).toThrow(/line 3 names 2 cases/);
    expect(() => read('file,quality\nc-0,3\n1/m.nrrd,4\n').of(cases)).toThrow(/lines 2 and 3 decide/);
  });
});

describe('qualities of a person', () => {
  it('stand above measured ones and those of a subject table; cases without a row are counted', async () => {
    const o = await three();
    const table = join(o.folder, 't.csv');
    writeFileSync(table, 'file,subject,quality\na.nrrd,p,5\nb.nrrd,p,4\nc.nrrd,r,\n');
    const qualityFile = o.csv('file,quality\na.nrrd,2\n');
    const result = await ingest({ ...o, qualityFile, subjects: subjectsByTable(table) });
    expect(qualities(o.out)).toEqual({ a: 2, b: 4, c: 6 });
    expect(result.withoutScore).toBe(2);
    const [a, , c] = result.dataset.cases;
    expect(a.provenance).toMatchObject({
      qualityReasons: ['given, not measured'],
      measured: { score: 6, reasons: [] },
    });
    expect(c.provenance?.measured).toBeUndefined();
    const other = await ingest({
      ...o,
      out: `${o.out}2`,
      qualityFile,
      subjects: subjectsByPattern('in/(.)'),
    });
    expect(other.dataset.cases.map((x) => x.quality)).toEqual([2, 6, 6]);
  });

  it('reach finished cases without reading them, and end as if given at once', async () => {
    const all = await three();
    const o = { ...all, inputs: [join(all.folder, 'in/b.nrrd')], withoutPictures: false };
    await ingest(o);
    const written = statSync(join(o.out, 'volumes/b.bits.gz')).mtimeMs;
    const qualityFile = o.csv('case,quality\nb,3\nnobody,4\n');
    const said: string[] = [];
    const again = await ingest({ ...o, qualityFile, onWarning: (text) => said.push(text) });
    expect([again.kept, again.regraded]).toEqual([['b'], ['b']]);
    expect(said).toEqual([expect.stringMatching(/no case has the name in line 3/)]);
    expect(statSync(join(o.out, 'volumes/b.bits.gz')).mtimeMs).toBe(written);
    expect(readCaseRecord(o.out, 'b')!.quality).toEqual({ score: 3, reasons: ['given, not measured'] });
    // A rerun without the table keeps it, with the table does nothing.
    expect((await ingest(o)).dataset.cases[0].quality).toBe(3);
    expect((await ingest({ ...o, qualityFile })).regraded).toEqual([]);
    await ingest({ ...o, out: `${o.out}2`, qualityFile });
    for (const file of ['dataset.json', 'README.md', 'cases/b.json'])
      expect(readFileSync(join(o.out, file), 'utf8'), file).toBe(
        readFileSync(join(`${o.out}2`, file), 'utf8'),
      );
  });
});

describe('cases that a person dropped', () => {
  it('leave the dataset, stay out of it, are shown so, and come back with a number', async () => {
    const o = { ...(await three()), withoutPictures: false };
    await ingest(o);
    const drop = await ingest({ ...o, qualityFile: o.csv('case,quality\nb,drop\n') });
    expect([drop.dropped, drop.kept]).toEqual([['b'], ['a', 'c']]);
    expect(qualities(o.out)).toEqual({ a: 6, c: 6 });
    expect(existsSync(join(o.out, 'volumes/b.bits.gz'))).toBe(false);
    expect(readCaseRecord(o.out, 'b')).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('dropped by a person'),
    });
    const again = await ingest(o);
    expect([again.dropped, again.accepted, again.kept]).toEqual([['b'], [], ['a', 'c']]);
    const back = await ingest({ ...o, qualityFile: o.csv('case,quality\nb,4\n') });
    expect([back.dropped, back.accepted.map((a) => a.id)]).toEqual([[], ['b']]);
    expect(qualities(o.out)).toEqual({ a: 6, b: 4, c: 6 });
  });

  it('before they are made are never read; all of them leave no dataset', async () => {
    const o = await three();
    writeFileSync(join(o.folder, 'in/b.nrrd'), 'damaged');
    const { refused, dropped } = await ingest({ ...o, qualityFile: o.csv('file,quality\nb.nrrd,drop\n') });
    expect([refused, dropped]).toEqual([[], ['b']]);
    const all = o.csv('file,quality\na,drop\nc,drop\n');
    await expect(ingest({ ...o, qualityFile: all })).rejects.toThrow(
      /none of 3 cases.*3 dropped by a person/,
    );
    expect(existsSync(join(o.out, 'dataset.json'))).toBe(false);
    await expect(ingest(o)).rejects.toThrow(DatasetError);
  });

  it('are not lost to a damaged list without a word', async () => {
    const o = await three();
    await ingest({ ...o, qualityFile: o.csv('file,quality\nb,drop\n') });
    writeFileSync(join(o.out, 'ingest.json'), '{"refused":');
    await expect(ingest(o)).rejects.toThrow(/ingest\.json is damaged/);
  });
});

describe('refused cases', () => {
  it('are not read again until they, the parameters or the wish change', async () => {
    const o = await three();
    const bad = join(o.folder, 'in/b.nrrd');
    await writeVolume(bad, box(16));
    const reason = 'its mask is full';
    const first = await ingest(o);
    expect([first.remembered, first.refused.length]).toEqual([0, 1]);
    const second = await ingest(o);
    expect(second.remembered).toBe(1);
    expect(second.refused).toEqual(first.refused);
    expect(second.refused[0].reason).toContain(reason);
    expect(readFileSync(join(o.out, 'ingest.json'), 'utf8')).not.toContain(o.folder);
    expect((await ingest({ ...o, retry: true })).remembered).toBe(0);
    expect((await ingest({ ...o, maxSliceSpacing: 5 })).remembered).toBe(0);
    expect((await ingest({ ...o, maxSliceSpacing: 5 })).remembered).toBe(1);
    const { mtime } = statSync(bad);
    utimesSync(bad, mtime, new Date(mtime.getTime() + 5000));
    expect((await ingest({ ...o, maxSliceSpacing: 5 })).remembered).toBe(0);
    await writeVolume(bad, box(10, 1));
    expect((await ingest({ ...o, maxSliceSpacing: 5 })).accepted.map((a) => a.id)).toEqual(['b']);
    expect(JSON.parse(readFileSync(join(o.out, 'ingest.json'), 'utf8')).refused).toEqual({});
  });

  it('tell their reach again, so that the grid that would hold all is proposed again', async () => {
    const o = await three();
    await writeVolume(join(o.folder, 'in/b.nrrd'), {
      ...box(10, 1),
      spacing: [2, 2, 2],
      origin: [-15, -15, -15],
    });
    const first = await ingest(o);
    const second = await ingest(o);
    expect([second.remembered, second.smallestGrid]).toEqual([1, first.smallestGrid]);
    expect(second.smallestGrid).toEqual([24, 24, 24]);
  });

  it('by the system are read again: a file that could not be opened is none that cannot be used', async () => {
    const { folder } = await three();
    const errorOf = (path: string) => readVolume(join(folder, path)).catch((e) => e);
    expect(isTransient(await errorOf('none.nrrd'))).toBe(true);
    writeFileSync(join(folder, 'words.nii.gz'), 'this is no volume');
    writeFileSync(join(folder, 'words.nrrd'), 'this is no volume');
    for (const name of ['words.nii.gz', 'words.nrrd']) expect(isTransient(await errorOf(name))).toBe(false);
    const file = { path: join(folder, 'none.nrrd'), id: 'none' };
    expect(filesHash({ kind: 'volume', file })).toBeUndefined();
  });

  it('are read again when a file beside their header changes', async () => {
    const { folder } = await three();
    const file = { path: join(folder, 'in/h.mhd'), id: 'h' };
    writeFileSync(file.path, 'ElementDataFile = h.raw');
    const before = filesHash({ kind: 'volume', file });
    expect(filesHash({ kind: 'volume', file })).toBe(before);
    writeFileSync(join(folder, 'in/h.raw'), 'x');
    expect(filesHash({ kind: 'volume', file })).not.toBe(before);
  });
});

describe('limits of scans', () => {
  it('wider ones keep what narrower ones let in', () => {
    const wide = { maxSliceSpacing: 5, minSlices: 10, longestRun: true };
    expect(asWide(limitsOf(wide), limitsOf({}))).toBe(true);
    expect(asWide(limitsOf({}))).toBe(true);
    for (const key of Object.keys(wide) as (keyof typeof wide)[])
      expect(asWide(limitsOf({ ...wide, [key]: undefined }), limitsOf(wide)), key).toBe(false);
  });

  it('reach the reading: thick, few, mixed slices are refused by them alone', async () => {
    const folder = temporaryFolder();
    const truth = phantom();
    const at = (k: number) => decimals(voxelToWorld(truth, 0, 0, k < 9 ? 3 * k : 27 + 4 * (k - 9)));
    const tags = (k: number): Dataset => ({ '00200032': ['DS', at(k)] });
    ctSeries(truth, { tags }).forEach((bytes, k) => {
      writeFileSync(join(folder, `${k}.dcm`), bytes);
    });
    const reason = (more: Partial<IngestOptions>) =>
      ingest({ ...base, inputs: [folder], out: temporaryFolder(), ...more }).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    expect(await reason({})).toMatch(/the distance between slices varies[\s\S]*--longest-run/);
    expect(await reason({ longestRun: true })).toMatch(/10 slices in the longest even run; .*--min-slices/);
    expect(await reason({ longestRun: true, minSlices: 9 })).toMatch(/4.5 mm apart; .*--max-slice-spacing/);
    // Let in, the phantom of 7 x 6 pixels is no head.
    const all = { longestRun: true, minSlices: 9, maxSliceSpacing: 5 };
    expect(await reason(all)).toMatch(/field of view/);
    await expect(ingest({ ...base, inputs: [folder], out: temporaryFolder(), minSlices: 1 })).rejects.toThrow(
      UsageError,
    );
  });
});
