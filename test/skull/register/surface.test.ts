import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../../src/errors.ts';
import { boneSurface, moveSurface } from '../../../src/skull/register/surface.ts';
import { IDENTITY_TRANSFORM } from '../../../src/skull/register/transform.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { centredGrid, type Mask, voxelCount } from '../../../src/volume/volume.ts';
import { maskOf } from './helpers.ts';

const ball = (r: number) => (x: number, y: number, z: number) => Math.hypot(x, y, z) < r;
const at = (t: [number, number, number]) => ({ ...IDENTITY_TRANSFORM, translation: t });

describe('boneSurface', () => {
  it('finds a ball: distance to its centre, normals outward, at any resolution', () => {
    for (const [n, spacing] of [
      [24, 2],
      [48, 1],
      [96, 0.5],
    ]) {
      const { points, normals, centroid, radius } = boneSurface(maskOf(ball(20), at([7, -3, 9]), n, spacing));
      centroid.forEach((c, i) => void expect(Math.abs(c - [7, -3, 9][i])).toBeLessThan(0.25));
      expect(Math.abs(radius - 20)).toBeLessThan(0.6);
      for (let p = 0; p < points.length; p += 3) {
        const v = [points[p] - 7, points[p + 1] + 3, points[p + 2] - 9];
        const r = Math.hypot(...v);
        expect(Math.abs(r - 20)).toBeLessThan(1.5);
        expect((v[0] * normals[p] + v[1] * normals[p + 1] + v[2] * normals[p + 2]) / r).toBeGreaterThan(0.8);
      }
    }
  });

  it('leaves out the cap where the field of view cuts the bone', () => {
    // The ball's upper half is outside: its lower half touches the last slice.
    const whole = maskOf(ball(20), at([0, 0, 0]), 48, 1);
    const half: Mask = { ...whole, size: [48, 48, 24], data: whole.data.subarray(0, 48 * 48 * 24) };
    const { points, normals } = boneSurface(half);
    for (let p = 0; p < points.length; p += 3) {
      expect(normals[p + 2] > 0.9 && Math.hypot(points[p], points[p + 1]) < 16).toBe(false);
    }
    // The same half inside a larger volume is a bone with a flat top.
    const inside = { ...whole, data: whole.data.map((v, i) => (i < 48 * 48 * 24 ? v : 0)) };
    const flat = boneSurface(inside);
    let top = 0;
    for (let p = 0; p < flat.points.length; p += 3) if (flat.normals[p + 2] > 0.9) top++;
    expect(top).toBeGreaterThan(100);
  });

  it('stays small when specks lie far off', () => {
    const size = [200, 200, 200] as const;
    const mask: Mask = { ...centredGrid(size, [1, 1, 1]), data: new Uint8Array(voxelCount(size)) };
    for (let k = 0; k < 12; k++)
      for (let j = 0; j < 12; j++) for (let i = 0; i < 12; i++) mask.data[i + 200 * (j + 200 * k)] = 1;
    mask.data[mask.data.length - 1] = 1;
    expect(boneSurface(mask).points.length).toBeGreaterThan(150);
  });

  it('refuses an empty mask and a lone voxel', () => {
    const empty: Mask = { ...centredGrid([8, 8, 8], [1, 1, 1]), data: new Uint8Array(512) };
    expect(() => boneSurface(empty)).toThrow(VolumeError);
    const lone = { ...empty, data: empty.data.map((_, i) => (i === 219 ? 1 : 0)) };
    expect(() => boneSurface(lone)).toThrow(VolumeError);
  });

  it('moves points and turns normals', () => {
    const surface = boneSurface(maskOf(ball(10), at([0, 0, 0]), 24, 1));
    const quarter = { rotation: rotationAbout(2, Math.PI / 2), translation: [0, 0, 5] as const, scale: 2 };
    const moved = moveSurface(surface, quarter);
    expect(moved.points[0]).toBeCloseTo(-2 * surface.points[1], 4);
    expect(moved.points[2]).toBeCloseTo(2 * surface.points[2] + 5, 4);
    expect(moved.normals[1]).toBeCloseTo(surface.normals[0], 5);
    expect(moved.radius).toBeCloseTo(2 * surface.radius, 3);
  });
});
