/**
 * Sampling with a consistency model (Song et al. 2023, "Consistency Models", algorithm 1, on straight paths): the network's
 * output at (x, t) is the velocity that leads straight to the data, so one evaluation jumps there,
 *
 *   data = x + (1 - t) v(x, t),
 *
 * and further evaluations look again from less noise: x = (1 - t) noise + t data at the next t = i / steps.
 */
import type { Solver } from '../flow/solver.ts';
import type { RandomStream } from '../random/stream.ts';

/** The sampler, with the stream that its further noise comes from. */
export function consistency(random: RandomStream): Solver {
  return async (velocity, x0, { steps, onStep }) => {
    const x = x0.slice();
    for (let i = 0; i < steps; i++) {
      const t = i / steps;
      if (i > 0) for (let j = 0; j < x.length; j++) x[j] = (1 - t) * random.normal() + t * x[j];
      const v = await velocity(x, t);
      for (let j = 0; j < x.length; j++) x[j] += (1 - t) * v[j];
      await onStep?.(i + 1, (i + 1) / steps, x);
    }
    return x;
  };
}
