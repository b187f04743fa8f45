import { describe, expect, test } from 'vitest';
import { VolumeError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { checkHeadCt } from '../../../src/skull/segment/checkHeadCt.ts';
import { centredGrid, type Vec3, type Volume } from '../../../src/volume/volume.ts';

/** Shells of air, skin and brain, bone, with the given levels and noise. */
function shells(
  levels: { air: number; tissue: number; bone: number },
  options: { size?: Vec3; spacing?: Vec3; noise?: number; shift?: number } = {},
): Volume<Float32Array> {
  const { size = [64, 64, 64], spacing = [3, 3, 3], noise = 15, shift = 0 } = options;
  const stream = new RandomStream(1, 'test/levels');
  const data = new Float32Array(size[0] * size[1] * size[2]);
  for (let p = 0; p < data.length; p++) {
    const at = [p % size[0], Math.floor(p / size[0]) % size[1], Math.floor(p / (size[0] * size[1]))];
    const r = Math.hypot(...at.map((v, a) => ((v - size[a] / 2) * spacing[a]) / 1));
    const level = r > 80 ? levels.air : r > 70 || r < 62 ? levels.tissue : levels.bone;
    data[p] = level + noise * stream.normal() + shift;
  }
  return { ...centredGrid(size, spacing), data };
}

const HEAD = { air: -1000, tissue: 40, bone: 1100 };

describe('values', () => {
  test('a head in HU is taken, its tissue found', () => {
    const { levels } = checkHeadCt(shells(HEAD));
    expect(levels.offset).toBe(0);
    expect(Math.abs(levels.tissue - 40)).toBeLessThan(8);
    expect(Math.abs(levels.noise - 15)).toBeLessThan(2.5);
  });

  test('a head stored as HU + 1024 is recognised, and said', () => {
    const { levels, step } = checkHeadCt(shells(HEAD, { shift: 1024 }));
    expect(levels.offset).toBe(-1024);
    expect(Math.abs(levels.tissue - 40)).toBeLessThan(8);
    expect(step.note).toContain('HU + 1024');
  });

  test.each([
    ['MR', shells({ air: 10, tissue: 400, bone: 100 })],
    ['MR of a wide range', shells({ air: 20, tissue: 900, bone: 2500 }, { noise: 250 })],
    ['water without bone', shells({ air: -1000, tissue: 0, bone: 0 })],
    ['bone without soft tissue', shells({ air: -1000, tissue: -1000, bone: 1100 })],
    ['no air', shells({ air: 40, tissue: 40, bone: 1100 })],
  ])('%s is refused', (_, volume) => {
    expect(() => checkHeadCt(volume)).toThrow(/not those of a head CT/);
  });

  test('a mask is told to come in as a mask', () => {
    expect(() => checkHeadCt(shells({ air: 0, tissue: 0, bone: 1 }, { noise: 0 }))).toThrow(
      /mask or a map of labels/,
    );
  });

  test('NaN is counted and refused', () => {
    const volume = shells(HEAD);
    volume.data[5] = Number.NaN;
    expect(() => checkHeadCt(volume)).toThrow(/1 voxels that are NaN/);
  });
});

describe('field of view', () => {
  test('26 slices of 4 mm cover too little, whatever their values', () => {
    const volume = shells(HEAD, { size: [64, 64, 26], spacing: [3, 3, 4] });
    expect(() => checkHeadCt(volume)).toThrow(VolumeError);
    expect(() => checkHeadCt(volume)).toThrow(/covers too little: 192 x 192 x 104 mm/);
  });

  test('the short side may be any axis', () => {
    expect(() => checkHeadCt(shells(HEAD, { size: [30, 64, 64] }))).toThrow(/covers too little: 90 x/);
  });

  test('slices of 5 mm are too thick', () => {
    expect(() => checkHeadCt(shells(HEAD, { size: [64, 64, 40], spacing: [3, 3, 5] }))).toThrow(
      /at most 3.5 mm/,
    );
  });
});
