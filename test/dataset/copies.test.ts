/** One bone is one case, whatever it is called and whosever it is said to be. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentHash } from '../../src/dataset/copies.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { type IngestOptions, ingest } from '../../src/dataset/ingest.ts';
import { subjectsByTable } from '../../src/dataset/inputs.ts';
import { packBits } from '../../src/dataset/pack.ts';
import { DatasetError } from '../../src/errors.ts';
import { readCaseRecord } from '../../src/report/cases.ts';
import { writeVolume } from '../../src/volume/io/index.ts';
import type { Mask } from '../../src/volume/volume.ts';
import { randomMask, temporaryFolder } from './helpers.ts';

/** Random bone, along other axes: voxel (i, j, k) of `m` becomes (j, k, i), with j running back. */
function turnedAxes(m: Mask): Mask {
  const [nx, ny, nz] = m.size;
  const data = new Uint8Array(m.data.length);
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) data[ny - 1 - j + ny * (k + nz * i)] = m.data[p];
  // Columns: the patient's direction of each axis.
  return { ...m, size: [ny, nz, nx], direction: [0, 0, 1, -1, 0, 0, 0, 1, 0], data };
}

describe('a hash of content', () => {
  it('is that of the voxels along x, y, z, for any order of axes and any place', () => {
    const mask = randomMask(1, [6, 5, 4]);
    const plain = createHash('sha256').update('6 5 4 ').update(packBits(mask.data)).digest('hex');
    expect(contentHash(mask)).toBe(plain);
    expect(contentHash(turnedAxes(mask))).toBe(plain);
    expect(contentHash({ ...mask, origin: [9, 9, 9] })).toBe(plain);
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    expect(contentHash({ ...mask, direction: [c, -s, 0, s, c, 0, 0, 0, 1] })).toBe(plain);
  });

  it('differs for the mirror image, another voxel, another size', () => {
    const mask = randomMask(1, [6, 5, 4]);
    const one = mask.data.slice();
    one[7] = 1 - one[7];
    const all = [
      mask,
      { ...mask, direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1] as const },
      { ...mask, data: one },
      { ...mask, size: [5, 6, 4] as const },
    ];
    expect(new Set(all.map(contentHash)).size).toBe(4);
  });
});

const base = {
  grid: [16, 16, 16],
  spacing: 2,
  jobs: 1,
  withoutPictures: true,
} satisfies Partial<IngestOptions>;

/** Folders of one mask each; the table says whose. */
async function study(masks: Record<string, Mask>, table?: string): Promise<IngestOptions> {
  const folder = temporaryFolder();
  for (const [name, mask] of Object.entries(masks)) {
    mkdirSync(join(folder, 'in', name), { recursive: true });
    await writeVolume(join(folder, 'in', name, 'm.nrrd'), mask);
  }
  if (table !== undefined) writeFileSync(join(folder, 't.csv'), `file,subject\n${table}`);
  const subjects = table === undefined ? undefined : subjectsByTable(join(folder, 't.csv'));
  return { ...base, inputs: [join(folder, 'in')], out: join(folder, 'out'), subjects };
}

describe('a copy', () => {
  const [mask, other] = [randomMask(1, [8, 8, 8]), randomMask(2, [8, 8, 8])];

  it('under another patient is refused by name and id, on the page too, and not read again', async () => {
    const o = await study({ a: mask, b: turnedAxes(mask), c: other }, 'a/m.nrrd,p\nb/m.nrrd,q\nc/m.nrrd,r\n');
    const pictured = { ...o, withoutPictures: false };
    const { dataset, accepted, refused } = await ingest(pictured);
    const [first] = accepted;
    expect(dataset.cases.map((c) => c.subject).sort()).toEqual(['p', 'r']);
    expect(refused).toHaveLength(1);
    expect(refused[0].reason).toMatch(
      new RegExp(
        `in.b.m\\.nrrd holds the same bone as case ${first.id}, voxel for voxel, under another subject`,
      ),
    );
    const record = readCaseRecord(o.out, refused[0].id)!;
    expect(record.status).toBe('refused');
    expect(record.reason).toContain(`the case holds the same bone as case ${first.id}`);
    expect(readFileSync(join(o.out, 'cases.html'), 'utf8')).toContain(refused[0].id);
    const again = await ingest(pictured);
    expect([again.remembered, again.kept.length]).toEqual([1, 2]);
    expect(again.refused).toEqual(refused);
  });

  it('is the later one, however many are made at once', async () => {
    const o = await study({ a: mask, b: mask, c: other, d: mask });
    const named = { ...o, keepNames: true };
    for (const jobs of [1, 2]) {
      const { refused, dataset } = await ingest({ ...named, out: `${o.out}${jobs}`, jobs });
      expect(refused.map((r) => r.id)).toEqual(['b_m', 'd_m']);
      expect(dataset.cases.map((c) => c.id)).toEqual(['a_m', 'c_m']);
    }
  });

  it('takes the place of an original that changed, and not of one that a person dropped', async () => {
    const o = { ...(await study({ a: mask, b: mask, c: other })), keepNames: true };
    await ingest(o);
    const csv = `${o.out}.csv`;
    writeFileSync(csv, 'case,quality\na_m,drop\n');
    const dropped = await ingest({ ...o, qualityFile: csv });
    expect(dropped.refused[0].reason).toMatch(/same bone as case a_m/);
    expect(dropped.dataset.cases.map((c) => c.id)).toEqual(['c_m']);
    expect((await ingest({ ...o, retry: true })).refused).toHaveLength(1);
    writeFileSync(csv, 'case,quality\na_m,5\n');
    await ingest({ ...o, qualityFile: csv });
    await writeVolume(join(o.inputs[0], 'a/m.nrrd'), randomMask(3, [8, 8, 8]));
    const { changed, dataset } = await ingest(o);
    expect(changed).toEqual(['a_m']);
    expect(dataset.cases.map((c) => c.id)).toEqual(['a_m', 'b_m', 'c_m']);
  });
});

describe('names', () => {
  it('are those of the folder: under two names each bone would be there twice', async () => {
    const o = await study({ a: randomMask(1, [8, 8, 8]), b: randomMask(2, [8, 8, 8]) });
    await ingest(o);
    const before = openDataset(o.out).cases;
    await expect(ingest({ ...o, keepNames: true })).rejects.toThrow(
      /cases have secret ids[\s\S]*leave --keep-names out/,
    );
    expect(openDataset(o.out).cases).toEqual(before);
    const named = { ...o, out: `${o.out}2`, keepNames: true };
    await ingest(named);
    const other = { ...named, keepNames: false };
    await expect(ingest(other)).rejects.toThrow(DatasetError);
    // Folders of earlier versions do not say it: their ids do.
    writeFileSync(join(named.out, 'ingest.json'), '{"note":"","refused":{},"dropped":[]}');
    await expect(ingest(other)).rejects.toThrow(/called by their files[\s\S]*give --keep-names/);
    expect((await ingest(named)).kept).toEqual(['a_m', 'b_m']);
  });

  it('do not matter while no case is finished', async () => {
    const o = await study({ a: { ...randomMask(1, [8, 8, 8]), data: new Uint8Array(512) } });
    await expect(ingest(o)).rejects.toThrow(/none of 1 cases/);
    await writeVolume(join(o.inputs[0], 'a/m.nrrd'), randomMask(1, [8, 8, 8]));
    expect((await ingest({ ...o, keepNames: true })).accepted.map((a) => a.id)).toEqual(['a_m']);
  });
});
