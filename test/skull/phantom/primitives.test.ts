import { describe, expect, it } from 'vitest';
import {
  distanceToBox,
  ellipsoid,
  polygon,
  smoothMax,
  smoothMin,
  smoothStep,
  squarishEllipsoid,
  tube,
  within,
} from '../../../src/skull/phantom/primitives.ts';

describe('blends', () => {
  it('are the plain minimum and maximum beyond their reach and go deeper by k / 4 where both are equal', () => {
    expect(smoothMin(1, 9, 4)).toBe(1);
    expect(smoothMax(1, 9, 4)).toBe(9);
    expect(smoothMin(2, 2, 4)).toBeCloseTo(1, 12);
    expect(smoothMax(2, 2, 4)).toBeCloseTo(3, 12);
  });

  it('step from 0 to 1, either way round', () => {
    expect([smoothStep(2, 4, 1), smoothStep(2, 4, 3), smoothStep(2, 4, 5)]).toEqual([0, 0.5, 1]);
    expect([smoothStep(4, 2, 1), smoothStep(4, 2, 3), smoothStep(4, 2, 5)]).toEqual([1, 0.5, 0]);
  });
});

describe('solids', () => {
  it('an ellipsoid of equal radii is a sphere, exactly', () => {
    expect(ellipsoid(3, 4, 12, 5, 5, 5)).toBeCloseTo(8, 12);
    expect(ellipsoid(0, 1, 0, 5, 5, 5)).toBeCloseTo(-4, 12);
    expect(ellipsoid(0, 0, 0, 7, 5, 6)).toBe(-5);
  });

  it('ellipsoids vanish at their poles; the squarish one reaches beyond the round one between them', () => {
    for (const f of [ellipsoid, squarishEllipsoid]) {
      expect(f(7, 0, 0, 7, 5, 6)).toBeCloseTo(0, 12);
      expect(f(0, -5, 0, 7, 5, 6)).toBeCloseTo(0, 12);
      expect(f(0, 0, 6, 7, 5, 6)).toBeCloseTo(0, 12);
    }
    const diagonal = Math.SQRT1_2;
    expect(ellipsoid(7 * diagonal, 5 * diagonal, 0, 7, 5, 6)).toBeCloseTo(0, 12);
    expect(squarishEllipsoid(7 * diagonal, 5 * diagonal, 0, 7, 5, 6)).toBeLessThan(-0.1);
  });

  it('a tube is a capsule; a strap adds its half height; a single node is a ball', () => {
    const capsule = tube([
      { at: [0, 0, 0], radius: 2 },
      { at: [10, 0, 0], radius: 2 },
    ]);
    expect(capsule(5, 3, 4)).toBeCloseTo(3, 12);
    expect(capsule(-3, 0, 4)).toBeCloseTo(3, 12);
    const strap = tube([
      { at: [0, 0, 0], radius: 1, half: 5 },
      { at: [10, 0, 0], radius: 1, half: 5 },
    ]);
    expect(strap(4, 0, 6)).toBeCloseTo(0, 12);
    expect(strap(4, 3, 9)).toBeCloseTo(4, 12);
    expect(tube([{ at: [1, 2, 3], radius: 2 }])(1, 2, 8)).toBeCloseTo(3, 12);
  });

  it('a polygon: a unit square seen from inside, from a side and from a corner', () => {
    const square = polygon([0, 0, 1, 0, 1, 1, 0, 1]);
    expect(square(0.5, 0.25)).toBeCloseTo(-0.25, 12);
    expect(square(2, 0.5)).toBeCloseTo(1, 12);
    expect(square(4, 5)).toBeCloseTo(5, 12);
  });

  it('a box guards a shape: far away its own distance, near it the shape', () => {
    expect(distanceToBox([0, 1, 0, 1, 0, 1], 4, 5, 0.5)).toBeCloseTo(5, 12);
    const guarded = within([-1, 1, -1, 1, -1, 1], 2, () => 42);
    expect(guarded(2, 0, 0)).toBe(42);
    expect(guarded(11, 0, 0)).toBe(10);
  });
});
