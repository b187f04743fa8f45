/** From records to figures, on records made up so that every answer is known. */
import { describe, expect, test } from 'vitest';
import { type StudyRecords, studyFigures } from '../../src/study/figures.ts';
import { HEADLINES, type Sampled } from '../../src/study/headline.ts';
import type { Estimate } from '../../src/study/interval.ts';
import { referenceName } from '../../src/study/measures.ts';
import { type MeasureUnit, type StudyPlan, studyPlan } from '../../src/study/plan.ts';
import type { MeasureRecord } from '../../src/study/records.ts';
import { tinySettings } from './tinyStudy.ts';

const settings = tinySettings([
  'evaluations.heun=[2]',
  'evaluations.euler=[1,2,4]',
  'evaluations.ddim=[1,2]',
]);
const plan = studyPlan(settings, []);

const sampled = (value: number): Sampled => ({ value, cases: 10, halves: [value - 0.01, value + 0.01] });

/** Every figure of a measure is `figureOf` it; undefined: the measure failed. */
type FigureOf = (unit: MeasureUnit, name: string) => number | undefined;
function recordsOf(plan: StudyPlan, figureOf: FigureOf): StudyRecords {
  const measures = plan.measures.map((unit): [string, MeasureRecord] => {
    const values = HEADLINES.map(({ name }) => [name, figureOf(unit, name)] as const);
    const failed = values.some(([, v]) => v === undefined);
    return [
      unit.name,
      {
        key: '',
        bones: unit.count,
        empty: failed ? unit.count : 0,
        ...(failed && { failed: 'no bone' }),
        headline: failed ? {} : Object.fromEntries(values.map(([n, v]) => [n, sampled(v!)])),
        metrics: failed
          ? {}
          : {
              volumeCm3: {
                value: 7,
                low: 6,
                high: 8,
                n: 9,
                unit: 'cm^3',
                better: 'near reference',
                reference: 7,
                meaning: 'm',
              },
            },
        notes: [],
      },
    ];
  });
  return {
    sets: new Map(plan.sets.map((s) => [s.name, { hash: '', empty: 0, seconds: s.nfe / 10 }])),
    measures: new Map(measures),
    references: new Map([
      [referenceName(10), Object.fromEntries(HEADLINES.map((h) => [h.name, sampled(0.6)]))],
    ]),
  };
}

const records = (figureOf: FigureOf): StudyRecords => recordsOf(plan, figureOf);

const isOtfm = (unit: MeasureUnit): boolean => unit.set.training.arm === 'otfm';

describe('an arm that is better by 0.2 in every figure', () => {
  // 1-NNA 0.6 against 0.8, MMD and KID lower, coverage higher.
  const figures = studyFigures(
    plan,
    settings,
    records((unit, name) =>
      name === 'coverageFeatures' ? (isOtfm(unit) ? 0.8 : 0.6) : isOtfm(unit) ? 0.6 : 0.8,
    ),
  );

  test('is ahead by 0.2 everywhere, whichever way is good', () => {
    for (const comparison of figures.comparisons)
      for (const [name, advantage] of Object.entries(comparison.advantages))
        expect((advantage as Estimate).value, `${comparison.axis} ${comparison.x} ${name}`).toBeCloseTo(
          0.2,
          9,
        );
  });
  test('the table has the four figures first, then the others, with reference and kind of interval', () => {
    expect(figures.rows.map((r) => r.name)).toEqual([...HEADLINES.map((h) => h.name), 'volumeCm3']);
    expect(figures.rows[0]).toMatchObject({
      reference: 0.6,
      interval: 'cases, paired; seeds',
      headline: true,
    });
    expect(figures.rows[0].otfm!.seeds).toBe(2);
    expect(figures.rows[4]).toMatchObject({ interval: 'cases; seeds', unit: 'cm³', reference: 7 });
    expect(figures.rows[4].advantage).toMatchObject({ value: 0 });
  });
});

test('at one number of evaluations the main solver speaks, else another of the arm', () => {
  const { comparisons } = studyFigures(
    plan,
    settings,
    records(() => 0.5),
  );
  const at = comparisons.filter((c) => c.axis === 'evaluations');
  // 4 was tried by OTFM alone.
  expect(at.map((c) => [c.x, c.otfm.split(',')[0], c.ddpm.split(',')[0]])).toEqual([
    [1, 'euler', 'ddim'],
    [2, 'heun', 'ddim'],
  ]);
});

