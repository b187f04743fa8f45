import { describe, expect, it } from 'vitest';
import { meshTopology } from '../../src/mesh/mesh.ts';
import { orientMesh } from '../../src/mesh/orient.ts';
import { extractSurface } from '../../src/mesh/surface.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { ball, cube, sampled, torus } from './shapes.ts';

const sphere = extractSurface(sampled(cube(16), ball(6)), 0);
const turnSome = (indices: Uint32Array, share: number): { indices: Uint32Array; turned: number[] } => {
  const stream = new RandomStream(4, 'test/orient');
  const out = indices.slice();
  const turned = Array.from({ length: indices.length / 3 }, (_, t) => {
    if (stream.uniform() >= share) return 0;
    [out[3 * t], out[3 * t + 1]] = [out[3 * t + 1], out[3 * t]];
    return 1;
  });
  return { indices: out, turned };
};

describe('orientMesh', () => {
  it('leaves a closed surface alone', () => {
    expect(meshTopology(sphere).closed).toBe(true);
    const found = orientMesh(sphere);
    expect(found).toMatchObject({ turnedCount: 0, openEdges: 0, contradicted: 0 });
    expect(found.turned.some((t) => t === 1)).toBe(false);
  });

  it('finds exactly the triangles that were turned, and their share', () => {
    const ring = extractSurface(sampled(cube(30), torus(8, 3)), 0);
    const { indices, turned } = turnSome(ring.indices, 0.2);
    const found = orientMesh({ ...ring, indices });
    expect([...found.turned]).toEqual(turned);
    expect(found.turnedCount).toBe(turned.filter((t) => t === 1).length);
    expect(found.openEdges).toBe(0);
    expect(found.contradicted).toBeGreaterThan(0.15);
    expect(found.contradicted).toBeLessThan(0.25);
  });

  it('counts the edges of holes', () => {
    expect(orientMesh({ ...sphere, indices: sphere.indices.slice(3) }).openEdges).toBe(3);
    expect(orientMesh({ ...sphere, indices: sphere.indices.slice(0, 3) }).openEdges).toBe(3);
  });

  it('does not join patches at an edge of four triangles, and sees that it is closed', () => {
    // Two tetrahedra with the edge 0-1 in common.
    const faces = [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3];
    const second = faces.map((v) => (v > 1 ? v + 2 : v));
    const positions = Float32Array.of(0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, -1, 0, 0, 0, -1, 0);
    const found = orientMesh({ positions, indices: Uint32Array.from([...faces, ...second]) });
    expect(found).toMatchObject({ turnedCount: 0, openEdges: 0 });
  });

  it('a doubled triangle leaves edges out of balance', () => {
    const indices = Uint32Array.from([...sphere.indices, ...sphere.indices.subarray(0, 3)]);
    expect(orientMesh({ ...sphere, indices }).openEdges).toBe(3);
  });
});
