/**
 * A dry run: every kind of unit, how many there are and are done, the network evaluations they take, and how long, from a
 * training step, an evaluation of the network, the coding of a case and two small measures, timed here and now. Writes
 * nothing into the study.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shareOf } from '../dataset/share.ts';
import { InterruptedError } from '../errors.ts';
import { evaluateSets } from '../evaluation/evaluateSets.ts';
import { frameOf } from '../evaluation/featureSet.ts';
import { setFeatures } from '../evaluation/features.ts';
import { formatSeconds } from '../files/progress.ts';
import { elements } from '../graph/graph.ts';
import { l1, mse } from '../nn/losses.ts';
import { RandomStream } from '../random/stream.ts';
import { Session, value } from '../runtime/session.ts';
import { Decoder, Encoder, latentShape } from '../sampling/autoencoder.ts';
import { velocityGraph, velocityModel } from '../sampling/network.ts';
import { readAutoencoder } from '../sampling/readAutoencoder.ts';
import { trainAutoencoder } from '../training/autoencoder.ts';
import { adamOf } from '../training/optimiser.ts';
import { Trainer } from '../training/trainer.ts';
import { LEAST_HELD_OUT } from './check.ts';
import { headlineFigures } from './headline.ts';
import { measureResult } from './measures.ts';
import { evaluationsOfSet } from './plan.ts';
import { openStudy, type StudyOptions } from './study.ts';
import { autoencoderPath, autoencoderResult, setResult, trainingResult, type Workshop } from './units.ts';

export interface DryRunPart {
  units: string;
  count: number;
  done: number;
  /** What is left: steps, network evaluations (both branches of guidance counted), sets. */
  left: number;
  of: string;
  /** Expected seconds of what is left, encoding and decoding included. */
  seconds: number;
}

export interface DryRun {
  parts: DryRunPart[];
  /** Seconds of one: timed on this machine. */
  timed: {
    autoencoderStep: number | null;
    generatorStep: number;
    evaluation: number;
    encode: number;
    decode: number;
  };
  seconds: number;
}

/** Times of `count` calls after one to warm up; their median. */
async function medianTime(count: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= count; i++) {
    const began = performance.now();
    await work();
    if (i > 0) times.push((performance.now() - began) / 1000);
  }
  return times.sort((a, b) => a - b)[Math.floor(count / 2)];
}

/** Seconds of a training step of the generator and of one evaluation with both branches of guidance. */
async function timeGenerator({ settings, threads }: Workshop, shape: number[]) {
  const { generator } = settings;
  const { batch } = generator;
  const described = { config: generator.model, latentShape: shape };
  const { graph, velocity } = velocityGraph(described, batch);
  const full = [batch, ...shape];
  const target = graph.input('target', full);
  const loss = generator.loss === 'l1' ? l1(velocity, target) : mse(velocity, target);
  const trainer = await Trainer.create({ graph, loss, seed: 0, adam: adamOf(generator, 0.999) }, { threads });
  const noise = (n: number) => new RandomStream(0, 'study/timing').fillNormal(new Float32Array(n));
  const x = value(noise(elements(full)), full);
  const half = (n: number) => value(new Float32Array(n).fill(0.5), [n]);
  const label = (n: number) => value(new Int32Array(n), [n]);
  let t = 0;
  const step = await medianTime(3, () =>
    trainer.step(++t, 1e-6, { x, t: half(batch), label: label(batch), target: x }),
  );
  const meta = described as Parameters<typeof velocityModel>[0]['meta'];
  const session = await Session.create(velocityModel({ meta, weights: trainer.weights() }, 2), { threads });
  const pair = value(noise(2 * elements(shape)), [2, ...shape]);
  const evaluation = await medianTime(5, () =>
    session.run({ x: pair, t: half(2), label: label(2) }, { velocity: null }),
  );
  await session.release();
  await trainer.release();
  return { step, evaluation };
}

const TIMED_STEPS = 4;

