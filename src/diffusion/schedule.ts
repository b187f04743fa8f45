/**
 * Noise schedules of diffusion models in double precision: beta_k, alpha_k = 1 - beta_k and the cumulative product
 * ab_k = alpha_0 ... alpha_k of T steps, k = 0 (nearly data) to T - 1 (nearly noise).
 *
 *   cosine   f(k) = cos^2(pi/2 (k/T + s)/(1 + s)), s = 0.008;  beta_k = min(1 - f(k+1)/f(k), 0.9999)
 *            (Nichol & Dhariwal 2021, "Improved Denoising Diffusion Probabilistic Models")
 *   linear   beta_k from 0.1/T to 20/T, evenly: 1e-4 to 0.02 at T = 1000   (Ho et al. 2020, "Denoising Diffusion
 *            Probabilistic Models"; scaled so that ab_{T-1} is nearly the same, 4e-5, for every large T)
 */
import { ConfigError } from '../errors.ts';

export const SCHEDULES = ['cosine', 'linear'] as const;

export type ScheduleName = (typeof SCHEDULES)[number];

export interface Schedule {
  readonly name: ScheduleName;
  /** T. */
  readonly steps: number;
  readonly betas: Float64Array;
  readonly alphas: Float64Array;
  /** ab_k: the share of the data's variance that is left at index k. */
  readonly cumulative: Float64Array;
}

/** The most steps of a schedule: an index and a time in single precision still name each other. */
const MOST = 10_000;
/** Fewest steps of each schedule: 20/T, the last linear beta, must stay below 1. */
const FEWEST: Record<ScheduleName, number> = { cosine: 1, linear: 21 };

const OFFSET = 0.008;
const LARGEST_BETA = 0.9999;

/** The schedule `name` of `steps` steps. Throws `ConfigError` for a number of steps that it does not have. */
export function diffusionSchedule(name: ScheduleName, steps: number): Schedule {
  if (!Number.isInteger(steps) || steps < FEWEST[name] || steps > MOST)
    throw new ConfigError({
      found: `a ${name} schedule of ${steps} diffusion steps`,
      expected: `a whole number from ${FEWEST[name]} to ${MOST}`,
      todo: 'use 300 or 1000 diffusion steps',
    });
  const f = (k: number) => Math.cos(((Math.PI / 2) * (k / steps + OFFSET)) / (1 + OFFSET)) ** 2;
  const betas = Float64Array.from({ length: steps }, (_, k) =>
    name === 'cosine'
      ? Math.min(1 - f(k + 1) / f(k), LARGEST_BETA)
      : (0.1 + (20 - 0.1) * (k / (steps - 1))) / steps,
  );
  const alphas = betas.map((beta) => 1 - beta);
  let product = 1;
  return { name, steps, betas, alphas, cumulative: alphas.map((alpha) => (product *= alpha)) };
}

/** The time of diffusion index k in the project's convention, 0 noise and 1 data: `t = 1 - (k + 1) / T`; k = -1 is the data. */
export const timeOf = (k: number, steps: number): number => 1 - (k + 1) / steps;

/**
 * The diffusion index whose span [timeOf(k), timeOf(k) + 1/T) holds time t in [0, 1]: uniform times give uniform indices,
 * so that flow and diffusion can share their random numbers. `indexAt(timeOf(k, T), T) = k`, also in single precision.
 */
export function indexAt(t: number, steps: number): number {
  // A thousandth of a span: more than single precision loses at the most steps allowed.
  return Math.min(steps - 1, Math.max(0, steps - 1 - Math.floor(t * steps + 1e-3)));
}
