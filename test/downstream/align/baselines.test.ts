/** ICP, shape matching and elastix: each recovers poses that are known, within what a grid of 3 mm allows. */
import { describe, expect, it, vi } from 'vitest';
import { elastixMethod } from '../../../src/downstream/align/elastix.ts';
import { poseError } from '../../../src/downstream/align/errors.ts';
import { headMethod, icpMethod, matchMethod, meanTransform } from '../../../src/downstream/align/icp.ts';
import { meanOfMasks } from '../../../src/downstream/align/meanShape.ts';
import { makeBaselines } from '../../../src/downstream/align/methods.ts';
import { testScan } from '../../../src/downstream/align/test.ts';
import { rotationAngle } from '../../../src/skull/register/transform.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { boneSet, oddBone } from './bones.ts';

const bone = oddBone();
const mean = meanOfMasks([() => bone]);
/** Enough for a bone of 24 voxels. */
const QUICK = { resolutions: 2, iterations: 120 };
const key = { seed: 4, index: 0, draw: 0, condition: 'whole' } as const;

describe.each([
  ['match', matchMethod(mean), 'any', 2],
  ['icp', icpMethod(mean), 'any', 1.5],
  ['elastix', elastixMethod(mean, QUICK), 'scanner', 1.5],
  ['elastix-pca', elastixMethod(mean, { ...QUICK, start: 'pca' }), 'any', 1.5],
] as const)('%s', (name, method, pose, limit) => {
  it('recovers a pose of a scan of the mean shape', async () => {
    expect(method.name).toBe(name);
    const scan = testScan(bone, { ...key, pose });
    const { transform } = await method.align(scan.mask);
    const e = poseError(transform, scan.truth, scan.probe);
    expect(e.rotationDeg).toBeLessThan(limit);
    expect(e.translationMm).toBeLessThan(0.7);
    expect(transform.scale).toBe(1);
  });

  it('refuses a mask without bone', async () => {
    const empty = { ...bone, data: new Uint8Array(bone.data.length) };
    await expect(method.align(empty)).rejects.toThrow('without a bone voxel');
  });
});

it('elastix gives the same pose twice, and prints nothing', async () => {
  const scan = testScan(bone, { ...key, pose: 'scanner' });
  const said = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
  const first = await elastixMethod(mean, { resolutions: 1, iterations: 20 }).align(scan.mask);
  const second = await elastixMethod(mean, { resolutions: 1, iterations: 20 }).align(scan.mask);
  expect(second).toEqual(first);
  for (const spy of said) expect(spy).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

it('icp does not mind what is missing; principal axes do', async () => {
  const [pca, icp] = makeBaselines(['pca', 'icp'], boneSet());
  const scan = testScan(bone, { ...key, pose: 'scanner', condition: 'truncated' });
  const [a, b] = await Promise.all(
    [pca, icp].map(async (m) => poseError((await m.align(scan.mask)).transform, scan.truth, scan.probe)),
  );
  expect(b.rotationDeg).toBeLessThan(4);
  expect(a.rotationDeg).toBeGreaterThan(2 * b.rotationDeg);
});

it('the mean of moves is the one between them', () => {
  const turn = (angle: number) => ({
    rotation: rotationAbout(1, angle),
    translation: [angle, 2, 0] as const,
    scale: 1,
  });
  const mid = meanTransform([turn(0.1), turn(0.3), turn(0.2)]);
  expect(rotationAngle(mid.rotation, rotationAbout(1, 0.2))).toBeLessThan(1e-6);
  expect(mid.translation[0]).toBeCloseTo(0.2, 12);
});

describe('what cannot serve', () => {
  it('an unknown name, a frame that is not Frankfort, no training case', () => {
    expect(() => makeBaselines(['pca', 'magic'], boneSet())).toThrow('no alignment method is called magic');
    expect(() => headMethod(boneSet())).toThrow('not skulls in a Frankfort frame');
    expect(() => makeBaselines(['pca'], boneSet(3, 3))).toThrow('no training case');
  });
});