/** Seconds of a training step of the autoencoder: a training in a folder that goes, stopped after a few steps. */
async function timeAutoencoder({ dataset, settings, threads }: Workshop) {
  const folder = mkdtempSync(join(tmpdir(), 'cranioflow-timing-'));
  const times: number[] = [];
  // The loop looks at the signal once before each step.
  const signal = {
    get aborted() {
      times.push(performance.now());
      return times.length > TIMED_STEPS + 1;
    },
  } as AbortSignal;
  const out = join(folder, 'run');
  try {
    const config = { ...settings.autoencoder, evaluateEvery: 1e6, checkpointEvery: 1e6 };
    await trainAutoencoder({ dataset, out, config, signal, quiet: true, threads });
  } catch (error) {
    if (!(error instanceof InterruptedError)) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }
  try {
    const gaps = times.slice(1).map((time, i) => (time - times[i]) / 1000);
    const step = gaps.slice(1).sort((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? gaps[0] ?? 0;
    return { step, coding: await timeCoding(out, threads) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of encoding and of decoding one case. */
async function timeCoding(run: string, threads?: number): Promise<{ encode: number; decode: number }> {
  const weights = readAutoencoder(run);
  const channels = weights.meta.config.latentChannels;
  const encoder = await Encoder.create(weights, { threads });
  const decoder = await Decoder.create(weights, Array(channels).fill(0), Array(channels).fill(1), {
    threads,
  });
  const mask = new Float32Array(weights.meta.size[0] * weights.meta.size[1] * weights.meta.size[2]).fill(-1);
  const latent = new Float32Array(elements(latentShape(weights.meta)));
  const encode = await medianTime(3, () => encoder.encode(mask));
  const decode = await medianTime(3, () => decoder.decode(latent));
  await encoder.release();
  await decoder.release();
  return { encode, decode };
}

/** Cases of the two measures that are timed. */
const TIMED_CASES = [LEAST_HELD_OUT, 2 * LEAST_HELD_OUT] as const;

/**
 * Seconds of a measure of n bones, of the usual figures and of all: a n + b n^2, for the features of each and for distances
 * of pairs, from measures of 8 and of up to 16 training cases in the place of bones.
 */
function timeMeasures({ dataset, settings }: Workshop): (n: number, extended: boolean) => number {
  const { seed, measure } = settings;
  const [test, train] = (['test', 'train'] as const).map((side) => dataset.split(side));
  const time = (n: number, extended: boolean): number => {
    const masks = (cases: typeof test) => cases.slice(0, n).map((c) => dataset.loadMask(c));
    const [real, fake, known] = [masks(test), masks(train.slice(n)), masks(train)];
    const began = performance.now();
    const common = { seed, points: measure.points };
    if (real.length >= LEAST_HELD_OUT && fake.length >= LEAST_HELD_OUT) {
      evaluateSets(
        { real, train: known, fake },
        { ...common, chamferCases: measure.chamfer, extended, verdicts: false, allowOverlap: true },
      );
      const frame = frameOf(setFeatures(known));
      headlineFigures(real, fake, {
        ...common,
        chamfer: measure.chamfer,
        resamples: measure.resamples,
        frame,
      });
    }
    return (performance.now() - began) / 1000;
  };
  const [few, more] = [TIMED_CASES[0], Math.min(TIMED_CASES[1], test.length)];
  // The first call compiles.
  time(few, false);
  const t = time(few, false);
  const wide = measure.extended ? time(few, true) / t : 1;
  const b =
    more === few
      ? t / few ** 2 / 2
      : Math.max(0, (time(more, false) - (t * more) / few) / (more * (more - few)));
  const a = Math.max(0, t / few - b * few);
  return (n, extended) => (a * n + b * n * n) * (extended ? Math.max(1, wide) : 1);
}

/** Lays a study out without doing it. Refuses what `runStudy` refuses. */
export async function dryRun(options: StudyOptions): Promise<DryRun> {
  const { plan, shop } = openStudy(options);
  const { settings, dataset } = shop;
  const autoencoder = autoencoderResult(shop);
  const trainings = new Map(
    plan.trainings.map((t) => [t.name, autoencoder && trainingResult(shop, t, autoencoder.hash)]),
  );
  const sets = new Map(
    plan.sets.map((unit) => {
      const training = trainings.get(unit.training.name);
      return [unit.name, training && setResult(shop, unit, training.hash)];
    }),
  );
  const unmeasured = plan.measures.filter((unit) => {
    const set = sets.get(unit.set.name);
    return set === undefined || measureResult(shop, unit, set) === undefined;
  });
  const [sx, sy, sz] = dataset.grid.size;
  const shape =
    options.autoencoder === undefined
      ? latentShape({ config: settings.autoencoder.model, size: [sx, sy, sz] })
      : latentShape(readAutoencoder(options.autoencoder).meta);
  const { step, evaluation } = await timeGenerator(shop, shape);
  const timed = autoencoder === undefined ? await timeAutoencoder(shop) : undefined;
  const { encode, decode } = timed?.coding ?? (await timeCoding(autoencoderPath(shop), shop.threads));
  const measureSeconds = unmeasured.length > 0 ? timeMeasures(shop) : () => 0;

  const known = (map: ReadonlyMap<string, unknown>): number =>
    [...map.values()].filter((v) => v !== undefined).length;
  const untrained = plan.trainings.filter((t) => trainings.get(t.name) === undefined);
  const trainingSteps = untrained.length * settings.generator.steps;
  // Each training encodes its cases, held-out ones too, and augmented copies of them.
  const encodings = untrained.reduce(
    (sum, { config }) =>
      sum + shareOf(dataset, config).length * (1 + config.copies) + dataset.split('test').length,
    0,
  );
  const missing = plan.sets.filter((unit) => sets.get(unit.name) === undefined);
  const evaluations = missing.reduce((sum, unit) => sum + evaluationsOfSet(unit), 0);
  const bones = missing.reduce((sum, unit) => sum + unit.count, 0);
  const autoencoderSteps = autoencoder === undefined ? settings.autoencoder.steps : 0;
  const parts: DryRunPart[] = [
    {
      units: 'autoencoder',
      count: 1,
      done: autoencoder === undefined ? 0 : 1,
      left: autoencoderSteps,
      of: 'steps',
      seconds: autoencoderSteps * (timed?.step ?? 0),
    },
    {
      units: 'trainings',
      count: plan.trainings.length,
      done: known(trainings),
      left: trainingSteps,
      of: 'steps',
      seconds: trainingSteps * step + encodings * encode,
    },
    {
      units: 'generated sets',
      count: plan.sets.length,
      done: known(sets),
      left: evaluations,
      of: 'network evaluations',
      // The timed evaluation runs both branches of guidance.
      seconds: (evaluations * evaluation) / 2 + bones * decode,
    },
    {
      units: 'measures',
      count: plan.measures.length,
      done: plan.measures.length - unmeasured.length,
      left: unmeasured.length,
      of: 'sets to measure',
      seconds: unmeasured.reduce((sum, unit) => sum + measureSeconds(unit.count, unit.extended), 0),
    },
  ];
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const autoencoderStep = timed?.step ?? null;
  return { parts, timed: { autoencoderStep, generatorStep: step, evaluation, encode, decode }, seconds };
}

/** A dry run as aligned text. */
export function dryRunText({ parts, timed, seconds }: DryRun): string {
  const rows = [
    ['', 'units', 'done', 'left', 'about'],
    ...parts.map((p) => [
      p.units,
      `${p.count}`,
      `${p.done}`,
      `${p.left.toLocaleString('en-GB')} ${p.of}`,
      formatSeconds(p.seconds),
    ]),
  ];
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c]))
      .join('  ')
      .trimEnd(),
  );
  const ms = (s: number): string => `${Number((1000 * s).toPrecision(2))} ms`;
  const steps = [
    ...(timed.autoencoderStep === null ? [] : [`a step of the autoencoder ${ms(timed.autoencoderStep)}`]),
    `a step of a generator ${ms(timed.generatorStep)}`,
    `an evaluation with guidance ${ms(timed.evaluation)}`,
    `encoding a case ${ms(timed.encode)}`,
    `decoding one ${ms(timed.decode)}`,
  ];
  return `${[...lines, '', `timed just now: ${steps.join(', ')}`, `in all about ${formatSeconds(seconds)}; small measures were timed too`].join('\n')}\n`;
}