test("each arm's best point, and the fewest evaluations that are enough", () => {
  const figures = studyFigures(
    plan,
    settings,
    records((unit, name) => {
      const { solver, steps, guidance } = unit.set.sampling;
      if (name === 'coverageFeatures') return 0.5;
      // OTFM: Euler at 2 and 4 evaluations as good as it gets; DDPM needs 2 of DDIM, guidance 0 is best of all.
      if (isOtfm(unit)) return solver === 'euler' && steps >= 2 ? 0.5 : 0.9;
      return guidance === 0 ? 0.45 : solver === 'ddim' && steps === 2 ? 0.6 : 0.95;
    }),
  );
  expect(figures.best.mmdChamfer).toMatchObject({
    otfm: 'euler, 2 evaluations, guidance 1.5',
    ddpm: 'ddim, 4 evaluations, guidance 0',
    // Euler at 1, 2, 4, Heun at 2; DDIM at 1, 2, ancestral at 2; two guidance scales each.
    tried: { otfm: 6, ddpm: 5 },
  });
  expect((figures.best.mmdChamfer.advantage as Estimate).value).toBeCloseTo(-0.05, 9);
  expect(figures.speed.mmdChamfer.own!.otfm).toMatchObject({ nfe: 2, label: 'euler', below: 1 });
  expect(figures.speed.mmdChamfer.own!.ddpm).toMatchObject({ nfe: 2, label: 'ddim' });
  expect(figures.speed.coverageFeatures.own!.otfm).toMatchObject({ nfe: 1, below: null });
});

test('a set without bone has no figures, is named, and loses to one that has bones', () => {
  const figures = studyFigures(
    plan,
    settings,
    records((unit) => (unit.set.sampling.solver === 'ddim' && unit.set.nfe === 1 ? undefined : 0.5)),
  );
  const point = figures.points.find((p) => p.axis === 'evaluations' && p.solver === 'ddim' && p.x === 1)!;
  expect(point).toMatchObject({ failed: 'no bone', figures: {}, empty: 8 });
  const comparison = figures.comparisons.find((c) => c.axis === 'evaluations' && c.x === 1)!;
  const lost = { failed: 'ddpm' };
  expect(Object.values(comparison.advantages)).toEqual([lost, lost, lost, lost]);
  // What failed was tried, and is near nothing: OTFM at 1 is seen to need fewer.
  expect(figures.speed.mmdChamfer).toMatchObject({
    own: { ddpm: { nfe: 2, below: 1 } },
    fewer: { arm: 'otfm', factor: 1 },
  });
});

test('two sets without bone decide nothing; an arm without any loses in its best setting too', () => {
  const none = studyFigures(
    plan,
    settings,
    records(() => undefined),
  );
  expect(none.comparisons[0].advantages.mmdChamfer).toBeNull();
  expect(none.best).toEqual({});
  const one = studyFigures(
    plan,
    settings,
    records((unit) => (isOtfm(unit) ? undefined : 0.5)),
  );
  expect(one.best.mmdChamfer).toMatchObject({
    otfm: 'no setting (too few bones everywhere)',
    advantage: { failed: 'otfm' },
  });
  expect(one.points[0]).toMatchObject({ seeds: 2, values: {}, cases: {} });
  expect(one.points.find((p) => p.arm === 'ddpm')!.cases.mmdChamfer).toBe(10);
  expect(one.speed.mmdChamfer).toMatchObject({ silent: 'not measured', equal: null });
});

test('a ruined point does not widen what is near the best', () => {
  // KID of OTFM: 5 at 1 evaluation, 0.1 at 2, 0.005 at 4 (half-width about 0.01); of DDPM the same but for its first.
  const speedOf = (ruined: number) =>
    studyFigures(
      plan,
      settings,
      records((unit) => {
        const { solver, steps } = unit.set.sampling;
        if (solver !== 'euler' && solver !== 'ddim') return 0.5;
        return { 1: ruined, 2: 0.1, 4: 0.005 }[steps] ?? 0.5;
      }),
    ).speed.kidFeatures;
  for (const ruined of [0.2, 5, 500]) {
    const { own, equal } = speedOf(ruined);
    expect(own!.otfm.nfe).toBe(4);
    // What both reach is DDPM's 0.1.
    expect([equal!.otfm.nfe, equal!.ddpm.nfe]).toEqual([2, 2]);
  }
});

test('where axes meet at one setting they name one pair of sets', () => {
  const { comparisons } = studyFigures(
    plan,
    settings,
    records(() => 0.5),
  );
  const pair = (axis: string, x: number) => comparisons.find((c) => c.axis === axis && c.x === x)!.pair;
  expect(pair('guidance', 1.5)).toBe(pair('share', 1));
  expect(pair('guidance', 1.5)).toBe(pair('seed', 0));
  expect(pair('seed', 1)).not.toBe(pair('seed', 0));
  // The main sets are those of both seeds.
  expect(pair('main', 0)).not.toBe(pair('seed', 0));
});

test('a setting that is on both axes is one to choose', () => {
  const twice = tinySettings([
    'evaluations.heun=[2,4]',
    'evaluations.euler=[1,2,4]',
    'evaluations.ddim=[1,2]',
  ]);
  const laid = studyPlan(twice, []);
  // Heun of 4 evaluations at guidance 1.5 is the main sampling.
  const { best } = studyFigures(
    laid,
    twice,
    recordsOf(laid, () => 0.5),
  );
  expect(best.mmdChamfer.tried).toEqual({ otfm: 6, ddpm: 5 });
});

