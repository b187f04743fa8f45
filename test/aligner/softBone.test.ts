/** Bones as the network meets them: the same from any grid, and cubes that show the bone where it is. */
import { describe, expect, test } from 'vitest';
import { cubeMap, fillCube } from '../../src/aligner/cube.ts';
import { type SoftBone, softBone } from '../../src/aligner/softBone.ts';
import { VolumeError } from '../../src/errors.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { randomRotation, rotationVector } from '../../src/skull/register/rotations.ts';
import { boneMoments } from '../../src/volume/centroid.ts';
import { apply3, multiply3, rotationAbout, transpose3 } from '../../src/volume/geometry.ts';
import {
  type Grid,
  IDENTITY,
  type Mask,
  type Mat3,
  type Vec3,
  voxelToWorld,
} from '../../src/volume/volume.ts';

/** An ellipsoid of half-widths 30, 20, 12 mm about `at`, axes turned, on a grid. */
function ellipsoid(grid: Grid, at: Vec3, turn: Mat3): Mask {
  const back = transpose3(turn);
  const data = new Uint8Array(grid.size[0] * grid.size[1] * grid.size[2]);
  let p = 0;
  for (let k = 0; k < grid.size[2]; k++)
    for (let j = 0; j < grid.size[1]; j++)
      for (let i = 0; i < grid.size[0]; i++) {
        const w = voxelToWorld(grid, i, j, k);
        const [x, y, z] = apply3(back, [w[0] - at[0], w[1] - at[1], w[2] - at[2]]);
        data[p++] = (x / 30) ** 2 + (y / 20) ** 2 + (z / 12) ** 2 <= 1 ? 1 : 0;
      }
  return { ...grid, data };
}

/** The grid, its middle near the bone's. */
function around(grid: Grid): Grid {
  const [x, y, z] = voxelToWorld(grid, 34, 36, 25);
  return { ...grid, origin: [centre[0] - x, centre[1] - y, centre[2] - z] };
}

const turn = rotationVector(0.3, -0.5, 0.8);
const centre: Vec3 = [40, -25, 10];
/** Fine and upright; coarse, oblique, with thick slices and a left-handed order of axes. */
const fine: Grid = {
  size: [90, 90, 90],
  spacing: [0.9, 0.9, 0.9],
  origin: [0, -65, -30],
  direction: IDENTITY,
};
const tilted = multiply3(rotationAbout(2, 0.4), [0, 1, 0, -1, 0, 0, 0, 0, 1]);
const thick = around({ size: [70, 70, 50], spacing: [1.2, 1.2, 2], origin: [0, 0, 0], direction: tilted });
const cube = { side: 16, cubeMm: 80 };

test('moments: the centroid and spread of an ellipsoid, whatever the grid', () => {
  const whole = Math.sqrt((30 ** 2 + 20 ** 2 + 12 ** 2) / 5);
  for (const grid of [fine, thick]) {
    const { centroid, radiusMm } = boneMoments(ellipsoid(grid, centre, turn));
    centroid.forEach((v, c) => void expect(Math.abs(v - centre[c])).toBeLessThan(0.1));
    expect(Math.abs(radiusMm / whole - 1)).toBeLessThan(0.01);
  }
  const empty = { ...fine, data: new Uint8Array(90 ** 3) };
  expect(() => boneMoments(empty)).toThrow(VolumeError);
  expect(() => softBone(empty, cube)).toThrow(/without a bone voxel/);
});

/** A cube about the centroid along `axes`. */
function seen(bone: SoftBone, axes: Mat3): Float32Array {
  const out = new Float32Array(cube.side ** 3 + 2).fill(7);
  fillCube(bone, cube, cubeMap(bone, bone.centroid, axes), out, 1);
  // Nothing beside its own place is written.
  expect([out[0], out[out.length - 1]]).toEqual([7, 7]);
  return out.subarray(1, out.length - 1);
}

describe('a cube', () => {
  test('shows the same bone from any grid', () => {
    const random = new RandomStream(1, 'test/cube');
    const bones = [fine, thick].map((grid) => softBone(ellipsoid(grid, centre, turn), cube));
    for (let i = 0; i < 4; i++) {
      const axes = randomRotation(random);
      const [a, b] = bones.map((bone) => seen(bone, axes));
      let [most, sum] = [0, 0];
      a.forEach((v, p) => {
        most = Math.max(most, Math.abs(v - b[p]));
        sum += Math.abs(v - b[p]) / a.length;
      });
      expect(most).toBeLessThan(0.13);
      expect(sum).toBeLessThan(0.004);
    }
  });

  test('lies along its axes: turned with the bone it shows the upright bone, an axis a side', () => {
    const upright = seen(softBone(ellipsoid(fine, centre, turn), cube), turn);
    const { side, cubeMm } = cube;
    const step = cubeMm / side;
    let outside = 0;
    for (let k = 0, p = 0; k < side; k++)
      for (let j = 0; j < side; j++)
        for (let i = 0; i < side; i++, p++) {
          const [x, y, z] = [i, j, k].map((v) => (v - (side - 1) / 2) * step);
          const inside = (x / 30) ** 2 + (y / 20) ** 2 + (z / 12) ** 2;
          if (inside < 0.1) expect(upright[p]).toBeGreaterThan(0.9);
          if (inside > 4) outside = Math.max(outside, upright[p]);
        }
    expect(outside).toBeLessThan(0.02);
  });

  test('beyond what a scan shows there is nothing, and a bone cut by the grid has the centroid of what is left', () => {
    const half: Grid = { ...fine, size: [45, 90, 90] };
    const mask = ellipsoid(half, centre, turn);
    expect(boneMoments(mask).centroid[0]).toBeLessThan(centre[0] - 5);
    const right = seen(softBone(mask, cube), IDENTITY);
    // Of the last columns, 30 mm and more from that centroid, nothing was scanned.
    for (let p = 14; p < right.length; p += 16) expect(right[p]).toBe(0);
  });
});
