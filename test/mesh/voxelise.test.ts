/** The truth here: brute-force point tests, closed forms, and the masks that surfaces were made from. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GridError, VolumeError } from '../../src/errors.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import { extractSurface, maskSurface } from '../../src/mesh/surface.ts';
import { gridAround, solidOf, unionOf, voxelise } from '../../src/mesh/voxelise.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { makePhantom, phantomGrid } from '../../src/skull/phantom/phantom.ts';
import { rotationAbout } from '../../src/volume/geometry.ts';
import { type Grid, type Mask, type Vec3, voxelToWorld } from '../../src/volume/volume.ts';
import { ball, cube, masked, sampled, shell, torus } from './shapes.ts';

function dice(a: Mask, b: Mask): number {
  let both = 0;
  let sum = 0;
  for (let p = 0; p < a.data.length; p++) {
    both += a.data[p] & b.data[p];
    sum += a.data[p] + b.data[p];
  }
  return (2 * both) / sum;
}

const count = (mask: Mask): number => mask.data.reduce((sum, v) => sum + v, 0);
const volume = (mask: Mask): number => count(mask) * mask.spacing[0] * mask.spacing[1] * mask.spacing[2];

/** A box from `low` to `high`, outward. */
function box(low: Vec3, high: Vec3): Mesh {
  const positions = new Float32Array(24);
  for (let c = 0; c < 8; c++)
    for (let a = 0; a < 3; a++) positions[3 * c + a] = (c >> a) & 1 ? high[a] : low[a];
  const quads = [
    [0, 2, 3, 1],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 4, 6, 2],
    [1, 3, 7, 5],
  ];
  return { positions, indices: Uint32Array.from(quads.flatMap(([a, b, c, d]) => [a, b, c, a, c, d])) };
}

