import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CranioflowError, FileError, VolumeError } from '../../src/errors.ts';
import { type Mesh, meshTopology } from '../../src/mesh/mesh.ts';
import { encodePly } from '../../src/mesh/ply.ts';
import { readMesh } from '../../src/mesh/readMesh.ts';
import { encodeStl } from '../../src/mesh/stl.ts';
import { maskSurface } from '../../src/mesh/surface.ts';
import { voxelise } from '../../src/mesh/voxelise.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { ball, cube, masked } from './shapes.ts';

const folder = mkdtempSync(join(tmpdir(), 'cranioflow-read-mesh-'));
afterAll(() => rmSync(folder, { recursive: true }));
const put = (name: string, content: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** A head of 64 mm with a horn toward the patient's left, up and to the back. */
const mask = masked(cube(40, 2), (x, y, z) => Math.max(ball(26)(x, y, z), ball(12, [22, 8, 14])(x, y, z)));
const surface = maskSurface(mask);

const asText = ({ positions: p, indices }: Mesh, name = ''): string => {
  const lines = [`solid ${name}`];
  for (let t = 0; t < indices.length; t += 3) {
    lines.push('facet normal 0 0 0', 'outer loop');
    for (let s = 0; s < 3; s++)
      lines.push(`vertex ${p.subarray(3 * indices[t + s], 3 * indices[t + s] + 3).join(' ')}`);
    lines.push('endloop', 'endfacet');
  }
  return [...lines, 'endsolid', ''].join('\n');
};

/** The same bytes with `text` for the header of a binary STL. */
const withHeader = (text: string): Uint8Array => {
  const bytes = encodeStl(surface);
  bytes.fill(0, 0, 80);
  bytes.set(new TextEncoder().encode(text));
  return bytes;
};

const furthest = (mesh: Mesh): number[] => {
  const far = [0, 0, 0];
  for (let p = 0; p < mesh.positions.length; p++)
    if (Math.abs(mesh.positions[p]) > Math.abs(far[p % 3])) far[p % 3] = mesh.positions[p];
  return far;
};

describe('readMesh', () => {
  it('gives back what the writers wrote, closed, and voxelise the mask it came from', () => {
    const paths = [
      put('a.stl', encodeStl(surface)),
      put('a.ply', encodePly(surface)),
      put('text.stl', asText(surface)),
      put('ply-named.stl', encodePly(surface)),
    ];
    for (const path of paths) {
      const mesh = readMesh(path);
      expect(meshTopology(mesh)).toEqual(meshTopology(surface));
      expect(meshTopology(mesh).closed).toBe(true);
      const back = voxelise(mesh, mask);
      let both = 0;
      let sum = 0;
      for (let p = 0; p < back.data.length; p++) {
        both += back.data[p] & mask.data[p];
        sum += back.data[p] + mask.data[p];
      }
      expect((2 * both) / sum).toBeGreaterThan(0.97);
    }
  });

  it('keeps left left: RAS is turned by what the header says, else by what the caller says, else it is LPS', () => {
    const lps = furthest(surface);
    expect(lps[0]).toBeGreaterThan(30);
    const turned = [-lps[0], -lps[1], lps[2]];
    const silent = put('silent.stl', withHeader('3D print'));
    expect(furthest(readMesh(silent))).toEqual(lps);
    expect(readMesh(silent)).toMatchObject({ space: 'LPS', declared: false });
    expect(furthest(readMesh(silent, { space: 'RAS' }))).toEqual(turned);
    const ras = put('ras.stl', withHeader('3D Slicer output. SPACE=RAS'));
    expect(furthest(readMesh(ras))).toEqual(turned);
    expect(readMesh(ras)).toMatchObject({ space: 'RAS', declared: true });
    const said = put('lps.stl', withHeader('3D Slicer output. SPACE=LPS'));
    expect(furthest(readMesh(said, { space: 'RAS' }))).toEqual(lps);
    const text = put('ras-text.stl', asText(surface, 'x SPACE=RAS'));
    expect(furthest(readMesh(text))).toEqual(turned);
    const ply = Buffer.from(encodePly(surface))
      .toString('latin1')
      .replace(/comment [^\n]*/, 'comment 3D Slicer output. SPACE=RAS');
    expect(furthest(readMesh(put('ras.ply', Buffer.from(ply, 'latin1'))))).toEqual(turned);
    // Our own files say LPS.
    for (const path of [put('own.stl', encodeStl(surface)), put('own.ply', encodePly(surface))])
      expect(readMesh(path, { space: 'RAS' })).toMatchObject({ space: 'LPS', declared: true });
    expect(() => readMesh(put('both.stl', withHeader('SPACE=LPS SPACE=RAS')))).toThrow(/both LPS and RAS/);
  });

  it('refuses extents that no bone has in mm, and says which unit would explain them', () => {
    const scaled = (factor: number, shift = 0): string =>
      put(
        'scaled.stl',
        encodeStl({ ...surface, positions: surface.positions.map((x) => factor * x + shift) }),
      );
    expect(() => readMesh(scaled(0.001))).toThrow(VolumeError);
    expect(() => readMesh(scaled(0.001))).toThrow(/in metres \(scale it by 1000\):/);
    expect(() => readMesh(scaled(0.1))).toThrow(
      /in inches \(scale it by 25.4\) or centimetres \(scale it by 10\):/,
    );
    expect(() => readMesh(scaled(1000))).toThrow(/in micrometres \(scale it by 0.001\)/);
    expect(() => readMesh(scaled(1e-9))).toThrow(/scale the mesh to mm/);
    expect(() => readMesh(scaled(1, 3e6))).toThrow(/origin/);
    expect(readMesh(scaled(0.3), { extent_mm: [10, 40] }).indices.length).toBe(surface.indices.length);
  });

  it('refuses what is not there, not a file, or no mesh', () => {
    mkdirSync(join(folder, 'folder.stl'));
    for (const path of [
      join(folder, 'none.stl'),
      join(folder, 'folder.stl'),
      put('empty.ply', ''),
      put('x.stl', 'x'),
    ])
      expect(() => readMesh(path)).toThrow(FileError);
    const point = new Float32Array(9).fill(100);
    const flat = put('flat.stl', encodeStl({ positions: point, indices: Uint32Array.of(0, 1, 2) }));
    expect(() => readMesh(flat)).toThrow(/three different corners/);
  });
});

describe('damaged files', () => {
  const small = maskSurface(masked(cube(8, 10), ball(28)));
  const sources: [string, Uint8Array][] = [
    ['stl', encodeStl(small)],
    ['stl', Buffer.from(asText(small))],
    ['ply', encodePly(small)],
    ['ply', Buffer.from(plyText(small))],
  ];

  function plyText({ positions, indices }: Mesh): string {
    const rows = (a: ArrayLike<number>, lead: string): string[] =>
      Array.from({ length: a.length / 3 }, (_, i) => `${lead}${a[3 * i]} ${a[3 * i + 1]} ${a[3 * i + 2]}`);
    return [
      'ply',
      'format ascii 1.0',
      `element vertex ${positions.length / 3}`,
      ...['x', 'y', 'z'].map((name) => `property float ${name}`),
      `element face ${indices.length / 3}`,
      'property list uchar int vertex_indices',
      'end_header',
      ...rows(positions, ''),
      ...rows(indices, '3 '),
      '',
    ].join('\n');
  }

  it('every mutation ends in a sound mesh or a tagged error', () => {
    const outcomes = { mesh: 0, error: 0 };
    for (let run = 0; run < 160; run++) {
      const stream = new RandomStream(9, 'test/mesh-fuzz', run);
      const [kind, original] = sources[run % sources.length];
      let bytes = Uint8Array.from(original);
      const changes = 1 + stream.integer(4);
      for (let c = 0; c < changes; c++) {
        // Half of the changes in the first 300 bytes, where the headers are.
        const at = stream.integer(stream.uniform() < 0.5 ? Math.min(300, bytes.length) : bytes.length);
        const way = stream.integer(5);
        if (way === 0) bytes[at] = stream.integer(256);
        else if (way === 1) bytes[at] ^= 1 << stream.integer(8);
        else if (way === 2) bytes.fill(stream.uniform() < 0.5 ? 0 : 255, at, at + stream.integer(9));
        else if (way === 3) bytes = bytes.slice(0, at);
        else bytes.copyWithin(at, stream.integer(bytes.length), bytes.length);
        if (bytes.length === 0) break;
      }
      try {
        const mesh = readMesh(put(`fuzz.${kind}`, bytes));
        const vertices = mesh.positions.length / 3;
        expect(mesh.indices.length).toBeGreaterThan(0);
        expect(mesh.indices.every((i) => i < vertices)).toBe(true);
        expect(mesh.positions.every(Number.isFinite)).toBe(true);
        outcomes.mesh++;
      } catch (error) {
        if (!(error instanceof CranioflowError)) throw error;
        outcomes.error++;
      }
    }
    expect(outcomes.mesh).toBeGreaterThan(10);
    expect(outcomes.error).toBeGreaterThan(50);
  });
});
