/**
 * From measures to what a page shows and a verdict reads: every point of every axis with its figures over seeds, every pair
 * of points of the two arms with the advantage of one over the other, each arm's best point, and how few evaluations are
 * enough. Pure: records in, numbers out.
 */
import type { StudySettings } from '../config/study.ts';
import type { SetMetric } from '../evaluation/setReport.ts';
import { mean } from '../evaluation/statistics.ts';
import type { SolverName } from '../sampling/solverNames.ts';
import { HEADLINES, type Headline, type Sampled } from './headline.ts';
import { atBest, atWorst, baseOf, type Found, holdsAll, scatterOf } from './holding.ts';
import {
  advantage,
  armEstimate,
  type Better,
  badness,
  type Estimate,
  metricAdvantage,
  metricEstimate,
} from './interval.ts';
import { referenceName } from './measures.ts';
import type { Advantage, Advantages, Outcome, Tie } from './outcome.ts';
import { ARMS, type Arm, type AxisName, type Point, type StudyPlan } from './plan.ts';
import type { MeasureRecord, SetResult } from './records.ts';
import { type SpeedFigure, type SpeedPoint, speedFigure } from './speed.ts';
import type { BestOf } from './verdict.ts';

/** What the units left, by name. */
export interface StudyRecords {
  sets: ReadonlyMap<string, SetResult>;
  measures: ReadonlyMap<string, MeasureRecord>;
  references: ReadonlyMap<string, Record<string, Sampled>>;
}

export interface PointFigures {
  axis: AxisName;
  x: number;
  arm: Arm;
  /** Training seeds. */
  seeds: number;
  solver: SolverName;
  steps: number;
  nfe: number;
  /** Branches of guidance: the network ran `nfe * branches` times for a bone. */
  branches: number;
  guidance: number;
  /** Bones of each seed, and how many of all were empty. */
  bones: number;
  empty: number;
  /** Median seconds of a bone, mean over seeds. */
  seconds: number;
  failed?: string;
  figures: Record<string, Estimate>;
  /** Held-out cases, and as many bones, that each figure is taken on: the fewest of any seed. */
  cases: Record<string, number>;
  /** The value of each training seed. */
  values: Record<string, number[]>;
  /** The same for training cases in the place of bones. */
  reference: Record<string, Estimate>;
}

/** The two arms at one place of an axis. */
export interface Comparison {
  axis: AxisName;
  x: number;
  otfm: string;
  ddpm: string;
  /** Names the sets that are compared: equal where axes meet at one setting. */
  pair: string;
  advantages: Advantages;
  /** Figures that are at the best, or at the worst value there is in both arms: ties that tell nothing. */
  ties: Record<string, Tie>;
  /** By how much less OTFM loses than DDPM on the way from the base of the axis; absent at the base, and without one. */
  holds?: Advantages;
}

/** A row of the table of all figures at the main settings. */
export interface MetricRow {
  name: string;
  headline: boolean;
  better: Better;
  unit: string;
  meaning: string;
  otfm: Estimate | null;
  ddpm: Estimate | null;
  reference: number | null;
  /** Of OTFM over DDPM, above 0 where OTFM is better. */
  advantage: Advantage;
  /** Both arms at the best, or at the worst value there is. */
  tie?: Tie;
  /** How its interval was made. */
  interval: 'cases, paired; seeds' | 'cases, paired' | 'cases; seeds' | 'cases' | 'seeds' | 'none';
}

export interface StudyFigures {
  points: PointFigures[];
  comparisons: Comparison[];
  rows: MetricRow[];
  /** The base of each axis that has one. */
  bases: Partial<Record<AxisName, number>>;
  /** Which arm scatters less over training seeds, by figure; null: too few seeds to say. */
  scatter: Record<string, Outcome> | null;
  best: Record<string, BestOf>;
  speed: Record<string, SpeedFigure>;
}

/** `heun, 32 evaluations, guidance 1.5` */
export const samplingText = ({
  solver,
  nfe,
  guidance,
}: Pick<PointFigures, 'solver' | 'nfe' | 'guidance'>): string =>
  `${solver}, ${nfe} ${nfe === 1 ? 'evaluation' : 'evaluations'}, guidance ${guidance}`;

/** The half-sampled figures of a point, one record a seed; undefined where a seed has none. */
function sampledOf(point: Point, records: StudyRecords, name: string): Sampled[] | undefined {
  const found = point.measures.map((unit) => records.measures.get(unit.name)?.headline[name]);
  return found.every((f) => f !== undefined) ? (found as Sampled[]) : undefined;
}

