import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { randomRotation } from '../../../src/skull/register/rotations.ts';
import {
  applyTransform,
  composeTransforms,
  frameTransform,
  invertTransform,
  rotationAngle,
  type Transform,
  transformFromMatrix,
  transformGrid,
  transformToMatrix,
} from '../../../src/skull/register/transform.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { centredGrid, IDENTITY, type Vec3, voxelToWorld } from '../../../src/volume/volume.ts';

const stream = new RandomStream(1, 'test/transform');
const a: Transform = { rotation: randomRotation(stream), translation: [3, -20, 7], scale: 1.3 };
const b: Transform = { rotation: randomRotation(stream), translation: [-1, 5, 40], scale: 0.5 };
const p: Vec3 = [11, -4, 6];
const close = (u: Vec3, v: Vec3) => u.forEach((x, c) => void expect(x).toBeCloseTo(v[c], 9));

describe('Transform', () => {
  it('turns a known point: a quarter turn about z, doubled, shifted', () => {
    const quarter = { rotation: rotationAbout(2, Math.PI / 2), translation: [1, 2, 3] as Vec3, scale: 2 };
    close(applyTransform(quarter, [1, 0, 0]), [1, 4, 3]);
  });

  it('goes back, and one after the other', () => {
    close(applyTransform(invertTransform(a), applyTransform(a, p)), p);
    close(applyTransform(composeTransforms(b, a), p), applyTransform(b, applyTransform(a, p)));
  });

  it('is stored as a 4x4 matrix, row by row', () => {
    const m = transformToMatrix(a);
    close(
      [0, 4, 8].map((r) => m[r] * p[0] + m[r + 1] * p[1] + m[r + 2] * p[2] + m[r + 3]) as unknown as Vec3,
      applyTransform(a, p),
    );
    close(applyTransform(transformFromMatrix(m), p), applyTransform(a, p));
  });

  it.each([
    ['too short', [1, 0, 0]],
    ['a mirror', [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]],
    ['a shear', [1, 0.1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]],
    ['a column-major shift', [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1]],
    ['not a number', [Number.NaN, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]],
  ])('refuses %s', (_, m) => {
    expect(() => transformFromMatrix(m)).toThrow(VolumeError);
  });

  it('moves a grid as it moves its voxels', () => {
    const grid = { ...centredGrid([5, 6, 7], [1, 2, 3]), direction: rotationAbout(0, 0.4) };
    close(voxelToWorld(transformGrid(grid, a), 1, 4, 2), applyTransform(a, voxelToWorld(grid, 1, 4, 2)));
  });

  it('measures the angle between rotations, 0 to 180 degrees', () => {
    expect(rotationAngle(rotationAbout(1, 0.2), rotationAbout(1, 0.5))).toBeCloseTo((0.3 * 180) / Math.PI, 9);
    expect(rotationAngle(IDENTITY, rotationAbout(0, Math.PI))).toBeCloseTo(180, 5);
  });
});

it('the move to a frame lays its centre at the origin and its axes along x, y, z', () => {
  const axes = rotationAbout(1, 0.7);
  const move = frameTransform({ axes, centre: [3, -4, 50] });
  applyTransform(move, [3, -4, 50]).forEach((v) => void expect(v).toBeCloseTo(0, 12));
  // One step along its second axis, the second column.
  const along: Vec3 = [3 + axes[1], -4 + axes[4], 50 + axes[7]];
  applyTransform(move, along).forEach((v, c) => void expect(v).toBeCloseTo(c === 1 ? 1 : 0, 12));
});
