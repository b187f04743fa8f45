import { describe, expect, test } from 'vitest';
import { cubeTurns, meanRotation, orthonormal, rotationLog } from '../../src/aligner/turns.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { randomRotation, rotationVector } from '../../src/skull/register/rotations.ts';
import { rotationAngle } from '../../src/skull/register/transform.ts';
import { apply3, determinant3, multiply3, rotationAbout, transpose3 } from '../../src/volume/geometry.ts';
import { IDENTITY, type Mat3 } from '../../src/volume/volume.ts';

test('the turns of a cube: 24 of them, a group, none farther than 62.8 degrees from any rotation', () => {
  const turns = cubeTurns();
  const names = new Set(turns.map((t) => t.map((v) => v + 0).join()));
  expect(names.size).toBe(24);
  for (const a of turns) {
    expect(determinant3(a)).toBe(1);
    for (const b of turns)
      expect(
        names.has(
          multiply3(a, b)
            .map((v) => v + 0)
            .join(),
        ),
      ).toBe(true);
  }
  const random = new RandomStream(1, 'test/turns');
  let worst = 0;
  for (let i = 0; i < 500; i++) {
    const r = randomRotation(random);
    worst = Math.max(worst, Math.min(...turns.map((t) => rotationAngle(t, r))));
  }

  expect(worst).toBeLessThan(62.8);
  expect(worst).toBeGreaterThan(45);
});

describe('the logarithm of a rotation', () => {
  test.each([0, 1e-9, 1e-4, 0.7, 2, 3, Math.PI - 1e-7, Math.PI])(
    'undoes rotationVector at %f radians',
    (angle) => {
      const random = new RandomStream(2, 'test/log');
      for (let i = 0; i < 20; i++) {
        const axis = apply3(randomRotation(random), [0, 0, 1]);
        const v = rotationLog(rotationVector(axis[0] * angle, axis[1] * angle, axis[2] * angle));
        // At half a turn the axis may point either way.
        const sign = angle > 3.14 && v[0] * axis[0] + v[1] * axis[1] + v[2] * axis[2] < 0 ? -1 : 1;
        for (let c = 0; c < 3; c++) expect(sign * v[c]).toBeCloseTo(axis[c] * angle, 6);
      }
    },
  );
});

test('the mean of turns about one axis is the turn by the mean angle; it turns along with them', () => {
  const about = [0.1, 0.4, -0.2].map((a) => rotationAbout(1, a));
  expect(rotationAngle(meanRotation(about), rotationAbout(1, 0.1))).toBeLessThan(1e-6);
  const random = new RandomStream(3, 'test/mean');
  const near = Array.from({ length: 5 }, () =>
    rotationVector(random.between(-0.3, 0.3), random.between(-0.3, 0.3), random.between(-0.3, 0.3)),
  );
  const left = randomRotation(random);
  const right = randomRotation(random);
  const moved = meanRotation(near.map((r) => multiply3(multiply3(left, r), right)));
  expect(rotationAngle(moved, multiply3(multiply3(left, meanRotation(near)), right))).toBeLessThan(1e-5);
});

test('orthonormal: a rotation stays, a rounded one becomes one', () => {
  const r = randomRotation(new RandomStream(4, 'test/orthonormal'));
  expect(rotationAngle(orthonormal(r), r)).toBeLessThan(1e-6);
  const rough = orthonormal(r.map((v) => Math.fround(v) + 1e-4) as unknown as Mat3);
  const square = multiply3(rough, transpose3(rough));
  for (let i = 0; i < 9; i++) expect(square[i]).toBeCloseTo(IDENTITY[i], 12);
});
