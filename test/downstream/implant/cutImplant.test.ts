import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyDefect, drawDefect } from '../../../src/downstream/defects/defect.ts';
import { boxOf, cropTo, pasteFrom } from '../../../src/downstream/implant/box.ts';
import { cutImplant, ImplantError } from '../../../src/downstream/implant/cutImplant.ts';
import { GridError } from '../../../src/errors.ts';
import { diceOf, overlap } from '../../../src/evaluation/overlap.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { labelComponents } from '../../../src/volume/components.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { dilate } from '../../../src/volume/morphology.ts';
import type { Mask } from '../../../src/volume/volume.ts';
import { countOf, egg, shaped, without } from '../helpers.ts';

/** A plate of 24 x 20 x 3 voxels of 1 mm. */
const plate = shaped(
  [30, 26, 12],
  1,
  (x, y, z) => Math.abs(x) < 12 && Math.abs(y) < 10 && Math.abs(z - 0.5) < 1.5,
);
/** With a hole of 8 x 8. */
const holed = without(plate, (x, y) => Math.abs(x) < 4 && Math.abs(y) < 4);

test('the hole of a plate is cut exactly', () => {
  const { implant, gapMm, pieces, fit } = cutImplant(plate, holed, { gapMm: 0 });
  expect(implant.data).toEqual(plate.data.map((v, p) => v - holed.data[p]));
  expect([gapMm, pieces, fit.volumeMm3]).toEqual([0, 1, 192]);
  expect(fit.gap.touching).toBeGreaterThan(0.4);
  // Local thickness is good to half a voxel.
  expect(Math.abs(fit.thickness.median - 3)).toBeLessThanOrEqual(0.5);
});

test.each([
  [0.5, 0, 8],
  [0.6, 1, 6],
  [1.5, 1, 6],
  [1.6, 2, 4],
])('a gap of %f mm is at least %i mm wide on voxels of 1 mm', (asked, got, side) => {
  const { implant, gapMm } = cutImplant(plate, holed, { gapMm: asked });
  expect(gapMm).toBeCloseTo(got, 9);
  expect(countOf(implant.data)).toBe(side * side * 3);
});

test('a bone that is thicker everywhere gives the hole, and not its shell', () => {
  const swollen: Mask = { ...plate, data: dilate(plate.data, plate.size, plate.spacing, 1) };
  const { implant, notes } = cutImplant(swollen, holed, { gapMm: 0 });
  const truth = plate.data.map((v, p) => v - holed.data[p]);
  // The plug is 5 thick now, and a skirt of two shells stays around its two faces.
  expect(diceOf(overlap(implant.data, truth))).toBeGreaterThan(0.55);
  const far = shaped(plate.size, 1, (x, y) => Math.abs(x) > 7.5 || Math.abs(y) > 7.5).data;
  expect(countOf(implant.data.map((v, p) => v & far[p]))).toBe(0);
  expect(notes.join()).toMatch(/thin shells left out/);
  expect(
    diceOf(
      overlap(
        swollen.data.map((v, p) => (v && !holed.data[p] ? 1 : 0)),
        truth,
      ),
    ),
  ).toBeLessThan(0.4);
});

test('the largest piece, or several of like size', () => {
  const two = without(plate, (x, y) => Math.abs(Math.abs(x) - 7) < 3 && Math.abs(y) < (x > 0 ? 4 : 3));
  expect(countOf(cutImplant(plate, two, { gapMm: 0 }).implant.data)).toBe(6 * 8 * 3);
  const both = cutImplant(plate, two, { gapMm: 0, pieces: 2 });
  expect(both.pieces).toBe(2);
  expect(countOf(both.implant.data)).toBe(6 * 8 * 3 + 6 * 6 * 3);
  expect(cutImplant(plate, two, { gapMm: 0, pieces: 2, leastShare: 0.95 }).pieces).toBe(1);
});