test('the main setting is one of the settings to choose, on no axis too', () => {
  const off = tinySettings([
    'main.otfm.steps=3',
    'main.ddpm.steps=7',
    'guidance=[0]',
    'evaluations.euler=[1]',
  ]);
  const laid = studyPlan(off, []);
  const { best } = studyFigures(
    laid,
    off,
    recordsOf(laid, (unit) => (unit.set.nfe >= 6 && unit.set.sampling.guidance === 1.5 ? 0.5 : 0.9)),
  );
  expect(best.mmdChamfer).toMatchObject({
    otfm: 'heun, 6 evaluations, guidance 1.5',
    ddpm: 'ddim, 7 evaluations, guidance 1.5',
  });
  // The same bones as a point of an axis, of the sets that are there.
  expect(laid.points.filter((p) => p.axis === 'setting').map((p) => p.measures.map((m) => m.count))).toEqual([
    [8],
    [8],
  ]);
});

test('a figure that no record has and none says failed decides nothing, whichever arm lacks it', () => {
  for (const lacks of [isOtfm, (unit: MeasureUnit) => !isOtfm(unit)]) {
    const given = records(() => 0.5);
    for (const unit of plan.measures)
      if (lacks(unit)) delete given.measures.get(unit.name)!.headline.mmdChamfer;
    for (const c of studyFigures(plan, settings, given).comparisons) {
      expect(c.advantages.mmdChamfer).toBeNull();
      expect(c.advantages.kidFeatures).not.toBeNull();
    }
  }
});

test('both at a bound is a tie; losses are counted from the base of the axis', () => {
  const figures = studyFigures(
    plan,
    settings,
    records((unit, name) => {
      if (name === 'coverageFeatures') return 0;
      if (name === 'oneNnaSidedDice') return 0.5;
      const few = unit.set.nfe === 1;
      return isOtfm(unit) ? (few ? 3 : 1) : few ? 4.5 : 4;
    }),
  );
  const at = (x: number) => figures.comparisons.find((c) => c.axis === 'evaluations' && c.x === x)!;
  expect(figures.bases).toMatchObject({ evaluations: 2, guidance: 1.5, share: 1 });
  expect(figures.bases.seed).toBeUndefined();
  expect(at(1).ties).toEqual({ coverageFeatures: 'worst', oneNnaSidedDice: 'best' });
  expect(at(2).holds).toBeUndefined();
  // Ahead by 1.5, and yet it lost 1.5 more.
  expect((at(1).advantages.mmdChamfer as Estimate).value).toBeCloseTo(1.5, 9);
  expect((at(1).holds!.mmdChamfer as Estimate).value).toBeCloseTo(-1.5, 9);
  expect(at(1).holds!.coverageFeatures).toBeNull();
  expect(figures.speed.coverageFeatures.silent).toBe('worst value');
  expect(figures.rows.find((r) => r.name === 'coverageFeatures')!.tie).toBe('worst');
  expect(figures.scatter).toBeNull();
});

test('arms exchanged: every advantage and loss turns its sign, every count changes sides', () => {
  const even = tinySettings([
    'evaluations.heun=[]',
    'evaluations.euler=[1,2,4]',
    'evaluations.ddim=[1,2,4]',
    'evaluations.ancestral=[]',
    'main.otfm.solver=euler',
    'main.otfm.steps=4',
  ]);
  const laid = studyPlan(even, []);
  const value =
    (first: boolean): FigureOf =>
    (unit, name) => {
      const { nfe, sampling, training } = unit.set;
      const a = 0.5 + 0.3 / nfe + 0.02 * sampling.guidance + 0.1 * (1 - training.share);
      const b = 0.6 + 0.25 / nfe ** 2 + 0.05 * sampling.guidance;
      const own = isOtfm(unit) === first ? a : b;
      return name === 'coverageFeatures' ? 1 - own / 2 : own;
    };
  const [plain, swapped] = [true, false].map((first) =>
    studyFigures(laid, even, recordsOf(laid, value(first))),
  );
  const numbers = (all: object) =>
    Object.entries(all).map(([name, e]) => [name, (e as Estimate | null)?.value ?? null] as const);
  for (const [i, c] of plain.comparisons.entries()) {
    const d = swapped.comparisons[i];
    for (const [a, b] of [
      [c.advantages, d.advantages],
      [c.holds ?? {}, d.holds ?? {}],
    ])
      for (const [name, v] of numbers(a)) expect(new Map(numbers(b)).get(name)).toBeCloseTo(-v!, 9);
  }
  for (const [name, s] of Object.entries(plain.speed)) {
    const t = swapped.speed[name];
    const counts = (both: typeof s.own, one: 'otfm' | 'ddpm') => both && [both[one].nfe, both[one].below];
    expect(counts(t.equal, 'otfm')).toEqual(counts(s.equal, 'ddpm'));
    expect(counts(t.own, 'ddpm')).toEqual(counts(s.own, 'otfm'));
  }
});
