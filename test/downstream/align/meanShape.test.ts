import { expect, it } from 'vitest';
import { bonePoints, meanOfMasks, meanShape, overlapScore } from '../../../src/downstream/align/meanShape.ts';
import { IDENTITY_TRANSFORM } from '../../../src/skull/register/transform.ts';
import { centredGrid, type Mask } from '../../../src/volume/volume.ts';
import { boneSet, oddBone } from './bones.ts';

const row = (...data: number[]): Mask => ({
  ...centredGrid([data.length, 1, 1], [1, 1, 1]),
  data: Uint8Array.from(data),
});

it('is the share of bones at each voxel, cut where its volume is theirs', () => {
  const masks = [row(1, 1, 0, 0, 0), row(0, 1, 1, 0, 0), row(0, 1, 0, 1, 0), row(0, 1, 1, 0, 0)];
  const { density, mask, count } = meanOfMasks(masks.map((m) => () => m));
  expect([...density.data]).toEqual([0.25, 1, 0.5, 0.25, 0]);
  // Two voxels each: 1.0 alone is one, with 0.5 two, with 0.25 four.
  expect([...mask.data]).toEqual([0, 1, 1, 0, 0]);
  expect(count).toBe(4);
});

it('is made of training cases alone, and refuses a dataset without', () => {
  const set = boneSet();
  expect(meanShape(set).count).toBe(5);
  expect(() => meanShape({ ...set, split: () => [] })).toThrow('no training case');
});

it('scores the right pose above others', () => {
  const bone = oddBone();
  const mean = meanOfMasks([() => bone]);
  const points = bonePoints(bone);
  const right = overlapScore(mean.field, points, IDENTITY_TRANSFORM);
  const shifted = overlapScore(mean.field, points, { ...IDENTITY_TRANSFORM, translation: [6, 0, 0] });
  const away = overlapScore(mean.field, points, { ...IDENTITY_TRANSFORM, translation: [600, 0, 0] });
  expect(right).toBeGreaterThan(shifted + 0.05);
  expect(away).toBe(0);
});
