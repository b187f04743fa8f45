/**
 * The proof of worth, in one folder: networks for alignment and completion trained on real cases, on synthetic ones and on
 * both, at growing numbers and several seeds, all tested on the same held-out real cases.
 *
 *   sources -> mixes -> for each task, mix and seed: train, test -> ratios of errors -> task-study.json, .html, .md
 *
 * Units already done are skipped, so the same call goes on after an interruption.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TaskStudySettings } from '../../config/taskStudy.ts';
import { dataHash } from '../../dataset/dataHash.ts';
import { type Dataset, openDataset, readOnce } from '../../dataset/dataset.ts';
import { MANIFEST } from '../../dataset/manifest.ts';
import { DatasetError, InterruptedError, UsageError } from '../../errors.ts';
import { pText, tooFewSubjects } from '../../evaluation/paired.ts';
import { leastSignFlipP } from '../../evaluation/signFlip.ts';
import { requireWritableFolder, writeFileAtomic } from '../../files/atomic.ts';
import { acquireLock } from '../../files/lock.ts';
import { packageVersion } from '../../files/version.ts';
import { RESEARCH_USE } from '../../sampling/generateProvenance.ts';
import { writeJson } from '../folder.ts';
import { LEAST_SUBJECTS, type TestError, typicalError } from './effect.ts';
import {
  FREE_SETTINGS,
  readTaskStudy,
  requireSameTaskStudy,
  type TaskStudyRecord,
  taskPathsOf,
  writeTaskStudy,
} from './folder.ts';
import { type Mix, mixesOf } from './mix.ts';
import { taskStudyPage, taskStudyText } from './page.ts';
import { openForTraining, openSource, type Source, sourceCases } from './sources.ts';
import { type Figure, type Task, tasksOf } from './tasks.ts';
import { doneUnit, makeUnit, type TaskShop, type Unit, unitOf } from './units.ts';
import { type Comparison, comparisonsOf, sentenceOf } from './verdict.ts';

export interface TaskStudyOptions {
  settings: TaskStudySettings;
  dataset: Dataset;
  /** Synthetic cases: a name, and a folder of bones or a generator's run. The first is mixed with real cases. */
  synthetic: readonly { name: string; path: string }[];
  out: string;
  command?: string;
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
  say?: (text: string) => void;
}

/** What one task came to. */
export interface TaskResult {
  name: Task['name'];
  title: string;
  figures: Figure[];
  /** Typical errors of each mix, by figure, over all seeds and of each seed. */
  mixes: (Mix & {
    errors: Record<string, { typical: number; seeds: number[] }>;
    failed: number;
    tests: number;
  })[];
  /** By figure, the first of which is judged. */
  comparisons: Record<string, Comparison[]>;
  sentences: string[];
}

/** task-study.json. */
export interface TaskStudyResult {
  format: 'cranioflow-task-study-result';
  version: 1;
  cranioflow: string;
  use: string;
  phantom: boolean;
  settings: TaskStudySettings;
  data: {
    name: string;
    bone: string;
    size: readonly number[];
    spacing: number;
    train: number;
    heldOut: number;
    subjects: number;
  };
  sources: Omit<Source, 'path'>[];
  /** The generator of the mixed source had all real training cases to learn from; false: not known. */
  knewAll: boolean;
  tasks: TaskResult[];
  notes: string[];
  command: string | null;
}

interface Plan {
  record: TaskStudyRecord;
  /** The study as its folder has it. */
  found: TaskStudyRecord | undefined;
  units: Unit[];
  tasks: Task[];
  mixes: Mix[];
  /** What a reader must know beside the figures. */
  notes: string[];
}

