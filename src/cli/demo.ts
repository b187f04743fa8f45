/**
 * The demo: from nothing to skulls that no one ever had, in one folder and a few minutes.
 *
 *   1 phantoms/      200 procedural skulls of 32^3 voxels
 *   2 autoencoder/   trained on 160 of them (preset tiny)
 *   3 generator/     trained on the autoencoder's latents (preset tiny)
 *   4 skulls/        24 new ones, as volumes and surfaces
 *   5 report.html    pictures and figures of all of it; evaluation.json; contact sheets
 *
 * Each stage knows its own work again: run anew in the same folder, the demo goes on where it stopped.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { configHash } from '../config/hash.ts';
import { loadConfig } from '../config/load.ts';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  GENERATOR_PRESETS,
  generatorSchema,
} from '../config/schemas.ts';
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { makePhantomDataset } from '../dataset/phantoms.ts';
import { InterruptedError } from '../errors.ts';
import { evaluateSets } from '../evaluation/evaluateSets.ts';
import {
  generatedMasks,
  type ReportCommands,
  settingsText,
  writeRunReport,
} from '../evaluation/runReport.ts';
import type { SetEvaluation } from '../evaluation/setReport.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { latestCheckpointPath } from '../files/checkpoint.ts';
import { quoted } from '../files/commandLine.ts';
import { acquireLock } from '../files/lock.ts';
import { createProgress, formatSeconds, type ProgressStream } from '../files/progress.ts';
import { packageVersion } from '../files/version.ts';
import { type GeneratedSet, generateSet } from '../sampling/generateSet.ts';
import type { GeneratorWeights } from '../sampling/generator.ts';
import { readAutoencoder } from '../sampling/readAutoencoder.ts';
import { readGenerator } from '../sampling/readGenerator.ts';
import { sampleDefaults } from '../sampling/solverNames.ts';
import { trainAutoencoder } from '../training/autoencoder.ts';
import { trainGenerator } from '../training/generator.ts';

/** How much of everything; the defaults fit 2 cores and 5 minutes. */
export interface DemoSettings {
  phantoms: number;
  /** Voxels along each side of the grid. */
  grid: number;
  skulls: number;
  /** Overrides of the two `tiny` presets, as `--set` takes them. */
  autoencoder: readonly string[];
  generator: readonly string[];
}

export const DEMO_DEFAULTS: DemoSettings = {
  phantoms: 200,
  grid: 32,
  skulls: 24,
  autoencoder: [],
  generator: [],
};

export interface DemoOptions extends Partial<DemoSettings> {
  /** Folder of everything. */
  out: string;
  /** Seeds phantoms, split, trainings and samples. */
  seed: number;
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
  /** Where the words go; stderr. */
  stream?: ProgressStream;
}

export interface DemoResult {
  phantom: true;
  data: string;
  autoencoder: string;
  generator: string;
  skulls: string;
  report: string;
  evaluation: SetEvaluation;
  /** Wall and processor seconds of each stage; stages found finished are not in it. */
  seconds: Record<string, { wall: number; cpu: number }>;
}

const STAGES = 5;

/** Says which stage runs, and times it. */
class Timeline {
  readonly seconds: DemoResult['seconds'] = {};
  readonly #say: (text: string) => void;
  #stage = 0;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** Runs the next stage unless `done`. */
  async stage(name: string, what: string, done: boolean, work: () => Promise<unknown>): Promise<void> {
    this.#say(`${++this.#stage}/${STAGES} ${what}${done ? ': finished before' : ''}`);
    if (done) return;
    const began = performance.now();
    const before = process.cpuUsage();
    await work();
    const used = process.cpuUsage(before);
    this.seconds[name] = {
      wall: Number(((performance.now() - began) / 1000).toFixed(1)),
      cpu: Number(((used.user + used.system) / 1e6).toFixed(1)),
    };
  }
}

/** True when the run folder holds exactly this training, finished. */
function isTrained(
  run: string,
  config: { steps: number },
  read: () => { step: number; fits: boolean },
): boolean {
  const file = join(run, 'config.yaml');
  if (!existsSync(file) || latestCheckpointPath(run) === undefined) return false;
  if (configHash(parse(readFileSync(file, 'utf8'))) !== configHash(config)) return false;
  const { step, fits } = read();
  return step >= config.steps && fits;
}

