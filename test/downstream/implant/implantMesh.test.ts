import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cutImplant, ImplantError } from '../../../src/downstream/implant/cutImplant.ts';
import { implantMesh, meshClearance, meshGap } from '../../../src/downstream/implant/implantMesh.ts';
import { GridError } from '../../../src/errors.ts';
import { writeMesh } from '../../../src/mesh/export.ts';
import { meshTopology, meshVolume } from '../../../src/mesh/mesh.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { readVolume } from '../../../src/volume/io/index.ts';
import { writeVolume } from '../../../src/volume/io/write.ts';
import { type Mask, voxelToWorld } from '../../../src/volume/volume.ts';
import { temporaryFolder } from '../../cli/helpers.ts';
import { egg, shaped, without } from '../helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const turned = (mask: Mask): Mask => ({ ...mask, direction: rotationAbout(2, 0.6), origin: [40, -70, 12] });
const slab = turned(
  shaped([36, 36, 16], 0.8, (x, y, z) => Math.abs(x) < 12 && Math.abs(y) < 12 && Math.abs(z) < 3.3),
);
const holed: Mask = {
  ...slab,
  data: without(
    shaped([36, 36, 16], 0.8, () => true),
    (x, y) => Math.hypot(x, y) < 7,
  ).data.map((v, p) => v & slab.data[p]),
};
const { implant } = cutImplant(slab, holed, { gapMm: 0 });

test.each([0, 0.2, 0.4, 0.7])('a closed ball-like surface at least %f mm from the bone', (gapMm) => {
  const mesh = implantMesh(implant, holed, { gapMm });
  const { closed, euler } = meshTopology(mesh);
  expect([closed, euler]).toEqual([true, 2]);
  const clear = meshClearance(mesh, holed);
  expect(Math.min(...clear)).toBeGreaterThanOrEqual(gapMm - 1e-3);
  // A disc of radius 7 - gap, 8 voxels thick, to a tenth.
  expect(meshVolume(mesh) / (Math.PI * (7 - gapMm) ** 2 * 6.4)).toBeCloseTo(1, 0.75);
});

test.each([0, 0.4, 3, 9])('the gap of a surface moved %f mm off the bone is the least clearance', (off) => {
  // A ball in the middle of a wide bone: moved, so that bone lies within its box's margin or far beyond it.
  const wall = shaped([60, 30, 30], 1, (x) => x < -20);
  const ball = shaped([60, 30, 30], 1, (x, y, z) => Math.hypot(x + 14 - off, y, z) < 5);
  const mesh = implantMesh(ball);
  const gap = meshGap(mesh, wall);
  expect(gap).toBe(Math.min(...meshClearance(mesh, wall)));
  expect(Math.abs(gap - (1 + off))).toBeLessThan(0.7);
  expect(meshGap(mesh, { ...wall, data: new Uint8Array(wall.data.length) })).toBe(Infinity);
});

test('a gap of many voxels is kept too', () => {
  const wall = shaped([60, 30, 30], 1, (x) => x < -14);
  const block = shaped([60, 30, 30], 1, (x, y, z) => x > -14 && x < 12 && Math.abs(y) < 8 && Math.abs(z) < 8);
  const whole = { ...wall, data: wall.data.map((v, p) => v | block.data[p]) };
  const { implant: piece } = cutImplant(whole, wall, { gapMm: 9 });
  expect(meshGap(implantMesh(piece, wall, { gapMm: 9 }), wall)).toBeGreaterThanOrEqual(9 - 1e-3);
});

test('without a bone it has the volume of its voxels', () => {
  const voxels = implant.data.reduce((n, v) => n + v, 0) * 0.8 ** 3;
  expect(meshVolume(implantMesh(implant)) / voxels).toBeCloseTo(1, 1.9);
});

test('specks and cavities are no part of it', () => {
  const ball = shaped([30, 24, 24], 1, (x, y, z) => {
    const r = Math.hypot(x, y, z);
    return (r < 9 && r > 2.5) || (x > 12 && x < 13 && Math.abs(y) < 1 && Math.abs(z) < 1);
  });
  const mesh = implantMesh(ball);
  expect(meshTopology(mesh).euler).toBe(2);
  expect(Math.max(...mesh.positions.filter((_, i) => i % 3 === 0))).toBeLessThan(10);
});

test('both files lie where the patient does', async () => {
  const mesh = implantMesh(implant, holed);
  const [stl, nrrd] = ['implant.stl', 'implant.nrrd'].map((name) => join(folder.path('out'), name));
  await writeMesh(stl, mesh);
  await writeVolume(nrrd, implant);
  const back = (await readVolume(nrrd)) as Mask;
  expect(back.data).toEqual(implant.data);
  expect(back.origin.map((v) => v.toFixed(4))).toEqual(implant.origin.map((v) => v.toFixed(4)));
  back.direction.forEach((v, i) => {
    expect(v).toBeCloseTo(implant.direction[i], 5);
  });
  // Binary STL: 84 bytes, then 50 a triangle, of which bytes 12 to 48 are its corners.
  const view = new DataView(new Uint8Array(readFileSync(stl)).buffer);
  expect(view.getUint32(80, true)).toBe(mesh.indices.length / 3);
  mesh.indices.forEach((v, i) => {
    const at = 84 + 50 * Math.floor(i / 3) + 12 + 12 * (i % 3);
    for (let a = 0; a < 3; a++) {
      if (view.getFloat32(at + 4 * a, true) !== mesh.positions[3 * v + a]) expect.fail(`corner ${i}`);
    }
  });
  // The hole lies about the middle of the turned grid.
  const [i, j, k] = holed.size.map((n) => (n - 1) / 2);
  const centre = voxelToWorld(holed, i, j, k);
  for (let a = 0; a < 3; a++) {
    const of = mesh.positions.filter((_, n) => n % 3 === a);
    expect((Math.min(...of) + Math.max(...of)) / 2).toBeCloseTo(centre[a], 0);
  }
});

test('refusals', () => {
  const empty: Mask = { ...implant, data: new Uint8Array(implant.data.length) };
  expect(() => implantMesh(empty)).toThrow(ImplantError);
  expect(() => implantMesh(implant, holed, { gapMm: 12 })).toThrow(/leaves no surface/);
  expect(() => implantMesh(implant, egg())).toThrow(GridError);
});
