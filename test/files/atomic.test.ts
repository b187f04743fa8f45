import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskError } from '../../src/errors.ts';
import { asDiskError, writeFileAtomic } from '../../src/files/atomic.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs `body` while no file of this process may grow beyond `bytes`: the kernel's refusal, without filling a disk. */
function withFileSizeLimit(bytes: number, body: () => void): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
  try {
    body();
  } finally {
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:']);
  }
}

test('writes chunks in order into new folders, replaces, leaves no temporary file', () => {
  const path = join(folder, 'a', 'b.txt');
  writeFileAtomic(path, 'old');
  writeFileAtomic(path, 'ü', Uint8Array.of(65, 66), '', 'end');
  expect(readFileSync(path, 'utf8')).toBe('üABend');
  expect(readdirSync(join(folder, 'a'))).toEqual(['b.txt']);
});

test.skipIf(process.platform !== 'linux')(
  'a refused write is a DiskError; the old file stays whole, nothing is left behind',
  () => {
    const path = join(folder, 'x.bin');
    writeFileAtomic(path, 'old');
    withFileSizeLimit(8192, () => {
      expect(() => writeFileAtomic(path, new Uint8Array(6000), new Uint8Array(6000))).toThrow(DiskError);
      expect(() => writeFileAtomic(path, new Uint8Array(20000))).toThrow(/EFBIG.*free some space/s);
    });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['x.bin']);
  },
);

test('a file where a folder should be, a folder where the file should be', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => writeFileAtomic(join(folder, 'file', 'x'), 'a')).toThrow(DiskError);
  writeFileAtomic(join(folder, 'sub', 'x'), 'a');
  expect(() => writeFileAtomic(join(folder, 'sub'), 'a')).toThrow(DiskError);
  expect(readdirSync(folder).sort()).toEqual(['file', 'sub']);
});

test('the codes of a full disk and of a refusal become DiskErrors; other errors pass through', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES']) {
    const error = asDiskError(Object.assign(new Error(code), { code }), '/out/x') as DiskError;
    expect(error).toBeInstanceOf(DiskError);
    expect(error.message).toMatch(`cannot write /out/x: ${code}`);
  }
  const other = new TypeError('a bug');
  expect(asDiskError(other, '/out/x')).toBe(other);
});
