/**
 * The units of a task study at work: one network trained on one mix at one seed, and its errors on the held-out cases. Each
 * looks first whether it is done, takes up what an interruption left, and marks itself when it is through.
 */
import { rmSync } from 'node:fs';
import { z } from 'zod';
import { dataHash } from '../../dataset/dataHash.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import { createProgress } from '../../files/progress.ts';
import { finish, finished, keyOf, readJson, writeJson } from '../folder.ts';
import type { TestError } from './effect.ts';
import type { TaskPaths } from './folder.ts';
import { drawn, type Mix } from './mix.ts';
import type { Task } from './tasks.ts';

export interface TaskShop {
  dataset: Dataset;
  /** Synthetic cases of a source for a training seed; undefined where they are not made yet. */
  set: (source: string, seed: number) => Dataset | undefined;
  paths: TaskPaths;
  /** Of the tests. */
  seed: number;
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
}

export interface Unit {
  task: Task;
  mix: Mix;
  seed: number;
  /** Its folder under runs/ and its file under tests/. */
  name: string;
}

export const unitOf = (task: Task, mix: Mix, seed: number): Unit => ({
  task,
  mix,
  seed,
  name: `${task.name}-${mix.name}-seed${seed}`,
});

/** What a unit learns from. */
function casesOf({ dataset, set }: TaskShop, { mix, seed }: Unit) {
  const made = mix.source === undefined ? undefined : set(mix.source, seed);
  return {
    cases: drawn(dataset.split('train'), seed).slice(0, mix.real),
    synthetic: made === undefined ? [] : [{ dataset: made, cases: made.cases.slice(0, mix.synthetic) }],
  };
}

function keysOf(shop: TaskShop, unit: Unit) {
  const { cases, synthetic } = casesOf(shop, unit);
  const hash = (list: typeof cases) => (list.length === 0 ? '' : dataHash(list));
  const { task, seed } = unit;
  const run = keyOf({
    task: task.name,
    training: task.training,
    seed,
    real: hash(cases),
    synthetic: synthetic.map((s) => hash([...s.cases])),
  });
  const test = keyOf({
    run,
    testing: task.testing,
    seed: shop.seed,
    on: dataHash(shop.dataset.split('test')),
  });
  return { run, test };
}

const runSchema = z.object({ seconds: z.number().nullable() });

/** Beside a run: the key of what it was begun with. */
const BEGUN = 'unit.json';

/** Trains the network of a unit unless it is there; goes on from its newest checkpoint, where that learnt from the same. */
async function makeRun(shop: TaskShop, unit: Unit, key: string): Promise<void> {
  const out = shop.paths.run(unit.name);
  if (finished(out, key, runSchema) !== undefined) return;
  const begun = z.object({ key: z.string() }).safeParse(readJson(`${out}.${BEGUN}`)).data?.key;
  if (begun !== undefined && begun !== key) rmSync(out, { recursive: true, force: true });
  writeJson(`${out}.${BEGUN}`, { key });
  const { dataset, quiet, signal, threads } = shop;
  const began = performance.now();
  await unit.task.learn({ out, seed: unit.seed, dataset, ...casesOf(shop, unit), quiet, signal, threads });
  finish(out, key, { seconds: (performance.now() - began) / 1000 });
}

const errorSchema = z.object({
  subject: z.string(),
  test: z.string(),
  error: z.number(),
  failed: z.boolean().optional(),
});
const testSchema = z.object({
  key: z.string(),
  content: z.string(),
  errors: z.record(z.string(), z.array(errorSchema)),
});

/** Errors that were written for this key, whole and as they were written; undefined: none to believe. */
function readErrors(path: string, key: string): Record<string, TestError[]> | undefined {
  const read = testSchema.safeParse(readJson(path));
  if (!read.success || read.data.key !== key) return undefined;
  return read.data.content === keyOf(read.data.errors) ? read.data.errors : undefined;
}

/** What a unit came to, where it is done. */
export function doneUnit(shop: TaskShop, unit: Unit): Record<string, TestError[]> | undefined {
  const { source, synthetic } = unit.mix;
  if (source !== undefined && (shop.set(source, unit.seed)?.cases.length ?? 0) < synthetic) return undefined;
  return readErrors(shop.paths.test(unit.name), keysOf(shop, unit).test);
}

/** Errors of a unit that is not done, by figure: trains what is not trained, and tests. */
export async function makeUnit(shop: TaskShop, unit: Unit): Promise<Record<string, TestError[]>> {
  const keys = keysOf(shop, unit);
  const path = shop.paths.test(unit.name);
  await makeRun(shop, unit, keys.run);
  let bar: ReturnType<typeof createProgress> | undefined;
  const { dataset, seed, quiet, signal, threads } = shop;
  try {
    const errors = await unit.task.test({
      run: shop.paths.run(unit.name),
      dataset,
      seed,
      signal,
      threads,
      onProgress(done, total) {
        bar ??= createProgress({ title: `test ${unit.name}`, total, unit: 'tests', quiet });
        bar.update(done);
      },
    });
    writeJson(path, { key: keys.test, content: keyOf(errors), errors });
    return errors;
  } finally {
    bar?.finish();
  }
}
