/**
 * From a patient's bone to the implant in the patient's coordinates, with a completer that knows the truth: what is tested
 * is everything but the network. Bones are ellipsoid shells with a knob, of which the true whole is known in every space.
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type ApplyOptions, applyCompletion } from '../../../src/downstream/complete/apply.ts';
import { gapWarnings, lengthOnGrid } from '../../../src/downstream/complete/applyChecks.ts';
import type { ApplyFacts, ImplantFacts } from '../../../src/downstream/complete/applyFacts.ts';
import { writeImplants } from '../../../src/downstream/complete/applyFiles.ts';
import { gridAround } from '../../../src/downstream/complete/applyGrid.ts';
import { readRegion } from '../../../src/downstream/complete/applyRegion.ts';
import type { OpenedMethod } from '../../../src/downstream/complete/methods.ts';
import { boneExtent } from '../../../src/downstream/complete/trainTaught.ts';
import { CheckpointError, FileError, GridError, UsageError, VolumeError } from '../../../src/errors.ts';
import { writeMesh } from '../../../src/mesh/export.ts';
import { meshVolume } from '../../../src/mesh/mesh.ts';
import { readMesh } from '../../../src/mesh/readMesh.ts';
import { maskSurface } from '../../../src/mesh/surface.ts';
import {
  applyTransform,
  composeTransforms,
  invertTransform,
  type Transform,
  transformFromMatrix,
} from '../../../src/skull/register/transform.ts';
import { multiply3, rotationAbout } from '../../../src/volume/geometry.ts';
import { readVolume } from '../../../src/volume/io/index.ts';
import { writeVolume } from '../../../src/volume/io/write.ts';
import {
  centredGrid,
  type Grid,
  type Mask,
  type Mat3,
  type Vec3,
  voxelToWorld,
} from '../../../src/volume/volume.ts';
import { horseshoe, without } from '../helpers.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-apply-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const folder = (): string => join(root, `out${++count}`);

/** A shell 8 mm thick with a knob at the front (-y), in the canonical frame; `hole`: without a ball at the vault's left. */
function bone([x, y, z]: Vec3, hole: boolean): boolean {
  const r = Math.hypot(x / 46, y / 58, z / 50);
  const shell = r <= 1 && r >= 0.84;
  const knob = Math.hypot(x, (y + 60) / 1.5, z + 20) < 10;
  return (shell || knob) && !(hole && inHole([x, y, z]));
}
const inHole = ([x, y, z]: Vec3): boolean => Math.hypot(x - 25, y - 5, z - 38) < 19;

/** A mask of what `is` says of the centres of a grid's voxels, seen through a move into the canonical frame. */
function drawn(grid: Grid, move: Transform, is: (p: Vec3) => boolean): Mask {
  const [nx, ny, nz] = grid.size;
  const data = new Uint8Array(nx * ny * nz);
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++)
        if (is(applyTransform(move, voxelToWorld(grid, i, j, k)))) data[p] = 1;
  return { ...grid, data };
}

const OWN = centredGrid([40, 48, 40], [3.5, 3.5, 3.5]);
const STILL: Transform = { rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1], translation: [0, 0, 0], scale: 1 };

/** The completer that knows the truth. */
function oracle(more: Partial<OpenedMethod> = {}, answer?: (defective: Mask) => Mask): OpenedMethod {
  const whole = drawn(OWN, STILL, (p) => bone(p, false));
  return {
    grid: OWN,
    bone: 'test bone',
    method: {
      name: 'oracle',
      words: 'knows the truth',
      complete: async (defective) => [{ whole: answer?.(defective) ?? whole }],
    },
    ...more,
  };
}

const apply = (options: Partial<ApplyOptions> & { input: string }, opened = oracle(), pose?: Transform) =>
  applyCompletion(
    {
      out: folder(),
      method: 'unet',
      picture: false,
      ...(pose !== undefined && { aligner: 'run' }),
      ...options,
    },
    {
      open: async () => opened,
      alignerHash: () => 'a',
      aligner: async () => ({
        name: 'given',
        words: 'given',
        align: async () => ({ transform: pose ?? STILL }),
      }),
    },
  );

