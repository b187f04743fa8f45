import { describe, expect, test } from 'vitest';
import { requireEqualArms } from '../../src/study/check.ts';
import { ARMS, evaluationsOfSet, studyPlan, trainingConfig } from '../../src/study/plan.ts';
import { tinySettings } from './tinyStudy.ts';

const settings = tinySettings();
const plan = studyPlan(settings, [3, 5]);

test('both arms have the same trainings, sets and points, name for name', () => {
  const names = (arm: string) =>
    plan.trainings.filter((t) => t.arm === arm).map((t) => t.name.replace(arm, 'ARM'));
  expect(names('otfm')).toEqual(names('ddpm'));
  expect(names('otfm')).toEqual(['ARM-seed0', 'ARM-seed1', 'ARM-seed0-share0.5']);
  for (const axis of ['main', 'guidance', 'seed', 'share', 'class'] as const) {
    const places = ARMS.map((arm) =>
      plan.points.filter((p) => p.axis === axis && p.arm === arm).map((p) => p.x),
    );
    expect(places[0], axis).toEqual(places[1]);
    expect(places[0].length, axis).toBeGreaterThan(0);
  }
});

test('configurations differ in the objective alone, and a difference in anything else is refused', () => {
  const [otfm, ddpm] = ARMS.map((arm) => trainingConfig(settings, arm, 1, 0.5));
  expect(() => requireEqualArms(otfm, ddpm)).not.toThrow();
  expect({ ...otfm, objective: 'ddpm' }).toEqual(ddpm);
  expect(() => requireEqualArms(otfm, { ...ddpm, learningRate: 1 })).toThrow(/learningRate/);
  expect(() => requireEqualArms(otfm, { ...ddpm, seed: 2 })).toThrow(/seed/);
});

test('paired sets start from the same noise: equal seeds and counts', () => {
  for (const { x, axis, arm, measures } of plan.points.filter((p) => p.arm === 'otfm')) {
    const twin = plan.points.find((p) => p.axis === axis && p.x === x && p.arm !== arm);
    if (twin === undefined) continue;
    expect(measures.map((m) => [m.set.seed, m.count])).toEqual(
      twin.measures.map((m) => [m.set.seed, m.count]),
    );
  }
});

test('a set that several axes need is made once, at the largest count', () => {
  const main = plan.sets.filter((s) => s.name === 'otfm-seed0-heun2-guidance1.5');
  expect(main).toHaveLength(1);
  expect(main[0].count).toBe(settings.samples.main);
  const uses = plan.points.filter((p) => p.measures.some((m) => m.set === main[0]));
  expect(uses.map((p) => [p.axis, p.measures[0].count])).toEqual([
    ['main', 10],
    ['seed', 10],
    ['setting', 8],
    ['guidance', 8],
    ['share', 8],
  ]);
  expect(new Set(plan.sets.map((s) => s.name)).size).toBe(plan.sets.length);
  expect(new Set(plan.measures.map((m) => m.name)).size).toBe(plan.measures.length);
});

test('all figures are taken of the main sets, the usual ones elsewhere', () => {
  const { measures, points } = studyPlan(tinySettings(['measure.extended=true']), []);
  for (const unit of measures)
    expect(unit.extended, unit.name).toBe(points.some((p) => p.axis === 'main' && p.measures.includes(unit)));
  expect(plan.measures.some((unit) => unit.extended)).toBe(false);
});

describe('network evaluations', () => {
  const set = (name: string) => plan.sets.find((s) => s.name === name)!;
  test('heun takes two a step, guidance between 0 and 1 one branch', () => {
    expect(set('otfm-seed0-heun2-guidance1.5')).toMatchObject({ nfe: 4, branches: 2 });
    expect(evaluationsOfSet(set('otfm-seed0-heun2-guidance1.5'))).toBe(4 * 2 * 10);
    expect(set('otfm-seed0-euler2-guidance1.5')).toMatchObject({ nfe: 2, branches: 2 });
    expect(set('ddpm-seed0-ddim4-guidance0')).toMatchObject({ nfe: 4, branches: 1 });
  });
  test('an evaluation count becomes steps of its solver', () => {
    const point = plan.points.find((p) => p.axis === 'evaluations' && p.solver === 'heun')!;
    expect([point.x, point.measures[0].set.sampling.steps]).toEqual([2, 1]);
  });
});

test('empty axes leave no points, more seeds only add', () => {
  const bare = studyPlan(tinySettings(['shares=[]', 'guidance=[]', 'evaluations.ddim=[]']), []);
  expect(bare.points.filter((p) => ['share', 'guidance', 'class'].includes(p.axis))).toEqual([]);
  const more = studyPlan(tinySettings(['seeds=3']), [3, 5]);
  const names = new Set(more.sets.map((s) => s.name));
  expect(plan.sets.every((s) => names.has(s.name))).toBe(true);
});
