/** How few evaluations are enough, on ways whose answer is known. */
import { describe, expect, test } from 'vitest';
import {
  bestPoint,
  fewerOf,
  type Reach,
  reach,
  type SpeedPoint,
  speedFigure,
} from '../../src/study/speed.ts';

const point = (nfe: number, score: number, label = 'euler', halfWidth = 0): SpeedPoint => ({
  nfe,
  score,
  halfWidth,
  label,
});
const within = (points: SpeedPoint[], tolerance: number): Reach =>
  reach(points, bestPoint(points).score + tolerance);

describe('the fewest evaluations near a level', () => {
  test('the first from which on all up to the best are near, and the one below that is not', () => {
    const points = [point(1, 5), point(2, 2), point(4, 1.05), point(8, 1.02), point(16, 1)];
    expect(within(points, 0.1)).toEqual({ nfe: 4, label: 'euler', below: 2, clear: 2, worse: [] });
  });
  test('a lucky point below bad ones does not count', () => {
    expect(within([point(1, 1), point(2, 3), point(4, 1.05), point(8, 0.99)], 0.1)).toMatchObject({
      nfe: 4,
      below: 2,
    });
  });
  test('counts above the best that get worse are named', () => {
    const points = [point(2, 2), point(4, 1), point(8, 1.5), point(16, 1.05), point(32, 9)];
    expect(within(points, 0.1)).toMatchObject({ nfe: 4, worse: [8, 32] });
  });
  test('the fewest tried has nothing below it', () => {
    expect(within([point(4, 1), point(8, 1)], 0.1)).toMatchObject({ nfe: 4, below: null, clear: null });
  });
  test('of two solvers at one count the better speaks', () => {
    const points = [point(4, 9, 'euler'), point(4, 1, 'heun'), point(8, 1)];
    expect(within(points, 0.1)).toMatchObject({ nfe: 4, label: 'heun' });
  });
  test('scores below 0 (coverage is counted so) and a tolerance of 0', () => {
    expect(within([point(1, -0.5), point(2, -0.8), point(4, -0.85)], 0.1).nfe).toBe(2);
    expect(within([point(1, -0.5), point(2, -0.85), point(4, -0.85)], 0).nfe).toBe(2);
  });
  test('a miss within its own interval is no clear miss', () => {
    expect(within([point(1, 9), point(2, 1.2, 'euler', 0.3), point(4, 1)], 0.1)).toMatchObject({
      below: 2,
      clear: 1,
    });
  });
});

describe('who needs fewer', () => {
  const at = (nfe: number, clear: number | null): Reach => ({
    nfe,
    label: '',
    below: clear,
    clear,
    worse: [],
  });
  test.each([
    ['enough where the other clearly is not', at(4, 2), at(32, 16), { arm: 'otfm', factor: 4 }],
    ['and the other way', at(32, 16), at(4, 2), { arm: 'ddpm', factor: 4 }],
    ['at the very count', at(4, 2), at(8, 4), { arm: 'otfm', factor: 1 }],
    ['a smaller count that the other never tried', at(1, null), at(4, null), null],
    ['grids that do not meet', at(3, 1), at(4, 2), null],
    ['as many', at(4, 2), at(4, 2), null],
  ] as const)('%s', (_, otfm, ddpm, answer) => {
    expect(fewerOf(otfm, ddpm)).toEqual(answer);
  });
});

describe('one figure', () => {
  const flat = () => 0;
  test('grids that begin elsewhere claim nothing; too few bones are near nothing', () => {
    const otfm = [point(1, 1), point(4, 1)];
    expect(speedFigure({ otfm, ddpm: [point(4, 1), point(8, 1)] }, flat).fewer).toBeNull();
    const failed = point(2, Number.POSITIVE_INFINITY);
    expect(speedFigure({ otfm, ddpm: [failed, point(4, 1)] }, flat).fewer).toEqual({
      arm: 'otfm',
      factor: 2,
    });
  });
  test('a level at the worst value, or so near it that all is near, says nothing', () => {
    const stuck = [point(1, 0), point(2, 0)];
    const better = [point(1, -0.5), point(2, -0.9)];
    const silent = { silent: 'worst value', equal: null, own: null, fewer: null };
    expect(speedFigure({ otfm: stuck, ddpm: stuck }, flat, 0)).toMatchObject(silent);
    expect(speedFigure({ otfm: better, ddpm: stuck }, flat, 0)).toMatchObject(silent);
    expect(speedFigure({ otfm: better, ddpm: better }, () => 0.95, 0)).toMatchObject(silent);
    expect(speedFigure({ otfm: better, ddpm: better }, flat, 0).silent).toBeNull();
  });
  test('an arm that was never measured', () => {
    const failed = [point(1, Number.POSITIVE_INFINITY)];
    expect(speedFigure({ otfm: failed, ddpm: [point(1, 1)] }, flat)).toMatchObject({
      level: null,
      silent: 'not measured',
    });
    expect(speedFigure({ otfm: [], ddpm: [] }, flat).silent).toBe('not measured');
  });
});
