import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meshTopology, meshVolume } from '../../../src/mesh/mesh.ts';
import { weldVertices } from '../../../src/mesh/read/weld.ts';
import { extractSurface } from '../../../src/mesh/surface.ts';
import { ball, cube, sampled } from '../shapes.ts';

test('a soup of triangles is closed again', () => {
  const sphere = extractSurface(sampled(cube(20), ball(7)), 0);
  const positions = Float32Array.from(
    Array.from(sphere.indices).flatMap((i) => [...sphere.positions.subarray(3 * i, 3 * i + 3)]),
  );
  const welded = weldVertices({
    positions,
    indices: Uint32Array.from({ length: positions.length / 3 }, (_, i) => i),
  });
  expect(meshTopology(welded)).toEqual(meshTopology(sphere));
  expect(welded.positions.length).toBe(sphere.positions.length);
  expect(meshVolume(welded)).toBeCloseTo(meshVolume(sphere), 3);
});

test('corners stay where they were, equal places become one vertex, 0 and -0 are equal', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(-1, -0, 0, 0.5, 1), { minLength: 3, maxLength: 60 }), (numbers) => {
      const vertices = Math.floor(numbers.length / 3);
      const positions = Float32Array.from(numbers.slice(0, 3 * vertices));
      const indices = Uint32Array.from(
        { length: 3 * vertices },
        (_, i) => (i * 7 + Math.floor(i / 5)) % vertices,
      );
      const at = (p: Float32Array, i: number): string => [0, 1, 2].map((s) => p[3 * i + s] + 0).join();
      const before: string[][] = [];
      for (let t = 0; t < indices.length; t += 3) {
        const corners = [0, 1, 2].map((s) => at(positions, indices[t + s]));
        if (new Set(corners).size === 3) before.push(corners);
      }
      const welded = weldVertices({ positions, indices });
      const after: string[][] = [];
      for (let t = 0; t < welded.indices.length; t += 3)
        after.push([0, 1, 2].map((s) => at(welded.positions, welded.indices[t + s])));
      expect(after).toEqual(before);
      const places = Array.from({ length: welded.positions.length / 3 }, (_, i) => at(welded.positions, i));
      expect(new Set(places).size).toBe(places.length);
    }),
    { numRuns: 200, seed: 1 },
  );
});
