import { describe, expect, it } from 'vitest';
import { poseError, surfaceProbe } from '../../../src/downstream/align/errors.ts';
import { meanOfMasks } from '../../../src/downstream/align/meanShape.ts';
import { pcaMethod } from '../../../src/downstream/align/pca.ts';
import { drawPose, scanOf } from '../../../src/downstream/align/poses.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { invertTransform, transformGrid } from '../../../src/skull/register/transform.ts';
import { oddBone } from './bones.ts';

const stream = (index: number) => new RandomStream(5, 'test/pose', index);

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
