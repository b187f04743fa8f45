/**
 * One process a folder, be it a run, a dataset or a demo: a lock file created exclusively, holding who holds it (pid, the kernel's start time of that
 * pid, host, when). A lock of a dead process on this host, or of a pid that now belongs to another process, is taken
 * over; one of another host is respected, for nobody can see from here whether it lives.
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { RunFolderError } from '../errors.ts';
import { asDiskError, makeFolder } from './atomic.ts';

interface Holder {
  pid: number;
  /** Field 22 of /proc/PID/stat, clock ticks since boot; null where there is no /proc. */
  ticks: string | null;
  host: string;
  since: string;
}

/** The start of a process in clock ticks since boot, which tells a reused pid from the process that had it before. */
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return holder.ticks === null || holder.ticks === startTicks(holder.pid);
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text);
    return Number.isInteger(holder.pid) && holder.pid > 0 && typeof holder.host === 'string'
      ? holder
      : undefined;
  } catch {
    return undefined;
  }
}

/** Who holds a lock, as another process sees it. */
export interface LockHolder {
  /** Where it is a process of this host that its start tells apart from a later one of that number. */
  pid?: number;
  /** `process 12 on host since ..`. */
  words: string;
}

/**
 * Who holds the lock at `path`; undefined where nobody does, or a process of this host that is dead. A lock that cannot be read
 * is held: it may be just being written.
 */
export function holderOf(path: string): LockHolder | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : { words: UNREADABLE };
  }
  const holder = parseHolder(text);
  if (holder === undefined) return { words: UNREADABLE };
  const words = wordsOf(holder);
  if (holder.host !== hostname()) return { words };
  if (!isAlive(holder)) return undefined;
  return typeof holder.ticks === 'string' ? { pid: holder.pid, words } : { words };
}

const UNREADABLE = 'a process whose lock file cannot be read';
const wordsOf = ({ pid, host, since }: Holder): string => `process ${pid} on ${host} since ${since}`;

function refuse(path: string, who: string): RunFolderError {
  return new RunFolderError({
    found: `${dirname(path)} is in use by ${who}`,
    expected: 'a folder that no other process is writing',
    todo: `wait for it, stop it, or choose another --out; if nothing writes there any more, delete ${path}`,
  });
}

/** Creates the lock exclusively; false where it exists. */
function create(path: string, text: string): boolean {
  let fd: number;
  try {
    makeFolder(dirname(path));
    fd = openSync(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && existsSync(path)) return false;
    throw asDiskError(error, path);
  }
  try {
    writeSync(fd, text);
  } catch (error) {
    rmSync(path, { force: true });
    throw asDiskError(error, path);
  } finally {
    closeSync(fd);
  }
  return true;
}

/**
 * Takes the lock at `path`; the function returned gives it back, and so does the end of the process unless it is killed.
 * `notice` is told when a dead process's lock is taken over. Throws `RunFolderError` where a living process holds it.
 */
export function acquireLock(path: string, notice: (text: string) => void): () => void {
  const mine: Holder = {
    pid: process.pid,
    ticks: startTicks(process.pid),
    host: hostname(),
    since: new Date().toISOString(),
  };
  const text = `${JSON.stringify(mine)}\n`;
  while (!create(path, text)) {
    let seen: string;
    try {
      seen = readFileSync(path, 'utf8');
    } catch {
      continue; // given back this very moment
    }
    const holder = parseHolder(seen);
    if (holder === undefined) throw refuse(path, UNREADABLE);
    if (holder.host !== mine.host || isAlive(holder)) throw refuse(path, wordsOf(holder));
    // Move the dead lock aside, then make sure that what was moved is the one seen: another process may have taken over
    // in between, and its living lock goes back.
    const aside = `${path}.${process.pid}.tmp`;
    try {
      renameSync(path, aside);
    } catch {
      continue;
    }
    if (readFileSync(aside, 'utf8') !== seen) {
      renameSync(aside, path);
      continue;
    }
    rmSync(aside);
    notice(
      `${dirname(path)}: took over the lock of process ${holder.pid}, which died (it started ${holder.since})`,
    );
  }
  const release = (): void => {
    process.off('exit', release);
    try {
      if (readFileSync(path, 'utf8') === text) rmSync(path);
    } catch {
      // The folder is gone: nothing to give back.
    }
  };
  process.on('exit', release);
  return release;
}
