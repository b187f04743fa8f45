/**
 * A phantom skull on a neck of known voxels, in random poses: the neck goes, the skull stays. The neck is an atlas whose
 * joint lies 1 mm under the condyles, and vertebrae to 80 mm below, out to transverse processes.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { placeLandmarks } from '../../../src/skull/phantom/landmarks.ts';
import { meanPhantomParameters } from '../../../src/skull/phantom/parameters.ts';
import { phantomSignedDistance } from '../../../src/skull/phantom/sdf.ts';
import { qualityScore } from '../../../src/skull/quality.ts';
import { randomRotation } from '../../../src/skull/register/rotations.ts';
import { humanTemplate } from '../../../src/skull/register/template.ts';
import { rotationAngle, type Transform, transformGrid } from '../../../src/skull/register/transform.ts';
import { findBraincase } from '../../../src/skull/segment/braincase.ts';
import { headPose } from '../../../src/skull/segment/headPose.ts';
import { cleanMask } from '../../../src/skull/segment/segmentBone.ts';
import { cutNeck, partAt, skullBase } from '../../../src/skull/segment/skullBase.ts';
import { apply3, multiply3, rotationAbout, transpose3 } from '../../../src/volume/geometry.ts';
import { centredGrid, IDENTITY, type Mask, type Vec3, voxelToWorld } from '../../../src/volume/volume.ts';

const SPACING = 3;
const parameters = meanPhantomParameters();
const { centre } = placeLandmarks(parameters);
const skull = phantomSignedDistance(parameters, { minimumThickness: SPACING });

/** Vertebrae in the phantom's anatomical frame, mm: arches and bodies of 16 mm, joints of 3 mm. */
function inNeck(x: number, y: number, z: number): boolean {
  const depth = -29.5 - z;
  if (depth < 0 || depth > 80) return false;
  const level = depth % 19;
  if (level > 16) return false;
  const canal = Math.hypot(x / 1.2, y - 14);
  const arch = canal > 12 && canal < 19;
  const wing = Math.abs(x) < 40 && Math.abs(y - 14) < 5 && canal > 12 && level < 10 && level > 3;
  return arch || wing || Math.hypot(x, y + 5) < 9;
}

interface Head {
  mask: Mask;
  skull: Uint8Array;
  neck: Uint8Array;
}

/** The head turned by `rotation`, voxel by voxel, on a straight grid. */
function head(rotation: Transform['rotation'], size: Vec3 = [90, 90, 90], neckToo = true): Head {
  const grid = centredGrid(size, [SPACING, SPACING, SPACING]);
  const back = transpose3(rotation);
  const n = size[0] * size[1] * size[2];
  const [own, neck, data] = [new Uint8Array(n), new Uint8Array(n), new Uint8Array(n)];
  for (let k = 0, p = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, p++) {
        const [x, y, z] = apply3(back, voxelToWorld(grid, i, j, k));
        own[p] = skull(x, y, z) <= 0 ? 1 : 0;
        if (neckToo && own[p] === 0 && inNeck(x + centre[0], y + centre[1], z + centre[2])) neck[p] = 1;
        data[p] = own[p] | neck[p];
      }
  return { mask: { ...grid, data }, skull: own, neck };
}

const count = (a: Uint8Array): number => a.reduce((n, v) => n + v, 0);
const both = (a: Uint8Array, b: Uint8Array): number => a.reduce((n, v, p) => n + (v & b[p]), 0);

/** What is left of skull and neck, as shares. */
function left({ mask, skull: own, neck }: Head): {
  skull: number;
  neck: number;
  angle: (r: Transform) => number;
} {
  const braincase = findBraincase(mask);
  const pose = headPose(mask, humanTemplate(), braincase)!;
  const { data } = cutNeck(mask, skullBase(pose, braincase)).mask;
  return {
    skull: both(data, own) / count(own),
    neck: both(data, neck) / count(neck),
    angle: (r) => rotationAngle(multiply3(pose.rotation, r.rotation), upright.rotation),
  };
}

let upright: Transform;
beforeAll(() => {
  const { mask } = head(IDENTITY);
  upright = headPose(mask, humanTemplate(), findBraincase(mask))!;
}, 60000);

const stream = new RandomStream(7, 'test/skullBase');
const POSES: [string, Transform['rotation']][] = [
  ['upright', IDENTITY],
  ['tipped by 43 degrees', multiply3(rotationAbout(0, 0.6), rotationAbout(1, 0.5))],
  ['upside down', rotationAbout(0, Math.PI)],
  ['at random', randomRotation(stream)],
];

