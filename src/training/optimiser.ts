/**
 * Adam and AdamW on one flat vector, as graph operations: moments, bias correction, global-norm clipping and the
 * exponential moving average of the weights are a dozen elementwise nodes whatever the model.
 *
 *   g <- g . min(1, clip / |g|);  m <- b1 m + (1-b1) g;  v <- b2 v + (1-b2) g^2
 *   p <- p - rate (m / (1-b1^t) / (sqrt(v / (1-b2^t)) + eps) + decay p);  ema <- d ema + (1-d) p
 *
 * Kingma & Ba 2015; Loshchilov & Hutter 2019.
 */
import { elements, type Graph, type Tensor } from '../graph/graph.ts';
import { add, divide, minimum, multiply, subtract } from '../graph/ops/binary.ts';
import { sum, sumOfSquares } from '../graph/ops/reduce.ts';
import { reshape } from '../graph/ops/shape.ts';
import { concat, slice } from '../graph/ops/slice.ts';
import { sqrt } from '../graph/ops/unary.ts';

export interface AdamConfig {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled weight decay (AdamW); 0 for Adam. */
  weightDecay: number;
  /** Largest global norm of the gradient; Infinity for none. */
  clip: number;
  /** Decay of the moving average of the weights at its longest. */
  ema: number;
}

export const ADAM_DEFAULTS: AdamConfig = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  clip: 1,
  ema: 0.995,
};

/** The optimiser of a training: AdamW as its configuration says. `beta2` is fixed for each kind of training. */
export const adamOf = (
  { beta1, weightDecay, clip, ema }: Omit<AdamConfig, 'beta2' | 'epsilon'>,
  beta2: number,
): AdamConfig => ({ beta1, beta2, epsilon: 1e-8, weightDecay, clip, ema });

/** The vectors an optimiser carries from step to step, before and after. */
export interface AdamStep {
  before: { parameters: Tensor; moment1: Tensor; moment2: Tensor; ema: Tensor };
  after: { parameters: Tensor; moment1: Tensor; moment2: Tensor; ema: Tensor };
  gradientNorm: Tensor;
}

/**
 * Adds one optimiser step for the parameters of `graph`, given their gradients in the same order. Reads the input
 * `schedule` [4]: learning rate, 1/(1-b1^t), 1/(1-b2^t), decay of the average; `adamSchedule` computes it.
 */
export function adam(graph: Graph, gradients: readonly (Tensor | undefined)[], config: AdamConfig): AdamStep {
  const parameters = graph.flatParameters();
  const shape = parameters.shape;
  const schedule = graph.input('schedule', [4]);
  const setting = (i: number) => reshape(slice(schedule, 0, i, i + 1), []);
  const before = {
    parameters,
    moment1: graph.input('moment1', shape),
    moment2: graph.input('moment2', shape),
    ema: graph.input('ema', shape),
  };
  // Built from the last parameter to the first: the runtime orders nodes by age, and so takes each weight's gradient as
  // soon as it can, instead of keeping all activations until the end.
  const flat = graph.parameters
    .map((spec, i) => ({ size: elements(spec.shape), gradient: gradients[i] }))
    .reverse()
    .map(({ size, gradient }) =>
      gradient === undefined ? graph.constant(new Float32Array(size), [size]) : reshape(gradient, [size]),
    );
  const gradientNorm = sqrt(sum(concat(flat.map(sumOfSquares), 0)));
  let gradient = concat(flat.reverse(), 0);
  if (Number.isFinite(config.clip))
    gradient = multiply(gradient, minimum(divide(config.clip, add(gradientNorm, 1e-12)), 1));

  const { beta1, beta2, epsilon, weightDecay } = config;
  const moment1 = add(multiply(before.moment1, beta1), multiply(gradient, 1 - beta1));
  const moment2 = add(multiply(before.moment2, beta2), multiply(multiply(gradient, gradient), 1 - beta2));
  let step = divide(multiply(moment1, setting(1)), add(sqrt(multiply(moment2, setting(2))), epsilon));
  if (weightDecay > 0) step = add(step, multiply(parameters, weightDecay));
  const updated = subtract(parameters, multiply(step, setting(0)));
  const ema = add(updated, multiply(subtract(before.ema, updated), setting(3)));
  return { before, after: { parameters: updated, moment1, moment2, ema }, gradientNorm };
}

/** The numbers of step `t` (1 the first): the average's decay warms up as (1 + t) / (10 + t) until it reaches `ema`. */
export function adamSchedule(t: number, learningRate: number, config: AdamConfig): Float32Array {
  return new Float32Array([
    learningRate,
    1 / (1 - config.beta1 ** t),
    1 / (1 - config.beta2 ** t),
    Math.min(config.ema, (1 + t) / (10 + t)),
  ]);
}
