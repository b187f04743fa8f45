/**
 * The study OTFM against DDPM in one folder: one autoencoder, both arms over several training seeds and shares of the
 * training set, generated sets along five axes, their figures, and what these support.
 *
 *   checkStudy -> plan -> autoencoder -> trainings -> sets -> measures -> figures -> verdict -> compare.json, compare.html
 *
 * Units already done are skipped, so the same call goes on after an interruption and remakes what was removed. Sets are
 * measured from disk one after another; nothing holds all of them.
 */
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { resolve } from 'node:path';
import type { StudySettings } from '../config/study.ts';
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { InterruptedError, NumericsError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { acquireLock } from '../files/lock.ts';
import { packageVersion } from '../files/version.ts';
import { RESEARCH_USE } from '../sampling/generateProvenance.ts';
import { readAutoencoder } from '../sampling/readAutoencoder.ts';
import { readGenerator } from '../sampling/readGenerator.ts';
import { axisClasses, checkStudy, classCounts, LEAST_HELD_OUT } from './check.ts';
import { type StudyFigures, type StudyRecords, studyFigures } from './figures.ts';
import {
  changedAxes,
  keyOf,
  pathsOf,
  requireSameStudy,
  type StudyIdentity,
  type StudyRecord,
  writeJson,
  writeStudy,
} from './folder.ts';
import type { Sampled } from './headline.ts';
import { HEADLINES } from './headline.ts';
import { makeMeasure, makeReference, referenceName } from './measures.ts';
import { studyPage } from './page.ts';
import { type Arm, type AxisName, type SetUnit, type StudyPlan, studyPlan } from './plan.ts';
import type { AutoencoderResult, MeasureRecord, SetResult, TrainingResult } from './records.ts';
import { makeAutoencoder, makeSet, makeTraining, type Workshop } from './units.ts';
import { type AxisInput, type Share, type StudyFacts, type StudyVerdict, verdictOf } from './verdict.ts';
import { Yardstick } from './yardstick.ts';

export interface StudyOptions {
  settings: StudySettings;
  dataset: Dataset;
  out: string;
  /** Run folder or weights file of an autoencoder to use. */
  autoencoder?: string;
  /** The command line that the study is made by, for its report. */
  command?: string;
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
  say?: (text: string) => void;
}

/** compare.json. */
export interface StudyResult {
  format: 'cranioflow-comparison';
  /** 2: ties, bases and losses along axes, counts that were seen to be enough and not to be. */
  version: 2;
  cranioflow: string;
  use: string;
  phantom: boolean;
  settings: StudySettings;
  /** SHA-256 of the settings. */
  settingsHash: string;
  data: {
    name: string;
    bone: string;
    size: readonly number[];
    spacing: number;
    train: number;
    heldOut: number;
    trainHash: string;
    heldOutHash: string;
    classes: { quality: number; train: number; test: number }[];
  };
  /** What the seconds were measured on. */
  machine: { processor: string; cores: number; threads: number | null };
  autoencoder: AutoencoderResult & { given: boolean };
  trainings: ({ name: string; arm: string; seed: number; share: number } & TrainingResult)[];
  sets: ({
    name: string;
    training: string;
    solver: string;
    steps: number;
    nfe: number;
    branches: number;
    guidance: number;
    quality: number | null;
    seed: number;
    count: number;
  } & SetResult)[];
  /** Why quality classes of the data are not on the class axis. */
  notes: string[];
  figures: StudyFigures;
  verdict: StudyVerdict;
  command: string | null;
}

export interface Study {
  identity: StudyIdentity;
  /** What the folder is recorded as holding; undefined: it is new. */
  found: StudyRecord | undefined;
  plan: StudyPlan;
  shop: Workshop;
}

/** Checks everything and lays the study out; writes nothing. Throws as `checkStudy` and `requireSameStudy`. */
export function openStudy(options: StudyOptions): Study {
  const { settings, dataset, out, autoencoder } = options;
  const given = autoencoder === undefined ? undefined : readAutoencoder(autoencoder);
  checkStudy(settings, dataset, given?.meta);
  const identity: StudyIdentity = {
    settings,
    data: {
      name: dataset.manifest.name,
      train: dataHash(dataset.split('train')),
      test: dataHash(dataset.split('test')),
    },
    autoencoder: given?.hash ?? null,
  };
  return {
    identity,
    found: requireSameStudy(out, identity),
    plan: studyPlan(settings, axisClasses(settings, classCounts(dataset))),
    shop: { ...options, paths: pathsOf(out), say: options.say ?? (() => {}) },
  };
}

/**
 * Runs a study, or what of it is not done. Throws what `openStudy` throws before any work, `InterruptedError` when asked to
 * stop (finished units and checkpoints stay), `RunFolderError` where another process works in the folder.
 */
export async function runStudy(options: StudyOptions): Promise<StudyResult> {
  const study = openStudy(options);
  const { shop } = study;
  const release = acquireLock(shop.paths.lock, shop.say);
  try {
    recordOf(study, options).begin();
    return await work(study, options);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    const todo = 'run the same command again with the same --out: it goes on where it stopped';
    throw new InterruptedError({ ...error.explanation, todo }, { cause: error });
  } finally {
    release();
  }
}

/**
 * study.json as the work goes on. A higher number of seeds is recorded with the first training of it that is done, so that
 * a rise that failed, or was a mistake, leaves no trace; a smaller one is a view of the study and never recorded. Axes are
 * recorded as the work begins: an interrupted study goes on with those it was last asked for.
 */
function recordOf({ identity, found }: Study, { out, command, autoencoder }: StudyOptions) {
  const axes = found === undefined ? {} : changedAxes(identity.settings, found.settings);
  const record: StudyRecord =
    found === undefined
      ? {
          ...identity,
          ...(command !== undefined && { command }),
          ...(autoencoder !== undefined && { autoencoderPath: resolve(autoencoder) }),
        }
      : Object.keys(axes).length === 0
        ? found
        : { ...found, settings: { ...found.settings, ...axes }, axes: { ...found.axes, ...axes } };
  return {
    begin: (): void => writeStudy(out, record),
    reached(seed: number): void {
      if (seed < record.settings.seeds) return;
      record.settings = { ...record.settings, seeds: seed + 1 };
      if (record.command !== undefined) record.command = withSeeds(record.command, seed + 1);
      writeStudy(out, record);
    },
  };
}

async function work(study: Study, options: StudyOptions): Promise<StudyResult> {
  const { shop, plan, identity } = study;
  const record = recordOf(study, options);
  const { settings, dataset, paths } = shop;
  const total = 1 + plan.trainings.length + plan.sets.length + plan.measures.length;
  let at = 0;
  const tell = (what: string): void => shop.say(`${++at}/${total} ${what}`);

  tell('autoencoder');
  const autoencoder = await makeAutoencoder(shop);
  const trainings = new Map<string, TrainingResult>();
  for (const training of plan.trainings) {
    tell(`training ${training.name}`);
    trainings.set(training.name, await makeTraining(shop, training, autoencoder.hash));
    record.reached(training.seed);
  }
  requireTwins(shop, plan, trainings);
  const sets = new Map<string, SetResult>();
  for (const unit of plan.sets) {
    tell(`set ${unit.name}, ${unit.count} bones`);
    sets.set(unit.name, await makeSet(shop, unit, trainings.get(unit.training.name)!.hash));
  }
  const yardstick = new Yardstick(shop);
  const references = new Map<string, Record<string, Sampled>>();
  const measures = new Map<string, MeasureRecord>();
  for (const unit of plan.measures) {
    tell(`figures of ${unit.name}`);
    measures.set(unit.name, await makeMeasure(shop, unit, sets.get(unit.set.name)!, yardstick));
    const name = referenceName(unit.count, unit.quality);
    if (!references.has(name))
      references.set(name, await makeReference(shop, yardstick, unit.count, unit.quality));
  }
  const records: StudyRecords = { sets, measures, references };
  const figures = studyFigures(plan, settings, records);
  const { manifest, grid } = dataset;
  const classes = classCounts(dataset);
  const shown = axisClasses(settings, classes);
  const result: StudyResult = {
    format: 'cranioflow-comparison',
    version: 2,
    cranioflow: packageVersion(),
    use: RESEARCH_USE,
    phantom: manifest.phantom,
    settings,
    settingsHash: keyOf(settings),
    data: {
      name: manifest.name,
      bone: manifest.bone,
      size: grid.size,
      spacing: grid.spacing[0],
      train: dataset.split('train').length,
      heldOut: dataset.split('test').length,
      trainHash: identity.data.train,
      heldOutHash: identity.data.test,
      classes,
    },
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      threads: shop.threads ?? null,
    },
    autoencoder: { ...autoencoder, given: options.autoencoder !== undefined },
    trainings: plan.trainings.map(({ name, arm, seed, share }) => ({
      name,
      arm,
      seed,
      share,
      ...trainings.get(name)!,
    })),
    sets: plan.sets.map(({ name, training, sampling, nfe, branches, seed, count }) => ({
      name,
      training: training.name,
      solver: sampling.solver,
      steps: sampling.steps,
      nfe,
      branches,
      guidance: sampling.guidance,
      quality: sampling.quality ?? null,
      seed,
      count,
      ...sets.get(name)!,
    })),
    notes: classes
      .filter((c) => !shown.includes(c.quality))
      .map(
        (c) =>
          `class ${c.quality} is not measured by itself: ${c.train} cases trained on, ${c.test} held out (${LEAST_HELD_OUT} are needed)`,
      ),
    figures,
    verdict: readNumbers(settings, figures, dataset, emptyShares(plan, sets)),
    command: commandOf(study, options) ?? null,
  };
  writeJson(paths.json, result);
  shop.say('compare.html');
  writeFileAtomic(paths.html, await studyPage(result, { plan, paths, dataset, signal: shop.signal }));
  return result;
}

