/**
 * Sampling a diffusion model with any number of steps S <= T (Song, Meng & Ermon 2021, "Denoising Diffusion Implicit
 * Models"): one evaluation a step, from index k to the next chosen index k' < k,
 *
 *   data, noise = what the prediction at x_k stands for (diffusion/process.ts), data clipped to +-reach
 *   sigma = eta sqrt((1 - ab_k') / (1 - ab_k)) sqrt(1 - ab_k / ab_k')
 *   x_k' = sqrt(ab_k') data + sqrt(1 - ab_k' - sigma^2) noise + sigma z,   z ~ N(0, 1)
 *
 * eta = 0 is deterministic. eta = 1 is ancestral sampling with the fixed-small variance, the posterior
 * q(x_k' | x_k, data); with S = T that is DDPM sampling (Ho et al. 2020).
 *
 * Spacing of S steps over the indices 0..T-1; both take all of them where S = T, and end at the data (index -1):
 *
 *   trailing   k_i = round(T (S - i) / S) - 1: starts at T - 1, step i at time i / S but for rounding, as a fixed-step ODE
 *              solver (Lin et al. 2024, "Common Diffusion Noise Schedules and Sample Steps are Flawed")
 *   leading    k_i = floor(T (S - 1 - i) / S): ends at index 0 and starts short of T - 1 (Song et al. 2021); one step alone
 *              would be index 0 and leave the noise as it is, so it is T - 1 instead
 *
 * Beware of epsilon at T - 1: its data is divided by sqrt(ab), 1.6e-5 in a cosine schedule of 1000, so that any error of
 * the network becomes clipped noise, which one long step lets into the state. With an error of 3 % on a mixture of three
 * Gaussians of variance 1 and reach 5, the distance (Wasserstein-1) from the truth was, by steps:
 *
 *   2, 4, 8, 16, 64      trailing 1.74, 0.91, 0.25, 0.033, 0.027      leading 0.19, 0.19, 0.13, 0.077, 0.033
 *
 * (300 steps and chance: 0.024; scripts/compare-spacings.ts). v prediction (trailing 0.38, 0.25, 0.14, 0.082, 0.035) and the
 * linear schedule from 2 steps on do not suffer: take `leading` for few steps of epsilon on cosine, and always a reach.
 */
import { dataAndNoise, type Prediction } from '../../diffusion/process.ts';
import { type Schedule, timeOf } from '../../diffusion/schedule.ts';
import { UsageError } from '../../errors.ts';
import { RandomStream } from '../../random/stream.ts';
import { checkFinite, checkSteps, evaluate, type Solver } from './solver.ts';

/** Fills `out` with standard normal numbers for the step that leaves diffusion index `k`: the same ones at every call. */
export type StepNoise = (k: number, out: Float32Array) => void;

export const SPACINGS = ['trailing', 'leading'] as const;

export type Spacing = (typeof SPACINGS)[number];

export interface DdimOptions {
  schedule: Schedule;
  /** What the network predicts. */
  prediction: Prediction;
  /** 0 deterministic (the default) .. 1 ancestral. */
  eta?: number;
  /** Predicted data is clipped to +-reach; not clipped where there is none. */
  reach?: number;
  /** Which indices fewer than T steps visit; trailing unless told. */
  spacing?: Spacing;
  /** Needed where eta > 0. */
  noise?: StepNoise;
}

/** The noise of sample `index` of `seed`: a stream of its own for each diffusion index. */
export function stepNoise(seed: number, index: number, purpose = 'generate/step-noise'): StepNoise {
  return (k, out) => {
    new RandomStream(seed, purpose, index * 2 ** 14 + k).fillNormal(out); // schedules have at most 10,000 steps
  };
}

/** The diffusion indices that `steps` steps visit, falling; then -1, the data. Throws `UsageError`. */
export function ddimIndices(total: number, steps: number, spacing: Spacing = 'trailing'): number[] {
  checkSteps(steps, total);
  return Array.from({ length: steps + 1 }, (_, i) =>
    i === steps
      ? -1
      : spacing === 'trailing' || steps === 1
        ? Math.round((total * (steps - i)) / steps) - 1
        : Math.floor((total * (steps - 1 - i)) / steps),
  );
}

/** DDIM as a solver over a prediction network. Throws `UsageError` here and there; sampling `ShapeError`, `NumericsError`. */
export function ddim({ schedule, prediction, eta = 0, reach, spacing, noise }: DdimOptions): Solver {
  const problem = !(eta >= 0 && eta <= 1)
    ? [`eta ${eta}`, 'a number from 0 (deterministic) to 1 (ancestral)']
    : reach !== undefined && !(reach > 0)
      ? [`a reach of ${reach}`, 'a positive number: the largest value of the training data']
      : eta > 0 && noise === undefined
        ? [`eta ${eta} without a source of noise`, 'random numbers for every step']
        : undefined;
  if (problem !== undefined)
    throw new UsageError({ found: problem[0], expected: problem[1], todo: 'choose another value' });
  const level = (k: number) => (k < 0 ? 1 : schedule.cumulative[k]);

  return async (predict, x0, { steps, onStep }) => {
    const indices = ddimIndices(schedule.steps, steps, spacing);
    const x = x0.slice();
    const data = new Float32Array(x.length);
    const predicted = new Float32Array(x.length);
    const z = new Float32Array(eta > 0 ? x.length : 0);
    for (let i = 0; i < steps; i++) {
      const k = indices[i];
      const ab = level(k);
      const next = level(indices[i + 1]);
      const sigma = eta * Math.sqrt((1 - next) / (1 - ab)) * Math.sqrt(1 - ab / next);
      const a = Math.sqrt(next);
      const b = Math.sqrt(Math.max(0, 1 - next - sigma * sigma));
      await evaluate(predict, x, timeOf(k, schedule.steps), predicted);
      dataAndNoise(schedule, prediction, x, predicted, [k], data, predicted, reach);
      if (sigma > 0) noise?.(k, z);
      for (let j = 0; j < x.length; j++)
        x[j] = a * data[j] + b * predicted[j] + (sigma > 0 ? sigma * z[j] : 0);
      checkFinite(x, timeOf(k, schedule.steps));
      await onStep?.(i + 1, timeOf(indices[i + 1], schedule.steps), x);
    }
    return x;
  };
}

/** Ancestral sampling: `ddim` with eta 1. */
export const ancestral = (options: Omit<DdimOptions, 'eta' | 'noise'> & { noise: StepNoise }): Solver =>
  ddim({ ...options, eta: 1 });
