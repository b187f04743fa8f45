/** The whole way on a CT whose bone is known: table, headrest, noise, spine, metal. Seen at 2 mm: Dice .974, with metal .973. */
import { beforeAll, describe, expect, test } from 'vitest';
import { VolumeError } from '../../../src/errors.ts';
import { qualityScore } from '../../../src/skull/quality.ts';
import { cleanMask, type Segmentation, segmentBone } from '../../../src/skull/segment/segmentBone.ts';
import type { SegmentStep } from '../../../src/skull/segment/step.ts';
import { multiply3, rotationAbout } from '../../../src/volume/geometry.ts';
import { labelRuns } from '../../../src/volume/runs.ts';
import type { Mask, Vec3, Volume } from '../../../src/volume/volume.ts';
import { dice } from '../helpers.ts';
import { onto, type SyntheticCt, syntheticCt } from './ct.ts';

const SIZE: Vec3 = [88, 100, 94];
const SPACING: Vec3 = [3, 3, 3];

/** The volume as a file with other axes holds it: grid axes x and z turned round, and the patient rolled. */
function turned(volume: Volume): Volume {
  const { size, data } = volume;
  const [nx, ny, nz] = size;
  const out = data.slice();
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) out[p] = data[nx - 1 - i + nx * (j + ny * (nz - 1 - k))];
  const roll = rotationAbout(1, 0.15);
  const direction = multiply3(roll, [-1, 0, 0, 0, 1, 0, 0, 0, -1]);
  return { ...volume, direction, data: out };
}

describe('a synthetic CT', () => {
  let ct: SyntheticCt;
  let result: Segmentation;
  const steps: SegmentStep[] = [];
  beforeAll(() => {
    ct = syntheticCt({ size: SIZE, spacing: SPACING });
    result = segmentBone(ct.volume, { onStep: (step) => steps.push(step) });
  }, 60000);

  test('gives back its bone', () => {
    expect(dice(onto(result.mask, ct.truth), ct.truth.data)).toBeGreaterThan(0.95);
    expect(result.threshold).toBeGreaterThan(250);
    expect(result.threshold).toBeLessThan(400);
  });

  test('headrest, table and spine are gone: nothing of the result lies 2 voxels from bone', () => {
    const near = new Set<number>();
    const [nx, ny] = SIZE;
    ct.truth.data.forEach((v, p) => {
      if (!v) return;
      for (let c = -2; c <= 2; c++)
        for (let b = -2; b <= 2; b++) for (let a = -2; a <= 2; a++) near.add(p + a + nx * (b + ny * c));
    });
    let far = 0;
    onto(result.mask, ct.truth).forEach((v, p) => {
      if (v && !near.has(p)) far++;
    });
    // What is left is the upper rim of the highest vertebra, above the plane.
    expect(far).toBeLessThan(150);
    const removed = steps.find((s) => s.name === 'neck')!;
    expect(removed.count).toBeGreaterThan(1000);
  });

  test('the braincase stays empty and closed; the scan is complete', () => {
    const { mask, braincase } = result;
    expect(braincase!.radius).toBeGreaterThan(50);
    // From the centre of the braincase to the mask's voxel: empty.
    const at = braincase!.centre.map((v, a) => Math.round((v - mask.origin[a]) / mask.spacing[a]));
    expect(mask.data[at[0] + mask.size[0] * (at[1] + mask.size[1] * at[2])]).toBe(0);
    expect(result.facts.faces).toEqual([]);
    expect(result.facts.vaultCutShare).toBe(0);
    expect(result.facts.vaultOpen_mm2).toBe(0);
    expect(qualityScore(result.facts).score).toBe(6);
  });

  test('each step tells its name and leaves a mask for the picture; notes are kept without masks', () => {
    const names = [
      'head CT',
      'head',
      'threshold',
      'bone',
      'metal',
      'neck',
      'islands',
      'pins',
      'holes',
      'coverage',
    ];
    expect(steps.map((s) => s.name)).toEqual(names);
    expect(steps.filter((s) => s.mask).map((s) => s.name)).toEqual(names.slice(3, 9));
    expect(result.steps.some((s) => 'mask' in s)).toBe(false);
  });

  test('the axes of the file do not matter: turned round and rolled, the same voxels are bone', () => {
    const other = segmentBone(turned(ct.volume));
    const count = (m: Mask): number => m.data.reduce((n, v) => n + v, 0);
    expect(Math.abs(count(other.mask) / count(result.mask) - 1)).toBeLessThan(0.01);
    expect(result.base!.pose.rotation[8]).toBeGreaterThan(0.95);
    expect(other.base!.pose.rotation[8]).toBeGreaterThan(0.95);
  });

  test('a threshold given is a threshold used', () => {
    const high = segmentBone(ct.volume, { threshold: 700 });
    expect(high.threshold).toBe(700);
    const count = (m: Mask): number => m.data.reduce((n, v) => n + v, 0);
    expect(count(high.mask)).toBeLessThan(0.97 * count(result.mask));
  });

  test('a crown cut off by the field of view is seen', () => {
    const rows = 68;
    const plane = SIZE[0] * SIZE[1];
    const cut: Volume = {
      ...ct.volume,
      size: [SIZE[0], SIZE[1], rows],
      data: ct.volume.data.slice(0, plane * rows),
    };
    const { facts } = segmentBone(cut);
    expect(facts.faces!.map((f) => f.side)).toEqual(['top']);
    expect(facts.vaultCutShare).toBeGreaterThan(0.1);
    expect(qualityScore(facts).score).toBeLessThanOrEqual(3);
  });

  test('a hole in the vault stays open and is measured', () => {
    const truth: Mask = { ...ct.truth, data: ct.truth.data.slice() };
    const [nx, ny, nz] = SIZE;
    const middle = [nx / 2 - 0.5, ny / 2 - 0.5, nz / 2 - 0.5];
    for (let k = 0, p = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++, p++) {
          const [x, y, z] = [i, j, k].map((v, a) => (v - middle[a]) * 3);
          if (z > 60 && Math.hypot(x - 20, y) < 20) truth.data[p] = 0;
        }
    const { facts } = cleanMask(truth);
    // A disc of 20 mm radius; its edges, thick and seen askance, hide some of it.
    expect(facts.vaultOpen_mm2).toBeGreaterThan(0.55 * Math.PI * 400);
    expect(facts.vaultOpen_mm2).toBeLessThan(1.05 * Math.PI * 400);
  });

  test('a rod that stands out of the forehead is taken off, and nothing else', () => {
    const clean = cleanMask(ct.truth, { cutNeck: false });
    expect(clean.steps.find((s) => s.name === 'pins')!.count).toBe(0);
    const truth: Mask = { ...ct.truth, data: ct.truth.data.slice() };
    const [nx, ny] = SIZE;
    // Along -y from the front of the vault, 6 x 3 mm thick.
    let rod = 0;
    for (let j = 4; j < 40; j++)
      for (const [i, k] of [
        [43, 66],
        [44, 66],
      ]) {
        const p = i + nx * (j + ny * k);
        if (truth.data[p] === 0) rod += truth.data[p] = 1;
        else j = 40;
      }
    const { steps: after, mask } = cleanMask(truth, { cutNeck: false });
    expect(rod).toBeGreaterThan(20);
    expect(after.find((s) => s.name === 'pins')!.count).toBe(1);
    const left = onto(mask, truth).reduce((n, v, p) => n + (v & ~ct.truth.data[p] & truth.data[p]), 0);
    expect(left).toBeLessThan(0.25 * rod);
    expect(dice(onto(mask, truth), onto(clean.mask, truth))).toBeGreaterThan(0.998);
  });
});

