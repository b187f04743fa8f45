/**
 * Sampling with a consistency model (Song et al. 2023, "Consistency Models", algorithm 1, on straight paths): the network's
 * output at (x, t) is the velocity that leads straight to the data, so one evaluation jumps there,
 *
 *   data = x + (1 - t) v(x, t),
 *
 * and further ones look again from less noise: x = (1 - t) z + t data at the next t = i / steps, z ~ N(0, 1).
 */
import type { StepNoise } from './ddim.ts';
import { checkFinite, checkSteps, evaluate, type Solver } from './solver.ts';

/** The sampler; `noise` fills in the normal numbers of step i. Throws `UsageError`, `ShapeError`, `NumericsError`. */
export function consistency(noise: StepNoise): Solver {
  return async (velocity, x0, { steps, onStep }) => {
    checkSteps(steps);
    const x = x0.slice();
    const v = new Float32Array(x.length);
    const z = new Float32Array(x.length);
    for (let i = 0; i < steps; i++) {
      const t = i / steps;
      if (i > 0) {
        noise(i, z);
        for (let j = 0; j < x.length; j++) x[j] = (1 - t) * z[j] + t * x[j];
      }
      await evaluate(velocity, x, t, v);
      for (let j = 0; j < x.length; j++) x[j] += (1 - t) * v[j];
      checkFinite(x, t);
      await onStep?.(i + 1, (i + 1) / steps, x);
    }
    return x;
  };
}
