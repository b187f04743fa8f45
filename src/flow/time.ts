/**
 * Which times a training step looks at. Uniform is the plain flow-matching objective; logit-normal (Esser et al. 2024,
 * "Scaling Rectified Flow Transformers") spends more on the middle of the way, where the velocity is hardest:
 *
 *   t = 1 / (1 + exp(-(mean + deviation z))),  z ~ N(0, 1);   mean > 0 leans toward the data.
 */
import type { RandomStream } from '../random/stream.ts';

export type TimeDistribution =
  | { readonly kind: 'uniform' }
  | { readonly kind: 'logit-normal'; readonly mean: number; readonly deviation: number };

/** `count` times in [0, 1], one random number each, in order. */
export function sampleTimes(
  count: number,
  distribution: TimeDistribution,
  random: RandomStream,
): Float32Array {
  const t = new Float32Array(count);
  for (let i = 0; i < count; i++)
    t[i] =
      distribution.kind === 'uniform'
        ? random.uniform()
        : 1 / (1 + Math.exp(-(distribution.mean + distribution.deviation * random.normal())));
  return t;
}
