import { describe, expect, test } from 'vitest';
import { mirroredMask } from '../../src/evaluation/sharedCases.ts';
import { alignedDistance, alignedSurfaceDistance, poseMap } from '../../src/privacy/alignedDistance.ts';
import { FieldSampler } from '../../src/privacy/fieldSampler.ts';
import { movedMask } from '../../src/privacy/plant.ts';
import {
  composePoses,
  invertPose,
  nearPoints,
  type Pose,
  registerPose,
  rotationBy,
  STAY,
} from '../../src/privacy/pose.ts';
import { boneOf, fieldGrid, mirroredField, shapeField } from '../../src/privacy/shapeField.ts';
import { rotationAngle } from '../../src/skull/register/transform.ts';
import { determinant3, multiply3, rotationAbout, transpose3 } from '../../src/volume/geometry.ts';
import { centredGrid, IDENTITY, type Mask } from '../../src/volume/volume.ts';
import { boxMask, ellipsoid } from '../evaluation/helpers.ts';
import { phantoms } from './helpers.ts';

const [skull, other] = phantoms(2);
const grid = fieldGrid(skull);
const at = (pose: Pose, p: number[]): number[] => {
  const m = poseMap(pose, grid);
  return [0, 1, 2].map((r) => m[4 * r] * p[0] + m[4 * r + 1] * p[1] + m[4 * r + 2] * p[2] + m[4 * r + 3]);
};

describe('poses', () => {
  const a: Pose = { rotation: rotationBy([0.1, -0.2, 0.3]), translation: [1, -2, 0.5] };
  const b: Pose = { rotation: rotationBy([-0.3, 0.05, 0.1]), translation: [0.2, 3, -1] };

  test('rotationBy turns about an axis, right-handed, by |v|', () => {
    for (const axis of [0, 1, 2]) {
      const v: [number, number, number] = [0, 0, 0];
      v[axis] = 0.7;
      rotationBy(v).forEach((x, i) => {
        expect(x).toBeCloseTo(rotationAbout(axis, 0.7)[i], 12);
      });
    }
    const r = rotationBy([0.4, -0.5, 0.6]);
    expect(determinant3(r)).toBeCloseTo(1, 12);
    expect(rotationAngle(r, IDENTITY)).toBeCloseTo((Math.hypot(0.4, 0.5, 0.6) * 180) / Math.PI, 6);
    multiply3(r, transpose3(r)).forEach((x, i) => {
      expect(x).toBeCloseTo(IDENTITY[i], 12);
    });
  });

  test('compose and invert as maps do', () => {
    const p = [3, 17, 9];
    at(composePoses(b, a), p).forEach((x, i) => {
      expect(x).toBeCloseTo(at(b, at(a, p))[i], 9);
    });
    at(composePoses(invertPose(a), a), p).forEach((x, i) => {
      expect(x).toBeCloseTo(p[i], 9);
    });
  });
});

test('the sampler is trilinear, its gradient the slope, and the border goes on', () => {
  const small = fieldGrid(centredGrid([4, 5, 6], [2, 2, 2]));
  const data = Float32Array.from(
    { length: 120 },
    (_, p) => 2 * (p % 4) - 3 * (Math.floor(p / 4) % 5) + Math.floor(p / 20),
  );
  const sampler = new FieldSampler(small, data);
  expect(sampler.value(1.25, 2.5, 3.75)).toBeCloseTo(2.5 - 7.5 + 3.75, 5);
  expect(sampler.withGradient(1.25, 2.5, 3.75)).toBeCloseTo(-1.25, 5);
  expect([sampler.gx, sampler.gy, sampler.gz]).toEqual([2, -3, 1]);
  expect(sampler.value(-5, 0, 0)).toBe(data[0]);
  expect(sampler.value(9, 9, 9)).toBe(data[119]);
});

