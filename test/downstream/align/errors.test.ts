import { describe, expect, it } from 'vitest';
import { poseError, surfaceProbe } from '../../../src/downstream/align/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { randomRotation } from '../../../src/skull/register/rotations.ts';
import {
  applyTransform,
  composeTransforms,
  IDENTITY_TRANSFORM,
  invertTransform,
  type Transform,
} from '../../../src/skull/register/transform.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { centredGrid, type Vec3 } from '../../../src/volume/volume.ts';

const degree = Math.PI / 180;
const draw = (index: number): Transform => {
  const stream = new RandomStream(3, 'test/pose', index);
  const rotation = randomRotation(stream);
  return { rotation, translation: [stream.normal(), 50, -700 * stream.uniform()], scale: 1 };
};

describe('poseError', () => {
  const probe = { centroid: [1, 2, 3] as Vec3, points: [[11, 2, 3] as Vec3, [1, 2, 3] as Vec3] };

  it('is 0 for the truth', () => {
    const truth = draw(1);
    const e = poseError(truth, truth, probe);
    expect(e.rotationDeg).toBe(0);
    expect(e.translationMm).toBeLessThan(1e-9);
    expect(e.treMm).toBeLessThan(1e-9);
  });

  it.each([0.01, 5, 90, 179])(
    'a turn by %s degrees about the centroid moves the centroid nowhere',
    (angle) => {
      const truth = draw(2);
      // About the centroid (1, 2, 3), axis z: what is off in the canonical frame.
      const rotation = rotationAbout(2, angle * degree);
      const there = applyTransform({ rotation, translation: [0, 0, 0], scale: 1 }, [1, 2, 3]);
      const off = { rotation, translation: [1 - there[0], 2 - there[1], 3 - there[2]] as Vec3, scale: 1 };
      const e = poseError(composeTransforms(off, truth), truth, probe);
      expect(e.rotationDeg).toBeCloseTo(angle, 6);
      expect(e.translationMm).toBeLessThan(1e-9);
      // The one point lies 10 mm off the axis, the other on it: chords 2 r sin(angle / 2) and 0.
      expect(e.treMm).toBeCloseTo((20 * Math.sin((angle * degree) / 2)) / 2, 6);
    },
  );

  it('a shift counts in full and turns nothing', () => {
    const truth = draw(3);
    const off: Transform = { ...IDENTITY_TRANSFORM, translation: [2, -3, 6] };
    const e = poseError(composeTransforms(off, truth), truth, probe);
    expect(e.rotationDeg).toBeLessThan(1e-5);
    expect(e.translationMm).toBeCloseTo(7, 9);
    expect(e.treMm).toBeCloseTo(7, 9);
  });

  it('the angle is that of the trace, arccos((tr(A^T B) - 1) / 2)', () => {
    for (let n = 0; n < 20; n++) {
      const [a, b] = [draw(2 * n), draw(2 * n + 1)];
      const trace = a.rotation.reduce((sum, x, i) => sum + x * b.rotation[i], 0);
      const angle = Math.acos((trace - 1) / 2) / degree;
      expect(poseError(a, b, probe).rotationDeg).toBeCloseTo(angle, 5);
    }
  });

  it('refuses a scale, numbers that are not finite, and no points', () => {
    const truth = draw(4);
    expect(() => poseError({ ...truth, scale: 1.1 }, truth, probe)).toThrow('no rigid move');
    expect(() => poseError({ ...truth, translation: [0, Number.NaN, 0] }, truth, probe)).toThrow(
      'not finite',
    );
    expect(() => poseError(truth, truth, { ...probe, points: [] })).toThrow('no points');
  });

  it('does not depend on which space the scan is in', () => {
    const [found, truth, scan] = [draw(5), draw(6), invertTransform(draw(7))];
    const here = poseError(found, truth, probe);
    const there = poseError(composeTransforms(found, scan), composeTransforms(truth, scan), probe);
    expect(there.rotationDeg).toBeCloseTo(here.rotationDeg, 6);
    expect(there.translationMm).toBeCloseTo(here.translationMm, 6);
    expect(there.treMm).toBeCloseTo(here.treMm, 6);
  });
});

describe('surfaceProbe', () => {
  const grid = centredGrid([7, 7, 7], [2, 2, 2]);
  it('takes the voxels of a cube that have a background neighbour, and its centroid', () => {
    const data = new Uint8Array(343);
    for (let k = 1; k < 6; k++)
      for (let j = 1; j < 6; j++) for (let i = 1; i < 6; i++) data[i + 7 * (j + 7 * k)] = 1;
    const { centroid, points } = surfaceProbe({ ...grid, data });
    expect(points).toHaveLength(125 - 27);
    for (const p of points) expect(Math.max(...p.map(Math.abs))).toBe(4);
    expect(Math.hypot(...centroid)).toBeLessThan(1e-12);
    expect(surfaceProbe({ ...grid, data }, 10).points).toHaveLength(10);
  });

  it('counts the border of the grid as surface, and refuses an empty mask', () => {
    expect(surfaceProbe({ ...grid, data: new Uint8Array(343).fill(1) }).points).toHaveLength(343 - 125);
    expect(() => surfaceProbe({ ...grid, data: new Uint8Array(343) })).toThrow('without a bone voxel');
  });
});