/** A command line with another number of seeds. */
const withSeeds = (command: string, seeds: number): string =>
  `${command.replace(/ --(set seeds=|seeds )\S+/g, '')} --seeds ${seeds}`;

/** The command that makes the study: the one it was begun with, which its settings came from, with its seeds and axes of now. */
function commandOf({ found, identity }: Study, { command }: StudyOptions): string | undefined {
  if (found?.command === undefined) return command;
  const { settings } = identity;
  const line =
    settings.seeds === found.settings.seeds ? found.command : withSeeds(found.command, settings.seeds);
  const axes = Object.entries({ ...found.axes, ...changedAxes(settings, found.settings) });
  return [line, ...axes.map(([axis, places]) => `--set '${axis}=${JSON.stringify(places)}'`)].join(' ');
}

/** The arms of one seed and share must have learnt from the same latents, normalised alike. Throws `NumericsError`. */
function requireTwins(
  { paths }: Workshop,
  plan: StudyPlan,
  results: ReadonlyMap<string, TrainingResult>,
): void {
  for (const otfm of plan.trainings.filter((t) => t.arm === 'otfm')) {
    const ddpm = plan.trainings.find(
      (t) => t.arm === 'ddpm' && t.seed === otfm.seed && t.share === otfm.share,
    )!;
    if (!existsSync(paths.run(otfm.name)) || !existsSync(paths.run(ddpm.name))) continue;
    const facts = [otfm, ddpm].map((t) => {
      const { meta } = readGenerator(paths.run(t.name));
      const { config, latentShape, latentMean, latentDeviation, autoencoderHash, dataHash: data } = meta;
      const { parameters } = results.get(t.name)!;
      return keyOf({ config, latentShape, latentMean, latentDeviation, autoencoderHash, data, parameters });
    });
    if (facts[0] === facts[1]) continue;
    throw new NumericsError({
      found: `${otfm.name} and ${ddpm.name} did not learn from the same latents with the same network`,
      expected: 'arms that differ in the objective alone',
      todo: `remove both folders in ${paths.run('')} and run the study again`,
    });
  }
}