describe('fields', () => {
  test('of a ball: the distance to its surface, negative inside', () => {
    const ball = ellipsoid([24, 24, 24], [3, 3, 3], [11.5, 11.5, 11.5], [7, 7, 7]);
    const g = fieldGrid(ball);
    expect(g.clip).toBeCloseTo(6, 12);
    const { signed } = shapeField(ball, g);
    const sampler = new FieldSampler(g, signed);
    const mm = (x: number) => (sampler.value(x, 11.5, 11.5) * g.clip) / 127;
    expect(mm(11.5 + 7)).toBeLessThan(1);
    expect(mm(11.5 + 7)).toBeGreaterThan(-1);
    // The blur bends the slope a little.
    expect(mm(11.5 + 8.2) - mm(11.5 + 7.2)).toBeGreaterThan(2.2);
    expect(mm(11.5 + 8.2) - mm(11.5 + 7.2)).toBeLessThan(3.3);
    expect(mm(11.5)).toBeLessThan(-5.5);
  });

  test('a fine grid is thinned, a box keeps its place', () => {
    const fine = boxMask([144, 20, 20], [1, 1, 1], [40, 4, 4], [79, 15, 15]);
    const g = fieldGrid(fine);
    expect(g).toMatchObject({ factor: 2, size: [72, 10, 10], spacing: [2, 2, 2] });
    const bone = boneOf(fine, g);
    expect(bone.reduce((s, v) => s + v, 0)).toBe(20 * 6 * 6);
    expect(bone[20 + 72 * (2 + 10 * 2)]).toBe(1);
  });

  test('the mirrored field is the field of the mirrored mask', () => {
    const mirrored = shapeField(mirroredMask(skull), grid);
    expect(mirroredField(shapeField(skull, grid), grid)).toEqual(mirrored);
  });

  test('a mask without surface is refused', () => {
    const empty: Mask = { ...skull, data: new Uint8Array(skull.data.length) };
    expect(() => shapeField(empty, grid)).toThrow(/is empty at 10.00 mm/);
    expect(() => shapeField({ ...skull, data: empty.data.map(() => 1) }, grid)).toThrow(/is full/);
  });
});

describe('registration', () => {
  const field = shapeField(skull, grid);
  const points = nearPoints(field, grid, 1500);

  test.each([
    [
      [0.1, -0.1, 0.1],
      [0.8, -0.6, 0.7],
    ],
    [
      [-0.17, 0, 0],
      [0, 1, 0],
    ],
    [
      [0, 0.12, -0.1],
      [-1, 0, 0.5],
    ],
  ])('finds back a turn of %j rad and a shift of %j voxels', (turn, shift) => {
    const moved: Pose = {
      rotation: rotationBy(turn as [number, number, number]),
      translation: shift as [number, number, number],
    };
    // The moved mask shows at p what lay at the pose of p: it is laid back by that very pose.
    const copy = shapeField(movedMask(skull, moved), grid);
    const { pose } = registerPose(nearPoints(copy, grid, 1500), grid, field.signed, STAY);
    expect(rotationAngle(pose.rotation, moved.rotation)).toBeLessThan(1.5);
    const off = pose.translation.map((v, a) => v - moved.translation[a]);
    expect(Math.hypot(...off)).toBeLessThan(0.25);
  });

  test('leaves a shape that lies right where it is', () => {
    const { pose, energy } = registerPose(points, grid, field.signed, STAY);
    expect(energy).toBe(0);
    expect(pose).toEqual(STAY);
  });

  test('the draw of points depends on the shape alone', () => {
    expect(nearPoints(field, grid, 1500)).toEqual(points);
    expect(nearPoints(field, grid, 10).values).toHaveLength(10);
  });
});

describe('distances', () => {
  const a = shapeField(skull, grid);
  const b = shapeField(other, grid);

  test('0 for equal shapes, larger for others, at most 1', () => {
    expect(alignedDistance(a, a, STAY, grid)).toBe(0);
    expect(alignedSurfaceDistance(a, a, STAY, grid)).toBeCloseTo(0, 9);
    const d = alignedDistance(a, b, STAY, grid);
    expect(d).toBeGreaterThan(0.03);
    expect(alignedDistance(b, a, STAY, grid)).toBeCloseTo(d, 9);
    const away: Pose = { rotation: IDENTITY, translation: [100, 0, 0] };
    expect(alignedDistance(a, b, away, grid)).toBe(1);
  });

  test('is 1 - Dice of the blurred masks, brute force', () => {
    let apart = 0;
    let all = 0;
    for (let p = 0; p < a.soft.length; p++) {
      apart += Math.abs(a.soft[p] - b.soft[p]);
      all += a.soft[p] + b.soft[p];
    }
    expect(alignedDistance(a, b, STAY, grid)).toBeCloseTo(apart / all, 9);
  });

  test('the surface distance of a box and its shifted self is about half the shift of two faces in three', () => {
    const size = [24, 24, 24] as const;
    const box = (low: number) => boxMask(size, [3, 3, 3], [low, 6, 6], [low + 11, 17, 17]);
    const g = fieldGrid(box(5));
    const [p, q] = [shapeField(box(5), g), shapeField(box(6), g)];
    // Two of six faces lie 3 mm apart, the others on each other: 1 mm on average.
    expect(alignedSurfaceDistance(p, q, STAY, g)).toBeGreaterThan(0.7);
    expect(alignedSurfaceDistance(p, q, STAY, g)).toBeLessThan(1.2);
    expect(alignedSurfaceDistance(p, q, { rotation: IDENTITY, translation: [1, 0, 0] }, g)).toBeCloseTo(0, 9);
  });
});
