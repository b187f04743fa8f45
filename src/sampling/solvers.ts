/**
 * Integrating dx/dt = v(x, t) from noise (t = 0) to data (t = 1): free functions of one signature over any velocity, by
 * name. Their formulas stand in solvers/: `rungeKutta.ts` (fixed steps), `dopri5.ts` (adaptive); the samplers of diffusion,
 * of the same signature over a prediction, in `ddim.ts`.
 */
import { dopri5 } from './solvers/dopri5.ts';
import { euler, heun, midpoint, rk4, TABLEAUS } from './solvers/rungeKutta.ts';

export { counted, type Solver, type SolverOptions, type Velocity } from './solvers/solver.ts';

export const SOLVERS = { euler, midpoint, heun, rk4, dopri5 } as const;

export type SolverName = keyof typeof SOLVERS;

/**
 * Network evaluations (NFE) of one sample, without guidance's second branch: stages times steps; null for an adaptive
 * solver, whose evaluations are known when it has run (`counted`).
 */
export function evaluations(solver: SolverName, steps: number): number | null {
  return solver === 'dopri5' ? null : steps * TABLEAUS[solver].b.length;
}
