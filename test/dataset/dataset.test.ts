import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openDataset, readOnce } from '../../src/dataset/dataset.ts';
import { writeDataset } from '../../src/dataset/writer.ts';
import { DatasetError } from '../../src/errors.ts';
import { HEADER, newCase, randomMask, temporaryFolder } from './helpers.ts';

function make(): string {
  const dir = temporaryFolder();
  writeDataset(
    dir,
    HEADER,
    [0, 1, 2, 3].map((i) => ({ meta: newCase(i), mask: randomMask(i) })),
  );
  return dir;
}

/** A manifest to be spoilt. */
interface Draft {
  extra?: number;
  version: number;
  cases: { id: string; subject: string; volume: string; quality: number; split: string }[];
}

/** Rewrites the manifest through `change`. */
function alter(dir: string, change: (m: Draft) => unknown): void {
  const path = join(dir, 'dataset.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  change(manifest);
  writeFileSync(path, JSON.stringify(manifest));
}

it('readOnce keeps the bits of what was read, and of nothing else', () => {
  const dir = make();
  const set = openDataset(dir);
  const once = readOnce(set);
  const [a, b] = set.cases;
  const mask = once.loadMask(a);
  expect(mask).toEqual(set.loadMask(a));
  for (const c of [a, b]) rmSync(join(dir, c.volume));
  expect(once.loadMask(a)).toEqual(mask);
  expect(() => once.loadBits(b)).toThrow(/is missing/);
});

describe('openDataset', () => {
  it('refuses a folder without a manifest, and a manifest cut short', () => {
    expect(() => openDataset(temporaryFolder())).toThrow(/holds no dataset.json/);
    expect(() => openDataset('/nowhere/at/all')).toThrow(DatasetError);
    const dir = make();
    const path = join(dir, 'dataset.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 200));
    expect(() => openDataset(dir)).toThrow(/not valid JSON/);
  });

  it.each([
    ['an unknown key', (m: Draft) => (m.extra = 1), /extra/],
    ['another version', (m: Draft) => (m.version = 2), /version/],
    ['a path out of the folder', (m: Draft) => (m.cases[0].volume = '../../etc/passwd'), /volume/],
    ['a quality out of range', (m: Draft) => (m.cases[0].quality = 7), /quality/],
    ['two cases of one id', (m: Draft) => (m.cases[1].id = m.cases[0].id), /two cases/],
    [
      'a subject on both sides',
      (m: Draft) => {
        m.cases[0].subject = m.cases[1].subject = 'x';
        m.cases[0].split = 'train';
        m.cases[1].split = 'test';
      },
      /both train and test/,
    ],
  ])('refuses %s', (_, change, message) => {
    const dir = make();
    alter(dir, change);
    expect(() => openDataset(dir)).toThrow(message);
  });

  it('refuses a volume that was altered, cut, exchanged or inflated', () => {
    const dir = make();
    const set = openDataset(dir);
    const path = join(dir, set.cases[0].volume);
    const bytes = readFileSync(path);
    const bits = set.loadBits(set.cases[0]);
    writeFileSync(path, bytes.subarray(0, bytes.length - 9));
    expect(() => set.loadMask(set.cases[0])).toThrow(DatasetError);
    writeFileSync(path, gzipSync(bits.map((b, i) => (i === 5 ? b ^ 1 : b))));
    expect(() => set.loadMask(set.cases[0])).toThrow(/SHA-256/);
    writeFileSync(path, gzipSync(bits.subarray(1)));
    expect(() => set.loadMask(set.cases[0])).toThrow(/47 bytes, not 48/);
    writeFileSync(path, gzipSync(new Uint8Array(1e6)));
    expect(() => set.loadMask(set.cases[0])).toThrow(DatasetError);
    writeFileSync(path, bytes);
    expect(set.loadMask(set.cases[0]).data).toEqual(randomMask(0).data);
  });
});
