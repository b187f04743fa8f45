import { describe, expect, it } from 'vitest';
import { GridError } from '../../../src/errors.ts';
import { samplePhantomParameters } from '../../../src/skull/phantom/parameters.ts';
import { makePhantom, PHANTOM_CUBE, phantomGrid } from '../../../src/skull/phantom/phantom.ts';
import { phantomSignedDistance } from '../../../src/skull/phantom/sdf.ts';
import { centredGrid, type Grid } from '../../../src/volume/volume.ts';
import { componentSizes } from './flood.ts';

describe('phantomGrid', () => {
  it('is a centred cube of 240 mm', () => {
    expect(phantomGrid(32).spacing).toEqual([7.5, 7.5, 7.5]);
    expect(phantomGrid(96).spacing).toEqual([2.5, 2.5, 2.5]);
    expect(phantomGrid(64).origin).toEqual([-118.125, -118.125, -118.125]);
    expect(() => phantomGrid(8)).toThrow(GridError);
    expect(() => phantomGrid(32.5)).toThrow(GridError);
  });
});

describe('makePhantom', () => {
  it('depends on seed and index alone', () => {
    const grid = phantomGrid(32);
    const one = makePhantom({ seed: 1, index: 5, grid });
    for (let index = 0; index < 5; index++) makePhantom({ seed: 1, index, grid });
    expect(makePhantom({ seed: 1, index: 5, grid })).toEqual(one);
    expect(makePhantom({ seed: 1, index: 6, grid }).mask.data).not.toEqual(one.mask.data);
    expect(makePhantom({ seed: 2, index: 5, grid }).mask.data).not.toEqual(one.mask.data);
  });

  it('refuses a grid that would cut the skull, whichever way the grid is turned', () => {
    const small = centredGrid([64, 64, 64], [3, 3, 3]);
    expect(() => makePhantom({ seed: 1, index: 0, grid: small })).toThrow(GridError);
    const low = centredGrid([40, 60, 40], [4, 4, 4]);
    expect(() => makePhantom({ seed: 1, index: 0, grid: low })).toThrow(GridError);
    const turned: Grid = { ...low, direction: [1, 0, 0, 0, 0, 1, 0, 1, 0], origin: [-78, -78, -118] };
    const { mask } = makePhantom({
      seed: 1,
      index: 0,
      grid: { ...turned, size: [40, 60, 52], origin: [-78, -102, -118] },
    });
    expect(mask.data.some((v) => v === 1)).toBe(true);
    expect(() => makePhantom({ seed: 1, index: 0, grid: turned })).toThrow(GridError);
  });

  it('fits every skull into the standard cube: no bone on its faces, 4 mm inside', () => {
    const edge = PHANTOM_CUBE / 2 - 4;
    for (let index = 0; index < 300; index++) {
      const distance = phantomSignedDistance(samplePhantomParameters(21, index), { minimumThickness: 9 });
      let inside = 0;
      for (let u = -edge; u <= edge; u += 7.4)
        for (let v = -edge; v <= edge; v += 7.4)
          for (const w of [-edge, edge])
            inside +=
              Number(distance(u, v, w) <= 0) +
              Number(distance(u, w, v) <= 0) +
              Number(distance(w, u, v) <= 0);
      expect(inside).toBe(0);
    }
  });

  it('at 2.5 mm: cranium and mandible in two pieces, 450 to 1000 cm3 of bone, one outside with the brain in it', () => {
    const grid = phantomGrid(96);
    for (let index = 0; index < 6; index++) {
      const { mask } = makePhantom({ seed: 31, index, grid, quality: 6 });
      const pieces = componentSizes(mask, 1).filter((size) => size > 20);
      expect(pieces).toHaveLength(2);
      expect(pieces[1] / pieces[0]).toBeGreaterThan(0.08);
      expect(pieces[1] / pieces[0]).toBeLessThan(0.25);
      const cm3 = ((pieces[0] + pieces[1]) * 2.5 ** 3) / 1000;
      expect(cm3).toBeGreaterThan(450);
      expect(cm3).toBeLessThan(1000);
      // Enclosed air is the two maxillary sinuses and crumbs; the cranial cavity opens through the foramen magnum.
      const air = componentSizes(mask, 0);
      expect(air[1]).toBeLessThan(1500);
    }
  });

  it('at 7.5 mm: still one bone, and the hollow cranium is still hollow and connected to the outside', () => {
    const grid = phantomGrid(32);
    for (let index = 0; index < 40; index++) {
      const { mask } = makePhantom({ seed: 41, index, grid, quality: 6 });
      const pieces = componentSizes(mask, 1);
      expect(pieces[0] / pieces.reduce((s, n) => s + n, 0)).toBeGreaterThan(0.99);
      expect(componentSizes(mask, 0)[1] ?? 0).toBeLessThan(40);
      expect(mask.data[16 + 32 * (16 + 32 * 20)]).toBe(0);
    }
  });
});
