import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type QualityFacts, qualityScore } from '../../src/skull/quality.ts';

const face = (side: string, area_mm2: number, vault = false) => ({ side, area_mm2, vault });

const LEAST = {
  vaultFront: 0.69,
  base: 0.61,
  orbitRight: 0.65,
  archLeft: 0.69,
  maxillaRight: 0.55,
  ramusLeft: 0.73,
};

test.each<[string, QualityFacts, number]>([
  ['a complete skull', { faces: [], vaultOpen_mm2: 0, vaultCutShare: 0, metal_mm3: 0 }, 6],
  ['nothing measured', {}, 6],
  ['specks of metal and sutures', { metal_mm3: 19, vaultOpen_mm2: 59 }, 6],
  ['a filling', { metal_mm3: 20 }, 5],
  ['much metal', { metal_mm3: 500 }, 4],
  ['metal never makes less than 4', { metal_mm3: 1e6 }, 4],
  ['a grazed crown', { faces: [face('top', 366, true)] }, 5],
  ['a clipped crown', { faces: [face('top', 3400, true)], vaultCutShare: 0 }, 4],
  ['a cut chin', { faces: [face('bottom', 400)] }, 3],
  ['a burr hole', { vaultOpen_mm2: 250 }, 4],
  ['a craniectomy', { vaultOpen_mm2: 5000 }, 2],
  ['half of the vault cut off', { faces: [face('bottom', 3840, true)], vaultCutShare: 0.84 }, 2],
  ['a jaw cut off and a hole', { faces: [face('bottom', 1727)], vaultOpen_mm2: 724 }, 2],
  ['a jaw cut off and metal', { faces: [face('bottom', 1727)], metal_mm3: 900 }, 3],
  ['no mandible', { regions: { vaultLeft: 0.99, ramusLeft: 0.1, ramusRight: 0.1, chin: 0 } }, 3],
  ['no mandible, no maxilla', { regions: { maxillaLeft: 0.1, chin: 0.1 } }, 2],
  ['a thin cheekbone', { regions: { cheekLeft: 0.49 } }, 5],
  ['all regions at the least that complete heads show', { regions: LEAST }, 6],
  ['half of an arch', { regions: { archRight: 0.43 } }, 4],
  ['one ramus of two', { regions: { ramusLeft: 0.3, ramusRight: 0.8 } }, 3],
  ['a quarter of the vault', { regions: { vaultBack: 0.16 } }, 2],
  [
    'a jaw cut off by the field of view is one loss',
    { faces: [face('bottom', 1727)], regions: { chin: 0 } },
    3,
  ],
  [
    'a crown cut off by the field of view is one loss',
    { faces: [face('top', 6000, true)], regions: { vaultFront: 0.35 } },
    3,
  ],
  ['a lost ramus and a hole', { vaultOpen_mm2: 250, regions: { ramusLeft: 0.3 } }, 2],
  ['not a number is not measured', { vaultOpen_mm2: Number.NaN, metal_mm3: Infinity }, 6],
])('%s', (_, facts, score) => {
  expect(qualityScore(facts).score).toBe(score);
});

test('reasons hold the figures, the worst first; 6 has none', () => {
  expect(qualityScore({}).reasons).toEqual([]);
  const { reasons } = qualityScore({
    metal_mm3: 30,
    faces: [face('bottom', 300), face('left', 12)],
    regions: { ramusLeft: 0.6, chin: 0.5 },
  });
  expect(reasons).toEqual([
    'the field of view cuts bone: bottom 300 mm^2, left 12 mm^2',
    'only 50 % of the chin, 60 % of the left ramus of the mandible is there',
    '30 mm^3 of metal',
  ]);
});

test('worse facts never score better', () => {
  const amount = fc.double({ min: 0, max: 1e4, noNaN: true });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      amount,
      amount,
      amount,
      share,
      share,
      fc.integer({ min: 0, max: 4 }),
      (a, b, c, d, e, which) => {
        const facts = (more: number[]): QualityFacts => ({
          faces: [face('bottom', a + more[0]), face('top', 10, true)],
          vaultOpen_mm2: b + more[1],
          metal_mm3: c + more[2],
          vaultCutShare: d + more[3],
          regions: { chin: e - more[4] },
        });
        const more = [0, 0, 0, 0, 0];
        const before = qualityScore(facts(more)).score;
        more[which] = which < 3 ? 900 : 0.3;
        expect(qualityScore(facts(more)).score).toBeLessThanOrEqual(before);
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});
