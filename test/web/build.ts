/**
 * The pages as built, for tests in a browser: `dist/web` is made again when a source is newer than it. Tests run side by side,
 * so whoever comes while another builds waits.
 */
import { execFile } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export type Page = 'viewer' | 'site';

/** What the pages are built from. */
const SOURCES = ['web', 'src', 'package-lock.json'];
/** A build takes seconds: a lock that is older was left by a kill. */
const STALE_MS = 300_000;

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A folder's own time tells of files that went.
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const isFresh = (index: string): boolean =>
  existsSync(index) && statSync(index).mtimeMs > Math.max(...SOURCES.map(newest));

function locked(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'));
    return true;
  } catch {
    if (existsSync(path) && Date.now() - statSync(path).mtimeMs > STALE_MS) rmSync(path, { force: true });
    return false;
  }
}

/** The folder of a page, built if need be. */
export async function builtPage(page: Page): Promise<string> {
  const folder = resolve('dist/web', page);
  const lock = resolve('dist', `web-${page}.lock`);
  mkdirSync(resolve('dist'), { recursive: true });
  while (!locked(lock)) await new Promise((later) => setTimeout(later, 200));
  try {
    if (!isFresh(join(folder, 'index.html'))) {
      const vite = [
        'node_modules/vite/bin/vite.js',
        'build',
        '--logLevel',
        'warn',
        '-c',
        'web/vite.config.ts',
      ];
      await promisify(execFile)(process.execPath, [...vite, '--mode', page]);
    }
    return folder;
  } finally {
    rmSync(lock, { force: true });
  }
}
