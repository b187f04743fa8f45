/**
 * From a patient's bone to the implant in the patient's coordinates, with a completer that knows the truth: what is tested
 * is everything but the network.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyCompletion } from '../../../src/downstream/complete/apply.ts';
import { gapWarnings } from '../../../src/downstream/complete/applyChecks.ts';
import type { ApplyFacts, ImplantFacts } from '../../../src/downstream/complete/applyFacts.ts';
import { writeImplants } from '../../../src/downstream/complete/applyFiles.ts';
import { readRegion } from '../../../src/downstream/complete/applyRegion.ts';
import type { OpenedMethod } from '../../../src/downstream/complete/methods.ts';
import { boneExtent } from '../../../src/downstream/complete/trainTaught.ts';
import { FileError, UsageError } from '../../../src/errors.ts';
import { writeMesh } from '../../../src/mesh/export.ts';
import { meshVolume } from '../../../src/mesh/mesh.ts';
import { readMesh } from '../../../src/mesh/readMesh.ts';
import { maskSurface } from '../../../src/mesh/surface.ts';
import {
  applyTransform,
  type Transform,
  transformFromMatrix,
} from '../../../src/skull/register/transform.ts';
import { multiply3, rotationAbout } from '../../../src/volume/geometry.ts';
import { readVolume } from '../../../src/volume/io/index.ts';
import { writeVolume } from '../../../src/volume/io/write.ts';
import type { Mask, Mat3, Vec3 } from '../../../src/volume/volume.ts';
import {
  AXES,
  aligned,
  apply,
  bone,
  centroid,
  distance,
  drawn,
  file,
  folder,
  inHole,
  OWN,
  oracle,
  patientGrid,
  root,
  STILL,
} from './applyBench.ts';

const turns = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -2, max: 2, noNaN: true })));
const shift = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -300, max: 300, noNaN: true })));
const spacings = fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(1.8, 2.3, 3)));

test('for any direction, spacing and pose the implant lies where the bone was taken, in the patient’s coordinates', async () => {
  await fc.assert(
    fc.asyncProperty(turns, shift, spacings, fc.constantFrom(...AXES), async (angles, t, spacing, axes) => {
      const rotation = angles.reduce<Mat3>((m, a, i) => multiply3(m, rotationAbout(i, a)), STILL.rotation);
      const move: Transform = { rotation, translation: t as unknown as Vec3, scale: 1 };
      const grid = patientGrid(move, axes, spacing as unknown as Vec3);
      const defective = drawn(grid, move, (p) => bone(p, true));
      const removed = drawn(grid, move, (p) => bone(p, false) && inHole(p));
      const [input, out] = [join(root, 'patient.nrrd'), folder()];
      await writeVolume(input, defective);
      const { facts } = await apply({ input, out, gapMm: 0 }, oracle(), move);

      const voxel = Math.max(OWN.spacing[0], ...spacing);
      const made = (await readVolume(join(out, 'implant.nrrd'))) as Mask;
      expect(made.size).toEqual(grid.size);
      for (const [a, b] of [
        [made.spacing, grid.spacing],
        [made.origin, grid.origin],
        [made.direction, grid.direction],
      ])
        for (const [i, v] of a.entries()) expect(v).toBeCloseTo(b[i], 3);
      const want = centroid(removed);
      expect(distance(centroid(made), want)).toBeLessThan(0.5 * voxel);
      expect(distance(facts.implants[0].centroid, centroid(made))).toBeLessThan(1e-3);
      // No voxel of the implant is bone, and it fills most of what was taken.
      let [both, filled, all] = [0, 0, 0];
      for (let p = 0; p < made.data.length; p++) {
        if (made.data[p] !== 0 && defective.data[p] !== 0) both++;
        if (removed.data[p] !== 0) all++;
        if (removed.data[p] !== 0 && made.data[p] !== 0) filled++;
      }
      expect(both).toBe(0);
      expect(filled / all).toBeGreaterThan(0.75);
      // The STL lies there too: the mean of its vertices, weighted alike all over its surface.
      const { positions } = readMesh(join(out, 'implant.stl'), { space: 'LPS', extent_mm: [1, 500] });
      const mean = [0, 0, 0].map((_, a) => {
        let sum = 0;
        for (let v = a; v < positions.length; v += 3) sum += positions[v];
        return (3 * sum) / positions.length;
      });
      expect(distance(mean as unknown as Vec3, want)).toBeLessThan(2 * voxel);
      // The stored pose brings the patient's removed bone to where it lies in the canonical frame.
      const own = centroid(drawn(OWN, STILL, (p) => bone(p, false) && inHole(p)));
      const pose = transformFromMatrix(facts.pose.matrix);
      expect(distance(applyTransform(pose, want), own)).toBeLessThan(1.5);
    }),
    { numRuns: 4, seed: 5 },
  );
}, 60_000);

describe('what it writes', () => {
  test('files, facts and picture; the same command again is the same, another patient is refused', async () => {
    const input = await file('one.nrrd');
    const out = folder();
    const { facts, seconds } = await apply({ input, out, aligned: true, picture: true });
    expect(readdirSync(out).sort()).toEqual([
      'bone.stl',
      'implant.json',
      'implant.nrrd',
      'implant.png',
      'implant.stl',
    ]);
    expect(JSON.parse(readFileSync(join(out, 'implant.json'), 'utf8'))).toEqual(facts);
    expect(Object.keys(seconds)).toContain('complete');
    expect(facts.statement).toContain('not a medical device');
    expect(readFileSync(join(out, 'implant.stl')).subarray(0, 80).toString()).toMatch(/units mm; space LPS/);
    const { gapMm, volumeCm3, shareOfBone, sizeMm, pieces, thicknessMm } = facts.implants[0];
    expect([gapMm.asked, pieces]).toEqual([1.75, 1]);
    expect(gapMm.surface).toBeGreaterThan(1.74);
    // Measured, not what was asked for.
    expect(gapMm.surface).not.toBe(1.75);
    expect(gapMm.voxels.least).toBeLessThanOrEqual(gapMm.voxels.median);
    expect(thicknessMm.least).toBeLessThanOrEqual(thicknessMm.median);
    const removed = drawn(OWN, STILL, (p) => bone(p, false) && inHole(p));
    const truth = (removed.data.reduce((n, v) => n + v, 0) * 3.5 ** 3) / 1000;
    for (const volume of [volumeCm3.stl, volumeCm3.nrrd]) {
      expect(volume).toBeLessThan(1.05 * truth);
      expect(volume).toBeGreaterThan(0.8 * truth);
    }
    expect(volumeCm3.stl).not.toBe(volumeCm3.nrrd);
    const left = drawn(OWN, STILL, (p) => bone(p, true)).data.reduce((n, v) => n + v, 0) * 3.5 ** 3;
    expect(shareOfBone).toBeCloseTo((1000 * volumeCm3.nrrd) / (left + 1000 * volumeCm3.nrrd), 2);
    expect(facts.rest).toEqual({ stl: 'bone.stl', voxelMm: 3.5 });
    const rest = readMesh(join(out, 'bone.stl'), { space: 'LPS', extent_mm: [1, 500] });
    expect(meshVolume(rest) / left).toBeCloseTo(1, 1);
    const box = boneExtent(removed)!;
    for (const [a, mm] of sizeMm.entries()) expect(Math.abs(mm - box[a])).toBeLessThan(2 * 3.5);

    const before = readdirSync(out).map((name) => readFileSync(join(out, name)));
    await apply({ input, out, aligned: true, picture: true });
    expect(readdirSync(out).map((name) => readFileSync(join(out, name)))).toEqual(before);
    const other = await file('two.nrrd', true, { ...OWN, origin: [-60, -80, -70] });
    await expect(apply({ input: other, out, aligned: true })).rejects.toThrow(FileError);
    await expect(apply({ input, out, ...aligned })).rejects.toThrow(/another input, network or settings/);
  });

  test('what an earlier run left is gone, and implants of nobody knows whom are not written over', async () => {
    const input = await file('again.nrrd');
    const out = folder();
    const two = oracle();
    const { complete } = two.method;
    two.method.complete = async (m, o) => [...(await complete(m, o)), ...(await complete(m, o))];
    await apply({ input, out, ...aligned }, two);
    writeFileSync(join(out, 'implant.png'), 'old');
    mkdirSync(join(out, '.implant.1.tmp'));
    await apply({ input, out, ...aligned });
    expect(readdirSync(out).sort()).toEqual(['bone.stl', 'implant.json', 'implant.nrrd', 'implant.stl']);
    // A folder of before there was a bone.stl: one that lies there is somebody's, else it opens as it always did.
    const { rest: _, ...old } = JSON.parse(readFileSync(join(out, 'implant.json'), 'utf8'));
    writeFileSync(join(out, 'implant.json'), JSON.stringify(old));
    await expect(apply({ input, out, ...aligned })).rejects.toThrow(/bone.stl, of which .* not tell/);
    rmSync(join(out, 'bone.stl'));
    await apply({ input, out, ...aligned });
    expect(existsSync(join(out, 'bone.stl'))).toBe(true);
    rmSync(join(out, 'implant.json'));
    const before = readFileSync(join(out, 'implant.stl'));
    await expect(apply({ input, out, ...aligned })).rejects.toThrow(/ without implant.json/);
    expect(readFileSync(join(out, 'implant.stl'))).toEqual(before);
    // What cannot be written leaves no folder behind.
    const broken = folder();
    const facts = { implants: [{ stl: 'implant.stl', nrrd: 'implant.none' }] } as unknown as ApplyFacts;
    const mesh = maskSurface(drawn(OWN, STILL, inHole));
    const piece = { mesh, mask: drawn(OWN, STILL, inHole) };
    await expect(writeImplants(broken, facts, [piece])).rejects.toThrow(FileError);
    expect(existsSync(broken)).toBe(false);
  });

  test('whether the network learnt from phantoms, where there is one and that is known', async () => {
    const input = await file('learnt.nrrd');
    const network = { dataset: 'phantom skulls 64, seed 1', step: 9, hash: 'h' };
    const phantomOf = async (more: Partial<OpenedMethod>): Promise<unknown[]> => {
      const out = folder();
      await apply({ input, out, ...aligned }, oracle(more));
      const { method }: ApplyFacts = JSON.parse(readFileSync(join(out, 'implant.json'), 'utf8'));
      return [method.network !== undefined, method.network?.phantom];
    };
    expect(await phantomOf({ network, phantom: true })).toEqual([true, true]);
    expect(await phantomOf({ network, phantom: false })).toEqual([true, false]);
    expect(await phantomOf({ network })).toEqual([true, undefined]);
    expect(await phantomOf({})).toEqual([false, undefined]);
  });

  test('the aligner is let go, and its uncertainty is that of the start', async () => {
    const input = await file('let-go.nrrd');
    let released = 0;
    const { facts } = await applyCompletion(
      { input, out: folder(), method: 'unet', picture: false, aligner: 'run', gapMm: 0 },
      {
        open: async () => oracle(),
        alignerHash: () => 'a',
        aligner: async () => ({
          name: 'given',
          words: 'given',
          align: async () => ({
            transform: STILL,
            uncertainty: { rotationDeg: 7, translationMm: 1 },
            warnings: ['look at it'],
          }),
          release: async () => void released++,
        }),
      },
    );
    expect(released).toBe(1);
    expect(facts.pose.uncertaintyAtStart).toEqual({ rotationDeg: 7, translationMm: 1 });
    expect(facts.warnings).toEqual(['the aligner: look at it']);
  });

  test('nothing of the file’s name; several answers are numbered', async () => {
    const input = await file('DOE_JANE.nrrd');
    const out = folder();
    const two = oracle();
    const { complete } = two.method;
    two.method.complete = async (m, o) => [...(await complete(m, o)), ...(await complete(m, o))];
    const { facts } = await apply({ input, out, ...aligned, answers: 2 }, two);
    expect(facts.warnings.join()).not.toMatch(/were asked for/);
    const three = await apply({ input, out: folder(), ...aligned, answers: 3 }, two);
    expect(three.facts.warnings.join()).toMatch(/3 answers were asked for; \S+ gave 2/);
    expect(facts.implants.map((i) => i.stl)).toEqual(['implant-1.stl', 'implant-2.stl']);
    expect(existsSync(join(out, 'implant-2.nrrd'))).toBe(true);
    expect(readFileSync(join(out, 'implant.json'), 'utf8')).not.toMatch(/DOE|JANE/);
  });

  test('of a mesh the implant has a grid of its own around the defect', async () => {
    const mask = drawn(OWN, STILL, (p) => bone(p, true));
    const input = join(root, 'bone.stl');
    await writeMesh(input, maskSurface(mask));
    const out = folder();
    await apply({ input, out, ...aligned });
    const made = (await readVolume(join(out, 'implant.nrrd'))) as Mask;
    const removed = drawn(OWN, STILL, (p) => bone(p, false) && inHole(p));
    expect(distance(centroid(made), centroid(removed))).toBeLessThan(3.5);
  });
});

test('a gap that falls short of what was asked for is told, of voxels beyond half of one', () => {
  const told = (surface: number, least: number) => {
    const gapMm = { asked: 2, surface, voxels: { least, median: 3, p95: 4 } };
    const facts = { stl: 'a.stl', nrrd: 'a.nrrd', gapMm } as unknown as ImplantFacts;
    return gapWarnings(facts, { ...OWN, spacing: [1, 1, 1] });
  };
  expect(told(2, 1.5)).toEqual([]);
  expect(told(1.5, 2)).toEqual([
    expect.stringMatching(/a.stl comes as near as 1.50 mm .* 2.00 mm were asked/),
  ]);
  expect(told(2, 1)).toEqual([expect.stringMatching(/a.nrrd come as near as 1.00 mm/)]);
});

describe('a region', () => {
  const two = (): OpenedMethod => {
    // The method would also add a block far from the hole.
    const block = ([x, y, z]: Vec3): boolean => x < -20 && x > -45 && Math.abs(y) < 30 && z > -62 && z < -50;
    return oracle({}, () => drawn(OWN, STILL, (p) => bone(p, false) || block(p)));
  };
  test('as a box or a mask keeps what lies in it; what is left out is told', async () => {
    const input = await file('region.nrrd');
    const want = centroid(drawn(OWN, STILL, (p) => bone(p, false) && inHole(p)));
    const free = await apply({ input, ...aligned }, two());
    expect(distance(free.facts.implants[0].centroid, want)).toBeGreaterThan(30);
    expect(free.facts.implants[0].notes.join()).toMatch(/further pieces left out/);
    const boxed = await apply({ input, ...aligned, region: '0,60,-30,40,10,70' }, two());
    expect(distance(boxed.facts.implants[0].centroid, want)).toBeLessThan(2);
    const marked = join(root, 'marked.nrrd');
    await writeVolume(
      marked,
      drawn(OWN, STILL, ([x, , z]) => x > 0 && z > 10),
    );
    const drawnRegion = await apply({ input, ...aligned, region: marked }, two());
    expect(distance(drawnRegion.facts.implants[0].centroid, want)).toBeLessThan(2);
    // Half of the hole: nothing beyond the box is added.
    const half = await apply({ input, ...aligned, region: '0,60,5,40,10,70' }, two());
    expect(half.facts.implants[0].centroid[1]).toBeGreaterThan(5);
    await expect(apply({ input, ...aligned, region: '-60,-50,0,1,0,1' }, two())).rejects.toThrow(
      /no bone missing in the region given/,
    );
  });
  test('is six numbers in order', async () => {
    await expect(readRegion('1,2,3')).rejects.toThrow(UsageError);
    await expect(readRegion('5,1,0,1,0,1')).rejects.toThrow(UsageError);
    expect((await readRegion('0,1,0,1,0,1'))([0.5, 0.5, 2])).toBe(false);
  });
});
