import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskError } from '../../src/errors.ts';
import { makeFolder } from '../../src/files/atomic.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'folder-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('makes a folder with those above it, and takes one that is there', () => {
  makeFolder(join(root, 'a/b/c'));
  makeFolder(join(root, 'a/b/c'));
  expect(existsSync(join(root, 'a/b/c'))).toBe(true);
});

test('a file in the way is a clear error', () => {
  writeFileSync(join(root, 'file'), '');
  for (const path of ['file', 'file/x', 'file/x/y']) {
    expect(() => makeFolder(join(root, path))).toThrow(DiskError);
    expect(() => makeFolder(join(root, path))).toThrow(/a file is where a folder should be/);
  }
});

test.runIf(process.platform === 'linux')(
  'a file system that makes no folders ends in an error, not in a loop',
  () => {
    expect(() => makeFolder('/proc/cranioflow/x/y')).toThrow(DiskError);
  },
);
