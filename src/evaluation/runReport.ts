/**
 * The report of a run: weights, log, dataset and generated bones become one `report.html` and a few contact sheets in the
 * run folder.
 *
 *   writeAutoencoderReport   curves, reconstructions                              after `train autoencoder`
 *   writeGeneratorReport     curves, samples beside real bones, trajectory,
 *                            nearest training cases                               after `train generator`
 *   writeRunReport           all of it, with the figures of an evaluation         the demo, whole runs
 *
 * Each samples and renders with what is on disk, takes seconds, and gives the same bytes for the same input.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { loadConfig } from '../config/load.ts';
import { type Dataset, openDataset } from '../dataset/dataset.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { interruptedError, nextTurn } from '../files/interrupt.ts';
import { createProgress } from '../files/progress.ts';
import { type Image, writePng } from '../mesh/png.ts';
import type { GeneratorMeta } from '../models/metadata.ts';
import { formatNumber } from '../report/number.ts';
import { buildReport, type Report, type Section } from '../report/report.ts';
import type { AutoencoderWeights } from '../sampling/autoencoder.ts';
import { readProvenance } from '../sampling/generateProvenance.ts';
import { Generator, type GeneratorWeights } from '../sampling/generator.ts';
import type { SampleOptions, SampleSettings } from '../sampling/latentSampler.ts';
import { readAutoencoder } from '../sampling/readAutoencoder.ts';
import { readGenerator } from '../sampling/readGenerator.ts';
import { readShapeEncoder } from '../sampling/shapeEncoder.ts';
import { sampleDefaults } from '../sampling/solverNames.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import { type Mask, voxelCount } from '../volume/volume.ts';
import { autoencoderCurves, encoderCurves, generatorCurves } from './report/curves.ts';
import { figuresSection } from './report/figures.ts';
import { byClass, GALLERY_COUNT, galleryPart, inTurn, matchClasses } from './report/gallery.ts';
import { limitsSection } from './report/limits.ts';
import { nearestPart } from './report/nearestCases.ts';
import type { NamedMask, Part } from './report/part.ts';
import { reconstructionPart } from './report/reconstructions.ts';
import { trajectory, trajectoryPart } from './report/trajectory.ts';
import type { SetEvaluation } from './setReport.ts';

/** Command lines that make what a section shows again; `report` makes the page. */
export interface ReportCommands {
  autoencoder?: string;
  generator?: string;
  generate?: string;
  evaluate?: string;
  report?: string;
}

interface Common {
  /** The run folder that the report describes. */
  run: string;
  /** The dataset, or its folder, that the run was trained on. */
  dataset: Dataset | string;
  /** Where report.html and the sheets go; default: the run folder. */
  out?: string;
  commands?: ReportCommands;
  title?: string;
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
}

export interface GeneratorReportOptions extends Common {
  /** The autoencoder's run folder: its curves join the report. */
  autoencoderRun?: string;
  /** Seed of the samples drawn for the report where none are given. */
  seed?: number;
}

export interface RunReportOptions extends GeneratorReportOptions {
  /** Generated bones, or the folder of a generated set; a few are sampled where none are given. */
  generated?: readonly NamedMask[] | string;
  /** How the generated ones were sampled, in words. */
  settings?: string;
  evaluation?: SetEvaluation;
}

/** What a report came to. */
export interface WrittenReport {
  /** report.html. */
  path: string;
  /** Every file written. */
  files: string[];
}

const open = (dataset: Dataset | string): Dataset =>
  typeof dataset === 'string' ? openDataset(dataset) : dataset;

/** Progress over named parts, with a look at the signal between them. */
class Stages {
  readonly #progress;
  readonly #signal: AbortSignal | undefined;
  #done = 0;

  constructor(total: number, { quiet, signal }: Pick<Common, 'quiet' | 'signal'>) {
    this.#progress = createProgress({ title: 'report', total, unit: 'parts', quiet });
    this.#signal = signal;
  }

