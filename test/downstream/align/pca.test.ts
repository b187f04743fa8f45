import { describe, expect, it } from 'vitest';
import { poseError, surfaceProbe } from '../../../src/downstream/align/errors.ts';
import { meanOfMasks } from '../../../src/downstream/align/meanShape.ts';
import { moments, pcaMethod } from '../../../src/downstream/align/pca.ts';
import { drawPose, scanOf } from '../../../src/downstream/align/poses.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { invertTransform, transformGrid } from '../../../src/skull/register/transform.ts';
import { determinant3 } from '../../../src/volume/geometry.ts';
import { centredGrid } from '../../../src/volume/volume.ts';
import { oddBone } from './bones.ts';

const stream = (index: number) => new RandomStream(5, 'test/pose', index);

describe('moments', () => {
  it('of a box: variances (n^2 - 1) s^2 / 12 along its sides, the longest first', () => {
    const size = [5, 9, 7] as const;
    const data = new Uint8Array(5 * 9 * 7).fill(1);
    const m = moments({ ...centredGrid(size, [2, 3, 1]), data });
    expect(m.variances[0]).toBeCloseTo((80 * 9) / 12, 9);
    expect(m.variances[1]).toBeCloseTo((24 * 4) / 12, 9);
    expect(m.variances[2]).toBeCloseTo(48 / 12, 9);
    expect(m.axes.map((x) => Math.round(Math.abs(x) * 1e9) / 1e9)).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 1]);
    expect(determinant3(m.axes)).toBeCloseTo(1, 12);
    expect(Math.hypot(...m.centroid)).toBeLessThan(1e-12);
  });

  it('weighs values, moves with the grid, and refuses no mass', () => {
    const grid = centredGrid([3, 1, 1], [4, 4, 4]);
    expect(moments({ ...grid, data: Float32Array.of(1, 0, 3) }).centroid[0]).toBeCloseTo(2, 12);
    expect(moments({ ...grid, data: Float32Array.of(1, 0, 3) }).variances[0]).toBeCloseTo(12, 12);
    const pose = drawPose(stream(0), { kind: 'any' });
    const bone = oddBone();
    const [here, there] = [moments(bone), moments(transformGrid(bone, pose))];
    here.variances.forEach((v, i) => {
      expect(there.variances[i]).toBeCloseTo(v, 8);
    });
    expect(() => moments({ ...grid, data: new Uint8Array(3) })).toThrow('without a bone voxel');
  });
});

describe('pca', () => {
  it('lays a bone of the mean shape back exactly, from any pose', async () => {
    const bone = oddBone();
    const method = pcaMethod(meanOfMasks([() => bone]));
    for (let n = 0; n < 8; n++) {
      const pose = drawPose(stream(n), { kind: 'any' });
      const { transform } = await method.align(transformGrid(bone, pose));
      const e = poseError(transform, invertTransform(pose), surfaceProbe(bone));
      expect(e.rotationDeg).toBeLessThan(1e-4);
      expect(e.treMm).toBeLessThan(1e-4);
    }
  });

  it('lays a scan of it within two degrees', async () => {
    const bone = oddBone();
    const method = pcaMethod(meanOfMasks([() => bone]));
    for (let n = 0; n < 6; n++) {
      const pose = drawPose(stream(n), { kind: 'any' });
      const { transform } = await method.align(scanOf(bone, pose, stream(20 + n)));
      const e = poseError(transform, invertTransform(pose), surfaceProbe(bone));
      expect(e.rotationDeg).toBeLessThan(2);
      expect(e.translationMm).toBeLessThan(0.6);
    }
  });
});
