import { describe, expect, it } from 'vitest';
import { VolumeError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import type { Markups } from '../../../src/skull/landmarks.ts';
import { meanPhantomParameters } from '../../../src/skull/phantom/parameters.ts';
import {
  type FrankfortPoints,
  frameFromLandmarks,
  frankfortFrame,
  phantomFrankfort,
} from '../../../src/skull/register/frame.ts';
import { randomRotation } from '../../../src/skull/register/rotations.ts';
import {
  applyTransform,
  composeTransforms,
  rotationAngle,
  type Transform,
} from '../../../src/skull/register/transform.ts';
import { IDENTITY, type Vec3 } from '../../../src/volume/volume.ts';

/** A head that already lies in the frame. */
const HEAD: Required<FrankfortPoints> = {
  porionLeft: [60, 0, 0],
  porionRight: [-60, 0, 0],
  orbitaleLeft: [31, -80, 0],
  orbitaleRight: [-31, -80, 0],
  nasion: [0, -92, 27],
};
const stream = new RandomStream(8, 'test/frame');
const pose: Transform = { rotation: randomRotation(stream), translation: [40, -9, 300], scale: 1 };
const moved = Object.fromEntries(
  Object.entries(HEAD).map(([k, p]) => [k, applyTransform(pose, p)]),
) as unknown as Required<FrankfortPoints>;

const markups = (names: Record<string, Vec3>): Markups => ({
  name: 'head.mrk.json',
  points: Object.entries(names).map(([label, position]) => ({ label, position })),
});

describe('frankfortFrame', () => {
  it('brings a head that lies askew back, whichever orbitale is given', () => {
    for (const points of [
      moved,
      { ...moved, orbitaleLeft: undefined },
      { ...moved, orbitaleRight: undefined, nasion: undefined },
    ]) {
      const back = composeTransforms(frankfortFrame(points), pose);
      expect(rotationAngle(back.rotation, IDENTITY)).toBeLessThan(1e-5);
      expect(Math.hypot(...back.translation)).toBeLessThan(1e-9);
    }
  });

  it('puts the nasion before, above and in the middle', () => {
    const [x, y, z] = applyTransform(frankfortFrame(moved), moved.nasion);
    expect(x).toBeCloseTo(0, 9);
    expect(y).toBeCloseTo(-92, 9);
    expect(z).toBeCloseTo(27, 9);
  });

  it('is, for the phantom, the frame that it was built in', () => {
    const points = phantomFrankfort(meanPhantomParameters());
    const frame = frankfortFrame(points);
    expect(rotationAngle(frame.rotation, IDENTITY)).toBeLessThan(1e-9);
    const nasion = applyTransform(frame, points.nasion);
    expect(nasion[2]).toBeGreaterThan(20);
    expect(nasion[1]).toBeLessThan(-70);
  });

  it('refuses left and right exchanged, by the nasion or by the orbitalia alone', () => {
    const { porionLeft, porionRight } = moved;
    const turned = { ...moved, porionLeft: porionRight, porionRight: porionLeft };
    expect(() => frankfortFrame(turned)).toThrow(/left and right/);
    expect(() => frankfortFrame({ ...turned, nasion: undefined })).toThrow(/left and right/);
    expect(() => frankfortFrame({ ...turned, orbitaleRight: undefined, nasion: undefined })).toThrow(
      VolumeError,
    );
  });

  it('refuses points that span no plane', () => {
    expect(() => frankfortFrame({ ...HEAD, porionRight: HEAD.porionLeft })).toThrow(/one place/);
    expect(() => frankfortFrame({ porionLeft: [60, 0, 0], porionRight: [-60, 0, 0] })).toThrow(/orbitale/);
    const line: FrankfortPoints = {
      porionLeft: [60, 0, 0],
      porionRight: [-60, 0, 0],
      orbitaleLeft: [30, 0, 0],
    };
    expect(() => frankfortFrame(line)).toThrow(/line through the porions/);
  });
});

describe('frameFromLandmarks', () => {
  it('reads the points by their names', () => {
    const frame = frameFromLandmarks(
      markups({
        'Po-L': moved.porionLeft,
        'Po-R': moved.porionRight,
        Or_L: moved.orbitaleLeft,
        lambda: [0, 0, 0],
      }),
    );
    expect(rotationAngle(frame.rotation, frankfortFrame(moved).rotation)).toBeLessThan(1e-5);
  });

  it('names what is missing, and what is there', () => {
    const file = markups({ porion_R: [0, 0, 0], nasion: [1, 2, 3] });
    expect(() => frameFromLandmarks(file)).toThrow(VolumeError);
    expect(() => frameFromLandmarks(file)).toThrow(/head\.mrk\.json has no left porion, no orbitale/);
    expect(() => frameFromLandmarks(file)).toThrow(/porion_R, nasion/);
  });
});
