/**
 * The study as a list of units of work, a pure function of its settings and of what the data hold:
 *
 *   trainings   arm x training seed, and arm x share x seed; two that differ in the arm differ in `objective` alone
 *   sets        a training sampled with one solver, step count, guidance and class; a set that several axes need is made once
 *   points      what an axis shows at one place: an arm, its sets (one a training seed) and how many bones of each count
 *
 * Sets of both arms take the same seeds and indices, so bone i starts from the same noise and asks for the same class in
 * both. Bone i of a set does not depend on how many are made: a point of 40 bones takes the first 40 of a set of 64.
 */
import type { GeneratorConfig } from '../config/schemas.ts';
import type { StudySettings } from '../config/study.ts';
import type { SampleSettings } from '../sampling/latentSampler.ts';
import { evaluations, SOLVERS_OF, type SolverName } from '../sampling/solverNames.ts';

export type Arm = 'otfm' | 'ddpm';
export const ARMS: readonly Arm[] = ['otfm', 'ddpm'];

/** `main`: the main sets, of all seeds; `setting`: the main sampling with as many bones and seeds as the points of the axes. */
export type AxisName = 'main' | 'setting' | 'evaluations' | 'guidance' | 'seed' | 'share' | 'class';

export interface Training {
  /** Its folder under runs/. */
  name: string;
  arm: Arm;
  seed: number;
  share: number;
  config: GeneratorConfig;
}

export interface SetUnit {
  /** Its folder under sets/. */
  name: string;
  training: Training;
  sampling: SampleSettings;
  /** Network evaluations of one bone; guidance doubles each where `branches` is 2. */
  nfe: number;
  branches: 1 | 2;
  /** Seed of the noise. */
  seed: number;
  count: number;
}

/** The first `count` bones of a set against held-out and training cases, of one class where `quality` says so. */
export interface MeasureUnit {
  /** Its file under measures/. */
  name: string;
  set: SetUnit;
  count: number;
  quality?: number;
  /** All figures there are, not only the usual ones: for the main sets. */
  extended: boolean;
}

export interface Point {
  axis: AxisName;
  /** Where on the axis: evaluations, guidance scale, training seed, share, class; 0 on `main` and `setting`. */
  x: number;
  arm: Arm;
  solver: SolverName;
  nfe: number;
  /** One a training seed. */
  measures: MeasureUnit[];
}

export interface StudyPlan {
  trainings: Training[];
  sets: SetUnit[];
  measures: MeasureUnit[];
  points: Point[];
}

/** Network evaluations of `steps` steps of a fixed-step solver. */
export const evaluationsOf = (solver: SolverName, steps: number): number => evaluations(solver, steps)!;

/** Evaluations of one step of a solver. */
export const stepCost = (solver: SolverName): number => evaluationsOf(solver, 1);

const branchesOf = (guidance: number): 1 | 2 => (guidance === 0 || guidance === 1 ? 1 : 2);

/** Both arms' configuration at a training seed and share: everything but `objective` is one object. */
export function trainingConfig(
  settings: StudySettings,
  arm: Arm,
  seed: number,
  share: number,
): GeneratorConfig {
  return { ...settings.generator, objective: arm, seed, share };
}

const range = (n: number): number[] => [...Array(n).keys()];
const sorted = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/** Lays the study out; `classes` are the quality classes of the class axis. */
export function studyPlan(settings: StudySettings, classes: readonly number[]): StudyPlan {
  const trainings = new Map<string, Training>();
  const sets = new Map<string, SetUnit>();
  const measures = new Map<string, MeasureUnit>();
  const points: Point[] = [];

  const training = (arm: Arm, seed: number, share: number): Training => {
    const name = `${arm}-seed${seed}${share === 1 ? '' : `-share${share}`}`;
    const known = trainings.get(name);
    if (known !== undefined) return known;
    const made = { name, arm, seed, share, config: trainingConfig(settings, arm, seed, share) };
    trainings.set(name, made);
    return made;
  };
  const measure = (from: Training, sampling: SampleSettings, count: number): MeasureUnit => {
    const { solver, steps, guidance, quality } = sampling;
    const ofClass = quality === undefined ? '' : `-class${quality}`;
    const name = `${from.name}-${solver}${steps}-guidance${guidance}${ofClass}`;
    let set = sets.get(name);
    if (set === undefined) {
      set = {
        name,
        training: from,
        sampling,
        nfe: evaluationsOf(solver, steps),
        branches: branchesOf(guidance),
        // Networks of different seeds start from different noise; arms of one seed from the same.
        seed: settings.seed + from.seed,
        count,
      };
      sets.set(name, set);
    }
    set.count = Math.max(set.count, count);
    const unit: MeasureUnit = { name: `${name}-first${count}`, set, count, quality, extended: false };
    measures.set(unit.name, measures.get(unit.name) ?? unit);
    return measures.get(unit.name)!;
  };
  const add = (axis: AxisName, x: number, arm: Arm, units: MeasureUnit[]): void => {
    const { sampling, nfe } = units[0].set;
    points.push({ axis, x, arm, solver: sampling.solver, nfe, measures: units });
  };

  const { main, samples } = settings;
  const axisSeeds = range(Math.min(settings.axisSeeds, settings.seeds));
  const shareSeeds = range(Math.min(settings.shareSeeds, settings.seeds));
  const mainOf = (arm: Arm): SampleSettings => ({ ...main[arm], guidance: main.guidance });

  for (const arm of ARMS) {
    const all = range(settings.seeds).map((seed) =>
      measure(training(arm, seed, 1), mainOf(arm), samples.main),
    );
    for (const unit of all) unit.extended = settings.measure.extended;
    add('main', 0, arm, all);
    for (const [seed, unit] of all.entries()) add('seed', seed, arm, [unit]);
  }
  for (const arm of ARMS) {
    const at = (sampling: SampleSettings) =>
      axisSeeds.map((seed) => measure(training(arm, seed, 1), sampling, samples.axis));
    add('setting', 0, arm, at(mainOf(arm)));
    for (const solver of SOLVERS_OF[arm]) {
      const list = settings.evaluations[solver as keyof StudySettings['evaluations']] ?? [];
      for (const nfe of sorted(list))
        add('evaluations', nfe, arm, at({ ...mainOf(arm), solver, steps: nfe / stepCost(solver) }));
    }
    for (const guidance of sorted(settings.guidance))
      add('guidance', guidance, arm, at({ ...mainOf(arm), guidance }));
    for (const quality of sorted(classes)) add('class', quality, arm, at({ ...mainOf(arm), quality }));
    for (const share of settings.shares.length === 0 ? [] : sorted([...settings.shares, 1]))
      add(
        'share',
        share,
        arm,
        shareSeeds.map((seed) => measure(training(arm, seed, share), mainOf(arm), samples.axis)),
      );
  }
  return {
    trainings: [...trainings.values()],
    sets: [...sets.values()],
    measures: [...measures.values()],
    points,
  };
}

/** Network evaluations that a set costs, both branches of guidance counted. */
export const evaluationsOfSet = ({ nfe, branches, count }: SetUnit): number => nfe * branches * count;