/** Checks everything and lays the study out; writes nothing. Throws what is wrong with data, sources, folder. */
export function openTaskStudy({ settings, dataset, synthetic, out, command }: TaskStudyOptions): Plan {
  const train = dataset.split('train');
  const held = new Set(dataset.split('test').map((c) => c.subject));
  if (held.size < LEAST_SUBJECTS)
    throw new DatasetError({
      found: `${dataset.dir} holds out ${held.size} subjects`,
      expected: `at least ${LEAST_SUBJECTS}, on which every network is tested`,
      todo: 'hold out more when the dataset is made (--test-share)',
    });
  if (train.length === 0)
    throw new DatasetError({
      found: `${dataset.dir} has no training cases`,
      expected: 'real cases to compare the synthetic ones with',
      todo: 'take in more cases, or lower --test-share',
    });
  const names = synthetic.map((s) => s.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (names.length === 0 || twice !== undefined)
    throw new UsageError({
      found: twice === undefined ? 'no synthetic cases' : `two sources called ${twice}`,
      expected: 'one or more, each with a name of its own',
      todo: 'give --synthetic otfm=RUN --synthetic ddpm=RUN',
    });
  const most = Math.max(...settings.synthetic);
  const found = readTaskStudy(out);
  const sources = synthetic.map(({ name, path }) =>
    openSource(
      name,
      resolve(path),
      dataset,
      most,
      found?.sources.find((source) => source.name === name),
    ),
  );
  const record: TaskStudyRecord = {
    settings,
    data: { name: dataset.manifest.name, train: dataHash(train), test: dataHash(dataset.split('test')) },
    sources,
    ...(command !== undefined && { command }),
  };
  const tasks = tasksOf(settings);
  const mixes = mixesOf(settings, train.length, names);
  const seeds = [...Array(settings.seeds).keys()];
  const units = tasks.flatMap((task) => seeds.flatMap((s) => mixes.map((mix) => unitOf(task, mix, s))));
  if (found !== undefined) requireSameTaskStudy(out, record, found);
  return { record, found, units, tasks, mixes, notes: notesOf(record, held.size) };
}

/** What should be known before hours of work. */
function sayFirst({ notes }: Plan, { dataset, settings, say = () => {} }: TaskStudyOptions): void {
  for (const note of notes) say(`note: ${note}`);
  const all = dataset.split('train').length;
  const beyond = settings.real.filter((n) => n > all);
  if (beyond.length > 0)
    say(`note: real=[${beyond}]: there are ${all} real training cases, all of which are taken`);
}

/** What a study would do: its units, and which of them are done. Writes nothing; throws as `openTaskStudy`. */
export function dryTaskStudy(options: TaskStudyOptions): { unit: string; done: boolean }[] {
  const plan = openTaskStudy(options);
  const { units, record } = plan;
  sayFirst(plan, options);
  const { dataset, settings, out } = options;
  const paths = taskPathsOf(out);
  const sets = new Map<string, Dataset>();
  for (const source of record.sources)
    for (let s = 0; s < settings.seeds; s++) {
      const { name, kind } = source;
      if (kind === 'set') sets.set(`${name} ${s}`, openForTraining(source, s));
      else if (existsSync(join(paths.set(name, s), MANIFEST)))
        sets.set(`${name} ${s}`, openDataset(paths.set(name, s)));
    }
  const shop = {
    dataset,
    set: (name: string, s: number) => sets.get(`${name} ${s}`),
    paths,
    seed: settings.seed,
  };
  return units.map((unit) => ({ unit: unit.name, done: doneUnit(shop, unit) !== undefined }));
}

/**
 * Runs a task study, or what of it is not done. Throws what `openTaskStudy` throws before any work, `InterruptedError` when
 * asked to stop (finished units and checkpoints stay), `RunFolderError` where another process works in the folder.
 */
export async function runTaskStudy(options: TaskStudyOptions): Promise<TaskStudyResult> {
  const { out, say = () => {} } = options;
  const plan = openTaskStudy(options);
  requireWritableFolder(out);
  sayFirst(plan, options);
  const paths = taskPathsOf(out);
  const release = acquireLock(paths.lock, say);
  try {
    const command = plan.found === undefined ? options.command : plan.found.command;
    writeTaskStudy(out, { ...plan.record, ...(command !== undefined && { command }) });
    return await work(plan, options, command && withFree(command, options.settings));
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    const todo = 'run the same command again with the same --out: it goes on where it stopped';
    throw new InterruptedError({ ...error.explanation, todo }, { cause: error });
  } finally {
    release();
  }
}

/** A command line with the settings that may change, whatever its preset and its file say of them. */
const withFree = (command: string, settings: TaskStudySettings): string =>
  [command, ...FREE_SETTINGS.map((key) => `--set '${key}=${JSON.stringify(settings[key])}'`)].join(' ');

async function work(
  { record, units, tasks, mixes, notes }: Plan,
  { settings, out, say = () => {}, quiet, signal, threads, ...o }: TaskStudyOptions,
  command: string | undefined,
): Promise<TaskStudyResult> {
  const dataset = readOnce(o.dataset);
  const paths = taskPathsOf(out);
  const { manifest, grid } = dataset;
  const count = Math.max(...mixes.map((mix) => mix.synthetic));
  const sets = new Map<string, Dataset>();
  for (const source of record.sources)
    for (let training = 0; training < settings.seeds; training++) {
      const { name, kind } = source;
      if (kind === 'run') say(`set ${name} for seed ${training}: ${count} bones`);
      const set = await sourceCases(source, {
        out: paths.set(name, training),
        count,
        seed: settings.seed,
        training,
        quiet,
        signal,
        threads,
      });
      sets.set(`${name} ${training}`, readOnce(set));
    }
  const set: TaskShop['set'] = (name, training) => sets.get(`${name} ${training}`);
  const shop: TaskShop = { dataset, set, paths, seed: settings.seed, quiet, signal, threads };
  const errors = new Map<string, Record<string, TestError[]>>();
  for (const [i, unit] of units.entries()) {
    const known = doneUnit(shop, unit);
    say(`${i + 1}/${units.length} ${unit.name}${known === undefined ? '' : ', done'}`);
    errors.set(unit.name, known ?? (await makeUnit(shop, unit)));
  }
  const known = knownTo(record, dataset);
  const result: TaskStudyResult = {
    format: 'cranioflow-task-study-result',
    version: 1,
    cranioflow: packageVersion(),
    use: RESEARCH_USE,
    phantom: manifest.phantom,
    settings,
    data: {
      name: manifest.name,
      bone: manifest.bone,
      size: grid.size,
      spacing: grid.spacing[0],
      train: dataset.split('train').length,
      heldOut: dataset.split('test').length,
      subjects: new Set(dataset.split('test').map((c) => c.subject)).size,
    },
    sources: record.sources.map(({ path: _, ...source }) => source),
    knewAll: known !== undefined,
    tasks: tasks.map((task) => judge(task, mixes, units, errors, known)),
    notes,
    command: command ?? null,
  };
  writeJson(paths.json, result);
  writeFileAtomic(paths.html, taskStudyPage(result));
  writeFileAtomic(paths.text, taskStudyText(result));
  return result;
}

function judge(
  task: Task,
  mixes: readonly Mix[],
  units: readonly Unit[],
  errors: ReadonlyMap<string, Record<string, TestError[]>>,
  known: number | undefined,
): TaskResult {
  const of = (mix: Mix, figure: string): TestError[][] =>
    units
      .filter((u) => u.task.name === task.name && u.mix.name === mix.name)
      .map((u) => errors.get(u.name)![figure]);
  const [judged] = task.figures;
  const unlearnt = (mix: Mix) => typicalError(of(mix, judged.name), judged.floor) >= judged.useless;
  const comparisons = Object.fromEntries(
    task.figures.map(({ name, floor }) => [
      name,
      comparisonsOf(
        mixes.map((mix) => ({ mix, seeds: of(mix, name) })),
        { floor, unlearnt },
      ),
    ]),
  );
  const judgedOf = (mix: Mix) => of(mix, judged.name).flat();
  return {
    name: task.name,
    title: task.title,
    figures: [...task.figures],
    mixes: mixes.map((mix) => ({
      ...mix,
      errors: Object.fromEntries(
        task.figures.map(({ name, floor }) => {
          const seeds = of(mix, name);
          return [
            name,
            { typical: typicalError(seeds, floor), seeds: seeds.map((s) => typicalError([s], floor)) },
          ];
        }),
      ),
      failed: judgedOf(mix).filter((t) => t.failed).length,
      tests: judgedOf(mix).length,
    })),
    comparisons,
    sentences:
      comparisons[judged.name].length > 0
        ? comparisons[judged.name].map((c) => sentenceOf(c, judged.title, known))
        : [
            `Fewer than ${LEAST_SUBJECTS} held-out subjects could be tested (the others have no room for a defect): nothing is compared.`,
          ],
  };
}

/** How many real cases the generator behind the mixed source learnt from; undefined where that is not known. */
function knownTo({ sources: [mixed], data }: TaskStudyRecord, dataset: Dataset): number | undefined {
  return mixed.learntFrom === data.train ? dataset.split('train').length : undefined;
}

/** What a reader must know beside the figures; `subjects`: held out. */
function notesOf({ sources, data, settings }: TaskStudyRecord, subjects: number): string[] {
  const notes: string[] = [];
  if (tooFewSubjects(subjects))
    notes.push(
      `${subjects} held-out subjects: p can never be below ${pText(leastSignFlipP(subjects))}, so neither whether synthetic cases help nor which source is better can be told, however long the networks learn. Hold out more (--test-share of ingest).`,
    );
  for (const { name, kind, learntFrom } of sources) {
    if (kind === 'set' && learntFrom === undefined)
      notes.push(
        `${name} is a folder of bones: what its generator learnt from is not known here. If it saw the held-out cases, the study is void.`,
      );
    else if (learntFrom !== data.train)
      notes.push(
        `${name} learnt from other cases than the training cases of this study (SHA-256 ${learntFrom?.slice(0, 12)} against ${data.train.slice(0, 12)}): if held-out ones were among them, the study is void.`,
      );
  }
  if (settings.seeds < 2) notes.push('One training seed: intervals say nothing of other trainings.');
  return notes;
}