function commandsOf(options: DemoOptions & DemoSettings, paths: Paths): ReportCommands {
  const { seed, skulls } = options;
  const [data, autoencoder, generator, made] = [
    paths.data,
    paths.autoencoder,
    paths.generator,
    paths.skulls,
  ].map(quoted);
  const sets = (list: readonly string[]): string =>
    [`seed=${seed}`, ...list].map((s) => ` --set ${quoted(s)}`).join('');
  return {
    autoencoder: `cranioflow train autoencoder --data ${data} --out ${autoencoder} --preset tiny${sets(options.autoencoder)}`,
    generator: `cranioflow train generator --data ${data} --autoencoder ${autoencoder} --out ${generator} --preset tiny${sets(options.generator)}`,
    generate: `cranioflow generate --run ${generator} --count ${skulls} --seed ${seed} --out ${made}`,
    evaluate: `cranioflow evaluate --real ${data} --train ${data} --fake ${made} --seed ${seed}`,
    report: `cranioflow demo --out ${quoted(options.out)} --seed ${seed}`,
  };
}

type Paths = ReturnType<typeof pathsOf>;

const pathsOf = (out: string) => ({
  data: join(out, 'phantoms'),
  autoencoder: join(out, 'autoencoder'),
  generator: join(out, 'generator'),
  skulls: join(out, 'skulls'),
  evaluation: join(out, 'evaluation.json'),
  report: join(out, 'report.html'),
  record: join(out, 'demo.json'),
});

/** Generated skulls against those held out and those trained on. */
function evaluate(dataset: Dataset, skulls: string, seed: number, quiet?: boolean): SetEvaluation {
  const masks = (side: 'train' | 'test') => dataset.split(side).map((c) => dataset.loadMask(c));
  let progress: ReturnType<typeof createProgress> | undefined;
  const result = evaluateSets(
    { real: masks('test'), train: masks('train'), fake: generatedMasks(skulls).map((s) => s.mask) },
    {
      seed,
      onProgress(done, total) {
        progress ??= createProgress({ title: 'evaluate', total, unit: 'pairs', quiet });
        progress.update(done);
      },
    },
  );
  progress?.finish();
  return result;
}

/** What the report was made from; another key, another report. */
function reportKey(dataset: Dataset, generator: GeneratorWeights, set: GeneratedSet, seed: number): string {
  return configHash({
    version: packageVersion(),
    data: dataHash(dataset.split('train')),
    generator: generator.hash,
    skulls: set.dataset.cases.map((c) => c.sha256),
    bones: set.bones,
    seed,
  });
}

function isReported(paths: Paths, key: string): boolean {
  if (![paths.record, paths.evaluation, paths.report].every((path) => existsSync(path))) return false;
  try {
    return JSON.parse(readFileSync(paths.record, 'utf8')).key === key;
  } catch {
    return false;
  }
}

function closingWords(
  paths: Paths,
  { metrics }: SetEvaluation,
  { seed, skulls, took }: { seed: number; skulls: number; took: number },
): string {
  const rows = [
    [paths.report, 'pictures and figures: open it in any browser'],
    [join(paths.skulls, '*.nrrd'), 'volumes: 3D Slicer, ITK-SNAP'],
    [join(paths.skulls, '*.stl'), 'surfaces in mm: MeshLab, Blender, any mesh viewer'],
  ];
  const width = Math.max(...rows.map(([path]) => path.length)) + 2;
  return [
    '',
    `${skulls} skulls that no one ever had, learnt from phantoms:`,
    ...rows.map(([path, what]) => `  ${path.padEnd(width)}${what}`),
    '',
    `1-NNA ${metrics.oneNnaDice.value.toFixed(2)} (0.5: cannot be told from held-out ones; 1: always) · ${formatSeconds(took)}`,
    `See it all:   npx cranioflow view ${quoted(dirname(paths.report))}`,
    `More of them: npx cranioflow generate --run ${quoted(paths.generator)} --count 100 --seed ${seed + 1} --out more`,
    'Research use, not a medical device; phantoms carry no anatomical truth.',
  ].join('\n');
}