describe('the neck of a phantom', () => {
  test.each(POSES)('%s: goes, and the skull stays', (_, rotation) => {
    const rest = left(head(rotation));
    expect(rest.skull).toBeGreaterThan(0.99);
    expect(rest.neck).toBeLessThan(0.01);
    expect(rest.angle({ rotation, translation: [0, 0, 0], scale: 1 })).toBeLessThan(1.5);
  });

  test('no neck: nothing but the skull is there, and it stays', () => {
    const bare = head(POSES[1][1], undefined, false);
    const braincase = findBraincase(bare.mask);
    const { mask } = cutNeck(
      bare.mask,
      skullBase(headPose(bare.mask, humanTemplate(), braincase)!, braincase),
    );
    expect(count(mask.data) / count(bare.skull)).toBeGreaterThan(0.99);
  });

  test('a bone that is no skull has no pose', () => {
    const { mask } = head(IDENTITY);
    const ball: Mask = { ...mask, data: new Uint8Array(mask.data.length) };
    const [nx, ny, nz] = mask.size;
    for (let k = 0, p = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++, p++) ball.data[p] = Math.hypot(i - 45, j - 45) < 8 ? 1 : 0;
    expect(headPose(ball, humanTemplate())).toBeUndefined();
  });
});

describe('the regions below the plane', () => {
  const level = -27;
  test.each([
    ['the clivus and the condyles', 0, 0, -15, 'above'],
    ['the occiput behind the foramen, 3 mm below the plane in front', 20, 30, -31, 'above'],
    ['the dens', 0, 5, -35, 'neck'],
    ['the front arch of the atlas', 0, -12, -32, 'neck'],
    ['a transverse process', 40, 8, -35, 'neck'],
    ['a lower vertebra that leans forward', 0, -35, -75, 'neck'],
    ['a shoulder', 120, 20, -120, 'neck'],
    ['a ramus', 45, -15, -50, 'face'],
    ['the chin', 0, -70, -105, 'face'],
    ['the hook of the pterygoid', 15, -30, -30, 'face'],
    ['a mastoid tip', 52, 10, -34, 'face'],
    ['a styloid process', 34, -4, -36, 'face'],
  ] as const)('%s', (_, x, y, z, part) => {
    expect(partAt(x, y, z, level)).toBe(part);
    expect(partAt(-x, y, z, level)).toBe(part);
  });
});

describe('quality facts of an oblique head', () => {
  test('a crown cut off is the top of the head, wherever the face of the field of view looks', () => {
    // Cut by the last 20 mm along each axis in turn; the head lies so that its crown is there, but for 25 degrees.
    const tip = rotationAbout(0, (25 * Math.PI) / 180);
    for (const turn of [rotationAbout(0, -Math.PI / 2), rotationAbout(1, Math.PI / 2)]) {
      const whole = head(multiply3(turn, tip), undefined, false);
      const up = apply3(multiply3(turn, tip), [0, 0, 1]);
      const axis = up.map(Math.abs).indexOf(Math.max(...up.map(Math.abs)));
      const cropped = crop(whole.mask, axis, up[axis] > 0, 20);
      const { facts, base } = cleanMask(cropped);
      expect(base).toBeDefined();
      expect(facts.faces!.map((f) => [f.side, f.vault])).toEqual([['top', true]]);
      expect(facts.vaultCutShare).toBeGreaterThan(0.02);
      expect(qualityScore(facts).score).toBeLessThanOrEqual(3);
    }
  });

  test('the header may turn the patient as it likes: the same facts', () => {
    const { mask } = head(IDENTITY, undefined, false);
    const cropped = crop(mask, 2, true, 20);
    const facts = cleanMask(cropped).facts;
    const turned = transformGrid(cropped, { rotation: POSES[3][1], translation: [5, 6, 7], scale: 1 });
    const other = cleanMask(turned).facts;
    expect(other.faces!.map((f) => [f.side, f.vault])).toEqual(facts.faces!.map((f) => [f.side, f.vault]));
    expect(other.faces![0].area_mm2).toBe(facts.faces![0].area_mm2);
    expect(other.vaultCutShare!).toBeCloseTo(facts.vaultCutShare!, 2);
  });
});

/** The mask without what lies within `mm` of its bone's end along an axis. */
function crop(mask: Mask, axis: number, end: boolean, mm: number): Mask {
  const { size, data } = mask;
  const at = (p: number): number =>
    [p % size[0], Math.floor(p / size[0]) % size[1], Math.floor(p / (size[0] * size[1]))][axis];
  let [low, high] = [size[axis], -1];
  data.forEach((v, p) => {
    if (v === 0) return;
    low = Math.min(low, at(p));
    high = Math.max(high, at(p));
  });
  const steps = Math.round(mm / SPACING);
  const [from, to] = end ? [0, high + 1 - steps] : [low + steps, size[axis]];
  const small = size.map((n, a) => (a === axis ? to - from : n)) as unknown as Vec3;
  const first = [0, 0, 0].map((_, a) => (a === axis ? from : 0)) as [number, number, number];
  return {
    ...mask,
    size: small,
    origin: voxelToWorld(mask, ...first),
    data: data.filter((_, p) => at(p) >= from && at(p) < to),
  };
}