  /** Runs one part. Throws `InterruptedError` before it when the signal is aborted. */
  async run<T>(name: string, make: () => T | Promise<T>): Promise<T> {
    if (this.#signal?.aborted) {
      this.#progress.finish();
      throw interruptedError('the report was not written; all else is kept');
    }
    this.#progress.update(this.#done, name);
    // Rendering blocks the event loop; let the line above be drawn and signals be heard first.
    await nextTurn();
    const result = await make();
    this.#progress.update(++this.#done, name);
    return result;
  }

  finish(note: string): void {
    this.#progress.finish(note);
  }
}

const parametersOf = (weights: ReadonlyMap<string, Float32Array>): number =>
  [...weights.values()].reduce((sum, data) => sum + data.length, 0);

function dataFacts({ manifest }: Dataset): [string, string | number][] {
  const count = (side: string): number => manifest.cases.filter((c) => c.split === side).length;
  return [
    ['data', manifest.name],
    ['cases', `${count('train')} trained on, ${count('test')} held out`],
    ['grid', `${manifest.size.join(' x ')} voxels of ${formatNumber(manifest.spacing)} mm`],
  ];
}

interface Trained {
  meta: { step: number };
  weights: ReadonlyMap<string, Float32Array>;
}

const STEPS = z.looseObject({ steps: z.number().default(0) });

/** How large a network is and how long it learnt; of a run that ended before its last step, out of how many. Throws `ConfigError`. */
function sizeOf({ meta, weights }: Trained, run?: string): string {
  const file = run === undefined ? undefined : join(run, 'config.yaml');
  const { steps } = file !== undefined && existsSync(file) ? loadConfig(STEPS, { file }) : { steps: 0 };
  const of = steps > meta.step ? ` of ${formatNumber(steps)}` : '';
  return `${formatNumber(parametersOf(weights))} parameters, ${formatNumber(meta.step)}${of} steps`;
}

const autoencoderFacts = (weights: AutoencoderWeights, run?: string): [string, string | number][] => [
  ['autoencoder', sizeOf(weights, run)],
];

const generatorFacts = (weights: GeneratorWeights, run: string): [string, string | number][] => [
  ['generator', sizeOf(weights, run)],
  ['weights, SHA-256', weights.hash.slice(0, 16)],
];

/** Writes the sheets, then the page, each whole or not at all. Throws `DiskError`. */
function write(out: string, report: Report, pictures: Readonly<Record<string, Image>>): WrittenReport {
  const files = Object.entries(pictures).map(([name, image]) => {
    const path = join(out, `${name}.png`);
    writePng(path, image);
    return path;
  });
  const path = join(out, 'report.html');
  writeFileAtomic(path, buildReport(report));
  return { path, files: [path, ...files] };
}

/**
 * Writes the report of an autoencoder's run: how the training went and what comes back of held-out bones. Throws
 * `RunFolderError`, `CheckpointError` or `DatasetError` where something it needs is missing or damaged.
 */
export async function writeAutoencoderReport(options: Common): Promise<WrittenReport> {
  const { run, out = run, commands = {}, threads } = options;
  const dataset = open(options.dataset);
  const { bone, phantom } = dataset.manifest;
  const stages = new Stages(2, options);
  const autoencoder = readAutoencoder(run);
  const curves = await stages.run('curves', () => autoencoderCurves(run, commands.autoencoder));
  const rebuilt = await stages.run('reconstructions', () =>
    reconstructionPart(autoencoder, dataset, { threads }),
  );
  const written = write(
    out,
    {
      title: options.title ?? `Autoencoder of ${bone}s`,
      lead: `What a trained autoencoder keeps of a ${bone}.`,
      phantom: phantom || autoencoder.meta.phantom,
      facts: [
        ...dataFacts(dataset),
        ...autoencoderFacts(autoencoder, run),
        ['Dice, reconstruction', rebuilt.meanDice],
      ],
      sections: [rebuilt.section, curves, limitsSection(dataset)],
      command: commands.report,
    },
    rebuilt.pictures,
  );
  stages.finish(written.path);
  return written;
}

