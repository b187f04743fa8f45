import { describe, expect, it } from 'vitest';
import { alignedFrame, alignReference } from '../../src/skull/align.ts';
import { toFrame } from '../../src/skull/orient.ts';
import { determinant3, multiply3, transpose3 } from '../../src/volume/geometry.ts';
import { IDENTITY, type Mask, type Mat3, voxelToWorld } from '../../src/volume/volume.ts';
import { dice, shapeMask, TURNS } from './helpers.ts';

/** Angle between two rotations, degrees. */
function angle(a: Mat3, b: Mat3): number {
  const r = multiply3(transpose3(a), b);
  return (Math.acos(Math.min(1, (r[0] + r[4] + r[8] - 1) / 2)) * 180) / Math.PI;
}

/** The mask without what lies beyond y = 8 mm of the bone's own axes, and with a rod hanging from it: other ends. */
function damaged(mask: Mask, turn: Mat3): Mask {
  const inverse = transpose3(turn);
  const data = Uint8Array.from(mask.data);
  let p = 0;
  for (let k = 0; k < mask.size[2]; k++)
    for (let j = 0; j < mask.size[1]; j++)
      for (let i = 0; i < mask.size[0]; i++, p++) {
        const w = voxelToWorld(mask, i, j, k);
        const [x, y, z] = [0, 3, 6].map(
          (r) => inverse[r] * w[0] + inverse[r + 1] * w[1] + inverse[r + 2] * w[2],
        );
        if (y > 8) data[p] = 0;
        if (Math.abs(x) < 2.5 && Math.abs(y - 5) < 2.5 && z < -8 && z > -26) data[p] = 1;
      }
  return { ...mask, data };
}

describe('alignedFrame', () => {
  const reference = shapeMask(IDENTITY, [0, 0, 0], 1);

  it('recovers large turns from principal axes to 2 degrees', () => {
    const ready = alignReference(reference, 'principal');
    const expected = toFrame(reference, ready.frame, [64, 64, 64], 1).data;
    for (const turn of TURNS) {
      const mask = shapeMask(turn, [15, -5, 8], 1);
      const frame = alignedFrame(mask, ready);
      expect(determinant3(frame.axes)).toBeCloseTo(1, 8);
      expect(angle(frame.axes, multiply3(turn, ready.frame.axes))).toBeLessThan(2);
      expect(dice(toFrame(mask, frame, [64, 64, 64], 1).data, expected)).toBeGreaterThan(0.93);
    }
  });

  it('mends the sign that a missing end and a hanging neck get wrong', () => {
    const ready = alignReference(reference, 'principal');
    for (const turn of TURNS.slice(0, 3)) {
      const mask = damaged(shapeMask(turn, [0, 0, 0], 1), turn);
      expect(angle(alignedFrame(mask, ready).axes, multiply3(turn, ready.frame.axes))).toBeLessThan(6);
    }
  });

  it('straightens a tilted head from the patient frame', () => {
    const ready = alignReference(reference, 'patient');
    const tilt: Mat3 = [1, 0, 0, 0, Math.cos(0.3), -Math.sin(0.3), 0, Math.sin(0.3), Math.cos(0.3)];
    const mask = shapeMask(tilt, [5, 5, 5], 1);
    const frame = alignedFrame(mask, ready);
    expect(angle(frame.axes, tilt)).toBeLessThan(2);
  });
});