function pointFigures(point: Point, records: StudyRecords): PointFigures {
  const { axis, x, arm, solver, nfe, measures } = point;
  const found = measures.map((unit) => records.measures.get(unit.name)!);
  const { sampling, branches } = measures[0].set;
  const failed = found.find((record) => record.failed !== undefined)?.failed;
  const reference = records.references.get(referenceName(measures[0].count, measures[0].quality)) ?? {};
  const sampled = HEADLINES.flatMap(({ name }) => {
    const figures = sampledOf(point, records, name);
    return figures === undefined ? [] : [[name, figures] as const];
  });
  return {
    axis,
    x,
    arm,
    seeds: measures.length,
    solver,
    steps: sampling.steps,
    nfe,
    branches,
    guidance: sampling.guidance,
    bones: measures[0].count,
    empty: found.reduce((sum, record) => sum + record.empty, 0),
    seconds: mean(measures.map((unit) => records.sets.get(unit.set.name)!.seconds)),
    ...(failed !== undefined && { failed }),
    figures: Object.fromEntries(sampled.map(([name, figures]) => [name, armEstimate(figures)])),
    cases: Object.fromEntries(
      sampled.map(([name, figures]) => [name, Math.min(...figures.map((f) => f.cases))]),
    ),
    values: Object.fromEntries(sampled.map(([name, figures]) => [name, figures.map((f) => f.value)])),
    reference: Object.fromEntries(Object.entries(reference).map(([name, f]) => [name, armEstimate([f])])),
  };
}

/** The figures of a point; `failed` where a record says that too few bones could be measured, and no record else. */
function foundOf(point: Point, records: StudyRecords, name: string): Found {
  const failed = point.measures.some((unit) => records.measures.get(unit.name)?.failed !== undefined);
  return failed ? 'failed' : sampledOf(point, records, name);
}

/** An arm that made too few bones to measure where the other was measured is behind; what is not known decides nothing. */
function advantageOf(otfm: Found, ddpm: Found, better: Better): Advantage {
  if (otfm === undefined || ddpm === undefined) return null;
  if (otfm === 'failed') return ddpm === 'failed' ? null : { failed: 'otfm' };
  return ddpm === 'failed' ? { failed: 'ddpm' } : advantage(otfm, ddpm, better);
}

function advantages(otfm: Point, ddpm: Point, records: StudyRecords): Advantages {
  return Object.fromEntries(
    HEADLINES.map(({ name, better }) => {
      return [name, advantageOf(foundOf(otfm, records, name), foundOf(ddpm, records, name), better)];
    }),
  );
}

function tiesOf(otfm: Point, ddpm: Point, records: StudyRecords): Record<string, Tie> {
  const ties: Record<string, Tie> = {};
  for (const h of HEADLINES) {
    const both = [sampledOf(otfm, records, h.name), sampledOf(ddpm, records, h.name)];
    if (both.every((f) => f !== undefined && atWorst(h, f))) ties[h.name] = 'worst';
    if (both.every((f) => f !== undefined && atBest(h, f))) ties[h.name] = 'best';
  }
  return ties;
}

/** The point of an arm at a place: by its main solver where there is one, else by the first other. */
function pointAt(plan: StudyPlan, axis: AxisName, x: number, arm: Arm, main: SolverName): Point | undefined {
  const here = plan.points.filter((p) => p.axis === axis && p.x === x && p.arm === arm);
  return here.find((p) => p.solver === main) ?? here[0];
}

/** Sets of the two arms that are compared; the first 50 bones of a set are not another set. */
const pairOf = (...points: readonly Point[]): string =>
  points.map((p) => p.measures.map((unit) => unit.set.name).join('+')).join(' : ');

interface Places {
  comparisons: Comparison[];
  bases: StudyFigures['bases'];
}