/** Writes the report of a contrastive encoder's run: how the training went. Throws as `writeAutoencoderReport`. */
export async function writeEncoderReport(options: Common): Promise<WrittenReport> {
  const { run, out = run, commands = {} } = options;
  const dataset = open(options.dataset);
  const { bone, phantom } = dataset.manifest;
  const { meta, weights } = readShapeEncoder(run);
  const stages = new Stages(1, options);
  const curves = await stages.run('curves', () => encoderCurves(run));
  const size = sizeOf({ meta, weights }, run);
  const written = write(
    out,
    {
      title: options.title ?? `Contrastive encoder of ${bone}s`,
      lead: `What tells one ${bone} from another, learnt without labels.`,
      phantom: phantom || meta.phantom,
      facts: [...dataFacts(dataset), ['encoder', `${size}, ${meta.config.features} features`]],
      sections: [curves, limitsSection(dataset)],
      command: commands.report,
    },
    {},
  );
  stages.finish(written.path);
  return written;
}

/**
 * The bones of a generated set's folder, those that came out empty included: leaving them out would flatter. Throws
 * `DatasetError`.
 */
export function generatedMasks(folder: string): NamedMask[] {
  const set = openDataset(folder);
  const masks = set.cases.map((c) => ({ name: c.id, quality: c.quality, mask: set.loadMask(c) }));
  const empty = (readProvenance(folder)?.bones ?? []).filter((bone) => bone.empty);
  const nothing = (): Mask => ({ ...set.grid, data: new Uint8Array(voxelCount(set.grid.size)) });
  masks.push(...empty.map(({ id, quality }) => ({ name: id, quality, mask: nothing() })));
  return masks.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Fewer samples on large grids, so that a report stays a matter of seconds. */
const sampleCount = (dataset: Dataset): number =>
  Math.min(6, Math.max(2, Math.floor((6 * 32 ** 3) / voxelCount(dataset.grid.size))));

/** A few samples, of the trained classes in turn, best first. */
async function sampleSome(generator: Generator, count: number, seed: number): Promise<NamedMask[]> {
  const classes = [...generator.meta.qualities].sort((a, b) => b - a);
  const masks: NamedMask[] = [];
  for (let index = 0; index < count; index++) {
    const quality = classes[index % classes.length];
    const mask = await generator.sample({ ...ownSamples(generator.meta), seed, index, quality });
    masks.push({ name: `sample ${index}`, quality, mask });
  }
  return masks;
}

/** Sampling settings in words: '16 Heun steps, guidance 1.5'. */
export const settingsText = ({
  steps,
  solver,
  guidance,
}: Pick<SampleSettings, 'solver' | 'guidance'> & { steps?: number }): string =>
  `${steps === undefined ? `${solver} with adaptive steps` : `${steps} ${solver[0].toUpperCase()}${solver.slice(1)} steps`}, guidance ${guidance}`;

/** How the report's own samples are made: half the steps of `generate`, because a report should take seconds. */
function ownSamples(meta: GeneratorMeta) {
  const settings = sampleDefaults(meta);
  return { ...settings, steps: Math.ceil(settings.steps / 2) };
}

/**
 * Writes the report of a generator's run with all that is known: samples beside bones never trained on, the way from
 * noise, nearest training cases, figures of an evaluation, reconstructions and both trainings. Throws as
 * `writeAutoencoderReport`, and `GridError` for generated bones of another grid.
 */
export async function writeRunReport(options: RunReportOptions): Promise<WrittenReport> {
  const { run, autoencoderRun, out = run, commands = {}, seed = 0, evaluation, threads } = options;
  const dataset = open(options.dataset);
  const { bone } = dataset.manifest;
  const quick = options.generated === undefined;
  if (typeof options.generated === 'string')
    requireSameGrid(openDataset(options.generated).grid, dataset.grid, options.generated, dataset.dir);
  const stages = new Stages(autoencoderRun === undefined ? 6 : 7, options);
  const weights = readGenerator(run);
  const defaults = sampleDefaults(weights.meta);
  const settings = options.settings ?? settingsText(quick ? ownSamples(weights.meta) : defaults);
  const phantom = dataset.manifest.phantom || weights.meta.phantom;
  const naming = { bone, phantom };
  const generator = await Generator.create(weights, { threads });
  try {
    const all = await stages.run('samples', () =>
      options.generated === undefined
        ? sampleSome(generator, sampleCount(dataset), seed)
        : typeof options.generated === 'string'
          ? generatedMasks(options.generated)
          : options.generated,
    );
    const heldOut = dataset.split('test').length > 0;
    const shown = byClass(inTurn(all, GALLERY_COUNT));
    const beside = matchClasses(shown, dataset.split(heldOut ? 'test' : 'train')).map((c) => ({
      name: c.id,
      quality: c.quality,
      mask: dataset.loadMask(c),
    }));
    const gallery = await stages.run('contact sheets', () =>
      galleryPart(shown, beside, naming, {
        total: all.length,
        heldOut,
        settings,
        command: commands.generate,
      }),
    );
    const way = await stages.run('trajectory', async () => {
      const { guidance } = defaults;
      const best = Math.max(...weights.meta.qualities);
      const samples: Omit<SampleOptions, 'solver' | 'steps' | 'onStep'>[] = (quick ? [0] : [0, 1]).map(
        (index) => ({
          seed,
          index,
          quality: best,
          guidance,
        }),
      );
      const rows = [];
      for (const sample of samples) rows.push({ quality: best, masks: await trajectory(generator, sample) });
      return trajectoryPart(rows, naming);
    });
    const nearest = await stages.run('nearest training cases', () => nearestPart(all, dataset));
    const rebuilt = await stages.run('reconstructions', () =>
      reconstructionPart(weights.autoencoder, dataset, { threads, ...(quick ? { voxels: 8e5 } : {}) }),
    );
    const parts: Part[] = [gallery, way, nearest, rebuilt];
    const curves: Section[] = [];
    if (autoencoderRun !== undefined)
      curves.push(await stages.run('curves', () => autoencoderCurves(autoencoderRun, commands.autoencoder)));
    curves.push(await stages.run('curves', () => generatorCurves(run, commands.generator)));
    const oneNna = evaluation?.metrics.oneNnaDice?.value;
    const report: Report = {
      title: options.title ?? `Generated ${bone}s`,
      lead: `${bone[0].toUpperCase()}${bone.slice(1)}s that no one ever had, made from noise, and what they are worth.`,
      phantom,
      facts: [
        ...dataFacts(dataset),
        ...autoencoderFacts(weights.autoencoder, autoencoderRun),
        ...generatorFacts(weights, run),
        ['sampling', `${all.length} ${bone}s, ${settings}`],
        ['Dice, reconstruction', rebuilt.meanDice],
        [
          'Dice to nearest training',
          `${formatNumber(nearest.generatedDice)} generated, ${formatNumber(nearest.heldOutDice)} held out`,
        ],
        ...(oneNna === undefined ? [] : [['1-NNA (0.5 is ideal)', oneNna] as [string, number]]),
      ],
      sections: [
        gallery.section,
        way.section,
        nearest.section,
        ...(evaluation === undefined ? [] : [figuresSection(evaluation, naming, commands.evaluate)]),
        rebuilt.section,
        ...curves,
        limitsSection(dataset),
      ],
      command: commands.report,
    };
    const written = write(out, report, Object.assign({}, ...parts.map((part) => part.pictures)));
    stages.finish(written.path);
    return written;
  } finally {
    await generator.release();
  }
}

/** Writes the report of a generator's run at the end of its training, with samples of its own. Throws as `writeRunReport`. */
export const writeGeneratorReport = (options: GeneratorReportOptions): Promise<WrittenReport> =>
  writeRunReport(options);
