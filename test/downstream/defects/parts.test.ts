import { expect, test } from 'vitest';
import { cutCrumbs } from '../../../src/downstream/defects/crumbs.ts';
import { smoothNoise } from '../../../src/downstream/defects/noise.ts';
import { drawShape, roughened } from '../../../src/downstream/defects/shapes.ts';
import { boneFacts, defectPlan } from '../../../src/downstream/defects/sites.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { countOf, horseshoe, shaped } from '../helpers.ts';

const stream = (index = 0) => new RandomStream(8, 'test/parts', index);

test('noise is bounded, of mean near 0, continuous, and another for another stream', () => {
  const noise = smoothNoise(stream(), [0, 0, 0], [60, 40, 50]);
  const other = smoothNoise(stream(1), [0, 0, 0], [60, 40, 50]);
  let [sum, most, steepest, apart] = [0, 0, 0, 0];
  for (let n = 0; n < 4000; n++) {
    const at = [n % 61, (7 * n) % 41, (13 * n) % 51];
    const v = noise(at[0], at[1], at[2]);
    sum += v / 4000;
    most = Math.max(most, Math.abs(v));
    steepest = Math.max(steepest, Math.abs(v - noise(at[0] + 0.01, at[1], at[2])));
    apart += Math.abs(v - other(at[0], at[1], at[2])) / 4000;
  }
  expect(most).toBeLessThanOrEqual(1.5);
  expect(Math.abs(sum)).toBeLessThan(0.08);
  expect(steepest).toBeLessThan(0.02);
  expect(apart).toBeGreaterThan(0.2);
  expect(noise(-100, 0, 0)).toBe(noise(0, 0, 0));
});

test.each([
  ['spherical', 3],
  ['cubic', 3],
  ['orbital', 3],
] as const)('a %s gauge grows in volume with the third power', (kind, power) => {
  const bone = shaped([60, 60, 60], 1, (x, y, z) => Math.hypot(x, y, z) < 29);
  const { gauge } = drawShape(kind, {
    facts: boneFacts(bone),
    centre: [0, 0, 0],
    site: 'anywhere',
    stream: stream(),
  });
  const within = (t: number) => countOf(shaped([60, 60, 60], 1, (x, y, z) => gauge(x, y, z) <= t).data);
  expect(Math.log2(within(16) / within(8))).toBeCloseTo(power, 0.9);
});

test('a cubic gauge is a box: its volume is 8 t^3 r s u with sides of 0.7 to 1.3', () => {
  const bone = shaped([60, 60, 60], 1, (x, y, z) => Math.hypot(x, y, z) < 29);
  const { gauge } = drawShape('cubic', {
    facts: boneFacts(bone),
    centre: [0, 0, 0],
    site: 'anywhere',
    stream: stream(2),
  });
  const volume = countOf(shaped([60, 60, 60], 1, (x, y, z) => gauge(x, y, z) <= 10).data);
  expect(volume).toBeGreaterThan(8000 * 0.7 ** 3);
  expect(volume).toBeLessThan(8000 * 1.3 ** 3);
  // A box is convex and symmetric about its centre.
  expect(gauge(3, -4, 5)).toBeCloseTo(gauge(-3, 4, -5), 9);
});

test('a prism goes through the near wall and not to the far one', () => {
  const bone = shaped([60, 60, 60], 1, (x, y, z) => Math.abs(Math.hypot(x, y, z) - 27) < 1.5);
  const { gauge } = drawShape('polygonal', {
    facts: boneFacts(bone),
    centre: [0, 0, 27],
    site: 'anywhere',
    stream: stream(),
  });
  expect(gauge(0, 0, 25)).toBeLessThan(1e-6);
  expect(gauge(0, 0, 29)).toBeLessThan(1e-6);
  expect(gauge(0, 0, -27)).toBe(Infinity);
  const ratio = gauge(10, 0, 27) / 10;
  expect(ratio).toBeGreaterThan(1 / 1.31);
  expect(ratio).toBeLessThan(1 / 0.4);
});

test('a resection cuts across the body of a jaw', () => {
  const jaw = horseshoe();
  const { gauge } = drawShape('resection', {
    facts: boneFacts(jaw),
    centre: [0, -30, -18],
    site: 'chin',
    stream: stream(),
  });
  // Along the chin (x) the size grows, across it (y, z) hardly: at most by the tilt of 20 degrees.
  expect(gauge(12, -30, -18)).toBeGreaterThan(11);
  expect(gauge(0, -30, -8)).toBeLessThan(10 * Math.tan((21 * Math.PI) / 180));
});

test('roughness moves an edge by its share and never turns it inside out', () => {
  const gauge = () => 10;
  expect(roughened(gauge, () => 1, 0)(0, 0, 0)).toBe(10);
  expect(roughened(gauge, () => 1, 0.1)(0, 0, 0)).toBeCloseTo(11);
  expect(roughened(gauge, () => -1.5, 10)(0, 0, 0)).toBeCloseTo(2.5);
  expect(
    roughened(
      () => Infinity,
      () => -1,
      0.5,
    )(0, 0, 0),
  ).toBe(Infinity);
});

test('crumbs that a defect cuts off go with it, islands of the bone stay', () => {
  // A bar of 400 voxels of which two sheets are taken, with a crumb of 2 x 1 x 1 between; an island of one voxel.
  const bar = shaped(
    [103, 9, 9],
    1,
    (x, y, z) =>
      (Math.abs(y) < 1.5 && Math.abs(z) < 1.5 && Math.abs(x) < 48) || (x === 50 && y === 4 && z === 4),
  );
  const bone = countOf(bar.data);
  const region = shaped(
    bar.size,
    1,
    (x, y, z) => x > -4 && x < 4 && !(Math.abs(x) < 0.5 && y === 0 && z === 0),
  ).data;
  const before = countOf(region.map((v, p) => v & bar.data[p]));
  const removed = cutCrumbs(bar, region, bone);
  expect(removed).toBe(before + 1);
  expect(countOf(region.map((v, p) => v & bar.data[p]))).toBe(removed);
  const island = bar.data.lastIndexOf(1);
  expect(region[island]).toBe(0);
});

test('bones are told apart by name', () => {
  expect(defectPlan('skull').orbital).toEqual(['orbit']);
  expect(defectPlan('Human skull').half).toEqual(['jaw']);
  expect(defectPlan('mandible').half).toEqual(['body']);
  expect(defectPlan('mouse skull').spherical).toEqual(['anywhere']);
});
