import { describe, expect, it } from 'vitest';
import { placeLandmarks } from '../../../src/skull/phantom/landmarks.ts';
import {
  meanPhantomParameters,
  type PhantomParameters,
  samplePhantomParameters,
} from '../../../src/skull/phantom/parameters.ts';
import { phantomSignedDistance } from '../../../src/skull/phantom/sdf.ts';

/** The distance in the anatomical frame (origin midway between the ears). */
function anatomical(p: PhantomParameters, options = {}): (x: number, y: number, z: number) => number {
  const [cx, cy, cz] = placeLandmarks(p).centre;
  const f = phantomSignedDistance(p, options);
  return (x, y, z) => f(x - cx, y - cy, z - cz);
}

/** How far from `from` towards `to` the first (`bone`) or last point inside bone lies, by steps of 0.25 mm. */
function surface(f: (t: number) => number, from: number, to: number): number {
  const step = from < to ? 0.25 : -0.25;
  for (let t = from; step > 0 ? t <= to : t >= to; t += step) if (f(t) <= 0) return t;
  return Number.NaN;
}

const mean = meanPhantomParameters();
const people = [mean, ...Array.from({ length: 12 }, (_, i) => samplePhantomParameters(2, i))];

describe('phantomSignedDistance', () => {
  it('has the breadth, length and height that its measurements name', () => {
    for (const p of people) {
      const at = placeLandmarks(p);
      const f = anatomical({ ...p, asymmetry: mean.asymmetry });
      let [side, back, top] = [0, -Infinity, -Infinity];
      for (let y = -40; y <= 60; y += 4)
        for (let z = 10; z <= 90; z += 4) side = Math.max(side, surface((x) => f(x, y, z), 90, 0) || 0);
      for (let z = 0; z <= 70; z += 4) back = Math.max(back, surface((y) => f(0, y, z), 120, 40) || 0);
      for (let y = -40; y <= 50; y += 4) top = Math.max(top, surface((z) => f(0, y, z), 140, 60) || 0);
      expect(Math.abs(2 * side - p.cranialBreadth)).toBeLessThan(7);
      expect(Math.abs(back - at.opisthocranionY)).toBeLessThan(4);
      expect(Math.abs(top - p.auricularHeight)).toBeLessThan(3);
      const front = surface((y) => f(0, y, at.nasionZ + 7), -130, -50);
      expect(Math.abs(front - at.glabellaY)).toBeLessThan(4);
    }
  });

  it('has an inner and an outer table around an empty cranial cavity', () => {
    for (const p of people) {
      const f = anatomical(p);
      for (const [x, y, z] of [
        [0, 0, 60],
        [35, 20, 50],
        [-35, 20, 50],
        [0, -50, 60],
        [0, 50, 40],
        [25, 40, 5],
        [-36, -20, 25],
      ])
        expect(f(x, y, z)).toBeGreaterThan(2);
      // Going up and to either side from the middle: air, one layer of bone of 2.5 to 15 mm, air.
      for (const [dx, dz] of [
        [0, 1],
        [0.6, 0.8],
        [-1, 0],
        [1, 0],
      ]) {
        const along = (t: number): number => f(t * dx, 10, 50 + t * dz);
        const inner = surface(along, 0, 100);
        const outer = surface(along, 120, 0);
        expect(outer - inner).toBeGreaterThan(2.5);
        expect(outer - inner).toBeLessThan(15);
      }
    }
  });

  it('opens the foramen magnum from the cavity downwards', () => {
    for (const p of people) {
      const f = anatomical(p);
      const y = -2 + p.foramenMagnumLength / 2;
      for (let z = 10; z > -70; z -= 1) expect(f(0, y, z)).toBeGreaterThan(0);
      // and bone before, behind and beside it
      expect(surface((t) => f(0, t, -22), y, y - 40)).not.toBeNaN();
      expect(surface((t) => f(t, y, -20), 0, 45)).not.toBeNaN();
    }
  });

  it('has empty orbits that end in bone, and a nasal aperture with bone around it', () => {
    for (const p of people) {
      const at = placeLandmarks(p);
      const f = anatomical({ ...p, asymmetry: mean.asymmetry });
      for (const side of [-1, 1]) {
        for (let y = -120; y <= at.nasionY + 35; y += 1)
          expect(f(side * at.orbitX, y, at.orbitZ)).toBeGreaterThan(0);
        expect(surface((y) => f(side * at.orbitX, y, at.orbitZ), -120, 0)).toBeLessThan(at.nasionY + 72);
        expect(surface((z) => f(side * at.orbitX, at.nasionY + 20, z), at.orbitZ, 60)).not.toBeNaN();
        expect(surface((z) => f(side * at.orbitX, at.nasionY + 20, z), at.orbitZ, -30)).not.toBeNaN();
      }
      const z = at.nasalFloorZ + p.nasalBreadth / 2;
      for (let y = -120; y < at.nasionY + 13; y += 1) expect(f(0, y, z)).toBeGreaterThan(0);
      const edge = surface((x) => f(x, at.nasionY + 9, z), 0, 40);
      expect(Math.abs(2 * edge - p.nasalBreadth)).toBeLessThan(3);
    }
  });

  it('frees the zygomatic arch from the temporal fossa behind it', () => {
    for (const p of people) {
      const at = placeLandmarks(p);
      const f = anatomical({ ...p, asymmetry: mean.asymmetry });
      const outer = surface((x) => f(x, -32, -3.5), 90, 30);
      expect(Math.abs(2 * outer - p.bizygomaticBreadth)).toBeLessThan(3);
      const inner = surface((x) => -f(x, -32, -3.5), outer - 0.5, 30);
      expect(inner).toBeGreaterThan(at.archX - 8);
      let gap = 0;
      for (let x = inner; x > 30 && f(x, -32, -3.5) > 0; x -= 0.25) gap += 0.25;
      expect(gap).toBeGreaterThan(2.5);
    }
  });

  it('is an exact mirror image without asymmetry, and mildly not with it', () => {
    const even = anatomical(mean);
    const odd = anatomical(people[3]);
    let worst = 0;
    let differs = 0;
    for (let y = -100; y < 90; y += 13)
      for (let z = -90; z < 115; z += 11)
        for (let x = 3; x < 70; x += 9) {
          expect(even(-x, y, z)).toBe(even(x, y, z));
          // Far from bone the value is only a bound; near it, it is a distance.
          if (Math.min(Math.abs(odd(x, y, z)), Math.abs(odd(-x, y, z))) > 4) continue;
          const d = Math.abs(odd(-x, y, z) - odd(x, y, z));
          worst = Math.max(worst, d);
          if (d > 0.05) differs++;
        }
    expect(differs).toBeGreaterThan(100);
    expect(worst).toBeLessThan(9);
  });

  it('never has bone thinner than asked: a thick request contains the fine skull outside its holes', () => {
    const fine = anatomical(mean);
    const thick = anatomical(mean, { minimumThickness: 9 });
    // The squama is about 4 mm in truth.
    const wall = (f: typeof fine): number => {
      const outer = surface((x) => f(x, -10, 35), 100, 0);
      return outer - surface((x) => f(x, -10, 35), 0, 100);
    };
    expect(wall(fine)).toBeLessThan(6);
    expect(wall(thick)).toBeGreaterThan(8);
  });
});
