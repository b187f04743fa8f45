/** Thin walls: plates of known thickness in soft tissue, hung between thick posts, seen through voxels of 1 mm. */
import { expect, test } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { blocksOf } from '../../../src/skull/segment/blocks.ts';
import { boneVoxels } from '../../../src/skull/segment/bone.ts';
import type { Head } from '../../../src/skull/segment/head.ts';
import type { Levels } from '../../../src/skull/segment/levels.ts';
import type { BoneThreshold } from '../../../src/skull/segment/threshold.ts';
import { centredGrid, type Vec3, type Volume } from '../../../src/volume/volume.ts';

const SIZE: Vec3 = [48, 40, 24];
const levels = { offset: 0, tissue: 40, noise: 15 } as Levels;
const threshold: BoneThreshold = { bone: 330, thin: 185, dense: 1200, step: { name: 'threshold', note: '' } };

/** A plate of `mm` across y at y = 20.3, between posts at x < 8 and x >= 40; 1200 HU in 40. */
function plate(mm: number, between = true): { head: Head; filled: Float64Array } {
  const volume: Volume<Int16Array> = { ...centredGrid(SIZE, [1, 1, 1]), data: new Int16Array(48 * 40 * 24) };
  const filled = new Float64Array(volume.data.length);
  const stream = new RandomStream(9, 'test/plate');
  for (let p = 0; p < filled.length; p++) {
    const x = p % 48;
    const y = Math.floor(p / 48) % 40;
    const post = (x < 8 || x >= 40) && y > 6 && y < 34;
    const share = Math.max(0, Math.min(y + 0.5, 20.3 + mm / 2) - Math.max(y - 0.5, 20.3 - mm / 2));
    filled[p] = post ? 1 : between ? share : 0;
    volume.data[p] = Math.round(40 + filled[p] * 1160 + 15 * stream.normal());
  }
  const blocks = blocksOf(volume, 4);
  const inside = new Uint8Array(blocks.size[0] * blocks.size[1] * blocks.size[2]).fill(1);
  return { head: { volume, blocks, inside, step: { name: 'head', note: '' } }, filled };
}

/** Share of the plate's lines along y, away from posts and border, that meet bone. */
function covered(data: Uint8Array): number {
  let met = 0;
  for (let z = 4; z < 20; z++)
    for (let x = 10; x < 38; x++) {
      let any = 0;
      for (let y = 17; y < 24; y++) any |= data[x + 48 * (y + 40 * z)];
      met += any;
    }
  return met / (16 * 28);
}

test.each([0.2, 0.3, 0.5, 1, 2])('a wall of %f mm in voxels of 1 mm survives', (mm) => {
  const { mask } = boneVoxels(plate(mm).head, levels, threshold);
  expect(covered(mask.data)).toBeGreaterThan(mm < 0.25 ? 0.9 : 0.99);
});

test('a wall of 0.2 mm is lost without ridges (so the ridge is what saves it), and one of nothing is not invented', () => {
  const sharp = { ...threshold, thin: threshold.bone };
  expect(covered(boneVoxels(plate(0.2).head, levels, sharp).mask.data)).toBeLessThan(0.1);
  expect(covered(boneVoxels(plate(0, false).head, levels, threshold).mask.data)).toBe(0);
});

test('the surface of thick bone lies at half, not at a quarter', () => {
  // Posts end at y = 6.5 and 33.5; shift them so that the outermost voxels are filled by 0.4 (out) and 0.6 (in).
  for (const [share, bone] of [
    [0.4, 0],
    [0.6, 1],
  ] as const) {
    const { head } = plate(0, false);
    const { data } = head.volume;
    for (let z = 0; z < 24; z++)
      for (let x = 0; x < 8; x++) data[x + 48 * (6 + 40 * z)] = Math.round(40 + share * 1160);
    const { mask } = boneVoxels(head, levels, threshold);
    for (let z = 3; z < 21; z++)
      for (let x = 3; x < 6; x++) expect(mask.data[x + 48 * (6 + 40 * z)]).toBe(bone);
  }
});

test('a ridge that hangs on no bone is no bone', () => {
  const { head } = plate(0.2);
  for (let p = 0; p < head.volume.data.length; p++) {
    const x = p % 48;
    if (x < 12 || x >= 36) head.volume.data[p] = 40;
  }
  const { mask } = boneVoxels(head, levels, threshold);
  expect(mask.data.some((v) => v === 1)).toBe(false);
});