const centroid = (mask: Mask): Vec3 => {
  const sum = [0, 0, 0];
  let n = 0;
  const [nx, ny] = mask.size;
  for (let p = 0; p < mask.data.length; p++) {
    if (mask.data[p] === 0) continue;
    n++;
    voxelToWorld(mask, p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))).forEach((x, a) => {
      sum[a] += x;
    });
  }
  return sum.map((x) => x / n) as unknown as Vec3;
};
const distance = (a: Vec3, b: Vec3): number => Math.hypot(...a.map((x, i) => x - b[i]));

/** Grid axes as files may have them: exchanged and turned round; right-handed. */
const AXES: Mat3[] = [
  [1, 0, 0, 0, 1, 0, 0, 0, 1],
  [0, 0, 1, 1, 0, 0, 0, 1, 0],
  [-1, 0, 0, 0, -1, 0, 0, 0, 1],
  [0, -1, 0, 0, 0, -1, 1, 0, 0],
];

/** A grid of any axes and spacing that holds the bone, which lies there by the inverse of `move`. */
function patientGrid(move: Transform, axes: Mat3, spacing: Vec3): Grid {
  const back = invertTransform(move);
  const direction = multiply3(back.rotation, multiply3(rotationAbout(0, 0.1), axes));
  const size = spacing.map((s) => Math.ceil(150 / s)) as unknown as Vec3;
  const at: Grid = { size, spacing, origin: [0, 0, 0], direction };
  const middle = voxelToWorld(at, (size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2);
  return { ...at, origin: back.translation.map((t, a) => t - middle[a]) as unknown as Vec3 };
}

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

/** A defective bone in a file, lying in the canonical frame. */
async function file(name: string, hole = true, grid: Grid = OWN): Promise<string> {
  const path = join(root, name);
  await writeVolume(
    path,
    drawn(grid, STILL, (p) => bone(p, hole)),
  );
  return path;
}
const aligned = { aligned: true, gapMm: 0 } as const;

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

describe('the mirror without a run', () => {
  test('does not mirror half a bone across the middle of that half', async () => {
    const input = join(root, 'half.nrrd');
    await writeVolume(
      input,
      without(horseshoe(), (x) => x > 6),
    );
    const half = { input, method: 'mirror', picture: false, gapMm: 0 } as const;
    await expect(applyCompletion({ ...half, out: folder() })).rejects.toThrow(
      /no plane of symmetry was found.*the middle of what is left/s,
    );
    const { facts } = await applyCompletion({ ...half, out: folder(), aligned: true });
    expect(facts.warnings[0]).toMatch(/no plane of symmetry was found/);
  });

  // Without the knob the shell is symmetric about x = 0, and the hole lies on the left.
  const own = { method: 'mirror', picture: false, aligned: true, gapMm: 0 } as const;
  test.each([
    ['a mouse skull', 0.2, 0.7],
    ['a head', 1.7, 3.5],
  ])('takes %s', async (_, scale, spacing) => {
    const side = Math.ceil((130 * scale) / spacing);
    const grid = centredGrid([side, side, side], [spacing, spacing, spacing]);
    const at = (p: Vec3) => p.map((x) => x / scale) as unknown as Vec3;
    const input = join(root, 'mirrored.nrrd');
    await writeVolume(
      input,
      drawn(grid, STILL, (p) => bone(at(p), true)),
    );
    const { facts } = await applyCompletion({ ...own, input, out: folder() });
    const want = centroid(drawn(grid, STILL, (p) => bone(at(p), false) && inHole(at(p))));
    expect(distance(facts.implants[0].centroid, want)).toBeLessThan(2 * spacing);
    expect(facts.gridOfMethod.spacingMm).toBeCloseTo(spacing, 6);
    expect(facts.warnings).toEqual([expect.stringContaining('--region')]);
  });
  test('refuses a bone in metres', async () => {
    const grid = centredGrid([60, 60, 60], [0.004, 0.004, 0.004]);
    const input = join(root, 'metres.nrrd');
    await writeVolume(
      input,
      drawn(grid, STILL, (p) => bone(p.map((x) => 1000 * x) as unknown as Vec3, true)),
    );
    await expect(applyCompletion({ ...own, input, out: folder() })).rejects.toThrow(/check the unit/);
  });
  test('has some 128 voxels of a fine scan, where the bone lies', () => {
    const fine = centredGrid([400, 20, 20], [0.5, 0.5, 0.5]);
    const bar = drawn({ ...fine, origin: [300, 0, 0] }, STILL, () => true);
    const there: Transform = { ...STILL, translation: [-400, 0, 0] };
    const { size, spacing, origin } = gridAround(bar, there);
    // 200 mm from -100.25 to 99.75: as wide about the middle as to the longer side.
    expect(spacing[0]).toBeCloseTo(200.5 / 128, 6);
    expect(size).toEqual([145, 18, 18]);
    expect(origin[0]).toBeCloseTo(-72 * spacing[0], 6);
    // A bone far from the middle is not followed there.
    expect(Math.max(...gridAround(bar, STILL).size)).toBeLessThan(300);
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

describe('warnings', () => {
  const taught: NonNullable<OpenedMethod['taught']> = {
    augment: { shift: 1, rotation: 3, scale: 0, flip: false },
    whole: 0.1,
    defects: { kinds: ['spherical'], roughness: 1 },
    diameterMm: [20, 60],
    share: [0.001, 0.004],
    centre: [
      [-40, -60, -60],
      [-10, 60, -20],
    ],
    extentMm: [
      [80, 100, 90],
      [100, 130, 110],
    ],
    fit: [0.9, 0.95],
    sites: {},
    kinds: {},
  };
  const template = { grid: OWN, data: drawn(OWN, STILL, (p) => bone(p, false)).data.map((v) => 230 * v) };
  test('of a defect larger and elsewhere than those of the training, of phantoms, and of the edge of the view', async () => {
    const input = await file('warned.nrrd', true, {
      ...OWN,
      size: [40, 48, 34],
    });
    const opened = oracle({ taught, template, phantom: true });
    const { facts } = await apply({ input, ...aligned }, opened);
    const all = facts.warnings.join('; ');
    expect(all).toMatch(/larger \(.* of the bone\) than those of the training/);
    expect(all).toMatch(/another site/);
    expect(all).toMatch(/learnt from phantoms/);
    expect(all).toMatch(/edge of the field of view/);
    expect(facts.pose.fit).toBeCloseTo(230 / 255, 6);
    const kind = {
      ...taught,
      share: [0.01, 0.2] as [number, number],
      centre: [
        [-80, -80, -80],
        [80, 80, 80],
      ] as never,
    };
    const like = await apply(
      { input: await file('like.nrrd'), ...aligned },
      oracle({ taught: { ...kind, fit: [0.8, 0.9] }, template }),
    );
    expect(like.facts.warnings).toEqual([]);
  });

  test('a bone turned aside is laid on the mean bone; one that fits nowhere is refused', async () => {
    const move: Transform = { rotation: rotationAbout(2, 0.25), translation: [12, -9, 5], scale: 1 };
    const grid = patientGrid(move, AXES[0], [3, 3, 3]);
    const input = join(root, 'turned.nrrd');
    await writeVolume(
      input,
      drawn(grid, move, (p) => bone(p, true)),
    );
    const wide = { ...taught, share: [0.01, 0.2] as [number, number], fit: [0.6, 0.8] as [number, number] };
    const { facts } = await apply({ input, gapMm: 0 }, oracle({ taught: wide, template }));
    const error = composeTransforms(transformFromMatrix(facts.pose.matrix), invertTransform(move));
    // Of a shell nearly of revolution little but the knob and the three axes tell how it lies.
    expect(distance(applyTransform(error, [25, 5, 38]), [25, 5, 38])).toBeLessThan(5);
    expect(facts.pose.words).toContain('mean training bone');
    // More is missing than is left; or another bone.
    const crumb = join(root, 'crumb.nrrd');
    await writeVolume(
      crumb,
      drawn(OWN, STILL, (p) => bone(p, true) && p[2] > 20),
    );
    await expect(apply({ input: crumb, aligned: true }, oracle({ taught: wide, template }))).rejects.toThrow(
      /its bone has \d+ % of the volume of a mean test bone of the training/,
    );
    const ball = join(root, 'ball.nrrd');
    await writeVolume(
      ball,
      drawn(OWN, STILL, (p) => Math.hypot(...p) < 42),
    );
    await expect(apply({ input: ball }, oracle({ taught: wide, template }))).rejects.toThrow(
      /does not lie where a test bone of the training does/,
    );
  });
});

describe('refusals', () => {
  const refused = async (options: Partial<ApplyOptions> & { input: string }, opened?: OpenedMethod) => {
    const out = folder();
    const error = await apply({ out, ...options }, opened).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(existsSync(out)).toBe(false);
    return error;
  };
  test('no bone, no defect, more defect than bone, a bone elsewhere', async () => {
    const empty = join(root, 'empty.nrrd');
    await writeVolume(empty, { ...OWN, data: new Uint8Array(40 * 48 * 40) });
    expect(await refused({ input: empty, aligned: true })).toBeInstanceOf(VolumeError);
    const input = await file('refused.nrrd');
    const same = oracle({}, (defective) => defective);
    expect(`${await refused({ input, aligned: true }, same)}`).toMatch(/no bone missing/);
    const full = oracle({}, (defective) => ({ ...defective, data: defective.data.map(() => 1) }));
    expect(`${await refused({ input, aligned: true }, full)}`).toMatch(/more defect than bone/);
    const far = await file('far.nrrd', true, OWN);
    const away = join(root, 'away.nrrd');
    await writeVolume(away, { ...((await readVolume(far)) as Mask), origin: [900, 0, 0] });
    expect(await refused({ input: away, aligned: true })).toBeInstanceOf(GridError);
  });

  test('a spacing in another unit', async () => {
    const input = join(root, 'metres.nrrd');
    const mask = drawn(OWN, STILL, (p) => bone(p, true));
    await writeVolume(input, { ...mask, spacing: [0.0035, 0.0035, 0.0035], origin: [0, 0, 0] });
    const taught = {
      extentMm: [
        [80, 100, 90],
        [100, 130, 110],
      ],
    } as unknown as OpenedMethod['taught'];
    expect(`${await refused({ input, aligned: true }, oracle({ taught }))}`).toMatch(/unit of the spacing/);
    // Of a generator its grid tells: 140 x 168 x 140 mm.
    const lengthMm = lengthOnGrid(OWN);
    expect(lengthMm.map(Math.round)).toEqual([50, 273]);
    expect(`${await refused({ input, aligned: true }, oracle({ lengthMm }))}`).toMatch(/unit of the spacing/);
    const cm = join(root, 'tenfold.nrrd');
    await writeVolume(cm, { ...mask, spacing: [35, 35, 35], origin: [0, 0, 0] });
    expect(`${await refused({ input: cm, aligned: true }, oracle({ lengthMm }))}`).toMatch(
      /50.4 to 273 mm long/,
    );
    await apply({ input: await file('fits.nrrd'), ...aligned }, oracle({ lengthMm }));
  });

  test('two poses, an unknown method, a run that is none or damaged, a folder with other content', async () => {
    const input = await file('usage.nrrd');
    expect(await refused({ input, aligned: true, frame: 'patient' })).toBeInstanceOf(UsageError);
    expect(await refused({ input, frame: 'sideways' })).toBeInstanceOf(UsageError);
    expect(`${await refused({ input, aligned: true, answers: 65 })}`).toMatch(/from 1 to 64/);
    const real = (o: Partial<ApplyOptions>) =>
      applyCompletion({ input, out: folder(), method: 'unet', ...o });
    await expect(real({ method: 'magic' })).rejects.toThrow(UsageError);
    await expect(real({})).rejects.toThrow(/without --run/);
    const run = join(root, 'norun');
    mkdirSync(run);
    await expect(real({ run })).rejects.toThrow(CheckpointError);
    writeFileSync(join(run, 'model.safetensors'), 'no weights');
    await expect(real({ run })).rejects.toThrow(CheckpointError);
    await expect(real({ run, method: 'prior' })).rejects.toThrow(/train generator/);
    const out = folder();
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    await expect(apply({ input, out, ...aligned })).rejects.toThrow(/already holds notes.txt/);
  });

  test('asked to stop, it writes nothing', async () => {
    const input = await file('stopped.nrrd');
    const stop = new AbortController();
    const opened = oracle({}, (defective) => {
      stop.abort();
      return defective;
    });
    const error = await refused({ input, aligned: true, signal: stop.signal }, opened);
    expect((error as { exitCode?: number }).exitCode).toBe(130);
  });
});