/** Every place of every axis where both arms were sampled, with who is ahead there and who lost less on the way there. */
function comparisonsOf(plan: StudyPlan, settings: StudySettings, records: StudyRecords): Places {
  const places = new Map<string, { axis: AxisName; x: number; otfm: Point; ddpm: Point }>();
  for (const { axis, x } of plan.points) {
    const [otfm, ddpm] = ARMS.map((arm) => pointAt(plan, axis, x, arm, settings.main[arm].solver));
    if (axis !== 'setting' && otfm && ddpm) places.set(`${axis} ${x}`, { axis, x, otfm, ddpm });
  }
  const all = [...places.values()].sort((a, b) => a.x - b.x);
  const bases: StudyFigures['bases'] = {};
  for (const axis of new Set(all.map((p) => p.axis))) {
    const on = all.filter((p) => p.axis === axis).map((p) => p.x);
    const base = baseOf(axis, on, settings.main.guidance);
    if (base !== undefined) bases[axis] = base;
  }
  const text = (p: Point) =>
    samplingText({ solver: p.solver, nfe: p.nfe, guidance: p.measures[0].set.sampling.guidance });
  const comparisons = all.map(({ axis, x, otfm, ddpm }): Comparison => {
    const base = bases[axis] === x ? undefined : places.get(`${axis} ${bases[axis]}`);
    const find = (name: string, at: 'here' | 'base') => {
      const both = at === 'here' ? { otfm, ddpm } : base!;
      return { otfm: foundOf(both.otfm, records, name), ddpm: foundOf(both.ddpm, records, name) };
    };
    return {
      axis,
      x,
      otfm: text(otfm),
      ddpm: text(ddpm),
      pair: pairOf(otfm, ddpm),
      advantages: advantages(otfm, ddpm, records),
      ties: tiesOf(otfm, ddpm, records),
      ...(base !== undefined && { holds: holdsAll(find) }),
    };
  });
  return { comparisons, bases };
}

/** Metrics of one name, one a seed; undefined where a seed has none. */
function metricsOf(point: Point, records: StudyRecords, name: string): SetMetric[] | undefined {
  const found = point.measures.map((unit) => records.measures.get(unit.name)?.metrics[name]);
  return found.every((m) => m !== undefined) ? (found as SetMetric[]) : undefined;
}

const intervalKind = (paired: boolean, cases: boolean, seeds: number): MetricRow['interval'] => {
  if (paired) return seeds > 1 ? 'cases, paired; seeds' : 'cases, paired';
  if (cases) return seeds > 1 ? 'cases; seeds' : 'cases';
  return seeds > 1 ? 'seeds' : 'none';
};

function headlineRow(h: Headline, points: readonly PointFigures[], main: Comparison): MetricRow {
  const { name, better, unit, why } = h;
  const of = (arm: Arm) => points.find((p) => p.arm === arm);
  const advantage = main.advantages[name] ?? null;
  const tie = main.ties[name];
  return {
    name,
    headline: true,
    better,
    unit,
    meaning: why,
    otfm: of('otfm')?.figures[name] ?? null,
    ddpm: of('ddpm')?.figures[name] ?? null,
    reference: points[0]?.reference[name]?.value ?? null,
    advantage,
    ...(tie && { tie }),
    interval: intervalKind(true, true, of('otfm')?.seeds ?? 1),
  };
}

function metricRow(name: string, otfm: SetMetric[] | undefined, ddpm: SetMetric[] | undefined): MetricRow {
  const { better, unit, meaning, reference = null } = (otfm ?? ddpm)![0];
  const cases = [...(otfm ?? []), ...(ddpm ?? [])].every((m) => m.low !== undefined);
  const difference = otfm && ddpm && metricAdvantage(otfm, ddpm);
  return {
    name,
    headline: false,
    better,
    unit: unit.replace('^2', '²').replace('^3', '³'),
    meaning,
    otfm: otfm === undefined ? null : metricEstimate(otfm),
    ddpm: ddpm === undefined ? null : metricEstimate(ddpm),
    reference,
    advantage: difference ?? null,
    interval: intervalKind(false, cases, Math.min(otfm?.length ?? 1, ddpm?.length ?? 1)),
  };
}

function rowsOf(plan: StudyPlan, figures: readonly PointFigures[], main: Comparison, records: StudyRecords) {
  const [otfm, ddpm] = ARMS.map((arm) => plan.points.find((p) => p.axis === 'main' && p.arm === arm)!);
  const own = new Set(HEADLINES.map((h) => h.name));
  const names = [otfm, ddpm].flatMap((p) =>
    p.measures.flatMap((unit) => Object.keys(records.measures.get(unit.name)?.metrics ?? {})),
  );
  const others = [...new Set(names)].filter((name) => !own.has(name));
  const mains = figures.filter((p) => p.axis === 'main');
  return [
    ...HEADLINES.map((h) => headlineRow(h, mains, main)),
    ...others.flatMap((name) => {
      const [o, d] = [metricsOf(otfm, records, name), metricsOf(ddpm, records, name)];
      return o === undefined && d === undefined ? [] : [metricRow(name, o, d)];
    }),
  ];
}

