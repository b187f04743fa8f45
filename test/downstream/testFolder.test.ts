import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { takeTestFolder } from '../../src/downstream/testFolder.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-test-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const take = (folder: string) => takeTestFolder(join(root, folder), 'align', () => {});
const put = (folder: string, ...names: string[]) => {
  mkdirSync(join(root, folder), { recursive: true });
  for (const name of names) writeFileSync(join(root, folder, name), '');
};

test('one test at a time, again and again in its own folder', () => {
  const release = take('mine');
  expect(() => take('mine')).toThrow(/in use by process/);
  release();
  put('mine', 'align.html', 'align.md', 'align.rows.jsonl', 'x.tmp');
  take('mine')();
  // A finished test may be of other settings: it is not written over.
  put('mine', 'align.json');
  expect(() => take('mine')).toThrow(/holds a finished test \(align\.json\)/);
});

test.each([['dataset.json'], ['complete.html'], ['align.rows.jsonl.bak']])(
  'a folder with %s is not its own',
  (name) => {
    put('other', name);
    expect(() => take('other')).toThrow(new RegExp(`already holds ${name}`));
    expect(existsSync(join(root, 'other', 'test.lock'))).toBe(false);
    rmSync(join(root, 'other', name));
  },
);

test('nor is a file a folder', () => {
  put('.', 'file');
  expect(() => take('file')).toThrow(/no folder that can be read/);
});
