/**
 * Integrating dx/dt = v(x, t) from noise (t = 0) to data (t = 1): free functions of one signature over any velocity, by
 * name. Their formulas stand in solvers/: `rungeKutta.ts` (fixed steps), `dopri5.ts` (adaptive); the samplers of diffusion,
 * of the same signature over a prediction, in `ddim.ts`.
 */
import { dopri5 } from './solvers/dopri5.ts';
import { euler, heun, midpoint, rk4 } from './solvers/rungeKutta.ts';

export const SOLVERS = { euler, midpoint, heun, rk4, dopri5 } as const;
