/** Which solver fits what a network learnt, and what each costs: names alone, so that help texts load no runtime. */
import type { GeneratorMeta } from '../models/metadata.ts';
import { TABLEAUS } from './solvers/rungeKutta.ts';

export type SolverName = keyof typeof TABLEAUS | 'dopri5' | 'ancestral' | 'ddim' | 'consistency';

/** Solvers that fit an objective, the default first. */
export const SOLVERS_OF: Readonly<Record<GeneratorMeta['objective'], readonly SolverName[]>> = {
  otfm: ['heun', 'euler', 'midpoint', 'rk4', 'dopri5'],
  ddpm: ['ddim', 'ancestral'],
  consistency: ['consistency'],
};

export const ALL_SOLVERS: readonly SolverName[] = Object.values(SOLVERS_OF).flat();

/** The guidance scale that is part of a generator's weights, and cannot be chosen any more; 1 for none. */
export const bakedGuidance = ({ reflow, distilled }: Pick<GeneratorMeta, 'reflow' | 'distilled'>): number =>
  (distilled ?? reflow)?.guidance ?? 1;

/** What is sampled with unless told otherwise. */
export function sampleDefaults(
  meta: Pick<GeneratorMeta, 'objective' | 'reflow' | 'distilled'> & { diffusion?: { steps: number } },
): {
  steps: number;
  solver: SolverName;
  guidance: number;
} {
  const { objective, reflow, diffusion } = meta;
  const [solver] = SOLVERS_OF[objective];
  // Distillation has taken guidance in, and so has reflow at a scale other than 1.
  const guidance = objective === 'consistency' || bakedGuidance(meta) !== 1 ? 1 : 1.5;
  if (objective === 'otfm' && reflow !== undefined) return { steps: 2, solver, guidance };
  return {
    steps: { otfm: 16, ddpm: Math.min(50, diffusion?.steps ?? 50), consistency: 2 }[objective],
    solver,
    guidance,
  };
}

/**
 * Network evaluations (NFE) of one sample, without guidance's second branch; null for an adaptive solver, whose evaluations
 * are known when it has run.
 */
export function evaluations(solver: SolverName, steps: number): number | null {
  if (solver === 'dopri5') return null;
  return steps * (solver in TABLEAUS ? TABLEAUS[solver as keyof typeof TABLEAUS].b.length : 1);
}
