import { describe, expect, it } from 'vitest';
import { meanPhantomParameters, samplePhantomParameters } from '../../../src/skull/phantom/parameters.ts';
import { phantomGrid } from '../../../src/skull/phantom/phantom.ts';
import { phantomSignedDistance } from '../../../src/skull/phantom/sdf.ts';
import { voxeliseDistance, voxelisePhantom } from '../../../src/skull/phantom/voxelise.ts';
import { type Grid, voxelToWorld } from '../../../src/volume/volume.ts';

describe('voxeliseDistance', () => {
  it('fills a ball as brute force does, on a grid that is neither cubic nor upright', () => {
    const c = Math.SQRT1_2;
    const grid: Grid = {
      size: [13, 9, 10],
      spacing: [1, 1.5, 2],
      origin: [-3, 2, -9],
      direction: [c, -c, 0, c, c, 0, 0, 0, 1],
    };
    const ball = (x: number, y: number, z: number): number => Math.hypot(x + 4, y - 9, z) - 4.2;
    const mask = voxeliseDistance(ball, grid);
    let bone = 0;
    for (let k = 0, o = 0; k < 10; k++)
      for (let j = 0; j < 9; j++)
        for (let i = 0; i < 13; i++, o++) {
          const inside = ball(...voxelToWorld(grid, i, j, k)) <= 0 ? 1 : 0;
          bone += inside;
          expect(mask.data[o]).toBe(inside);
        }
    expect(bone).toBeGreaterThan(50);
  });
});

describe('voxelisePhantom', () => {
  it.each([32, 64])('skips only blocks that hold no surface: equal to brute force at %i^3', (n) => {
    const grid = phantomGrid(n);
    const p = samplePhantomParameters(9, n);
    const spacing = grid.spacing[0];
    const distance = phantomSignedDistance(p, { minimumThickness: 1.2 * spacing, jointGap: 0 });
    const mask = voxelisePhantom(p, grid);
    let different = 0;
    for (let k = 0, o = 0; k < n; k++)
      for (let j = 0; j < n; j++)
        for (let i = 0; i < n; i++, o++) {
          const inside = distance(...voxelToWorld(grid, i, j, k)) <= 0 ? 1 : 0;
          if (inside !== mask.data[o]) different++;
        }
    expect(different).toBe(0);
  });

  it('keeps the zygomatic arch whole where it is thinner than a voxel', () => {
    const p = meanPhantomParameters();
    const grid = phantomGrid(32);
    const { data } = voxelisePhantom(p, grid);
    // Each coronal plane across the arch (anatomical y -45 .. -20) has bone at the arch's place, |x| > 56, z < 12.
    for (let j = 0; j < 32; j++) {
      const y = (j - 15.5) * 7.5 - 7;
      if (y < -45 || y > -20) continue;
      let found = 0;
      for (let k = 0; k < 32; k++)
        for (let i = 0; i < 32; i++) {
          const [x, z] = [(i - 15.5) * 7.5, (k - 15.5) * 7.5 + 12];
          if (x > 54 && z < 12 && z > -25) found += data[i + 32 * (j + 32 * k)];
        }
      expect(found).toBeGreaterThan(0);
    }
  });

  it('leaves out the teeth that are gone', () => {
    const p = meanPhantomParameters();
    const grid = phantomGrid(96);
    const sum = (teeth?: Uint8Array): number =>
      voxelisePhantom(p, grid, teeth).data.reduce((s: number, v) => s + v, 0);
    const full = sum();
    const none = sum(new Uint8Array(32));
    const cm3 = ((full - none) * 2.5 ** 3) / 1000;
    expect(cm3).toBeGreaterThan(5);
    expect(cm3).toBeLessThan(40);
  });
});
