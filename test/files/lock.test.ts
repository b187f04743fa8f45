import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunFolderError } from '../../src/errors.ts';
import { acquireLock, holderOf } from '../../src/files/lock.ts';

let folder: string;
let path: string;
const notices: string[] = [];
const notice = (text: string) => void notices.push(text);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'run', 'run.lock');
  notices.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (holder: unknown) => {
  mkdirSync(join(folder, 'run'), { recursive: true });
  writeFileSync(path, typeof holder === 'string' ? holder : JSON.stringify(holder));
};
const ended = (child: ChildProcess) => new Promise((resolve) => child.on('exit', resolve));

test('one holder at a time; given back, it can be taken again', () => {
  const release = acquireLock(path, notice);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
  expect(() => acquireLock(path, notice)).toThrow(RunFolderError);
  expect(() => acquireLock(path, notice)).toThrow(new RegExp(`process ${process.pid} on`));
  release();
  expect(existsSync(path)).toBe(false);
  acquireLock(path, notice)();
  expect(notices).toEqual([]);
});

test('a living process keeps its lock, a dead one loses it with a notice', async () => {
  const child = spawn('sleep', ['60']);
  write({ pid: child.pid, ticks: null, host: hostname(), since: 'then' });
  expect(() => acquireLock(path, notice)).toThrow(RunFolderError);
  const gone = ended(child);
  child.kill('SIGKILL');
  await gone;
  acquireLock(path, notice)();
  expect(notices).toHaveLength(1);
  expect(notices[0]).toContain(`took over the lock of process ${child.pid}`);
  expect(readdirSync(join(folder, 'run'))).toEqual([]);
});

test('who holds it: nobody, a process that may be told to stop, or one of which only words are known', async () => {
  expect(holderOf(path)).toBeUndefined();
  const release = acquireLock(path, notice);
  expect(holderOf(path)).toMatchObject({ pid: process.pid, words: expect.stringContaining(hostname()) });
  release();
  expect(holderOf(path)).toBeUndefined();
  // Without its start, a pid may be anybody's by now.
  write({ pid: process.pid, ticks: null, host: hostname(), since: 'then' });
  expect(holderOf(path)).toEqual({ words: `process ${process.pid} on ${hostname()} since then` });
  write({ pid: process.pid, ticks: '1', host: hostname(), since: 'before a reboot' });
  if (existsSync('/proc/self/stat')) expect(holderOf(path)).toBeUndefined();
  write({ pid: process.pid, ticks: null, host: 'elsewhere', since: 'then' });
  expect(holderOf(path)).toEqual({ words: `process ${process.pid} on elsewhere since then` });
  for (const pid of [-1, 0, 1.5, 'x']) {
    write({ pid, ticks: '1', host: hostname(), since: 'then' });
    expect(holderOf(path)).toEqual({ words: 'a process whose lock file cannot be read' });
  }
  write('');
  expect(holderOf(path)).toEqual({ words: 'a process whose lock file cannot be read' });
});

test.skipIf(!existsSync('/proc/self/stat'))(
  'a pid that another process has since got does not hold the lock',
  () => {
    write({ pid: process.pid, ticks: '1', host: hostname(), since: 'before a reboot' });
    acquireLock(path, notice)();
    expect(notices).toHaveLength(1);
  },
);

test('a lock of another host, or one that cannot be read, is respected and the message says what to delete', () => {
  write({ pid: 1, ticks: null, host: 'elsewhere', since: 'then' });
  expect(() => acquireLock(path, notice)).toThrow(/elsewhere.*delete .*run\.lock/s);
  write('{"pid": 12');
  expect(() => acquireLock(path, notice)).toThrow(/cannot be read.*delete/s);
});

test('release leaves a lock alone that is not ours any more', () => {
  const release = acquireLock(path, notice);
  writeFileSync(path, 'of another');
  release();
  expect(existsSync(path)).toBe(true);
});
