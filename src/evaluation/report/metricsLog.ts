/**
 * A run's metrics.jsonl as columns: one JSON line a step, `{"step": 7, "loss": 0.41, ...}`, in which what is measured now
 * and then (held-out Dice) is present on some lines only. A last line that a kill cut short is passed over.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunFolderError } from '../../errors.ts';

/** One quantity over the steps at which it was logged. */
export interface Column {
  x: number[];
  y: number[];
}

export interface MetricsLog {
  /** Steps logged; 0 for a run that has only begun. */
  steps: number;
  /** The values of one key; empty columns where it never occurs. */
  column(key: string): Column;
  /** The last value of a key. */
  last(key: string): number | undefined;
}

/** Reads the log of a run folder. Throws `RunFolderError` where there is none. */
export function readMetrics(run: string): MetricsLog {
  const path = join(run, 'metrics.jsonl');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RunFolderError(
      {
        found: `${run} holds no metrics.jsonl (${(cause as NodeJS.ErrnoException).code})`,
        expected: 'the run folder of a training',
        todo: 'check the path',
      },
      { cause },
    );
  }
  const rows = text.split('\n').flatMap(parseRow);
  const column = (key: string): Column => {
    const having = rows.filter((row) => typeof row[key] === 'number');
    return { x: having.map((row) => row.step), y: having.map((row) => row[key]) };
  };
  return { steps: rows.at(-1)?.step ?? 0, column, last: (key) => column(key).y.at(-1) };
}

function parseRow(line: string): Record<string, number>[] {
  try {
    const row = JSON.parse(line);
    return typeof row?.step === 'number' ? [row] : [];
  } catch {
    return [];
  }
}

/**
 * A column of at most `most` points: means of runs of equally many neighbours (of logarithms for what is drawn on a log
 * axis), so that a log of 150,000 steps does not become a page of 20 MB.
 */
export function thinned({ x, y }: Column, most = 1200, log = false): Column & { every: number } {
  const every = Math.max(1, Math.ceil(x.length / most));
  if (every === 1) return { x, y, every };
  const out: Column = { x: [], y: [] };
  for (let start = 0; start < x.length; start += every) {
    const part = y.slice(start, start + every);
    const mean = part.reduce((sum, v) => sum + (log ? Math.log(v) : v), 0) / part.length;
    out.x.push(x[Math.min(start + every, x.length) - 1]);
    out.y.push(log ? Math.exp(mean) : mean);
  }
  return { ...out, every };
}
