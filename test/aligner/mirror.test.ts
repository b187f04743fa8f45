import { expect, test } from 'vitest';
import { applyAffine, mirroring } from '../../src/aligner/mirror.ts';
import { determinant3 } from '../../src/volume/geometry.ts';

test('mirroring: points of the plane stay, others change sides, twice is nothing, handedness turns', () => {
  const normal: [number, number, number] = [2 / 3, -1 / 3, 2 / 3];
  const s = mirroring({ normal, offset: 5 });
  expect(determinant3(s.h)).toBeCloseTo(-1, 12);
  // 5 n lies on the plane, and so does 5 n + a direction across n.
  const on: [number, number, number] = [10 / 3 + 1, -5 / 3 + 2, 10 / 3];
  applyAffine(s, on).forEach((v, c) => void expect(v).toBeCloseTo(on[c], 12));
  const beyond = on.map((v, c) => v + 7 * normal[c]) as [number, number, number];
  const image = applyAffine(s, beyond);
  image.forEach((v, c) => void expect(v).toBeCloseTo(on[c] - 7 * normal[c], 12));
  applyAffine(s, image).forEach((v, c) => void expect(v).toBeCloseTo(beyond[c], 12));
});
