import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import {
  type Mesh,
  meshArea,
  meshTopology,
  meshVolume,
  requireSoundMesh,
  vertexNormals,
} from '../../src/mesh/mesh.ts';

/** The tetrahedron of the unit axes: volume 1/6, area 3/2 + sqrt(3)/2. */
const tetrahedron: Mesh = {
  positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1),
  indices: Uint32Array.of(0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3),
};

describe('mesh measures', () => {
  it('agree with the closed forms of a tetrahedron', () => {
    expect(meshVolume(tetrahedron)).toBeCloseTo(1 / 6, 7);
    expect(meshArea(tetrahedron)).toBeCloseTo(1.5 + Math.sqrt(3) / 2, 6);
    expect(meshTopology(tetrahedron)).toEqual({
      vertices: 4,
      edges: 6,
      triangles: 4,
      euler: 2,
      closed: true,
    });
  });

  it('do not depend on where the mesh lies', () => {
    const moved = { ...tetrahedron, positions: tetrahedron.positions.map((v, i) => v + [5, -3, 8][i % 3]) };
    expect(meshVolume(moved)).toBeCloseTo(1 / 6, 4);
  });

  it('see a missing face, a turned face and a face too many', () => {
    const closed = (indices: number[]) =>
      meshTopology({ ...tetrahedron, indices: Uint32Array.from(indices) }).closed;
    const all = [...tetrahedron.indices];
    expect(closed(all.slice(3))).toBe(false);
    expect(closed([0, 1, 2, ...all.slice(3)])).toBe(false);
    expect(closed([...all, 1, 2, 3])).toBe(false);
  });
});

describe('vertexNormals', () => {
  it('weigh the faces by area: at the apex of the axes they point along -(1, 1, 1)', () => {
    const n = vertexNormals(tetrahedron);
    for (let s = 0; s < 3; s++) expect(n[s]).toBeCloseTo(-1 / Math.sqrt(3), 6);
    // At (1, 0, 0): -z, -y of areas 1/2 and (1, 1, 1) of area sqrt(3)/2 sum to (1, 0, 0).
    expect([...n.slice(3, 6)].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([1, 0, 0]);
  });
});

describe('requireSoundMesh', () => {
  it('names what is wrong', () => {
    const bad = (change: Partial<Mesh>) => () => requireSoundMesh({ ...tetrahedron, ...change }, 'STL');
    expect(bad({})).not.toThrow();
    expect(bad({ indices: new Uint32Array(0) })).toThrow(/STL: the mesh has no triangles/);
    expect(bad({ indices: Uint32Array.of(0, 1, 4) })).toThrow(/exceeds the 4 vertices/);
    expect(bad({ positions: tetrahedron.positions.with(2, Number.NaN) })).toThrow(VolumeError);
    expect(bad({ normals: new Float32Array(3) })).toThrow(/differ in length/);
  });
});
