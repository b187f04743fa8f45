/** A command over finished cases: what it says of them is done, refused or told, and never passed over. */
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type IngestOptions, ingest } from '../../src/dataset/ingest.ts';
import { subjectsByTable } from '../../src/dataset/inputs.ts';
import { DatasetError } from '../../src/errors.ts';
import { readCaseRecord } from '../../src/report/cases.ts';
import { writeVolume } from '../../src/volume/io/index.ts';
import { randomMask, temporaryFolder } from './helpers.ts';

const mask = (index: number) => randomMask(index, [8, 8, 8]);

async function two(): Promise<IngestOptions & { said: string[]; file: (name: string) => string }> {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  mkdirSync(file('in'));
  await writeVolume(file('in/a.nrrd'), mask(1));
  await writeVolume(file('in/b.nrrd'), mask(2));
  const said: string[] = [];
  return {
    grid: [16, 16, 16],
    spacing: 2,
    keepNames: true,
    jobs: 1,
    withoutPictures: true,
    inputs: [file('in')],
    out: file('out'),
    said,
    onWarning: (text) => said.push(text),
    file,
  };
}

it('a changed file is made again, and leaves the dataset when it can no longer be used', async () => {
  const o = await two();
  const first = await ingest(o);
  await writeVolume(o.file('in/b.nrrd'), mask(3));
  const second = await ingest(o);
  expect([second.changed, second.kept, second.accepted.map((a) => a.id)]).toEqual([['b'], ['a'], ['b']]);
  expect(second.dataset.cases[1].sha256).not.toBe(first.dataset.cases[1].sha256);
  expect(second.dataset.cases.map((c) => c.split)).toEqual(first.dataset.cases.map((c) => c.split));
  expect((await ingest(o)).changed).toEqual([]);
  writeFileSync(o.file('in/b.nrrd'), 'damaged');
  const third = await ingest(o);
  expect(third.refused.map((r) => r.id)).toEqual(['b']);
  expect(third.dataset.cases.map((c) => c.id)).toEqual(['a']);
});

it("a file that only looks changed keeps a person's quality", async () => {
  const o = { ...(await two()), withoutPictures: false };
  const qualityFile = o.file('q.csv');
  writeFileSync(qualityFile, 'case,quality\nb,3\n');
  const { dataset } = await ingest({ ...o, qualityFile });
  const { mtime } = statSync(o.file('in/b.nrrd'));
  utimesSync(o.file('in/b.nrrd'), mtime, new Date(mtime.getTime() + 5000));
  const again = await ingest(o);
  expect(again.changed).toEqual(['b']);
  expect(again.dataset.cases).toEqual(dataset.cases);
  expect(readCaseRecord(o.out, 'b')!.quality!.score).toBe(3);
  await writeVolume(o.file('in/b.nrrd'), mask(3));
  expect((await ingest(o)).dataset.cases[1].quality).toBe(6);
});

it('--quality reaches measured cases, not those that a person graded, and says so', async () => {
  const o = await two();
  const qualityFile = o.file('q.csv');
  writeFileSync(qualityFile, 'case,quality\nb,3\n');
  await ingest({ ...o, qualityFile });
  const { regraded, dataset } = await ingest({ ...o, quality: 5 });
  expect(regraded).toEqual(['a']);
  expect(dataset.cases.map((c) => c.quality)).toEqual([5, 3]);
  expect(dataset.cases[0].provenance!.measured!.score).toBe(6);
  expect(o.said).toEqual([expect.stringMatching(/^1 finished cases keep the quality that a person gave/)]);
});

it('attribution and licence are taken over where they are given, and stay where they are not', async () => {
  const o = await two();
  await ingest({ ...o, attribution: 'A', licence: 'L' });
  const second = await ingest({ ...o, licence: 'M' });
  expect(second.attributed).toEqual(['a', 'b']);
  expect(second.dataset.cases.map((c) => [c.attribution, c.licence])).toEqual([
    ['A', 'M'],
    ['A', 'M'],
  ]);
  await writeVolume(o.file('in/b.nrrd'), mask(3));
  const third = await ingest(o);
  expect([third.attributed, third.changed]).toEqual([[], ['b']]);
  expect(third.dataset.cases[1]).toMatchObject({ attribution: 'A', licence: 'M' });
});

it('another subject for a finished case is refused; rows of a table that name no file are told', async () => {
  const o = await two();
  const table = o.file('t.csv');
  const subjects = (rows: string) => {
    writeFileSync(table, `file,subject\n${rows}`);
    return subjectsByTable(table);
  };
  await ingest({ ...o, subjects: subjects('a.nrrd,p\nb.nrrd,q\nnone.nrrd,r\n') });
  expect(o.said).toEqual([expect.stringMatching(/no file has the name in line 4/)]);
  const moved = { ...o, subjects: subjects('a.nrrd,p\nb.nrrd,p\n') };
  await expect(ingest(moved)).rejects.toThrow(/1 finished cases .* another subject \(b\)/);
  await expect(ingest(moved)).rejects.toThrow(DatasetError);
  expect((await ingest(o)).kept).toEqual(['a', 'b']);
});
