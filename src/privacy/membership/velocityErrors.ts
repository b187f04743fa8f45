/**
 * How badly a generator predicts at the states that a case passes through, the loss it was trained on: with the case's
 * latent x1 as in training (encoded, normalised) and noise x0,
 *
 *   e(x1, t) = mean over x0 of |v(x_t, t, class) - target|^2 / numbers of a latent
 *
 *   otfm          x_t = (1 - t) x0 + t x1, target x1 - x0
 *   ddpm          x_k of its chain at the index of t, target the noise or v, as it learnt (objective.ts)
 *   consistency   as otfm: its output is the velocity that leads straight to the data, and |f(x_t, t) - x1|^2 is
 *                 (1 - t)^2 times this error
 *
 * (Matsumoto et al. 2023, "Membership inference attacks against diffusion models"; Duan et al. 2023.) Every case meets the
 * same times and the same noises, so that their luck is shared and cancels in comparisons. The weights are those of the run's
 * model, averaged ones unless its `ema` was 0.
 */
import type { Loader } from '../../dataset/loader.ts';
import { InterruptedError, NumericsError, UsageError } from '../../errors.ts';
import { elements } from '../../graph/graph.ts';
import { RandomStream } from '../../random/stream.ts';
import type { SessionOptions } from '../../runtime/session.ts';
import { Encoder } from '../../sampling/autoencoder.ts';
import { BatchVelocity } from '../../sampling/batchVelocity.ts';
import type { GeneratorWeights } from '../../sampling/generator.ts';
import { labelOfQuality } from '../../sampling/latentSampler.ts';
import { normalise } from '../../training/latents.ts';
import { type Objective, objectiveOf } from '../../training/objective.ts';
import type { ErrorTable } from './errorTable.ts';

/** What the questions are, for target and references alike. */
export interface ProbeOptions {
  /** Times in [0, 1), 0 noise and 1 data. */
  times: readonly number[];
  /** Noises a time. */
  noises: number;
  /** Told the class of the case, or none (the null class of guidance). */
  condition: 'class' | 'none';
  seed: number;
}

/** 8 times in the middles of eighths, 2 noises each: 16 evaluations a case. */
export const PROBE_DEFAULTS: ProbeOptions = {
  times: Array.from({ length: 8 }, (_, k) => (k + 0.5) / 8),
  noises: 2,
  condition: 'class',
  seed: 0,
};

export interface WorkOptions extends SessionOptions {
  /** Told after each case. */
  onCase?: () => void;
  signal?: AbortSignal;
}

/** Most rows of a batch: on a processor more bring no speed. */
const BATCH_MOST = 8;

export function checkProbe({ times, noises }: Pick<ProbeOptions, 'times' | 'noises'>): void {
  if (
    times.length >= 1 &&
    times.length <= 1000 &&
    times.every((t) => t >= 0 && t < 1) &&
    Number.isInteger(noises) &&
    noises >= 1 &&
    noises <= 1000
  )
    return;
  throw new UsageError({
    found: `times ${times.slice(0, 5).join(', ')}${times.length > 5 ? ', ...' : ''} with ${noises} noises`,
    expected: '1 to 1000 times from 0 up to, but not, 1, and 1 to 1000 noises for each',
    todo: 'leave both at their defaults, or give other numbers',
  });
}

/** Throws `InterruptedError` once `signal` is aborted. */
export function stopIfAsked(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new InterruptedError({
    found: 'interrupted; the attack was not finished and nothing of it is kept',
    expected: 'to run to the end',
    todo: 'run the same command again',
  });
}

/** The noises of a probe, [noises, numbers of a latent] for each time in turn. */
function noisesOf({ times, noises, seed }: ProbeOptions, length: number): Float32Array {
  const all = new Float32Array(times.length * noises * length);
  for (let p = 0; p < times.length * noises; p++)
    new RandomStream(seed, 'privacy/membership', p).fillNormal(all.subarray(p * length, (p + 1) * length));
  return all;
}

