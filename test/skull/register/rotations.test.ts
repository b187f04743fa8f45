import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { randomRotation, rotationVector, spreadRotations } from '../../../src/skull/register/rotations.ts';
import { rotationAngle } from '../../../src/skull/register/transform.ts';
import { determinant3, multiply3, rotationAbout, transpose3 } from '../../../src/volume/geometry.ts';
import { IDENTITY } from '../../../src/volume/volume.ts';

describe('rotations', () => {
  it('gives proper rotations', () => {
    const stream = new RandomStream(5, 'test/rotations');
    for (const r of [...spreadRotations(20), randomRotation(stream)]) {
      expect(determinant3(r)).toBeCloseTo(1, 12);
      multiply3(transpose3(r), r).forEach((x, i) => void expect(x).toBeCloseTo(IDENTITY[i], 12));
    }
  });

  it('spreads so that no rotation is further than 240 / cbrt(n) degrees from one', () => {
    const stream = new RandomStream(6, 'test/rotations');
    for (const n of [72, 432]) {
      const set = spreadRotations(n);
      let worst = 0;
      for (let t = 0; t < 500; t++) {
        const r = randomRotation(stream);
        worst = Math.max(worst, Math.min(...set.map((s) => rotationAngle(r, s))));
      }
      expect(worst).toBeLessThan(240 / Math.cbrt(n));
      // And no better than a perfect covering could be: the balls must fill SO(3).
      expect(worst).toBeGreaterThan(100 / Math.cbrt(n));
    }
  });

  it('draws angles with the density (1 - cos a) / pi of uniform rotations', () => {
    const stream = new RandomStream(7, 'test/rotations');
    const n = 4000;
    let below = 0;
    for (let t = 0; t < n; t++) if (rotationAngle(randomRotation(stream), IDENTITY) < 90) below++;
    // (pi/2 - 1) / pi = 0.1817; three deviations are 0.018.
    expect(Math.abs(below / n - (Math.PI / 2 - 1) / Math.PI)).toBeLessThan(0.019);
  });

  it('turns about an axis by the length of the vector', () => {
    rotationVector(0, 0, 0.7).forEach((x, i) => void expect(x).toBeCloseTo(rotationAbout(2, 0.7)[i], 12));
    rotationVector(0, 0, 0).forEach((x, i) => void expect(x).toBeCloseTo(IDENTITY[i], 12));
    expect(rotationAngle(rotationVector(1e-10, 0, 0), IDENTITY)).toBeLessThan(1e-7);
  });
});
