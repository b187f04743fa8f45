import { describe, expect, it } from 'vitest';
import { drawPose, scanOf } from '../../../src/downstream/align/poses.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { boneVoxels } from '../../../src/skull/orient.ts';
import {
  IDENTITY_TRANSFORM,
  invertTransform,
  rotationAngle,
  transformGrid,
} from '../../../src/skull/register/transform.ts';
import { checkGrid, determinant3 } from '../../../src/volume/geometry.ts';
import { resampleMask } from '../../../src/volume/resample.ts';
import { oddBone } from './bones.ts';

const stream = (index: number) => new RandomStream(1, 'test/pose', index);
const degree = Math.PI / 180;

describe('drawPose', () => {
  it('is a function of the stream, a rotation, and within its shift', () => {
    for (let n = 0; n < 50; n++)
      for (const kind of ['scanner', 'any'] as const) {
        const pose = drawPose(stream(n), { kind, shiftMm: 20 });
        expect(pose).toEqual(drawPose(stream(n), { kind, shiftMm: 20 }));
        expect(determinant3(pose.rotation)).toBeCloseTo(1, 10);
        expect(Math.max(...pose.translation.map(Math.abs))).toBeLessThanOrEqual(20);
      }
  });

  it('scanner poses have the angles that are published: 6.4 +- 5.2, 2.1 +- 1.7, 3.1 +- 2.4 degrees', () => {
    // R = Rx Ry Rz: sin y = R02, tan x = -R12 / R22, tan z = -R01 / R00.
    const angles = Array.from({ length: 3000 }, (_, n) => {
      const { rotation: r } = drawPose(stream(n));
      return [Math.atan2(-r[5], r[8]), Math.asin(r[2]), Math.atan2(-r[1], r[0])].map(
        (a) => Math.abs(a) / degree,
      );
    });
    const published = [
      [6.4, 5.2],
      [2.1, 1.7],
      [3.1, 2.4],
    ];
    published.forEach(([centre, deviation], axis) => {
      const values = angles.map((a) => a[axis]);
      const mean = values.reduce((s, v) => s + v, 0) / values.length;
      const sd = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length);
      expect(Math.abs(mean / centre - 1)).toBeLessThan(0.06);
      expect(Math.abs(sd / deviation - 1)).toBeLessThan(0.1);
    });
  });

  it('any poses are uniform: the angle has the density (1 - cos a) / pi', () => {
    const angles = Array.from({ length: 3000 }, (_, n) =>
      rotationAngle(drawPose(stream(n), { kind: 'any' }).rotation, IDENTITY_TRANSFORM.rotation),
    );
    for (const limit of [60, 90, 120, 150]) {
      const a = limit * degree;
      const share = angles.filter((x) => x < limit).length / angles.length;
      expect(Math.abs(share - (a - Math.sin(a)) / Math.PI)).toBeLessThan(0.03);
    }
  });
});

describe('scanOf', () => {
  const bone = oddBone();
  it('puts the bone where the pose says, on a grid of its own, with nothing cut off', () => {
    for (let n = 0; n < 6; n++) {
      const pose = drawPose(stream(n), { kind: 'any' });
      const scan = scanOf(bone, pose, stream(100 + n));
      checkGrid(scan, 'scan');
      expect(scan.spacing[0]).toBeLessThan(3);
      expect(scan.data).toHaveLength(scan.size[0] * scan.size[1] * scan.size[2]);
      // Back in the canonical frame by the truth, it covers the bone it was made from.
      const back = resampleMask(transformGrid(scan, invertTransform(pose)), bone);
      let [both, sum] = [0, 0];
      for (let v = 0; v < back.data.length; v++) {
        both += back.data[v] & bone.data[v];
        sum += back.data[v] + bone.data[v];
      }
      expect((2 * both) / sum).toBeGreaterThan(0.93);
      const volume = (boneVoxels(scan).length / 3) * scan.spacing[0] * scan.spacing[1] * scan.spacing[2];
      const true_mm3 = (boneVoxels(bone).length / 3) * 27;
      expect(Math.abs(volume / true_mm3 - 1)).toBeLessThan(0.06);
    }
  });

  it('lays axes both right- and left-handed', () => {
    const signs = Array.from({ length: 12 }, (_, n) =>
      Math.sign(determinant3(scanOf(bone, IDENTITY_TRANSFORM, stream(n)).direction)),
    );
    expect(new Set(signs)).toEqual(new Set([1, -1]));
  });

  it('refuses a mask without bone', () => {
    const empty = { ...bone, data: new Uint8Array(bone.data.length) };
    expect(() => scanOf(empty, IDENTITY_TRANSFORM, stream(0))).toThrow('without a bone voxel');
  });
});
