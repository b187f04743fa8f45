/** Where the data of a run lie: beside its configuration, for commands that need both. Exported weights do not carry it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';

const FILE = 'data.json';

/** Notes the dataset folder of a run, relative to the run. Throws `DiskError`. */
export function rememberData(run: string, data: string): void {
  const path = relative(resolve(run), resolve(data));
  writeFileAtomic(join(run, FILE), `${JSON.stringify({ data: path })}\n`);
}

/** The dataset folder given, or else the one that the run notes. Throws `UsageError` where neither is there. */
export function dataOf(run: string, given: string | undefined): string {
  if (given !== undefined) return given;
  const file = join(run, FILE);
  if (existsSync(file)) {
    try {
      const { data } = JSON.parse(readFileSync(file, 'utf8'));
      if (typeof data === 'string' && existsSync(join(run, data))) return join(run, data);
    } catch {
      // Not ours, or damaged: the same as absent.
    }
  }
  throw new UsageError({
    found: `no --data, and ${run} does not say where its dataset lies (or it is there no more)`,
    expected: 'the dataset that the run was trained on',
    todo: 'add --data DIR',
  });
}
