/** Regions of the skull: what is there is found, what is cut out is named, left and right are kept apart. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { boneMask } from '../../src/skull/bone-mask.ts';
import { canonicalFrame } from '../../src/skull/canonical.ts';
import { toFrame } from '../../src/skull/orient.ts';
import { meanPhantomParameters, type PhantomParameters } from '../../src/skull/phantom/parameters.ts';
import { REGION_NAMES, SKULL_REGIONS, type SkullRegion } from '../../src/skull/phantom/parts.ts';
import { phantomGrid } from '../../src/skull/phantom/phantom.ts';
import { voxelisePhantom } from '../../src/skull/phantom/voxelise.ts';
import { qualityScore } from '../../src/skull/quality.ts';
import {
  measureRegions,
  type RegionPresence,
  type RegionTemplate,
  regionTemplate,
} from '../../src/skull/regions.ts';
import { frankfortFrame, phantomFrankfort } from '../../src/skull/register/frame.ts';
import {
  REAL_SKULLS,
  skullTemplate,
  type Template,
  templateCentre,
} from '../../src/skull/register/template.ts';
import {
  applyTransform,
  composeTransforms,
  IDENTITY_TRANSFORM,
  type Transform,
} from '../../src/skull/register/transform.ts';
import { readVolume } from '../../src/volume/io/index.ts';
import { type Mask, voxelToWorld } from '../../src/volume/volume.ts';

type Where = (x: number, y: number, z: number) => boolean;

let template: Template;
let regions: RegionTemplate;
beforeAll(() => {
  template = skullTemplate();
  regions = regionTemplate(template);
});

/** The mask without what lies at `where`, in mm of the canonical frame. */
function without(mask: Mask, pose: Transform, where: Where): Mask {
  const data = mask.data.slice();
  const [nx, ny, nz] = mask.size;
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, p++) {
        if (data[p] === 0) continue;
        const at = applyTransform(pose, voxelToWorld(mask, i, j, k));
        if (where(at[0], at[1], at[2])) data[p] = 0;
      }
  return { ...mask, data };
}

/** Cuts as a surgeon or a field of view makes them, in the canonical frame, and the region that must be missed. */
const CUTS: [string, Where, SkullRegion, number][] = [
  ['the left ramus', (x, y, z) => x > 33 && y > -50 && y < -1 && z < -12, 'ramusLeft', 3],
  ['the right cheekbone', (x, y, z) => x < -36 && y < -20 && z < 8 && z > -42, 'cheekRight', 3],
  ['the left upper jaw', (x, y, z) => x > 0 && x < 36 && y < -45 && z < -8 && z > -46, 'maxillaLeft', 3],
  ['the chin', (_, y, z) => z < -47 && y < -60, 'chin', 3],
  ['the crown', (_x, _y, z) => z > 60, 'vaultFront', 3],
  ['the back of the base', (_, y, z) => z < 8 && y > -12, 'base', 4],
];

const mirrored = (region: SkullRegion): SkullRegion =>
  (region.endsWith('Left')
    ? region.replace('Left', 'Right')
    : region.replace('Right', 'Left')) as SkullRegion;

describe('regions of the template', () => {
  test('left is left, the sides are alike, each has its share of points', () => {
    for (const region of REGION_NAMES) {
      const { points, normals } = regions.regions[region];
      expect(points.length, region).toBeGreaterThan(3 * 90);
      expect(normals.length).toBe(points.length);
      const other = regions.regions[mirrored(region)].points.length / points.length;
      expect(other, region).toBeGreaterThan(0.75);
      const sign = region.endsWith('Left') ? 1 : -1;
      if (mirrored(region) !== region)
        for (let p = 0; p < points.length; p += 3) expect(sign * points[p], region).toBeGreaterThan(-1);
    }
  });

  test('they lie where anatomy has them: means along y and z', () => {
    const mean = (region: SkullRegion, c: number): number => {
      const { points } = regions.regions[region];
      return points.filter((_, i) => i % 3 === c).reduce((sum, v) => sum + v, 0) / (points.length / 3);
    };
    expect(mean('vaultFront', 1)).toBeLessThan(mean('vaultLeft', 1));
    expect(mean('vaultLeft', 1)).toBeLessThan(mean('vaultBack', 1));
    expect(mean('vaultLeft', 2)).toBeGreaterThan(mean('orbitLeft', 2));
    expect(mean('orbitLeft', 2)).toBeGreaterThan(mean('cheekLeft', 2));
    expect(mean('cheekLeft', 2)).toBeGreaterThan(mean('bodyLeft', 2));
    expect(mean('bodyLeft', 2)).toBeGreaterThan(mean('chin', 2));
    expect(mean('ramusLeft', 1)).toBeGreaterThan(mean('bodyLeft', 1));
    expect(mean('archLeft', 0)).toBeGreaterThan(mean('cheekLeft', 0));
  });
});

/** Sides of a phantom's grid: voxels of 2.6 mm. */
const SIDE = 80;