function join(...meshes: Mesh[]): Mesh {
  const positions: number[] = [];
  const indices: number[] = [];
  for (const mesh of meshes) {
    const first = positions.length / 3;
    positions.push(...mesh.positions);
    for (const i of mesh.indices) indices.push(first + i);
  }
  return { positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
}

/** The triangles for which `keep` holds, some of them turned round. */
function some(mesh: Mesh, keep: (t: number) => boolean, turn: (t: number) => boolean = () => false): Mesh {
  const indices: number[] = [];
  for (let t = 0; t < mesh.indices.length; t += 3) {
    if (!keep(t / 3)) continue;
    const [a, b, c] = mesh.indices.subarray(t, t + 3);
    indices.push(...(turn(t / 3) ? [b, a, c] : [a, b, c]));
  }
  return { positions: mesh.positions, indices: Uint32Array.from(indices) };
}

const randomly = (share: number, index = 0): (() => boolean) => {
  const stream = new RandomStream(11, 'test/voxelise', index);
  return () => stream.uniform() < share;
};

const turnedGrid: Grid = {
  size: [26, 30, 28],
  spacing: [1.1, 0.9, 1],
  origin: [-14, -9, -15],
  direction: rotationAbout(2, 0.3),
};

describe('a closed surface', () => {
  it('holds exactly the voxel centres inside it: a box on a turned grid with unlike spacings', () => {
    const low: Vec3 = [-5.2, -3.1, -7.3];
    const high: Vec3 = [6.4, 9.7, 4.6];
    const solid = solidOf(box(low, high), turnedGrid);
    expect(solid.method).toBe('exact');
    const [nx, ny, nz] = turnedGrid.size;
    for (let k = 0, p = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++, p++) {
          const inside = voxelToWorld(turnedGrid, i, j, k).every((x, a) => x > low[a] && x < high[a]);
          if (solid.mask.data[p] !== (inside ? 1 : 0)) throw new Error(`voxel ${i} ${j} ${k}`);
        }
    expect(count(solid.mask)).toBeGreaterThan(1000);
  });

  it('has the volume of ball and torus, and keeps a hollow hollow', () => {
    const grid = cube(64);
    const surface = (field: (x: number, y: number, z: number) => number): Mesh =>
      extractSurface(sampled(cube(90, 0.7), field), 0);
    expect(volume(voxelise(surface(ball(25)), grid)) / ((4 / 3) * Math.PI * 25 ** 3)).toBeCloseTo(1, 2);
    expect(volume(voxelise(surface(torus(18, 6)), grid)) / (2 * Math.PI ** 2 * 18 * 36)).toBeCloseTo(1, 2);
    const hollow = voxelise(surface(shell(24, 15)), grid);
    expect(volume(hollow) / ((4 / 3) * Math.PI * (24 ** 3 - 15 ** 3))).toBeCloseTo(1, 2);
    expect(hollow.data[32 + 64 * (32 + 64 * 32)]).toBe(0);
  });

  it('gives back the mask that its surface came from, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 210, maxLength: 210 }), (bits) => {
        if (!bits.includes(true)) return;
        const mask: Mask = {
          size: [5, 6, 7],
          spacing: [0.8, 1.3, 1],
          origin: [3, -2, 8],
          direction: rotationAbout(0, 0.4),
          data: Uint8Array.from(bits, Number),
        };
        const solid = solidOf(extractSurface(mask, 0.5), mask);
        expect(solid.openEdges).toBe(0);
        expect(solid.mask.data).toEqual(mask.data);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('is united where parts of one mesh overlap, whichever way each faces, and where meshes do', () => {
    const a = box([-8.5, -8.5, -8.5], [2.5, 2.5, 2.5]);
    const b = box([-2.5, -2.5, -2.5], [8.5, 8.5, 8.5]);
    const grid = cube(24);
    expect(volume(unionOf([voxelise(a, grid), voxelise(b, grid)]))).toBe(2 * 11 ** 3 - 5 ** 3);
    const together = voxelise(join(a, b), grid);
    expect(together.data).toEqual(voxelise([a, b], grid).data);
    expect(volume(together)).toBe(2 * 11 ** 3 - 5 ** 3);
    // Inside out: the same solid.
    expect(
      voxelise(
        some(
          join(a, b),
          () => true,
          () => true,
        ),
        grid,
      ).data,
    ).toEqual(together.data);
  });

  it('goes on beyond the grid: what is outside is cut off, what is inside is unchanged', () => {
    const small: Grid = { ...cube(10), origin: [0, 0, 0] };
    const mesh = box([-20.5, -20.5, 2.5], [4.5, 30, 40]);
    const mask = voxelise(mesh, small);
    expect(mask.data).toEqual(masked(small, (x, _, z) => Math.min(4.5 - x, z - 2.5)).data);
  });
});

describe('a skull', () => {
  const skull = makePhantom({ seed: 3, index: 0, grid: phantomGrid(72), quality: 6 }).mask;
  const exact = extractSurface(skull, 0.5);
  const smooth = maskSurface(skull);

  it('comes back from its smooth surface', () => {
    expect(dice(voxelise(smooth, skull), skull)).toBeGreaterThan(0.98);
  });

  it('keeps its left: a surface with a horn at +x gives a mask with the horn at +x', () => {
    const lopsided = masked(cube(40), (x, y, z) =>
      Math.max(ball(9)(x, y, z), Math.min(x, 18 - x, 2.2 - Math.abs(y + 3), 2.2 - Math.abs(z - 4))),
    );
    const mask = voxelise(maskSurface(lopsided), cube(40));
    expect(dice(mask, lopsided)).toBeGreaterThan(0.97);
    const mirrored = mask.data.slice();
    for (let p = 0; p < mirrored.length; p += 40) mirrored.subarray(p, p + 40).reverse();
    expect(dice({ ...mask, data: mirrored }, lopsided)).toBeLessThan(0.97);
  });

  it('survives the loss of a tenth of its triangles, and a hole of one per cent', () => {
    const torn = solidOf(
      some(
        smooth,
        (() => {
          const lost = randomly(0.1);
          return () => !lost();
        })(),
      ),
      skull,
    );
    expect(torn.method).toBe('winding');
    expect(torn.openEdges).toBeGreaterThan(1000);
    expect(dice(torn.mask, skull)).toBeGreaterThan(0.97);
    // The triangles nearest a point of the vault.
    const { positions: p, indices } = smooth;
    const at = Array.from({ length: indices.length / 3 }, (_, t) => {
      const v = 3 * indices[3 * t];
      return Math.hypot(p[v], p[v + 1], p[v + 2] - 200);
    });
    const limit = at.toSorted((x, y) => x - y)[Math.floor(at.length / 100)];
    const holed = solidOf(
      some(smooth, (t) => at[t] > limit),
      skull,
    );
    expect(holed.openEdges).toBeGreaterThan(10);
    expect(dice(holed.mask, skull)).toBeGreaterThan(0.97);
  });

  it('survives triangles that face the wrong way: a tenth, half, half of a torn one', () => {
    const all = () => true;
    const tenth = solidOf(some(exact, all, randomly(0.1, 1)), skull);
    expect(tenth.turned).toBeGreaterThan(0.08 * (exact.indices.length / 3));
    expect(tenth.mask.data).toEqual(skull.data);
    const half = solidOf(some(exact, all, randomly(0.5, 2)), skull);
    expect(half.mask.data).toEqual(skull.data);
    const lost = randomly(0.05, 3);
    const worst = solidOf(
      some(exact, () => !lost(), randomly(0.5, 4)),
      skull,
    );
    expect(worst.method).toBe('parity');
    expect(dice(worst.mask, skull)).toBeGreaterThan(0.97);
  });

  it('is refused when a third of its triangles are gone', () => {
    const lost = randomly(0.33, 5);
    const torn = some(smooth, () => !lost());
    expect(() => voxelise(torn, skull)).toThrow(VolumeError);
    expect(() => voxelise(torn, skull)).toThrow(/open edges/);
  });
});

describe('grids and refusals', () => {
  it('a grid around meshes holds them, with the margin', () => {
    const a = box([0, 0, 0], [10, 20, 30]);
    const b = box([50, -5, 1], [60, 4, 2]);
    const grid = gridAround([a, b], 0.5, 3);
    expect(grid.size).toEqual([127, 57, 67]);
    expect(volume(voxelise([a, b], grid))).toBeCloseTo(6000 + 90, -2);
    expect(() => gridAround([a], 0.001)).toThrow(GridError);
  });

  it('names what is wrong: beside the grid, thinner than a voxel, no mesh, no triangles', () => {
    const far = box([500, 0, 0], [510, 10, 10]);
    expect(() => voxelise(far, cube(20))).toThrow(GridError);
    const thin = box([0.2, 0.2, 0.2], [0.3, 9, 9]);
    expect(() => voxelise(thin, cube(20))).toThrow(/no voxel centre/);
    expect(() => voxelise([], cube(20))).toThrow(VolumeError);
    expect(() => voxelise({ positions: new Float32Array(9), indices: new Uint32Array(0) }, cube(8))).toThrow(
      VolumeError,
    );
    expect(() => unionOf([masked(cube(4), ball(1)), masked(cube(5), ball(1))])).toThrow(GridError);
  });

  it('refuses a surface repeated without end', () => {
    const sheet = box([-9.5, -9.5, -9.5], [9.5, 9.5, 9.5]);
    const indices = new Uint32Array(36 * 17000);
    for (let i = 0; i < indices.length; i++) indices[i] = sheet.indices[i % 36];
    expect(() => voxelise({ positions: sheet.positions, indices }, cube(20))).toThrow(/layers/);
  });
});