/** Empty bones of each arm: of its main sets, and of all of them, each set counted once. */
function emptyShares(plan: StudyPlan, results: ReadonlyMap<string, SetResult>): StudyFacts['empty'] {
  const main = new Set(
    plan.points.filter((p) => p.axis === 'main').flatMap((p) => p.measures.map((m) => m.set)),
  );
  const share = (units: readonly SetUnit[]): Share => ({
    count: units.reduce((sum, unit) => sum + results.get(unit.name)!.empty, 0),
    of: units.reduce((sum, unit) => sum + unit.count, 0),
  });
  const ofArm = (arm: Arm) => {
    const own = plan.sets.filter((unit) => unit.training.arm === arm);
    return { main: share(own.filter((unit) => main.has(unit))), all: share(own) };
  };
  return { otfm: ofArm('otfm'), ddpm: ofArm('ddpm') };
}

function readNumbers(
  settings: StudySettings,
  figures: StudyFigures,
  dataset: Dataset,
  empty: StudyFacts['empty'],
): StudyVerdict {
  const at = (axis: string) => figures.comparisons.filter((c) => c.axis === axis);
  const main = at('main')[0];
  const axis = (name: AxisName, title: string, label: (x: number) => string): AxisInput => ({
    axis: title,
    ...(figures.bases[name] !== undefined && { base: label(figures.bases[name]) }),
    places: at(name).map((c) => ({
      label: label(c.x),
      pair: c.pair,
      advantages: c.advantages,
      ...(c.holds && { holds: c.holds }),
    })),
    ...(name === 'seed' && { scatter: figures.scatter }),
  });
  const covered = figures.rows.find((row) => row.name === 'coverageFeatures');
  return verdictOf({
    titles: Object.fromEntries(HEADLINES.map((h) => [h.name, h.title])),
    mainSampling: { otfm: main.otfm, ddpm: main.ddpm },
    main: main.advantages,
    ties: main.ties,
    mainPair: main.pair,
    coverage: {
      otfm: covered?.otfm?.value ?? null,
      ddpm: covered?.ddpm?.value ?? null,
      real: covered?.reference ?? null,
    },
    best: figures.best,
    equal: at('evaluations').map((c) => ({ nfe: c.x, pair: c.pair, advantages: c.advantages })),
    speed: figures.speed,
    within: settings.measure.within,
    axes: [
      axis('evaluations', 'fewer evaluations', (x) => `${x}`),
      axis('guidance', 'guidance scale', (x) => `${x}`),
      axis('seed', 'training seed', (x) => `${x}`),
      axis('share', 'training-set size', (x) => `${Number((100 * x).toPrecision(3))} %`),
      axis('class', 'quality class', (x) => `class ${x}`),
    ],
    facts: {
      seeds: settings.seeds,
      axisSeeds: settings.axisSeeds,
      shareSeeds: settings.shareSeeds,
      heldOut: dataset.split('test').length,
      samples: settings.samples.main,
      steps: settings.generator.steps,
      phantom: dataset.manifest.phantom,
      prediction: settings.generator.diffusion.prediction,
      failed: figures.points.filter((p) => p.axis !== 'setting' && p.failed !== undefined).length,
      empty,
    },
  });
}