describe('a synthetic CT with a metal crown', () => {
  test('its rays are not bone', () => {
    const ct = syntheticCt({ size: SIZE, spacing: SPACING, metal: true });
    const { mask, facts } = segmentBone(ct.volume);
    const out = onto(mask, ct.truth);
    const rays = ct.rays.reduce((n, v) => n + v, 0);
    const left = ct.rays.reduce((n, v, p) => n + (v & out[p]), 0);
    expect(rays).toBeGreaterThan(200);
    expect(left).toBeLessThan(0.4 * rays);
    expect(dice(out, ct.truth.data)).toBeGreaterThan(0.95);
    expect(facts.metal_mm3).toBeGreaterThan(100);
    expect(qualityScore(facts).score).toBe(5);
  }, 60000);
});

describe('what is not a head', () => {
  const water = (size: Vec3): Volume<Int16Array> => ({
    size,
    spacing: [2.5, 2.5, 2.5],
    origin: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    data: new Int16Array(size[0] * size[1] * size[2]).fill(-1000),
  });

  test('an empty mask is refused', () => {
    const mask: Mask = { ...water([60, 60, 60]), data: new Uint8Array(216000) };
    expect(() => cleanMask(mask)).toThrow(VolumeError);
  });

  test('a small bone in a large field of view is refused for coverage', () => {
    const mask: Mask = { ...water([60, 60, 60]), data: new Uint8Array(216000) };
    for (let k = 20; k < 40; k++)
      for (let j = 20; j < 40; j++) for (let i = 20; i < 40; i++) mask.data[i + 60 * (j + 60 * k)] = 1;
    expect(labelRuns(mask.data, mask.size).sizes.length).toBe(1);
    expect(() => cleanMask(mask)).toThrow(/the bone covers too little: 50 x 50 x 50 mm/);
  });
});
