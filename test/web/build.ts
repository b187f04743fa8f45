/**
 * The pages as built, for tests in a browser: `dist/web` is made again when a source is newer than it. Tests run side by side,
 * so whoever comes while another builds waits.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { RunFolderError } from '../../src/errors.ts';
import { acquireLock } from '../../src/files/lock.ts';

export type Page = 'viewer' | 'site';

/** What the pages are built from. */
const SOURCES = ['web', 'src', 'package-lock.json'];

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A folder's own time tells of files that went.
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const isFresh = (index: string): boolean =>
  existsSync(index) && statSync(index).mtimeMs > Math.max(...SOURCES.map(newest));

/** Takes the lock when nobody has it; that of a dead process counts for nothing. */
async function locked(path: string): Promise<() => void> {
  for (;;) {
    try {
      return acquireLock(path, () => {});
    } catch (error) {
      if (!(error instanceof RunFolderError)) throw error;
      await new Promise((later) => setTimeout(later, 200));
    }
  }
}

/** The folder of a page, built if need be. */
export async function builtPage(page: Page): Promise<string> {
  const folder = resolve('dist/web', page);
  const index = join(folder, 'index.html');
  const release = await locked(resolve('dist', `web-${page}.lock`));
  try {
    if (!isFresh(index)) {
      const begun = new Date();
      const vite = [
        'node_modules/vite/bin/vite.js',
        'build',
        '--logLevel',
        'warn',
        '-c',
        'web/vite.config.ts',
      ];
      await promisify(execFile)(process.execPath, [...vite, '--mode', page]);
      // A source that changed meanwhile is newer than the page.
      utimesSync(index, begun, begun);
    }
    return folder;
  } finally {
    release();
  }
}