/**
 * The errors of a generator for every case of `loader`: a row a case, a column a time. Throws `UsageError` for times out of
 * range, `NumericsError` where the network answers with numbers that are not finite, `InterruptedError` when stopped.
 */
export async function velocityErrors(
  source: GeneratorWeights,
  loader: Loader,
  options: Partial<ProbeOptions> = {},
  work: WorkOptions = {},
): Promise<ErrorTable> {
  const probe = { ...PROBE_DEFAULTS, ...options };
  checkProbe(probe);
  const { meta, autoencoder } = source;
  const { times, noises } = probe;
  const length = elements(meta.latentShape);
  const noise = noisesOf(probe, length);
  const pairs = times.length * noises;
  const batch = Math.ceil(pairs / Math.ceil(pairs / BATCH_MOST));
  const objective = objectiveOf({
    objective: meta.objective === 'ddpm' ? 'ddpm' : 'otfm',
    diffusion: meta.diffusion ?? { steps: 1000, schedule: 'cosine', prediction: 'epsilon' },
  });
  const encoder = await Encoder.create(autoencoder, work);
  const network = await BatchVelocity.create(source, { batch }, work);
  const values = new Float64Array(loader.length * times.length);
  try {
    const mask = new Float32Array(loader.voxels);
    const x1 = new Float32Array(batch * length);
    for (let i = 0; i < loader.length; i++) {
      stopIfAsked(work.signal);
      const z = normalise(
        await encoder.encode(loader.fillBatch([i], mask)),
        source.meanLatent ?? meta.latentMean,
        meta.latentDeviation,
      );
      for (let b = 0; b < batch; b++) x1.set(z, b * length);
      const label =
        probe.condition === 'none' ? meta.config.classes : labelOfQuality(loader.cases[i].quality);
      const field = network.field(new Int32Array(batch).fill(label));
      for (let from = 0; from < pairs; from += batch) {
        // The last batch is filled up with pairs that are not counted.
        const row = (b: number) => Math.min(from + b, pairs - 1);
        const t = Float32Array.from({ length: batch }, (_, b) => times[Math.floor(row(b) / noises)]);
        const errors = await rowErrors(field, objective, rowsOf(noise, row, batch, length), x1, t);
        for (let b = 0; b < batch && from + b < pairs; b++)
          values[i * times.length + Math.floor((from + b) / noises)] += errors[b] / noises;
      }
      work.onCase?.();
    }
  } finally {
    await network.release();
    await encoder.release();
  }
  if (!values.every(Number.isFinite))
    throw new NumericsError({
      found: 'a prediction error that is not finite',
      expected: 'a network that answers with finite numbers',
      todo: 'look at the losses of the training: one that diverged cannot be judged',
    });
  return { columns: times.map((t) => `t ${Number(t.toFixed(4))}`), rows: loader.length, values };
}

/** Rows of a table picked into one batch. */
function rowsOf(
  table: Float32Array,
  row: (b: number) => number,
  batch: number,
  length: number,
): Float32Array {
  const out = new Float32Array(batch * length);
  for (let b = 0; b < batch; b++) out.set(table.subarray(row(b) * length, (row(b) + 1) * length), b * length);
  return out;
}

/** Mean squared error of each row of a batch. */
async function rowErrors(
  field: (x: Float32Array, t: Float32Array) => Promise<Float32Array>,
  objective: Objective,
  x0: Float32Array,
  x1: Float32Array,
  times: Float32Array,
): Promise<Float64Array> {
  const { x, t, target } = objective(x0, x1, times);
  const answer = await field(x, t);
  const length = x.length / times.length;
  return Float64Array.from(times, (_, b) => {
    let sum = 0;
    for (let i = b * length; i < (b + 1) * length; i++) sum += (answer[i] - target[i]) ** 2;
    return sum / length;
  });
}
