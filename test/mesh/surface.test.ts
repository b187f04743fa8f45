import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import { meshTopology, meshVolume } from '../../src/mesh/mesh.ts';
import { extractSurface, maskSurface } from '../../src/mesh/surface.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Grid, Mat3 } from '../../src/volume/volume.ts';
import { ball, cube, masked, maskWith, sampled, shell, torus } from './shapes.ts';

const c = Math.cos(0.4);
const s = Math.sin(0.4);
const OBLIQUE: Mat3 = [c, -s, 0, s, c, 0, 0, 0, 1];
const oblique: Grid = {
  size: [30, 36, 26],
  spacing: [1, 0.8, 1.3],
  origin: [-10, -30, -12],
  direction: OBLIQUE,
};

describe('extractSurface', () => {
  it('finds a ball on an oblique anisotropic grid: place, volume, topology, outward faces', () => {
    const centre = [-2, -10, 4] as const;
    const mesh = extractSurface(sampled(oblique, ball(9, centre)), 0);
    const { positions: p, indices } = mesh;
    for (let v = 0; v < p.length; v += 3)
      expect(
        Math.abs(Math.hypot(p[v] - centre[0], p[v + 1] - centre[1], p[v + 2] - centre[2]) - 9),
      ).toBeLessThan(0.03);
    expect(meshVolume(mesh) / ((4 / 3) * Math.PI * 9 ** 3)).toBeCloseTo(1, 1.5);
    expect(meshTopology(mesh)).toMatchObject({ closed: true, euler: 2, vertices: p.length / 3 });
    for (let t = 0; t < indices.length; t += 3) {
      const [a, b, d] = [0, 1, 2].map((e) => Array.from(p.slice(3 * indices[t + e], 3 * indices[t + e] + 3)));
      const u = b.map((v, x) => v - a[x]);
      const w = d.map((v, x) => v - a[x]);
      const n = [u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]];
      expect(n.reduce((sum, v, x) => sum + v * (a[x] - centre[x]), 0)).toBeGreaterThan(0);
    }
  });

  it('keeps faces outward on a left-handed grid', () => {
    const grid: Grid = { ...cube(20), direction: [-1, 0, 0, 0, 1, 0, 0, 0, 1], origin: [9.5, -9.5, -9.5] };
    const volume = meshVolume(extractSurface(sampled(grid, ball(7)), 0));
    expect(volume / ((4 / 3) * Math.PI * 343)).toBeCloseTo(1, 1.5);
  });

  it('errs by the square of the spacing: half the spacing, a quarter of the missing volume', () => {
    const lacking = (n: number, spacing: number) =>
      1 - meshVolume(extractSurface(sampled(cube(n, spacing), ball(9)), 0)) / ((4 / 3) * Math.PI * 9 ** 3);
    const ratio = lacking(24, 1) / lacking(48, 0.5);
    expect(ratio).toBeGreaterThan(3.5);
    expect(ratio).toBeLessThan(4.5);
  });

  it('gives a torus Euler number 0 and volume 2 pi^2 R r^2, a hollow sphere 4', () => {
    const ring = extractSurface(sampled(cube(40), torus(12, 5)), 0);
    expect(meshTopology(ring)).toMatchObject({ closed: true, euler: 0 });
    expect(meshVolume(ring) / (2 * Math.PI ** 2 * 12 * 25)).toBeCloseTo(1, 1.5);
    const hollow = extractSurface(sampled(cube(40), shell(15, 9)), 0);
    expect(meshTopology(hollow)).toMatchObject({ closed: true, euler: 4 });
    expect(meshVolume(hollow) / ((4 / 3) * Math.PI * (15 ** 3 - 9 ** 3))).toBeCloseTo(1, 1.5);
  });

  it('is a closed 2-manifold for noise, the worst there is, up to and over the border', () => {
    for (let seed = 0; seed < 12; seed++) {
      const random = new RandomStream(seed, 'test/surface');
      const grid = cube(9);
      const data = Float32Array.from({ length: 729 }, () =>
        seed % 2 ? random.normal() : random.integer(2) - 0.5,
      );
      const mesh = extractSurface({ ...grid, data }, 0);
      expect(meshTopology(mesh).closed).toBe(true);
      expect(meshVolume(mesh)).toBeGreaterThan(0);
    }
  });

  it('closes each of the 256 cases of one cube', () => {
    for (let inside = 1; inside < 256; inside++) {
      const data = Uint8Array.from({ length: 8 }, (_, corner) => (inside >> corner) & 1);
      expect(meshTopology(extractSurface({ ...cube(2), data }, 0.5)).closed, `case ${inside}`).toBe(true);
    }
  });

  it('joins bone across the diagonal of a face, not through a cube', () => {
    const edgeTouching = maskWith(cube(4), [
      [1, 1, 1],
      [2, 2, 1],
    ]);
    const cornerTouching = maskWith(cube(4), [
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(meshTopology(extractSurface(edgeTouching, 0.5)).euler).toBe(2);
    expect(meshTopology(extractSurface(cornerTouching, 0.5)).euler).toBe(4);
  });

  it('caps bone at the border half a voxel outside the last centres', () => {
    const { positions } = extractSurface({ ...cube(4, 2), data: new Uint8Array(64).fill(1) }, 0.5);
    expect(Math.max(...positions)).toBeCloseTo(4, 6);
    expect(Math.min(...positions)).toBeCloseTo(-4, 6);
  });

  it('gives no triangle for an empty volume, and refuses NaN and a wrong length', () => {
    expect(extractSurface({ ...cube(5), data: new Uint8Array(125) }, 0.5).indices.length).toBe(0);
    const broken = sampled(cube(5), ball(2));
    broken.data[62] = Number.NaN;
    expect(() => extractSurface(broken, 0)).toThrow(/voxel \(2, 2, 2\)/);
    expect(() => extractSurface({ ...cube(5), data: new Uint8Array(124) }, 0.5)).toThrow(VolumeError);
  });
});

describe('maskSurface', () => {
  it('keeps the volume of the voxels, for balls, thin shells and a bar one voxel wide', () => {
    const bar = maskWith(
      cube(16),
      Array.from({ length: 12 }, (_, i) => [i + 2, 8, 8] as const),
    );
    for (const mask of [masked(cube(30, 2), ball(22)), masked(cube(30), shell(12, 11)), bar]) {
      const voxels = mask.data.reduce((a, b) => a + b, 0) * mask.spacing[0] ** 3;
      const mesh = maskSurface(mask);
      expect(Math.abs(meshVolume(mesh) / voxels - 1)).toBeLessThan(0.01);
      expect(meshTopology(mesh).closed).toBe(true);
    }
    expect(meshTopology(maskSurface(bar)).euler).toBe(2);
  });

  it('takes the stairs off: vertices and normals of a ball are those of the ball', () => {
    const { positions: p, normals: n = new Float32Array(0) } = maskSurface(masked(cube(40), ball(16)));
    let worst = 0;
    let aligned = 1;
    for (let v = 0; v < p.length; v += 3) {
      const r = Math.hypot(p[v], p[v + 1], p[v + 2]);
      worst = Math.max(worst, Math.abs(r - 16));
      aligned = Math.min(aligned, (p[v] * n[v] + p[v + 1] * n[v + 1] + p[v + 2] * n[v + 2]) / r);
    }
    // The voxels themselves lie up to 0.87 off, with normals up to 55 degrees off.
    expect(worst).toBeLessThan(0.45);
    expect(aligned).toBeGreaterThan(Math.cos((16 * Math.PI) / 180));
  });
});
