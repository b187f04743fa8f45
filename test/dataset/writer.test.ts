import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { DatasetWriter, writeDataset } from '../../src/dataset/writer.ts';
import { DatasetError, GridError } from '../../src/errors.ts';
import { HEADER, newCase, randomMask, temporaryFolder } from './helpers.ts';

const cases = (n: number) => Array.from({ length: n }, (_, i) => ({ meta: newCase(i), mask: randomMask(i) }));

describe('DatasetWriter', () => {
  it('writes a dataset that opens to the same masks', () => {
    const dir = temporaryFolder();
    writeDataset(dir, HEADER, cases(10), { seed: 1 });
    const set = openDataset(dir);
    expect(set.cases.map((c) => c.id)).toEqual(
      cases(10)
        .map((c) => c.meta.id)
        .sort(),
    );
    for (const c of set.cases) {
      const i = Number(c.id.slice(5));
      expect(set.loadMask(c).data).toEqual(randomMask(i).data);
      expect(c.voxels).toBe(randomMask(i).data.reduce((a, b) => a + b, 0));
    }
    expect(set.grid).toMatchObject({ size: [8, 4, 12], spacing: [2, 2, 2], origin: [-7, -3, -11] });
    expect(set.split('train').length + set.split('test').length).toBe(10);
    expect(set.split('test').length).toBe(2);
    expect(existsSync(join(dir, 'cases.jsonl'))).toBe(false);
    const card = readFileSync(join(dir, 'README.md'), 'utf8');
    expect(card).toContain('Phantom data');
    expect(card).toContain('Not a medical device');
  });

  it('goes on after a kill in the middle of a line, and ends with the same bytes as an unbroken run', () => {
    const [broken, whole] = [temporaryFolder(), temporaryFolder()];
    writeDataset(whole, HEADER, cases(6));
    const first = new DatasetWriter(broken, HEADER);
    for (const c of cases(3)) first.add(c.meta, c.mask);
    appendFileSync(join(broken, 'cases.jsonl'), '{"id":"case-3","subj');
    expect(() => openDataset(broken)).toThrow(/run the same command again/);
    const second = new DatasetWriter(broken, HEADER);
    expect(second.ids).toEqual(['case-0', 'case-1', 'case-2']);
    for (const c of cases(6).slice(3, 5)) second.add(c.meta, c.mask);
    const third = new DatasetWriter(broken, HEADER);
    expect(third.ids.length).toBe(5);
    third.add(cases(6)[5].meta, cases(6)[5].mask);
    third.finish();
    expect(readFileSync(join(broken, 'dataset.json'))).toEqual(readFileSync(join(whole, 'dataset.json')));
  });

  it('tells of two headers only what differs', () => {
    const dir = temporaryFolder();
    writeDataset(dir, { ...HEADER, frame: 'Axes as they are. Cut at 0.5.' }, cases(2));
    const open = (frame: string) => () => new DatasetWriter(dir, { ...HEADER, frame });
    expect(open('Axes as they are. Cut at 0.3.')).toThrow(/whose frame is "Cut at 0.5."/);
    expect(open('Axes as they are. Cut at 0.5. Turned.')).toThrow(/whose frame is without the sentence/);
    expect(() => new DatasetWriter(dir, { ...HEADER, spacing: 4 })).toThrow(/whose spacing is 2/);
  });

  it.each(['README.md', 'cases.html'])('does not write over a %s that is not its own', (name) => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, name), 'notes of years');
    expect(() => new DatasetWriter(dir, HEADER)).toThrow(DatasetError);
    expect(readFileSync(join(dir, name), 'utf8')).toBe('notes of years');
  });

  it('makes a case again when its volume was lost or damaged', () => {
    const dir = temporaryFolder();
    writeDataset(dir, HEADER, cases(4));
    rmSync(join(dir, 'volumes/case-1.bits.gz'));
    writeFileSync(join(dir, 'volumes/case-2.bits.gz'), 'not gzip');
    expect(new DatasetWriter(dir, HEADER).ids).toEqual(['case-0', 'case-3']);
    const mended = writeDataset(dir, HEADER, cases(4));
    expect(mended.loadMask(mended.cases[2]).data).toEqual(randomMask(2).data);
  });

  it('grows a finished dataset without moving a subject across the split', () => {
    const dir = temporaryFolder();
    const before = new Map(writeDataset(dir, HEADER, cases(10)).cases.map((c) => [c.subject, c.split]));
    const after = new Map(writeDataset(dir, HEADER, cases(30)).cases.map((c) => [c.subject, c.split]));
    expect(after.size).toBe(30);
    for (const [subject, side] of before) expect(after.get(subject)).toBe(side);
  });

  it('keeps two annotations of one subject on one side', () => {
    const twice = Array.from({ length: 20 }, (_, i) => ({
      meta: newCase(i, `p${i >> 1}`),
      mask: randomMask(i),
    }));
    for (let seed = 0; seed < 5; seed++) {
      const set = writeDataset(temporaryFolder(), HEADER, twice, { seed });
      const train = new Set(set.split('train').map((c) => c.subject));
      expect(set.split('test').every((c) => !train.has(c.subject))).toBe(true);
      expect(set.split('test').length).toBe(4);
    }
  });

  it('refuses a folder of another grid, a mask of another size, an empty mask, a second use of an id', () => {
    const dir = temporaryFolder();
    const writer = new DatasetWriter(dir, HEADER);
    writer.add(newCase(0), randomMask(0));
    expect(() => new DatasetWriter(dir, { ...HEADER, spacing: 1 })).toThrow(/spacing is 2/);
    expect(() => writer.add(newCase(1), randomMask(1, [4, 8, 12]))).toThrow(GridError);
    expect(() => writer.add(newCase(0), randomMask(0))).toThrow(/second case/);
    const empty = { ...randomMask(2), data: new Uint8Array(8 * 4 * 12) };
    expect(() => writer.add(newCase(2), empty)).toThrow(/empty/);
    expect(() => writer.add({ ...newCase(3), id: '../x' }, randomMask(3))).toThrow(DatasetError);
    expect(() => new DatasetWriter(temporaryFolder(), HEADER).finish()).toThrow(/no cases/);
  });
});