/** A phantom of these measurements, and its pose. */
function phantom(change: Partial<PhantomParameters> = {}): { mask: Mask; pose: Transform } {
  const parameters = { ...meanPhantomParameters(), ...change };
  const own = frankfortFrame(phantomFrankfort(parameters));
  return { mask: voxelisePhantom(parameters, phantomGrid(SIDE)), pose: composeTransforms(REAL_SKULLS, own) };
}

describe('phantoms', () => {
  const find = ({ mask, pose }: { mask: Mask; pose: Transform }): RegionPresence =>
    measureRegions(mask, pose, regions);

  let standard: { mask: Mask; pose: Transform };
  beforeAll(() => {
    standard = phantom();
  });

  test('the template itself has all of it, and nothing is drawn as missing', () => {
    const { shares, missing } = find(standard);
    for (const region of REGION_NAMES) expect(shares[region], region).toBeGreaterThan(0.98);
    expect(missing.length).toBeLessThan(3 * 60);
    expect(qualityScore({ regions: shares })).toEqual({ score: 6, reasons: [] });
  });

  test('a mouth open by 14 degrees, a long face and a short head are complete', () => {
    for (const change of [
      { jawOpening: 14 },
      { upperFaceHeight: 75, chinHeight: 35 },
      { cranialLength: 168 },
    ])
      expect(qualityScore({ regions: find(phantom(change)).shares }).score, JSON.stringify(change)).toBe(6);
  });

  test.each(['ramusLeft', 'cheekRight', 'vaultBack'] as const)(
    'without %s and what lies within 16 mm of it',
    (region) => {
      const { mask, pose } = standard;
      const { points } = regions.regions[region];
      const range = [0, 1, 2].map((c) => points.filter((_, i) => i % 3 === c));
      const [low, high] = [range.map((v) => Math.min(...v) - 16), range.map((v) => Math.max(...v) + 16)];
      const near: Where = (x, y, z) => {
        if ([x, y, z].some((v, c) => v < low[c] || v > high[c])) return false;
        for (let p = 0; p < points.length; p += 3)
          if ((x - points[p]) ** 2 + (y - points[p + 1]) ** 2 + (z - points[p + 2]) ** 2 < 256) return true;
        return false;
      };
      const { shares, missing } = find({ mask: without(mask, pose, near), pose });
      expect(shares[region]).toBeLessThan(0.3);
      if (region !== 'vaultBack') expect(shares[mirrored(region)]).toBeGreaterThan(0.9);
      // Each missing point is one that was looked for.
      const lost = REGION_NAMES.reduce(
        (sum, r) => sum + Math.round((1 - shares[r]) * (regions.regions[r].points.length / 3)),
        0,
      );
      expect(missing.length / 3).toBe(lost);
      const quality = qualityScore({ regions: shares });
      expect(quality.score).toBeLessThan(4);
      expect(quality.reasons[0]).toContain(SKULL_REGIONS[region].name);
    },
  );
});

/** Every second voxel along each axis: of 0.5 mm enough is left, and there is an eighth to be resampled. */
function everySecond(mask: Mask): Mask {
  const [nx, ny] = mask.size;
  const size = mask.size.map((n) => Math.floor(n / 2)) as unknown as Mask['size'];
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let k = 0, p = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, p++) data[p] = mask.data[2 * i + nx * (2 * j + ny * 2 * k)];
  return { ...mask, size, spacing: mask.spacing.map((s) => 2 * s) as unknown as Mask['spacing'], data };
}

const VISIBLE = join(
  import.meta.dirname,
  '../../../shared/data/visible_human_skull_mask_BSD-3/visibleHuman_headCT_mask1300.nii.gz',
);
const absent = !existsSync(VISIBLE);
if (absent && process.env.CI === 'true') throw new Error(`real data missing: ${VISIBLE}`);

describe.skipIf(absent)(absent ? `a real head (skipped: ${VISIBLE} missing)` : 'a real head', () => {
  let skull: { mask: Mask; pose: Transform };
  beforeAll(async () => {
    const whole = everySecond(boneMask(await readVolume(VISIBLE), VISIBLE));
    const mask = toFrame(whole, canonicalFrame(whole, template, VISIBLE).frame, [104, 144, 160], 1.5);
    skull = { mask, pose: { ...IDENTITY_TRANSFORM, translation: templateCentre(template) } };
  }, 60_000);

  test('complete, toothless above, its mouth open: not flagged', () => {
    const { shares } = measureRegions(skull.mask, skull.pose, regions);
    expect(qualityScore({ regions: shares })).toEqual({ score: 6, reasons: [] });
  });

  test.each(CUTS)('without %s', (_, where, region, ceiling) => {
    const { mask, pose } = skull;
    const { shares } = measureRegions(without(mask, pose, where), pose, regions);
    const { score, reasons } = qualityScore({ regions: shares });
    expect(score).toBeLessThanOrEqual(ceiling);
    expect(reasons[0]).toContain(SKULL_REGIONS[region].name);
    const other = mirrored(region);
    if (other !== region && region !== 'maxillaLeft')
      expect(reasons.join()).not.toContain(SKULL_REGIONS[other].name);
  });
});