/** How far from a point's score equal quality reaches: set by that point alone, so that no bad point widens it. */
export function toleranceOf(
  { better, name }: Headline,
  { score, halfWidth }: SpeedPoint,
  within: number,
): number {
  if (better === 'near 0.5') return 0.5 * within;
  // KID is unbiased: its best may be 0 or below, and a share of that means nothing.
  return name === 'kidFeatures' ? halfWidth : Math.abs(score) * within;
}

function bestOf(plan: StudyPlan, records: StudyRecords): StudyFigures['best'] {
  const candidates = plan.points.filter((p) => ['evaluations', 'guidance', 'setting'].includes(p.axis));
  return Object.fromEntries(
    HEADLINES.flatMap((h) => {
      const scored = ARMS.map((arm) =>
        candidates
          .filter((p) => p.arm === arm)
          .flatMap((point) => {
            const sampled = sampledOf(point, records, h.name);
            if (sampled === undefined) return [];
            return [{ point, sampled, score: badness(mean(sampled.map((s) => s.value)), h.better) }];
          })
          .sort((a, b) => a.score - b.score),
      );
      const [o, d] = scored.map((own) => own.at(0));
      // The main sampling may be on both axes, and is a setting by itself.
      const [otfm, ddpm] = scored.map((own) => new Set(own.map(({ point }) => pairOf(point))).size);
      // Nothing to choose from is no failure; nothing measured of what was tried is one.
      if (!ARMS.every((arm) => candidates.some((p) => p.arm === arm)) || (!o && !d)) return [];
      const text = (found: typeof o | undefined): string => {
        if (found === undefined) return 'no setting (too few bones everywhere)';
        const { solver, nfe, measures } = found.point;
        return samplingText({ solver, nfe, guidance: measures[0].set.sampling.guidance });
      };
      return [
        [
          h.name,
          {
            otfm: text(o),
            ddpm: text(d),
            tried: { otfm, ddpm },
            ...(o && d && { pair: pairOf(o.point, d.point) }),
            advantage: advantageOf(o?.sampled ?? 'failed', d?.sampled ?? 'failed', h.better),
          },
        ],
      ];
    }),
  );
}

/** Every count tried, of each arm; a set of too few bones is as bad as can be. */
function speedFigures(points: readonly PointFigures[], within: number): StudyFigures['speed'] {
  const way = points.filter((p) => p.axis === 'evaluations');
  return Object.fromEntries(
    HEADLINES.map((h) => {
      const of = (arm: Arm): SpeedPoint[] =>
        way
          .filter((p) => p.arm === arm && (p.failed !== undefined || p.figures[h.name] !== undefined))
          .map(({ nfe, solver, failed, figures }) => {
            const e = failed === undefined ? figures[h.name] : undefined;
            return {
              nfe,
              label: solver,
              score: e === undefined ? Number.POSITIVE_INFINITY : badness(e.value, h.better),
              halfWidth: e === undefined ? 0 : (e.high - e.low) / 2,
            };
          });
      const tolerance = (p: SpeedPoint): number => toleranceOf(h, p, within);
      return [h.name, speedFigure({ otfm: of('otfm'), ddpm: of('ddpm') }, tolerance, h.bounds?.worst)];
    }),
  );
}

/** Scatter over the networks of the full training set. */
function scatterFigures(plan: StudyPlan, records: StudyRecords): StudyFigures['scatter'] {
  const main = (arm: Arm): Point => plan.points.find((p) => p.axis === 'main' && p.arm === arm)!;
  return scatterOf((name, arm) => foundOf(main(arm), records, name));
}

/** All figures of a study from its records. */
export function studyFigures(plan: StudyPlan, settings: StudySettings, records: StudyRecords): StudyFigures {
  const points = plan.points.map((point) => pointFigures(point, records));
  const { comparisons, bases } = comparisonsOf(plan, settings, records);
  const main = comparisons.find((c) => c.axis === 'main')!;
  return {
    points,
    comparisons,
    rows: rowsOf(plan, points, main, records),
    bases,
    scatter: scatterFigures(plan, records),
    best: bestOf(plan, records),
    speed: speedFigures(points, settings.measure.within),
  };
}
