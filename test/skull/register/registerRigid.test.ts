import { beforeAll, describe, expect, it } from 'vitest';
import { VolumeError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { meanPhantomParameters } from '../../../src/skull/phantom/parameters.ts';
import { makePhantom, phantomGrid } from '../../../src/skull/phantom/phantom.ts';
import { frankfortFrame, phantomFrankfort } from '../../../src/skull/register/frame.ts';
import { registerRigid } from '../../../src/skull/register/registerRigid.ts';
import { randomRotation } from '../../../src/skull/register/rotations.ts';
import {
  REAL_SKULLS,
  skullTemplate,
  type Template,
  templateCentre,
  templateOf,
} from '../../../src/skull/register/template.ts';
import {
  applyTransform,
  composeTransforms,
  IDENTITY_TRANSFORM,
  invertTransform,
  rotationAngle,
  type Transform,
  transformGrid,
} from '../../../src/skull/register/transform.ts';
import { resampleMask } from '../../../src/volume/resample.ts';
import { centredGrid, IDENTITY, type Mask, type Vec3, voxelToWorld } from '../../../src/volume/volume.ts';
import { maskOf, solid } from './helpers.ts';

function pose(index: number, scale = 1): Transform {
  const stream = new RandomStream(9, 'test/register', index);
  const translation: Vec3 = [stream.between(-50, 50), stream.between(-50, 50), stream.between(-50, 50)];
  return { rotation: randomRotation(stream), translation, scale };
}

const UPSIDE_DOWN: Transform = {
  rotation: [1, 0, 0, 0, -1, 0, 0, 0, -1],
  translation: [50, 50, -50],
  scale: 1,
};

/** mm between what a found transform makes of a posed point and the point itself. */
function shift(found: Transform, posed: Transform, point: Vec3): number {
  const p = applyTransform(found, applyTransform(posed, point));
  return Math.hypot(p[0] - point[0], p[1] - point[1], p[2] - point[2]);
}

describe('registerRigid', () => {
  const template = templateOf(maskOf(solid, IDENTITY_TRANSFORM, 64, 2), IDENTITY_TRANSFORM);

  it('recovers any pose of a solid, upside down among them, to 0.5 degrees and 0.3 mm', () => {
    for (const truth of [UPSIDE_DOWN, pose(0)]) {
      const found = registerRigid(maskOf(solid, truth, 64, 2), template);
      expect(rotationAngle(found.rotation, invertTransform(truth).rotation)).toBeLessThan(0.5);
      expect(shift(found, truth, [0, 0, 0])).toBeLessThan(0.3);
      expect(found.scale).toBe(1);
      expect(found.rms_mm).toBeLessThan(0.5);
      expect(found.overlap.bone).toBeGreaterThan(0.97);
      expect(found.overlap.template).toBeGreaterThan(0.97);
      expect(found.runnerUp).toBeLessThan(0.95);
    }
  });

  it('finds the size too when asked', () => {
    for (const truth of [pose(5, 1.25)]) {
      const found = registerRigid(maskOf(solid, truth, 72, 2), template, { scale: true });
      expect(found.scale * truth.scale).toBeCloseTo(1, 1.7);
      expect(rotationAngle(found.rotation, invertTransform(truth).rotation)).toBeLessThan(0.8);
      expect(shift(found, truth, [0, 0, 0])).toBeLessThan(0.6);
    }
  });

  it('finds a solid of which a third is missing and to which a rod is added', () => {
    const broken = (x: number, y: number, z: number) =>
      (solid(x, y, z) && z < 10) || (Math.hypot(x - 10, y - 10) < 5 && z < 0 && z > -60);
    for (const truth of [pose(7)]) {
      const found = registerRigid(maskOf(broken, truth, 72, 2), template);
      expect(rotationAngle(found.rotation, invertTransform(truth).rotation)).toBeLessThan(2.5);
      expect(shift(found, truth, [0, 0, 0])).toBeLessThan(1.5);
      expect(found.overlap.template).toBeLessThan(0.9);
    }
  });

  it('says when two answers are as good: a ball with two equal arms', () => {
    const twoArms = (x: number, y: number, z: number) =>
      Math.hypot(x, y, z) < 20 || (Math.abs(x) < 45 && Math.abs(y) < 4 && Math.abs(z) < 12);
    const own = templateOf(maskOf(twoArms, IDENTITY_TRANSFORM, 64, 2), IDENTITY_TRANSFORM);
    const found = registerRigid(maskOf(twoArms, pose(9), 64, 2), own);
    expect(found.runnerUp).toBeGreaterThan(0.97);
  });

  it('gives the same numbers each time, and nearly the same from other points', () => {
    const mask = maskOf(solid, pose(10), 48, 3);
    const first = registerRigid(mask, template, { starts: 72 });
    expect(registerRigid(mask, template, { starts: 72 })).toEqual(first);
    const other = registerRigid(mask, template, { starts: 72, seed: 1 });
    expect(rotationAngle(other.rotation, first.rotation)).toBeLessThan(0.3);
  });

  it('refuses a mask without bone', () => {
    const empty: Mask = { ...centredGrid([16, 16, 16], [1, 1, 1]), data: new Uint8Array(4096) };
    expect(() => registerRigid(empty, template)).toThrow(VolumeError);
  });

  it('stands balls and rods without an end or an error', () => {
    for (const shape of [
      (x: number, y: number, z: number) => Math.hypot(x, y, z) < 30,
      (x: number, y: number, z: number) => Math.hypot(x, y) < 5 && Math.abs(z) < 45,
    ]) {
      const { rotation, translation, score } = registerRigid(maskOf(shape, pose(11), 48, 2.5), template, {
        starts: 72,
      });
      expect([...rotation, ...translation, score].every(Number.isFinite)).toBe(true);
    }
  });
});

describe('phantom skulls and the human template', () => {
  let human: Template;
  beforeAll(() => {
    human = skullTemplate(meanPhantomParameters(), 5);
  });

  /** A phantom at a pose, resampled onto a straight grid. */
  function posed(mask: Mask, at: Transform): Mask {
    const there = transformGrid(mask, at);
    const straight = centredGrid([80, 80, 80], [5, 5, 5]);
    const c = at.translation;
    const grid = {
      ...straight,
      direction: IDENTITY,
      origin: straight.origin.map((o, i) => o + c[i]) as unknown as Vec3,
    };
    return resampleMask(there, grid);
  }

  it('has its box around the head, origin between the ears', () => {
    expect(human.low[0]).toBeLessThan(-60);
    expect(human.high[0]).toBeGreaterThan(60);
    expect(human.high[2]).toBeGreaterThan(105);
    const [x, y, z] = templateCentre(human);
    expect(Math.abs(x)).toBeLessThan(1);
    expect(Math.hypot(y, z)).toBeLessThan(30);
  });

  it('puts phantoms of all classes into their Frankfort frame, from any pose, and each always the same way', () => {
    for (const [n, quality] of [6, 2].entries()) {
      const { mask, parameters } = makePhantom({
        seed: 5,
        index: n,
        grid: phantomGrid(48),
        quality: quality as 6 | 2,
      });
      const own = composeTransforms(REAL_SKULLS, frankfortFrame(phantomFrankfort(parameters)));
      const base = registerRigid(mask, human);
      // Shape differs from the mean one: its frame is where the surfaces agree, not where the landmarks are.
      expect(rotationAngle(base.rotation, own.rotation), `class ${quality}`).toBeLessThan(6);
      const porion = applyTransform(base, voxelToWorld(mask, 23.5, 23.5, 23.5));
      const truth = applyTransform(own, voxelToWorld(mask, 23.5, 23.5, 23.5));
      expect(Math.hypot(...porion.map((v, c) => v - truth[c]))).toBeLessThan(10);
      for (const at of [n === 0 ? UPSIDE_DOWN : pose(20)]) {
        const found = composeTransforms(registerRigid(posed(mask, at), human), at);
        expect(rotationAngle(found.rotation, base.rotation), `class ${quality}`).toBeLessThan(1.5);
        expect(
          shift(composeTransforms(invertTransform(base), found), IDENTITY_TRANSFORM, [0, 0, 0]),
        ).toBeLessThan(1.5);
      }
    }
  });
});
