import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { fitPoints, pairedRms } from '../../../src/skull/register/fit.ts';
import { randomRotation, rotationVector } from '../../../src/skull/register/rotations.ts';
import {
  applyTransform,
  composeTransforms,
  rotationAngle,
  type Transform,
} from '../../../src/skull/register/transform.ts';
import { determinant3 } from '../../../src/volume/geometry.ts';
import type { Vec3 } from '../../../src/volume/volume.ts';

const stream = new RandomStream(3, 'test/fit');
const cloud = Array.from(
  { length: 12 },
  () => [stream.between(-50, 50), stream.between(-80, 20), stream.normal()] as Vec3,
);
const truth: Transform = { rotation: randomRotation(stream), translation: [7, -30, 12], scale: 1.25 };

describe('fitPoints', () => {
  it('recovers a similarity exactly', () => {
    const fit = fitPoints(
      cloud,
      cloud.map((p) => applyTransform(truth, p)),
      { scale: true },
    );
    expect(rotationAngle(fit.rotation, truth.rotation)).toBeLessThan(1e-5);
    expect(fit.scale).toBeCloseTo(1.25, 10);
    expect(fit.rms_mm).toBeLessThan(1e-9);
  });

  it('keeps the scale at 1 unless asked', () => {
    const rigid = { ...truth, scale: 1 };
    const fit = fitPoints(
      cloud,
      cloud.map((p) => applyTransform(rigid, p)),
    );
    expect(fit.scale).toBe(1);
    expect(fit.rms_mm).toBeLessThan(1e-9);
  });

  it('is the least of all: no small move makes noisy pairs lie closer', () => {
    const to = cloud.map((p) => applyTransform(truth, p).map((x) => x + stream.normal()) as unknown as Vec3);
    const fit = fitPoints(cloud, to, { scale: true });
    for (let t = 0; t < 40; t++) {
      const nudge: Transform = {
        rotation: rotationVector(0.01 * stream.normal(), 0.01 * stream.normal(), 0.01 * stream.normal()),
        translation: [stream.normal(), stream.normal(), stream.normal()],
        scale: 1 + 0.01 * stream.normal(),
      };
      expect(pairedRms(composeTransforms(nudge, fit), cloud, to)).toBeGreaterThan(fit.rms_mm);
    }
  });

  it('never mirrors, not even points that are mirrored', () => {
    const fit = fitPoints(
      cloud,
      cloud.map(([x, y, z]) => [-x, y, z] as Vec3),
    );
    expect(determinant3(fit.rotation)).toBeCloseTo(1, 10);
  });

  it('fits points in one plane', () => {
    const flat = cloud.map(([x, y]) => [x, y, 0] as Vec3);
    const fit = fitPoints(
      flat,
      flat.map((p) => applyTransform(truth, p)),
      { scale: true },
    );
    expect(rotationAngle(fit.rotation, truth.rotation)).toBeLessThan(1e-5);
  });

  it('refuses two pairs, unequal lists and points on a line', () => {
    expect(() => fitPoints(cloud.slice(0, 2), cloud.slice(0, 2))).toThrow(VolumeError);
    expect(() => fitPoints(cloud, cloud.slice(1))).toThrow(VolumeError);
    const line = [0, 1, 2, 3].map((t) => [t, 2 * t, -t] as Vec3);
    expect(() => fitPoints(line, line)).toThrow(/one line/);
  });
});