/**
 * Runs the demo in `out`, or what of it is not finished there. Throws `InterruptedError` when asked to stop (finished work
 * stays), `RunFolderError` when another demo runs there, `DatasetError` when the folder holds one of another seed, and
 * whatever its stages throw.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { stream = process.stderr, quiet } = options;
  const say = (text: string): void => {
    if (!quiet) stream.write(`${text}\n`);
  };
  const release = acquireLock(join(options.out, 'demo.lock'), say);
  try {
    return await run({ ...DEMO_DEFAULTS, ...options }, say);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    const todo = `run the demo again with the same --out and --seed: it goes on where it stopped`;
    throw new InterruptedError({ ...error.explanation, todo }, { cause: error });
  } finally {
    release();
  }
}

async function run(options: DemoOptions & DemoSettings, say: (text: string) => void): Promise<DemoResult> {
  const { out, seed, quiet, signal, threads, phantoms, grid, skulls } = options;
  const began = performance.now();
  const paths = pathsOf(out);
  const autoencoderConfig = loadConfig(autoencoderSchema, {
    preset: { name: 'tiny', values: AUTOENCODER_PRESETS.tiny },
    set: [`seed=${seed}`, ...options.autoencoder],
  });
  const generatorConfig = loadConfig(generatorSchema, {
    preset: { name: 'tiny', values: GENERATOR_PRESETS.tiny },
    set: [`seed=${seed}`, ...options.generator],
  });
  say(
    `The demo makes ${phantoms} phantom skulls, trains two networks on them, generates ${skulls} new skulls and writes a report, all in ${out}: about 5 minutes on 2 cores. Ctrl-C stops it; run again, it goes on.`,
  );
  const timeline = new Timeline(say);

  let dataset!: Dataset;
  await timeline.stage(
    'phantoms',
    `${phantoms} phantom skulls, ${grid}x${grid}x${grid} voxels`,
    false,
    async () => {
      const progress = createProgress({ title: 'phantoms', total: phantoms, unit: 'skulls', quiet });
      try {
        dataset = await makePhantomDataset({
          out: paths.data,
          count: phantoms,
          grid,
          seed,
          signal,
          onProgress: (done) => progress.update(done),
        });
      } finally {
        progress.finish();
      }
    },
  );
  const data = dataHash(dataset.split('train'));

  const haveAutoencoder = isTrained(paths.autoencoder, autoencoderConfig, () => {
    const { meta } = readAutoencoder(paths.autoencoder);
    return { step: meta.step, fits: meta.dataHash === data };
  });
  const common = { dataset, resume: true, signal, quiet, threads };
  await timeline.stage(
    'autoencoder',
    `train the autoencoder, ${autoencoderConfig.steps} steps`,
    haveAutoencoder,
    () => trainAutoencoder({ ...common, out: paths.autoencoder, config: autoencoderConfig }),
  );

  const autoencoder = readAutoencoder(paths.autoencoder).hash;
  const haveGenerator = isTrained(paths.generator, generatorConfig, () => {
    const { meta } = readGenerator(paths.generator);
    return { step: meta.step, fits: meta.dataHash === data && meta.autoencoderHash === autoencoder };
  });
  await timeline.stage(
    'generator',
    `train the generator, ${generatorConfig.steps} steps`,
    haveGenerator,
    () =>
      trainGenerator({
        ...common,
        out: paths.generator,
        autoencoder: paths.autoencoder,
        config: generatorConfig,
      }),
  );

  const generator = readGenerator(paths.generator);
  let set!: GeneratedSet;
  await timeline.stage('generate', `generate ${skulls} skulls`, false, async () => {
    const progress = createProgress({ title: 'generate', total: skulls, unit: 'skulls', quiet });
    try {
      set = await generateSet({
        generator,
        out: paths.skulls,
        count: skulls,
        seed,
        ...sampleDefaults(generator.meta),
        formats: ['nrrd', 'stl'],
        threads,
        signal,
        onProgress: (done) => progress.update(done),
        onWarning: (text) => say(`warning: ${text}`),
      });
    } finally {
      progress.finish();
    }
  });

  const key = reportKey(dataset, generator, set, seed);
  await timeline.stage('report', 'evaluation and report', isReported(paths, key), async () => {
    const evaluation = evaluate(dataset, paths.skulls, seed, quiet);
    writeFileAtomic(paths.evaluation, `${JSON.stringify(evaluation, null, 1)}\n`);
    await writeRunReport({
      run: paths.generator,
      autoencoderRun: paths.autoencoder,
      dataset,
      generated: paths.skulls,
      settings: settingsText(sampleDefaults(generator.meta)),
      evaluation,
      out,
      seed,
      title: 'Skulls that no one ever had',
      commands: commandsOf(options, paths),
      quiet,
      signal,
      threads,
    });
    writeFileAtomic(paths.record, `${JSON.stringify({ seed, key, seconds: timeline.seconds }, null, 1)}\n`);
  });

  const evaluation = JSON.parse(readFileSync(paths.evaluation, 'utf8')) as SetEvaluation;
  say(
    closingWords(paths, evaluation, {
      seed,
      skulls: set.dataset.cases.length,
      took: (performance.now() - began) / 1000,
    }),
  );
  return {
    phantom: true,
    data: paths.data,
    autoencoder: paths.autoencoder,
    generator: paths.generator,
    skulls: paths.skulls,
    report: paths.report,
    evaluation,
    seconds: timeline.seconds,
  };
}
