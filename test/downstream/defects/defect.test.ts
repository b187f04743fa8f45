import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applyDefect,
  DEFECT_SHARES,
  DefectError,
  defectKindsOf,
  drawDefect,
} from '../../../src/downstream/defects/defect.ts';
import type { DefectKind } from '../../../src/downstream/defects/sites.ts';
import { VolumeError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { makePhantom, phantomGrid } from '../../../src/skull/phantom/phantom.ts';
import { type Mask, voxelToWorld } from '../../../src/volume/volume.ts';
import { countOf, egg, horseshoe, shaped } from '../helpers.ts';

const skull = makePhantom({ seed: 5, index: 0, grid: phantomGrid(32), quality: 6 }).mask;
const BONES: [string, Mask][] = [
  ['skull', skull],
  ['mandible', horseshoe()],
  ['mouse skull', egg()],
];
const stream = (index = 0) => new RandomStream(3, 'test/defects', index);

const centreOf = (mask: Mask, p: number) =>
  voxelToWorld(
    mask,
    p % mask.size[0],
    Math.floor(p / mask.size[0]) % mask.size[1],
    Math.floor(p / (mask.size[0] * mask.size[1])),
  );

describe.each(BONES)('on a %s', (bone, mask) => {
  test('every kind takes a share within its bounds, and says so', () => {
    fc.assert(
      fc.property(fc.constantFrom(...defectKindsOf(bone)), fc.nat(100000), (kind, index) => {
        const defect = drawDefect(mask, bone, stream(index), { kinds: [kind] });
        const defective = applyDefect(mask, defect);
        const share = 1 - countOf(defective.data) / countOf(mask.data);
        expect(defect.kind).toBe(kind);
        expect(defect.share).toBeCloseTo(share, 12);
        const [least, largest] = defect.site === 'jaw' ? [0.01, 0.06] : DEFECT_SHARES[kind];
        expect(share).toBeGreaterThanOrEqual(least);
        expect(share).toBeLessThanOrEqual(largest);
        expect(defect.diameterMm).toBeGreaterThan(0);
        // Nothing is added, and what is left was there.
        expect(defective.data.every((v, p) => v <= mask.data[p])).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('equal streams give equal defects, other ones others', () => {
    const [a, b, c] = [0, 0, 1].map((index) => drawDefect(mask, bone, stream(index)));
    expect(b).toEqual(a);
    expect(c.region).not.toEqual(a.region);
  });

  test('shares asked for are kept', () => {
    for (let n = 0; n < 8; n++) {
      const { share } = drawDefect(mask, bone, stream(n), { share: [0.03, 0.05] });
      expect(share).toBeGreaterThanOrEqual(0.03);
      expect(share).toBeLessThanOrEqual(0.05);
    }
  });
});

test('a smooth sphere takes exactly the voxels of a ball about a bone voxel', () => {
  const block = shaped([16, 16, 16], 2, () => true);
  for (let n = 0; n < 5; n++) {
    const options = { kinds: ['spherical'] as DefectKind[], share: [0.01, 0.03] as const, roughness: 0 };
    const { region, diameterMm } = drawDefect(block, 'block', stream(n), options);
    const taken = [...region.keys()].filter((p) => region[p] !== 0);
    const ball = (c: readonly number[]) =>
      taken.length ===
        region.reduce((sum, _, p) => {
          const d = Math.hypot(...centreOf(block, p).map((v, a) => v - c[a]));
          return sum + (d <= diameterMm / 2 + 1e-4 ? 1 : 0);
        }, 0) &&
      taken.every((p) => Math.hypot(...centreOf(block, p).map((v, a) => v - c[a])) <= diameterMm / 2 + 1e-4);
    expect(taken.some((p) => ball(centreOf(block, p)))).toBe(true);
  }
});

test('the size of a ball inside solid bone is that of its volume', () => {
  const block = shaped([41, 41, 41], 1, () => true);
  // Of several, those that the block does not cut.
  let whole = 0;
  for (let n = 0; n < 12; n++) {
    const defect = drawDefect(block, 'block', stream(n), {
      kinds: ['spherical'],
      share: [0.01, 0.02],
      roughness: 0,
    });
    const r = defect.diameterMm / 2;
    const inside = [...defect.region.keys()].every((p) => {
      if (defect.region[p] === 0) return true;
      return centreOf(block, p).every((v) => Math.abs(v) < 19.5);
    });
    if (!inside) continue;
    whole++;
    expect(countOf(defect.region) / ((4 / 3) * Math.PI * r ** 3)).toBeCloseTo(1, 0.6);
  }
  expect(whole).toBeGreaterThan(2);
});

test('a bilateral defect beside the middle lies on both sides alike', () => {
  const mask = egg();
  const [nx] = mask.size;
  let apart = 0;
  for (let n = 0; n < 12; n++) {
    const { region } = drawDefect(mask, 'mouse skull', stream(n), { kinds: ['bilateral'], roughness: 0 });
    // The egg and the gauge are symmetric: so is the bone that goes.
    const taken = region.map((v, p) => (v !== 0 && mask.data[p] !== 0 ? 1 : 0));
    expect(taken.every((v, p) => v === taken[p - (p % nx) + nx - 1 - (p % nx)])).toBe(true);
    if (!taken.some((v, p) => v !== 0 && Math.abs((p % nx) - (nx - 1) / 2) < 1)) apart++;
  }
  expect(apart).toBeGreaterThan(0);
});

test('half a jaw lies on one side, a resection leaves the other body alone', () => {
  const jaw = horseshoe();
  for (let n = 0; n < 6; n++) {
    const half = drawDefect(jaw, 'mandible', stream(n), { kinds: ['half'] });
    const xs = [...half.region.keys()].filter((p) => half.region[p] !== 0 && jaw.data[p] !== 0);
    const sides = xs.map((p) => centreOf(jaw, p)[0]);
    const main = Math.sign(sides.reduce((a, b) => a + b, 0));
    expect(Math.min(...sides.map((x) => main * x))).toBeGreaterThan(-0.12 * 102);
    const cut = drawDefect(jaw, 'mandible', stream(n), { kinds: ['resection'], sites: ['ramus'] });
    const of = [...cut.region.keys()].filter((p) => cut.region[p] !== 0 && jaw.data[p] !== 0);
    const x = of.map((p) => centreOf(jaw, p)[0]);
    expect(Math.min(...x) * Math.max(...x)).toBeGreaterThan(0);
  }
});

test('sites of a skull lie where their names say', () => {
  const middle = (site: 'neurocranium' | 'jaw' | 'orbit') => {
    const sums = [0, 0, 0];
    let count = 0;
    for (let n = 0; n < 10; n++) {
      const { region } = drawDefect(skull, 'skull', stream(n), { sites: [site] });
      for (let p = 0; p < region.length; p++) {
        if (region[p] === 0 || skull.data[p] === 0) continue;
        centreOf(skull, p).forEach((v, a) => {
          sums[a] += v;
        });
        count++;
      }
    }
    return sums.map((s) => s / count);
  };
  const [vault, orbit, jaw] = [middle('neurocranium'), middle('orbit'), middle('jaw')];
  expect(vault[2]).toBeGreaterThan(orbit[2]);
  expect(orbit[2]).toBeGreaterThan(jaw[2] + 40);
  // The face looks toward -y.
  expect(orbit[1]).toBeLessThan(vault[1] - 20);
});

describe('refusals', () => {
  const empty: Mask = { ...skull, data: new Uint8Array(skull.data.length) };
  test('a mask without bone', () => {
    expect(() => drawDefect(empty, 'skull', stream())).toThrow(VolumeError);
  });
  test.each([
    ['kinds that the bone does not have', 'mandible', { kinds: ['orbital'] as DefectKind[] }],
    ['sites that the bone does not have', 'skull', { sites: ['ramus'] as const }],
    ['shares that leave nothing', 'skull', { share: [0.5, 1] as const }],
    ['shares the wrong way round', 'skull', { share: [0.2, 0.1] as const }],
  ])('%s', (_, bone, options) => {
    expect(() => drawDefect(skull, bone, stream(), options)).toThrow(DefectError);
  });
  test('a bone too small for any defect, after so many tries', () => {
    const speck = shaped([8, 8, 8], 1, (x, y, z) => Math.hypot(x, y, z) < 1);
    expect(() => drawDefect(speck, 'mandible', stream(), { tries: 5, kinds: ['spherical'] })).toThrow(
      /5 draws gave no defect/,
    );
  });
  test('a defect of another grid', () => {
    const defect = drawDefect(skull, 'skull', stream());
    expect(() => applyDefect(egg(), defect)).toThrow(DefectError);
  });
});
