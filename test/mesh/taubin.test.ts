import { describe, expect, it } from 'vitest';
import { matchVolume } from '../../src/mesh/matchVolume.ts';
import { meshVolume } from '../../src/mesh/mesh.ts';
import { extractSurface } from '../../src/mesh/surface.ts';
import { taubinSmooth } from '../../src/mesh/taubin.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { ball, cube, sampled } from './shapes.ts';

const sphere = extractSurface(sampled(cube(30), ball(11)), 0);
const SOLID = (4 / 3) * Math.PI * 11 ** 3;

/** Root mean square distance of the vertices from the sphere. */
function roughness(positions: Float32Array): number {
  let sum = 0;
  for (let v = 0; v < positions.length; v += 3)
    sum += (Math.hypot(positions[v], positions[v + 1], positions[v + 2]) - 11) ** 2;
  return Math.sqrt((3 * sum) / positions.length);
}

describe('taubinSmooth', () => {
  it('takes noise off a sphere and leaves its volume', () => {
    const random = new RandomStream(1, 'test/taubin');
    const noisy = { ...sphere, positions: sphere.positions.map((v) => v + 0.2 * random.normal()) };
    const smooth = taubinSmooth(noisy, { rounds: 10 });
    expect(roughness(smooth.positions)).toBeLessThan(0.4 * roughness(noisy.positions));
    expect(meshVolume(smooth) / SOLID).toBeCloseTo(1, 1.9);
  });

  it('does nothing in no rounds and never touches its input', () => {
    const before = sphere.positions.slice();
    expect(taubinSmooth(sphere, { rounds: 0 }).positions).toEqual(before);
    taubinSmooth(sphere);
    expect(sphere.positions).toEqual(before);
  });
});

describe('matchVolume', () => {
  it('grows a sphere to the radius of the volume asked for', () => {
    const grown = matchVolume(sphere, 1.1 * SOLID);
    expect(meshVolume(grown) / SOLID).toBeCloseTo(1.1, 3);
    const radius = 11 * 1.1 ** (1 / 3);
    for (let v = 0; v < grown.positions.length; v += 3) {
      const p = grown.positions.subarray(v, v + 3);
      expect(Math.abs(Math.hypot(p[0], p[1], p[2]) - radius)).toBeLessThan(0.05);
    }
  });

  it('leaves a mesh of no triangles alone', () => {
    const empty = { positions: new Float32Array(0), indices: new Uint32Array(0) };
    expect(matchVolume(empty, 5)).toBe(empty);
  });
});
