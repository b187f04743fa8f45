import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/random/stream.ts';
import { boxAverage, cut, resample, resampleByMap, resampleMask } from '../../src/volume/resample.ts';
import {
  centredGrid,
  type Grid,
  IDENTITY,
  type Mask,
  type Mat3,
  type Vec3,
  type Volume,
  voxelCount,
  voxelToWorld,
} from '../../src/volume/volume.ts';

const SIZE: Vec3 = [7, 6, 5];

function randomVolume(grid: Grid): Volume<Float32Array> {
  const stream = new RandomStream(3, 'test/volume', 0);
  return { ...grid, data: Float32Array.from({ length: voxelCount(grid.size) }, () => stream.uniform()) };
}

/** A linear function of space, which trilinear interpolation and symmetric averaging reproduce exactly. */
const plane = (x: number, y: number, z: number) => 3 + 0.5 * x - 0.25 * y + 0.125 * z;

function planeOn(grid: Grid): Volume<Float32Array> {
  const data = new Float32Array(voxelCount(grid.size));
  let p = 0;
  for (let k = 0; k < grid.size[2]; k++)
    for (let j = 0; j < grid.size[1]; j++)
      for (let i = 0; i < grid.size[0]; i++) data[p++] = plane(...voxelToWorld(grid, i, j, k));
  return { ...grid, data };
}

const c = Math.cos(0.5);
const s = Math.sin(0.5);
const TURNED: Mat3 = [c, -s, 0, s, c, 0, 0, 0, 1];

describe('resample', () => {
  it('onto its own grid changes nothing, whatever the geometry', () => {
    for (const direction of [IDENTITY, TURNED]) {
      const volume = randomVolume({ size: SIZE, spacing: [0.7, 1.3, 2.5], origin: [5, -6, 7], direction });
      const same = resample(volume, volume).data;
      same.forEach((v, i) => {
        expect(v).toBeCloseTo(volume.data[i], 5);
      });
    }
  });

  it('onto a grid shifted by whole voxels moves the values, and puts the outside value where there were none', () => {
    const shift = fc.integer({ min: -8, max: 8 });
    fc.assert(
      fc.property(shift, shift, shift, (a, b, d) => {
        const volume = randomVolume(centredGrid(SIZE, [1, 2, 3]));
        const out = resample(
          volume,
          { ...volume, origin: voxelToWorld(volume, a, b, d) },
          { outside: -5 },
        ).data;
        let p = 0;
        for (let k = 0; k < SIZE[2]; k++)
          for (let j = 0; j < SIZE[1]; j++)
            for (let i = 0; i < SIZE[0]; i++, p++) {
              const [x, y, z] = [i + a, j + b, k + d];
              const inside = x >= 0 && y >= 0 && z >= 0 && x < SIZE[0] && y < SIZE[1] && z < SIZE[2];
              expect(out[p]).toBeCloseTo(inside ? volume.data[x + SIZE[0] * (y + SIZE[1] * z)] : -5, 5);
            }
      }),
      { numRuns: 40 },
    );
  });

  it('reproduces a linear function on a turned, finer or coarser grid', () => {
    const volume = planeOn({
      size: [40, 40, 40],
      spacing: [1, 0.8, 1.2],
      origin: [-20, -16, -24],
      direction: IDENTITY,
    });
    for (const spacing of [0.6, 1, 2.3]) {
      const target: Grid = {
        size: [6, 5, 4],
        spacing: [spacing, spacing, spacing],
        origin: [-3, -3, -3],
        direction: TURNED,
      };
      const out = resample(volume, target).data;
      planeOn(target).data.forEach((v, i) => {
        expect(out[i]).toBeCloseTo(v, 4);
      });
    }
  });

  it('falls off linearly to the outside value past the last voxel', () => {
    const volume: Volume = { ...centredGrid([2, 1, 1], [1, 1, 1]), data: Float32Array.of(4, 8) };
    const target: Grid = { ...volume, size: [6, 1, 1], origin: [-1.75, 0, 0], spacing: [0.5, 1, 1] };
    expect([...resample(volume, target).data]).toEqual([0, 1, 3, 5, 7, 6]);
  });

  it('averages what lies under a coarse voxel instead of picking from it', () => {
    // A checkerboard of 0 and 1: interpolation at every fourth voxel would see one colour only.
    const grid = centredGrid([32, 32, 32], [1, 1, 1]);
    const data = Float32Array.from(
      { length: 32 ** 3 },
      (_, p) => ((p & 31) + ((p >> 5) & 31) + (p >> 10)) & 1,
    );
    const coarse = { ...centredGrid([4, 4, 4], [4, 4, 4]), origin: [-5.5, -5.5, -5.5] as Vec3 };
    for (const v of resample({ ...grid, data }, coarse).data) expect(Math.abs(v - 0.5)).toBeLessThan(0.02);
    for (const v of resample({ ...grid, data }, coarse, { antialias: false }).data)
      expect(v % 1).toBeCloseTo(0, 6);
  });

  it('gives the outside value everywhere when the grids do not meet', () => {
    const volume = randomVolume(centredGrid(SIZE, [1, 1, 1]));
    const far = resample(volume, { ...volume, origin: [1000, 0, 0] }, { outside: 7 });
    expect(new Set(far.data)).toEqual(new Set([7]));
  });
});

