import { describe, expect, it } from 'vitest';
import { castRays } from '../../src/mesh/rays.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { LATTICE_DIRECTIONS } from '../../src/volume/lattice.ts';
import type { Vec3 } from '../../src/volume/volume.ts';

const size: Vec3 = [7, 5, 6];

/** A tetrahedron with corners at random places in voxels, outward. */
function tetrahedron(index: number): Float64Array {
  const stream = new RandomStream(1, 'test/rays', index);
  const p = Float64Array.from({ length: 12 }, (_, i) => stream.between(-1.5, size[i % 3] + 0.5));
  const [a, b, c] = [1, 2, 3].map((v) => [0, 1, 2].map((s) => p[3 * v + s] - p[s]));
  const det =
    a[0] * (b[1] * c[2] - b[2] * c[1]) -
    a[1] * (b[0] * c[2] - b[2] * c[0]) +
    a[2] * (b[0] * c[1] - b[1] * c[0]);
  if (det < 0)
    p.set(
      Array.from(p.subarray(0, 3))
        .map((_, s) => p[3 + s])
        .concat(Array.from(p.subarray(0, 3))),
    );
  return p;
}
const FACES = Uint32Array.from([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]);

/** Whether x lies in the tetrahedron: on the inner side of its four faces, by determinants. */
function inside(p: Float64Array, x: readonly number[]): boolean {
  for (let f = 0; f < 12; f += 3) {
    const [a, b, c] = [0, 1, 2].map((q) => [0, 1, 2].map((s) => p[3 * FACES[f + q] + s] - x[s]));
    const det =
      a[0] * (b[1] * c[2] - b[2] * c[1]) -
      a[1] * (b[0] * c[2] - b[2] * c[0]) +
      a[2] * (b[0] * c[1] - b[1] * c[0]);
    if (det <= 0) return false;
  }
  return true;
}

describe('castRays', () => {
  it('finds, along each of the 13 directions, the voxels in a tetrahedron', () => {
    expect(new Set(LATTICE_DIRECTIONS.flatMap((d) => [`${d}`, `${d.map((x) => -x)}`])).size).toBe(26);
    let found = 0;
    for (let index = 0; index < 24; index++) {
      const points = tetrahedron(index);
      const truth = Array.from({ length: 210 }, (_, p) => {
        const x = [p % 7, Math.floor(p / 7) % 5, Math.floor(p / 35)];
        return inside(points, x) ? 1 : 0;
      });
      found += truth.filter((v) => v === 1).length;
      for (const d of LATTICE_DIRECTIONS) {
        const winding = new Array(210).fill(0);
        const crossings = new Int16Array(210);
        castRays(
          { points, indices: FACES, turned: new Uint8Array(4) },
          size,
          d,
          crossings,
          (base, step, n, total) => {
            expect(total).toBe(0);
            for (let i = 0, w = 0; i < n; i++) {
              w += crossings[base + i * step];
              crossings[base + i * step] = 0;
              winding[base + i * step] = w;
            }
          },
        );
        expect(winding, `direction ${d} of tetrahedron ${index}`).toEqual(truth);
        expect(crossings.every((c) => c === 0)).toBe(true);
      }
    }
    expect(found).toBeGreaterThan(100);
  });

  it('counts a crossing for each triangle when asked, and turns those marked', () => {
    const points = Float64Array.of(-9, -9, 2.5, 30, -9, 2.5, -9, 30, 2.5);
    const surface = { points, indices: Uint32Array.of(0, 1, 2), turned: Uint8Array.of(0) };
    const totals = (turned: number, count: boolean): number[] => {
      const seen: number[] = [];
      const crossings = new Int16Array(210);
      castRays(
        { ...surface, turned: Uint8Array.of(turned) },
        size,
        [0, 0, 1],
        crossings,
        (base, step, n, total) => {
          expect([step, n]).toEqual([35, 6]);
          expect(crossings[base + 3 * step]).toBe(total);
          seen.push(total);
        },
        count,
      );
      return seen;
    };
    // The triangle faces up: a ray that goes up leaves the solid below it.
    expect(totals(0, false)).toEqual(new Array(35).fill(-1));
    expect(totals(1, false)).toEqual(new Array(35).fill(1));
    expect(totals(0, true)).toEqual(new Array(35).fill(1));
  });
});
