import { describe, expect, it } from 'vitest';
import { disturb } from '../../../src/downstream/align/disturb.ts';
import { drawPose, scanOf } from '../../../src/downstream/align/poses.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { boneVoxels } from '../../../src/skull/orient.ts';
import { worldToVoxel } from '../../../src/volume/geometry.ts';
import type { Mask } from '../../../src/volume/volume.ts';
import { oddBone } from './bones.ts';

const stream = (index: number) => new RandomStream(2, 'test/pose', index);
const scan = scanOf(oddBone(), drawPose(stream(0)), stream(1));
const count = (mask: Mask) => mask.data.reduce((a, b) => a + b, 0);

/** Whether every bone voxel of `part` is one of `whole`, in space. */
function isPart(part: Mask, whole: Mask): boolean {
  const voxels = boneVoxels(part);
  for (let p = 0; p < voxels.length; p += 3) {
    const at = worldToVoxel(whole, [voxels[p], voxels[p + 1], voxels[p + 2]]);
    const [i, j, k] = at.map(Math.round);
    if (Math.max(Math.abs(at[0] - i), Math.abs(at[1] - j), Math.abs(at[2] - k)) > 1e-6) return false;
    if (whole.data[i + whole.size[0] * (j + whole.size[1] * k)] !== 1) return false;
  }
  return true;
}

describe('disturb', () => {
  it('leaves a whole bone as it is', () => {
    const { mask, removedShare, what } = disturb(scan, stream(2));
    expect(mask).toBe(scan);
    expect(removedShare).toBe(0);
    expect(what).toBe('whole');
  });

  it('truncates within its range, on every side, and says by how much', () => {
    const seen = new Set<string>();
    for (let n = 0; n < 10; n++) {
      const d = disturb(scan, stream(n), { condition: 'truncated' });
      expect(
        Buffer.compare(d.mask.data, disturb(scan, stream(n), { condition: 'truncated' }).mask.data),
      ).toBe(0);
      seen.add(d.what);
      expect(d.removedShare).toBeCloseTo(1 - count(d.mask) / count(scan), 12);
      expect(d.removedShare).toBeGreaterThan(0.1 - 1e-3);
      // A slice may take some more than was asked for.
      expect(d.removedShare).toBeLessThan(d.what === 'oblique' ? 0.401 : 0.5);
      expect(isPart(d.mask, scan)).toBe(true);
      if (d.what === 'oblique') continue;
      // What is left lies below (above) a slice: the grid ends there and bone touches its end.
      const z = (mask: Mask) => boneVoxels(mask).filter((_, p) => p % 3 === 2);
      const middle = (v: Float64Array) => v.reduce((s, x) => s + x, 0) / v.length;
      const fell = middle(z(d.mask)) - middle(z(scan));
      expect(Math.sign(fell)).toBe(d.what === 'top' ? -1 : 1);
      expect(count(d.mask)).toBeLessThan(count(scan));
      expect(d.mask.size.filter((s, a) => s !== scan.size[a])).toHaveLength(1);
    }
    expect(seen).toEqual(new Set(['top', 'bottom', 'oblique']));
  });

  it('takes defects within their range, each from the bone that is there', () => {
    for (let n = 0; n < 12; n++) {
      const d = disturb(scan, stream(n), { condition: 'defect' });
      const pieces = Number(d.what.split(' ')[0]);
      expect(pieces).toBeGreaterThanOrEqual(1);
      expect(pieces).toBeLessThanOrEqual(3);
      expect(d.removedShare).toBeGreaterThan(0.02 * pieces - 0.01);
      expect(d.removedShare).toBeLessThan(0.1 * pieces + 0.01);
      expect(d.mask.size).toEqual(scan.size);
      expect(isPart(d.mask, scan)).toBe(true);
    }
  });

  it('refuses to leave nothing', () => {
    expect(() => disturb(scan, stream(3), { condition: 'truncated', truncated: [0.999, 1] })).toThrow(
      'bone voxels left',
    );
    const empty = { ...scan, data: new Uint8Array(scan.data.length) };
    expect(() => disturb(empty, stream(3))).toThrow('0 of 0 bone voxels left');
  });
});