describe('resampleMask', () => {
  /** A ball of radius r mm. */
  function ball(grid: Grid, r: number): Mask {
    const data = new Uint8Array(voxelCount(grid.size));
    let p = 0;
    for (let k = 0; k < grid.size[2]; k++)
      for (let j = 0; j < grid.size[1]; j++)
        for (let i = 0; i < grid.size[0]; i++)
          data[p++] = Math.hypot(...voxelToWorld(grid, i, j, k)) < r ? 1 : 0;
    return { ...grid, data };
  }
  const volume = (m: Mask) => m.data.reduce((a, b) => a + b, 0) * m.spacing[0] * m.spacing[1] * m.spacing[2];

  it.each([
    [0.5, 2],
    [2, 0.5],
    [1, 2.3],
  ])('keeps the volume of a ball, from %f mm to %f mm', (from, to) => {
    const n = (mm: number): Vec3 => [1, 1, 1].map(() => Math.ceil(34 / mm)) as unknown as Vec3;
    const source = ball(centredGrid(n(from), [from, from, from]), 15);
    const target = centredGrid(n(to), [to, to, to]);
    const out = resampleMask(source, target);
    expect(Math.abs(volume(out) / ((4 / 3) * Math.PI * 15 ** 3) - 1)).toBeLessThan(0.03);
    expect(new Set(out.data)).toEqual(new Set([0, 1]));
  });

  it('never flips: a voxel near one corner stays near that corner, in a file whose axes run backwards', () => {
    const backwards: Mat3 = [-1, 0, 0, 0, -1, 0, 0, 0, 1];
    const mask: Mask = {
      size: [4, 4, 4],
      spacing: [1, 1, 1],
      origin: [1.5, 1.5, -1.5],
      direction: backwards,
      data: new Uint8Array(64),
    };
    mask.data[0] = 1; // LPS (1.5, 1.5, -1.5): left, back, low
    const out = resampleMask(mask, centredGrid([4, 4, 4], [1, 1, 1]));
    expect([...out.data].map((v, i) => (v ? i : -1)).filter((i) => i >= 0)).toEqual([3 + 4 * 3]);
  });

  it('counts an exact half as bone', () => {
    expect([...cut(Float32Array.of(0.5, 0.49999, 0.3), 0.5)]).toEqual([1, 0, 0]);
  });
});

describe('boxAverage', () => {
  it('is the integral over a fractional window, by brute force in each axis', () => {
    const size: Vec3 = [9, 8, 7];
    const { data } = randomVolume(centredGrid(size, [1, 1, 1]));
    for (const [axis, width] of [
      [0, 2],
      [1, 2.6],
      [2, 3],
    ]) {
      const stride = [1, 9, 72][axis];
      const out = boxAverage(data, size, axis, width);
      const at = (p: number, i: number, to: number) =>
        data[p + (Math.min(size[axis] - 1, Math.max(0, to)) - i) * stride];
      for (let p = 0; p < data.length; p += 5) {
        const i = Math.floor(p / stride) % size[axis];
        let sum = 0;
        const steps = 2000;
        for (let q = 0; q < steps; q++)
          sum += at(p, i, Math.round(i - width / 2 + ((q + 0.5) * width) / steps));
        expect(out[p]).toBeCloseTo(sum / steps, 2);
      }
    }
  });
});

describe('resampleByMap', () => {
  it('mirrors when asked to', () => {
    const map = Float64Array.of(-1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 0);
    expect([...resampleByMap(Uint8Array.of(1, 2, 3), [3, 1, 1], map, [3, 1, 1])]).toEqual([3, 2, 1]);
  });
});
