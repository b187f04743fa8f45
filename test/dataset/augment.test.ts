import { describe, expect, it } from 'vitest';
import { AUGMENT_DEFAULTS, augmentInto, augmentMap } from '../../src/dataset/augment.ts';
import { packBits } from '../../src/dataset/pack.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Vec3 } from '../../src/volume/volume.ts';
import { randomMask } from './helpers.ts';

const NONE = { shift: 0, rotation: 0, scale: 0, flip: false };
const SIZE: Vec3 = [24, 20, 16];

/** A box of 12x10x8 voxels in the middle of the grid, as bits. */
const box = packBits(
  Array.from({ length: 24 * 20 * 16 }, (_, p) => {
    const [i, j, k] = [p % 24, Math.floor(p / 24) % 20, Math.floor(p / 480)];
    return i >= 6 && i < 18 && j >= 5 && j < 15 && k >= 4 && k < 12 ? 1 : 0;
  }),
);

function augmented(bits: Uint8Array, size: Vec3, index: number, options: typeof NONE): Float32Array {
  const out = new Float32Array(size[0] * size[1] * size[2]);
  augmentInto(bits, size, new RandomStream(1, 'augment', index), options, out, 0);
  return out;
}

describe('augment', () => {
  it('of nothing changes nothing', () => {
    const { data, size } = randomMask(0);
    expect([...augmented(packBits(data), size, 3, NONE)]).toEqual([...data].map((v) => (v ? 1 : -1)));
  });

  it('mirrors x exactly, in about half of the draws, and only when asked to', () => {
    const { data, size } = randomMask(0);
    const mirrored = data.map((_, p) => data[p - (p % size[0]) + size[0] - 1 - (p % size[0])]);
    const straight = [...data].map((v) => (v ? 1 : -1)).join();
    const turned = [...mirrored].map((v) => (v ? 1 : -1)).join();
    let flips = 0;
    for (let i = 0; i < 60; i++) {
      const out = augmented(packBits(data), size, i, { ...NONE, flip: true }).join();
      expect([straight, turned]).toContain(out);
      if (out === turned) flips++;
    }
    expect(flips).toBeGreaterThan(15);
    expect(flips).toBeLessThan(45);
  });

  it('keeps within its amounts: the centre of a box moves by the shift, its volume by the scale', () => {
    const options = { shift: 2, rotation: 4, scale: 0.05, flip: false };
    const seen = { shift: 0, volume: 0 };
    for (let i = 0; i < 30; i++) {
      const out = augmented(box, SIZE, i, options);
      const centre = [0, 0, 0];
      let n = 0;
      out.forEach((v, p) => {
        if (v < 0) return;
        n++;
        centre[0] += p % 24;
        centre[1] += Math.floor(p / 24) % 20;
        centre[2] += Math.floor(p / 480);
      });
      const moved = centre.map((c, a) => Math.abs(c / n - [11.5, 9.5, 7.5][a]));
      for (const m of moved) expect(m).toBeLessThan(2.3);
      expect(n / 960).toBeGreaterThan(0.8);
      expect(n / 960).toBeLessThan(1.25);
      seen.shift = Math.max(seen.shift, ...moved);
      seen.volume = Math.max(seen.volume, Math.abs(n / 960 - 1));
    }
    expect(seen.shift).toBeGreaterThan(1);
    expect(seen.volume).toBeGreaterThan(0.05);
  });

  it('draws the same numbers whatever the options: turning one off leaves the others', () => {
    const full = augmentMap(SIZE, new RandomStream(1, 'augment', 7), {
      ...AUGMENT_DEFAULTS,
      rotation: 0,
      scale: 0,
    });
    const all = augmentMap(SIZE, new RandomStream(1, 'augment', 7), AUGMENT_DEFAULTS);
    // Where the target's shifted centre lies, the source is its centre: both maps agree there.
    const shift = [3, 7, 11].map((at) => -full[at]);
    for (let r = 0; r < 3; r++) {
      let source = all[4 * r + 3];
      for (let c = 0; c < 3; c++) source += all[4 * r + c] * ((SIZE[c] - 1) / 2 + shift[c]);
      expect(source).toBeCloseTo((SIZE[r] - 1) / 2, 8);
    }
  });
});
