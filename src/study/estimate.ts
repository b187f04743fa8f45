/**
 * A dry run: every kind of unit, how many there are and are done, the network evaluations they take, and how long, from a
 * training step and an evaluation of the network timed here and now on random latents. Writes nothing into the study.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InterruptedError } from '../errors.ts';
import { formatSeconds } from '../files/progress.ts';
import { elements } from '../graph/graph.ts';
import { l1, mse } from '../nn/losses.ts';
import { RandomStream } from '../random/stream.ts';
import { Session, value } from '../runtime/session.ts';
import { latentShape, readAutoencoder } from '../sampling/autoencoder.ts';
import { velocityGraph, velocityModel } from '../sampling/network.ts';
import { trainAutoencoder } from '../training/autoencoder.ts';
import { Trainer } from '../training/trainer.ts';
import { evaluationsOfSet } from './plan.ts';
import { openStudy, type StudyOptions } from './study.ts';
import { autoencoderResult, measureResult, setResult, trainingResult, type Workshop } from './units.ts';

export interface DryRunPart {
  units: string;
  count: number;
  done: number;
  /** What is left: steps, network evaluations (both branches of guidance counted), sets. */
  left: number;
  of: string;
  /** Expected seconds of what is left; null: not estimated. */
  seconds: number | null;
}

export interface DryRun {
  parts: DryRunPart[];
  /** Seconds of one: timed on this machine. */
  timed: { autoencoderStep: number | null; generatorStep: number; evaluation: number };
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
  const { batch, seed, beta1, weightDecay, clip, ema } = { ...generator, seed: 0 };
  const described = { config: generator.model, latentShape: shape };
  const { graph, velocity } = velocityGraph(described, batch);
  const full = [batch, ...shape];
  const target = graph.input('target', full);
  const loss = generator.loss === 'l1' ? l1(velocity, target) : mse(velocity, target);
  const adam = { beta1, beta2: 0.999, epsilon: 1e-8, weightDecay, clip, ema };
  const trainer = await Trainer.create({ graph, loss, seed, adam }, { threads });
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
async function timeAutoencoder({ dataset, settings, threads }: Workshop): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'cranioflow-timing-'));
  const times: number[] = [];
  // The loop looks at the signal once before each step.
  const signal = {
    get aborted() {
      times.push(performance.now());
      return times.length > TIMED_STEPS + 1;
    },
  } as AbortSignal;
  try {
    const config = { ...settings.autoencoder, evaluateEvery: 1e6, checkpointEvery: 1e6 };
    await trainAutoencoder({ dataset, out: join(folder, 'run'), config, signal, quiet: true, threads });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const gaps = times.slice(1).map((time, i) => (time - times[i]) / 1000);
  return gaps.slice(1).sort((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? gaps[0] ?? 0;
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
  const measured = plan.measures.filter((unit) => {
    const set = sets.get(unit.set.name);
    return set !== undefined && measureResult(shop, unit, set) !== undefined;
  }).length;
  const [sx, sy, sz] = dataset.grid.size;
  const shape =
    options.autoencoder === undefined
      ? latentShape({ config: settings.autoencoder.model, size: [sx, sy, sz] })
      : latentShape(readAutoencoder(options.autoencoder).meta);
  const { step, evaluation } = await timeGenerator(shop, shape);
  const autoencoderStep = autoencoder === undefined ? await timeAutoencoder(shop) : null;

  const known = (map: ReadonlyMap<string, unknown>): number =>
    [...map.values()].filter((v) => v !== undefined).length;
  const trainingSteps = (plan.trainings.length - known(trainings)) * settings.generator.steps;
  const missing = plan.sets.filter((unit) => sets.get(unit.name) === undefined);
  const evaluations = missing.reduce((sum, unit) => sum + evaluationsOfSet(unit), 0);
  const autoencoderSteps = autoencoder === undefined ? settings.autoencoder.steps : 0;
  const parts: DryRunPart[] = [
    {
      units: 'autoencoder',
      count: 1,
      done: autoencoder === undefined ? 0 : 1,
      left: autoencoderSteps,
      of: 'steps',
      seconds: autoencoderSteps * (autoencoderStep ?? 0),
    },
    {
      units: 'trainings',
      count: plan.trainings.length,
      done: known(trainings),
      left: trainingSteps,
      of: 'steps',
      seconds: trainingSteps * step,
    },
    {
      units: 'generated sets',
      count: plan.sets.length,
      done: known(sets),
      left: evaluations,
      of: 'network evaluations',
      // The timed evaluation runs both branches of guidance.
      seconds: (evaluations * evaluation) / 2,
    },
    {
      units: 'measures',
      count: plan.measures.length,
      done: measured,
      left: plan.measures.length - measured,
      of: 'sets to measure',
      seconds: null,
    },
  ];
  const seconds = parts.reduce((sum, part) => sum + (part.seconds ?? 0), 0);
  return { parts, timed: { autoencoderStep, generatorStep: step, evaluation }, seconds };
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
      p.seconds === null ? 'not timed' : formatSeconds(p.seconds),
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
  ];
  return `${[...lines, '', `timed just now: ${steps.join(', ')}`, `in all about ${formatSeconds(seconds)}, and what decoding, encoding and measuring take`].join('\n')}\n`;
}
