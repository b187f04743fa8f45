import { expect, test } from 'vitest';
import { mirrorComplete, mirrorMethod, symmetryPlane } from '../../../src/downstream/complete/mirror.ts';
import { VolumeError } from '../../../src/errors.ts';
import { diceOf, overlap } from '../../../src/evaluation/overlap.ts';
import { multiply3, rotationAbout } from '../../../src/volume/geometry.ts';
import { resampleMask } from '../../../src/volume/resample.ts';
import type { Mask } from '../../../src/volume/volume.ts';
import { egg, horseshoe, shaped, without } from '../helpers.ts';

test('a symmetric bone is made whole, voxel for voxel', async () => {
  const whole = horseshoe();
  const defective = without(whole, (x, y) => x > 30 && y > -10 && y < 12);
  const [{ whole: made }] = await mirrorMethod().complete(defective, { seed: 0, index: 0 });
  expect(made.data).toEqual(whole.data);
  expect(mirrorComplete(defective, { refine: false }).whole.data).toEqual(whole.data);
});

test('what is missing on both sides stays missing', () => {
  const whole = horseshoe();
  const defective = without(whole, (_x, y) => y > 0 && y < 12);
  expect(mirrorComplete(defective).whole.data).toEqual(defective.data);
});

test('the plane of a bone that lies aside and turned is found, with a part of it missing', () => {
  // An egg is symmetric about many planes; a bump on either side leaves one.
  const upright = shaped([48, 54, 44], 1, (x, y, z) => {
    const r = Math.hypot(x / 14, y / 20, z / 12);
    const horns = Math.hypot(Math.abs(x) - 12, y + 10, z - 8) < 5;
    return (r <= 1 && r > 0.82) || horns;
  });
  const turn = multiply3(rotationAbout(2, (5 * Math.PI) / 180), rotationAbout(1, (-3 * Math.PI) / 180));
  const turned: Mask = { ...upright, direction: turn, origin: rotated(turn, upright.origin, [2.6, -1, 0.5]) };
  const whole = resampleMask(turned, upright);
  const defective = without(whole, (x, y, z) => Math.hypot(x - 14, y - 4, z) < 7);
  const plane = symmetryPlane(defective)!;
  const truth = [turn[0], turn[3], turn[6]];
  const degrees = (Math.acos(plane.normal.reduce((s, n, c) => s + n * truth[c], 0)) * 180) / Math.PI;
  expect(degrees).toBeLessThan(1);
  const offset = truth[0] * 2.6 + truth[1] * -1 + truth[2] * 0.5;
  expect(Math.abs(plane.offsetMm - offset)).toBeLessThan(0.5);
  // Within the ball that was taken: elsewhere two surfaces disagree by a voxel, and the implant is cut later.
  const ball = shaped([48, 54, 44], 1, (x, y, z) => Math.hypot(x - 14, y - 4, z) < 7).data;
  const filled = (made: Mask) =>
    diceOf(
      overlap(
        made.data.map((v, p) => v & ball[p]),
        whole.data.map((v, p) => v & ball[p]),
      ),
    );
  expect(filled(mirrorComplete(defective).whole)).toBeGreaterThan(0.7);
  expect(filled(mirrorComplete(defective, { refine: false }).whole)).toBeLessThan(0.6);
});

/** `R o + t`. */
function rotated(r: readonly number[], o: readonly number[], t: readonly number[]): [number, number, number] {
  return [0, 1, 2].map((i) => r[3 * i] * o[0] + r[3 * i + 1] * o[1] + r[3 * i + 2] * o[2] + t[i]) as [
    number,
    number,
    number,
  ];
}

test('too little of a bone to tell its plane: x = 0', () => {
  const half = without(horseshoe(), (x) => x > 6);
  expect(symmetryPlane(half)).toBeUndefined();
  expect(mirrorComplete(half).doubt).toMatch(/no plane of symmetry was found/);
  expect(mirrorComplete(half).whole.data).toEqual(mirrorComplete(half, { refine: false }).whole.data);
});

test('a mask without bone is refused', async () => {
  const bone = egg();
  const empty: Mask = { ...bone, data: new Uint8Array(bone.data.length) };
  await expect(mirrorMethod().complete(empty, { seed: 0, index: 0 })).rejects.toThrow(VolumeError);
});
