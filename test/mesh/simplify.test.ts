import { describe, expect, it } from 'vitest';
import { UsageError, VolumeError } from '../../src/errors.ts';
import { meshTopology, meshVolume, triangleCount } from '../../src/mesh/mesh.ts';
import { compactMesh, simplifyMesh } from '../../src/mesh/simplify.ts';
import { extractSurface } from '../../src/mesh/surface.ts';
import { cube, sampled, torus } from './shapes.ts';

const ring = extractSurface(sampled(cube(48), torus(15, 6)), 0);

describe('simplifyMesh', () => {
  it('keeps a torus a torus with an eighth of the triangles', async () => {
    const { mesh, error_mm } = await simplifyMesh(ring, { ratio: 0.125 });
    expect(triangleCount(mesh) / triangleCount(ring)).toBeCloseTo(0.125, 2);
    expect(meshTopology(mesh)).toMatchObject({ closed: true, euler: 0, vertices: mesh.positions.length / 3 });
    expect(meshVolume(mesh) / meshVolume(ring)).toBeCloseTo(1, 1.4);
    expect(mesh.normals?.length).toBe(mesh.positions.length);
    expect(error_mm).toBeLessThan(1);
  });

  it('stops where the error would exceed its bound', async () => {
    const loose = await simplifyMesh(ring, { ratio: 0.01, error_mm: 5 });
    const tight = await simplifyMesh(ring, { ratio: 0.01, error_mm: 0.02 });
    expect(triangleCount(tight.mesh)).toBeGreaterThan(3 * triangleCount(loose.mesh));
    expect(tight.error_mm).toBeLessThanOrEqual(0.02);
  });

  it('refuses a ratio out of range and an empty mesh', async () => {
    await expect(simplifyMesh(ring, { ratio: 0 })).rejects.toThrow(UsageError);
    await expect(simplifyMesh(ring, { ratio: 1.5 })).rejects.toThrow(UsageError);
    await expect(
      simplifyMesh({ positions: new Float32Array(9), indices: new Uint32Array(0) }),
    ).rejects.toThrow(VolumeError);
  });
});

describe('compactMesh', () => {
  it('drops unused vertices and carries colours and normals along', () => {
    const compact = compactMesh({
      positions: Float32Array.from({ length: 15 }, (_, i) => i),
      indices: Uint32Array.of(4, 1, 2),
      normals: Float32Array.from({ length: 15 }, (_, i) => -i),
      colours: Uint8Array.from({ length: 15 }, (_, i) => 10 * i),
    });
    expect([...compact.positions]).toEqual([3, 4, 5, 6, 7, 8, 12, 13, 14]);
    expect([...compact.indices]).toEqual([2, 0, 1]);
    expect([...(compact.normals ?? [])]).toEqual([-3, -4, -5, -6, -7, -8, -12, -13, -14]);
    expect([...(compact.colours ?? [])]).toEqual([30, 40, 50, 60, 70, 80, 120, 130, 140]);
  });
});
