/**
 * Quality classes, as a person who grades real head CT would give them: 6 a complete skull; 5 a few teeth gone; 4 more
 * teeth gone and a hole or two; 3 the field of view cuts off the crown or the chin; 2 it cuts off much, with holes. The
 * shares of the classes are those of the reference data set (209/265/194/195/47 for 2..6).
 */
import type { RandomStream } from '../../random/stream.ts';
import { type Mask, voxelToWorld } from '../../volume/volume.ts';
import { TOOTH_COUNT } from './teeth.ts';

/** 2 truncated or damaged .. 6 complete. */
export type Quality = 2 | 3 | 4 | 5 | 6;

export const QUALITIES: readonly Quality[] = [2, 3, 4, 5, 6];

/** Skulls per class 2..6 in the reference data. */
export const QUALITY_COUNTS: readonly number[] = [209, 265, 194, 195, 47];

/** What is wrong with one skull. Planes and balls are in LPS mm of the centred frame. */
export interface Defects {
  /** 32 flags by the tooth index of `teeth.ts`. */
  teeth: Uint8Array;
  /** Bone above this plane `z = offset + slope y` is outside the field of view; Infinity when complete. */
  crown: { offset: number; slope: number };
  /** The same for bone below. */
  chin: { offset: number; slope: number };
  /** Balls [x, y, z, radius] in which bone is missing. */
  holes: readonly (readonly [number, number, number, number])[];
}

/** Draws a class with the reference shares. */
export function sampleQuality(stream: RandomStream): Quality {
  let u = stream.uniform() * QUALITY_COUNTS.reduce((sum, n) => sum + n, 0);
  for (let i = 0; i < QUALITIES.length; i++) {
    u -= QUALITY_COUNTS[i];
    if (u < 0) return QUALITIES[i];
  }
  return 6;
}

/** Teeth lost and holes drawn for each class: [least, most]. */
const TEETH_LOST: Record<Quality, readonly [number, number]> = {
  2: [6, 24],
  3: [3, 16],
  4: [5, 14],
  5: [1, 5],
  6: [0, 0],
};
const HOLES: Record<Quality, readonly [number, number]> = {
  2: [1, 3],
  3: [0, 1],
  4: [1, 2],
  5: [0, 0],
  6: [0, 0],
};
/** mm cut from the crown or the chin. */
const CUT: Partial<Record<Quality, readonly [number, number]>> = { 2: [30, 70], 3: [12, 35] };

/** The vertical extent of the complete skull in LPS mm, and its half breadth: where defects can be placed. */
export interface Extent {
  top: number;
  bottom: number;
  halfBreadth: number;
  halfLength: number;
}

/** Draws what is wrong with a skull of class `quality`; nothing for class 6. */
export function sampleDefects(quality: Quality, extent: Extent, stream: RandomStream): Defects {
  const between = ([low, high]: readonly [number, number]): number => low + stream.integer(high - low + 1);
  const teeth = new Uint8Array(TOOTH_COUNT).fill(1);
  const order = stream.permutation(TOOTH_COUNT);
  // Back teeth go first: a lost front tooth is put off to the end of the order half of the time.
  const lost = Array.from(order).sort((a, b) => Number(a % 8 < 3) - Number(b % 8 < 3));
  const source = stream.uniform() < 0.5 ? lost : Array.from(order);
  for (let i = 0, n = between(TEETH_LOST[quality]); i < n; i++) teeth[source[i]] = 0;

  const crown = { offset: Infinity, slope: 0 };
  const chin = { offset: -Infinity, slope: 0 };
  const cut = CUT[quality];
  if (cut) {
    const end = stream.uniform();
    const slope = stream.between(-0.25, 0.25);
    if (end < 0.6 || end > 0.92) Object.assign(crown, { offset: extent.top - stream.between(...cut), slope });
    // The chin lies well before the middle: its plane is tilted about there, so that the cut keeps its depth.
    const low = extent.bottom + stream.between(...cut) + slope * 0.9 * extent.halfLength;
    if (end >= 0.6) Object.assign(chin, { offset: low, slope });
  }

  const holes: [number, number, number, number][] = [];
  for (let i = 0, n = between(HOLES[quality]); i < n; i++) {
    // On the upper braincase (about an ellipsoid around z = 0.38 top), anywhere but the face.
    const around = stream.between(-0.25, 1.25) * Math.PI;
    const up = stream.between(0.05, 0.9);
    const flat = Math.sqrt(1 - up * up);
    holes.push([
      extent.halfBreadth * flat * Math.cos(around),
      extent.halfLength * flat * Math.sin(around),
      extent.top * (0.38 + 0.62 * up),
      stream.between(8, 20),
    ]);
  }
  return { teeth, crown, chin, holes };
}

/** Clears the bone that `defects` take away from a voxelised skull, in place (teeth are left out earlier, in the distance). */
export function cutDefects(mask: Mask, defects: Defects): void {
  const { crown, chin, holes } = defects;
  if (crown.offset === Infinity && chin.offset === -Infinity && holes.length === 0) return;
  const [nx, ny, nz] = mask.size;
  for (let k = 0, o = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, o++) {
        if (mask.data[o] === 0) continue;
        const [x, y, z] = voxelToWorld(mask, i, j, k);
        if (z > crown.offset + crown.slope * y || z < chin.offset + chin.slope * y) mask.data[o] = 0;
        for (const [hx, hy, hz, radius] of holes)
          if (Math.hypot(x - hx, y - hy, z - hz) < radius) mask.data[o] = 0;
      }
    }
  }
}