test('closed cavities of the implant are filled', () => {
  const block = shaped([24, 24, 24], 1, (x, y, z) => Math.max(Math.abs(x), Math.abs(y), Math.abs(z)) < 9);
  const half = without(block, (x) => x > 0);
  const hollow = without(block, (x, y, z) => Math.hypot(x - 4.5, y - 0.5, z - 0.5) < 1.1);
  const cut = cutImplant(hollow, half, { gapMm: 0 });
  expect(cut.implant.data).toEqual(block.data.map((v, p) => v - half.data[p]));
  expect(cut.notes.join()).toMatch(/voxels of closed cavities filled/);
});

test('never on the bone, and in one piece, whatever the method says', () => {
  const whole = egg(22);
  fc.assert(
    fc.property(fc.nat(10000), fc.double({ min: 0, max: 1.2, noNaN: true }), (index, gapMm) => {
      const stream = new RandomStream(2, 'test/implant', index);
      const defective = applyDefect(whole, drawDefect(whole, 'mouse skull', stream));
      const noisy = { ...whole, data: whole.data.map((v) => (stream.uniform() < 0.03 ? 1 - v : v)) };
      let cut: ReturnType<typeof cutImplant>;
      try {
        cut = cutImplant(noisy, defective, { gapMm });
      } catch (error) {
        expect(error).toBeInstanceOf(ImplantError);
        return;
      }
      expect(cut.implant.data.some((v, p) => v !== 0 && defective.data[p] !== 0)).toBe(false);
      expect(labelComponents(cut.implant.data, whole.size).sizes).toHaveLength(1);
    }),
    { numRuns: 40 },
  );
});

test('anisotropic voxels and turned grids change nothing but mm', () => {
  const turn = (mask: Mask): Mask => ({
    ...mask,
    spacing: [0.5, 0.7, 2],
    direction: rotationAbout(0, 0.4),
    origin: [90, -3, 7],
  });
  const { implant, fit } = cutImplant(turn(plate), turn(holed), { gapMm: 0, shellMm: 0.8 });
  expect(implant.data).toEqual(plate.data.map((v, p) => v - holed.data[p]));
  expect(fit.volumeMm3).toBeCloseTo(192 * 0.7, 9);
  expect(implant.origin).toEqual([90, -3, 7]);
  // In z the plate ends with the hole: 2 mm thick voxels, and a rim along x and y alone.
  const gap = cutImplant(turn(plate), turn(holed), { gapMm: 0.3, shellMm: 0.8 });
  expect(countOf(gap.implant.data)).toBe(6 * 6 * 3);
  expect(gap.gapMm).toBeCloseTo(0.5, 6);
});

test('a box and back', () => {
  const box = boxOf(plate, holed, 2);
  expect(box.size).toEqual([28, 24, 7]);
  expect(pasteFrom(cropTo(plate, box), box, plate)).toEqual(plate.data);
  const wide = boxOf(plate, plate, 20);
  expect(pasteFrom(cropTo(plate, wide), wide, plate)).toEqual(plate.data);
  const empty = { ...plate, data: new Uint8Array(plate.data.length) };
  expect(boxOf(empty, empty, 2).size).toEqual([1, 1, 1]);
});

describe('refusals', () => {
  const empty: Mask = { ...plate, data: new Uint8Array(plate.data.length) };
  test.each([
    ['nothing is missing', plate, plate, {}, /adds nothing/],
    ['a bone without bone', plate, empty, {}, /no bone/],
    ['a completion without bone', empty, plate, {}, /no bone/],
    ['more defect than bone', plate, without(plate, (x) => x > -8), {}, /more defect than bone/],
    ['a gap that leaves nothing', plate, holed, { gapMm: 5 }, /leaves nothing/],
    ['a gap that is no length', plate, holed, { gapMm: -1 }, /-1 mm/],
  ])('%s', (_, whole, defective, options, words) => {
    expect(() => cutImplant(whole, defective, options)).toThrow(ImplantError);
    expect(() => cutImplant(whole, defective, options)).toThrow(words);
  });
  test('another grid', () => {
    expect(() => cutImplant(plate, egg())).toThrow(GridError);
  });
});
