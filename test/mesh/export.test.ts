/** Each format is parsed here by hand from its specification, independent of the writers. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError, VolumeError } from '../../src/errors.ts';
import { writeMesh } from '../../src/mesh/export.ts';
import { meshVolume, vertexNormals } from '../../src/mesh/mesh.ts';
import { encodePly } from '../../src/mesh/ply.ts';
import { extractSurface } from '../../src/mesh/surface.ts';
import { ball, cube, sampled } from './shapes.ts';

const surface = extractSurface(sampled(cube(16), ball(6, [1, 0, -0.5])), 0);
const mesh = { ...surface, normals: vertexNormals(surface) };
const folder = mkdtempSync(join(tmpdir(), 'cranioflow-mesh-'));
afterAll(() => rmSync(folder, { recursive: true }));

const written = async (name: string): Promise<Buffer> => {
  await writeMesh(join(folder, name), mesh);
  return readFileSync(join(folder, name));
};

describe('STL', () => {
  it('holds every triangle with its corners in order and its unit normal', async () => {
    const bytes = await written('a.stl');
    const count = bytes.readUInt32LE(80);
    expect(bytes.length).toBe(84 + 50 * count);
    expect(count).toBe(mesh.indices.length / 3);
    expect(bytes.toString('latin1', 0, 5)).not.toBe('solid');
    for (let t = 0; t < count; t++) {
      const f = Array.from({ length: 12 }, (_, i) => bytes.readFloatLE(84 + 50 * t + 4 * i));
      for (let corner = 0; corner < 3; corner++)
        for (let s = 0; s < 3; s++)
          expect(f[3 + 3 * corner + s]).toBe(mesh.positions[3 * mesh.indices[3 * t + corner] + s]);
      expect(Math.hypot(f[0], f[1], f[2])).toBeCloseTo(1, 5);
      // Outward of the ball.
      expect(f[0] * (f[3] - 1) + f[1] * f[4] + f[2] * (f[5] + 0.5)).toBeGreaterThan(0);
    }
  });
});

describe('PLY', () => {
  it('holds vertices, normals and faces where its header says', async () => {
    const bytes = await written('a.ply');
    const end = bytes.indexOf('end_header\n') + 11;
    const header = bytes.toString('latin1', 0, end).split('\n');
    expect(header.slice(0, 2)).toEqual(['ply', 'format binary_little_endian 1.0']);
    const vertices = Number(header.find((l) => l.startsWith('element vertex'))?.split(' ')[2]);
    const faces = Number(header.find((l) => l.startsWith('element face'))?.split(' ')[2]);
    expect(bytes.length).toBe(end + 24 * vertices + 13 * faces);
    for (let v = 0; v < vertices; v++)
      for (let s = 0; s < 3; s++) {
        expect(bytes.readFloatLE(end + 24 * v + 4 * s)).toBe(mesh.positions[3 * v + s]);
        expect(bytes.readFloatLE(end + 24 * v + 12 + 4 * s)).toBe(mesh.normals[3 * v + s]);
      }
    for (let t = 0; t < faces; t++) {
      const at = end + 24 * vertices + 13 * t;
      expect(bytes[at]).toBe(3);
      for (let s = 0; s < 3; s++) expect(bytes.readInt32LE(at + 1 + 4 * s)).toBe(mesh.indices[3 * t + s]);
    }
  });

  it('carries colours', () => {
    const colours = Uint8Array.from(mesh.positions, (_, i) => i % 251);
    const bytes = Buffer.from(encodePly({ ...mesh, colours }));
    const end = bytes.indexOf('end_header\n') + 11;
    expect(bytes.toString('latin1', 0, end)).toContain('property uchar green');
    expect([...bytes.subarray(end + 27 * 5 + 24, end + 27 * 6)]).toEqual([...colours.subarray(15, 18)]);
  });
});

describe('GLB', () => {
  it('is valid glTF 2.0 in metres, y up, face to +z, facing outward', async () => {
    const bytes = await written('a.glb');
    expect(bytes.toString('latin1', 0, 4)).toBe('glTF');
    expect([bytes.readUInt32LE(4), bytes.readUInt32LE(8)]).toEqual([2, bytes.length]);
    const jsonLength = bytes.readUInt32LE(12);
    const gltf = JSON.parse(bytes.toString('utf8', 20, 20 + jsonLength));
    const bin = bytes.subarray(28 + jsonLength);
    expect(bytes.toString('latin1', 24 + jsonLength, 27 + jsonLength)).toBe('BIN');
    const read = (accessor: number): number[] => {
      const a = gltf.accessors[accessor];
      const view = gltf.bufferViews[a.bufferView];
      const start = (view.byteOffset ?? 0) + (a.byteOffset ?? 0);
      const width = a.type === 'VEC3' ? 3 : 1;
      const float = a.componentType === 5126;
      const stride = view.byteStride ?? 4 * width;
      return Array.from({ length: a.count * width }, (_, i) => {
        const at = start + Math.floor(i / width) * stride + 4 * (i % width);
        return float ? bin.readFloatLE(at) : bin.readUInt32LE(at);
      });
    };
    const primitive = gltf.meshes[0].primitives[0];
    const p = read(primitive.attributes.POSITION);
    const n = read(primitive.attributes.NORMAL);
    for (let v = 0; v < mesh.positions.length; v += 3) {
      const [x, y, z] = mesh.positions.subarray(v, v + 3);
      expect(1000 * p[v]).toBeCloseTo(x, 4);
      expect(1000 * p[v + 1]).toBeCloseTo(z, 4);
      expect(1000 * p[v + 2]).toBeCloseTo(-y, 4);
      expect(n[v + 2]).toBeCloseTo(-mesh.normals[v + 1], 5);
    }
    const indices = Uint32Array.from(read(primitive.indices));
    expect([...indices]).toEqual([...mesh.indices]);
    expect(1e9 * meshVolume({ positions: Float32Array.from(p), indices })).toBeCloseTo(meshVolume(mesh), 1);
  });
});

describe('writeMesh', () => {
  it('refuses an unknown extension and an empty mesh, and leaves no file', async () => {
    const empty = { positions: new Float32Array(0), indices: new Uint32Array(0) };
    const before = readdirSync(folder);
    await expect(writeMesh(join(folder, 'a.obj'), mesh)).rejects.toThrow(UsageError);
    for (const name of ['b.stl', 'b.ply', 'b.glb'])
      await expect(writeMesh(join(folder, name), empty)).rejects.toThrow(VolumeError);
    expect(readdirSync(folder)).toEqual(before);
    expect(existsSync(join(folder, 'a.obj'))).toBe(false);
  });
});
