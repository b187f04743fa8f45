/** Against the closed form for a box, and that a bone's own figures go with it wherever it is moved. */
import { expect, test } from 'vitest';
import { drawPose } from '../../src/downstream/align/poses.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { transformGrid } from '../../src/skull/register/transform.ts';
import { determinant3 } from '../../src/volume/geometry.ts';
import { principalMoments } from '../../src/volume/principalAxes.ts';
import { centredGrid } from '../../src/volume/volume.ts';
import { oddBone } from '../downstream/align/bones.ts';

test('of a box: variances (n^2 - 1) s^2 / 12 along its sides, the longest first', () => {
  const size = [5, 9, 7] as const;
  const data = new Uint8Array(5 * 9 * 7).fill(1);
  const m = principalMoments({ ...centredGrid(size, [2, 3, 1]), data });
  expect(m.variances[0]).toBeCloseTo((80 * 9) / 12, 9);
  expect(m.variances[1]).toBeCloseTo((24 * 4) / 12, 9);
  expect(m.variances[2]).toBeCloseTo(48 / 12, 9);
  expect(m.axes.map((x) => Math.round(Math.abs(x) * 1e9) / 1e9)).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 1]);
  expect(determinant3(m.axes)).toBeCloseTo(1, 12);
  expect(Math.hypot(...m.centroid)).toBeLessThan(1e-12);
});

test('weighs values, moves with the grid, and refuses no mass', () => {
  const grid = centredGrid([3, 1, 1], [4, 4, 4]);
  expect(principalMoments({ ...grid, data: Float32Array.of(1, 0, 3) }).centroid[0]).toBeCloseTo(2, 12);
  expect(principalMoments({ ...grid, data: Float32Array.of(1, 0, 3) }).variances[0]).toBeCloseTo(12, 12);
  const pose = drawPose(new RandomStream(5, 'test/pose', 0), { kind: 'any' });
  const bone = oddBone();
  const [here, there] = [principalMoments(bone), principalMoments(transformGrid(bone, pose))];
  here.variances.forEach((v, i) => {
    expect(there.variances[i]).toBeCloseTo(v, 8);
  });
  expect(() => principalMoments({ ...grid, data: new Uint8Array(3) })).toThrow('without a bone voxel');
});
