/** Training examples: a pure function of seed and step, and what they show is where they say that it is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Affine, applyAffine, mirroring } from '../../../src/aligner/mirror.ts';
import { exampleSpace, fillBatch } from '../../../src/downstream/align/train.ts';
import { poseBone } from '../../../src/downstream/align/trainCalibrate.ts';
import {
  bonePoints,
  drawCuts,
  drawTurn,
  fillExample,
  type TrainingBone,
  trainingBone,
} from '../../../src/downstream/align/trainExample.ts';
import { mirrorPlane } from '../../../src/downstream/align/trainMirror.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { rotationAngle, transformGrid } from '../../../src/skull/register/transform.ts';
import { apply3, determinant3 } from '../../../src/volume/geometry.ts';
import { resampleMask } from '../../../src/volume/resample.ts';
import { IDENTITY, type Mask, type Mat3, type Vec3 } from '../../../src/volume/volume.ts';
import { airplanes, tinyAligner } from './helpers.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-example-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const grid = { side: 24, cubeMm: 130 };
const config = tinyAligner('model.side=24');
const plain = {
  ...config,
  disturb: { ...config.disturb, truncate: 0, holes: 0, scale: 0, stretch: 0, blur: 0, threshold: 0 },
};

let masks: Mask[];
let bones: TrainingBone[];
beforeAll(() => {
  const set = airplanes(join(root, 'data'), 6, 2);
  masks = set.cases.map((c) => set.loadMask(c));
  bones = masks.map((mask) => trainingBone(mask, grid));
});

/** One example, and where each cube voxel with bone lies in the canonical frame. */
function example(index: number, settings: typeof plain, mirror?: Affine) {
  const space = exampleSpace(1, grid.side);
  const stream = new RandomStream(1, 'test/example', index);
  fillExample(bones[0], stream, settings, { grid, ...(mirror && { mirror }) }, space, 0);
  const rotation = [...space.rotations] as unknown as Mat3;
  const centre = [...space.centres].map((v) => (v * grid.cubeMm) / 2) as unknown as Vec3;
  return { cube: space.cubes, rotation, centre };
}

/** Calls `see` with every cube voxel's place from the centre, mm, and its value. */
function voxels(cube: Float32Array, see: (u: Vec3, v: number) => void): void {
  const { side, cubeMm } = grid;
  const at = (i: number) => (i - (side - 1) / 2) * (cubeMm / side);
  for (let p = 0; p < cube.length; p++)
    see([at(p % side), at(Math.floor(p / side) % side), at(Math.floor(p / side / side))], cube[p]);
}

/** Whether the airplane, or its mirror image, has bone at a place, by its mask. */
function boneAt(mask: Mask, at: Vec3): number {
  const [i, j, k] = at.map((v, c) => Math.round((v - mask.origin[c]) / mask.spacing[c]));
  const [nx, ny, nz] = mask.size;
  if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) return 0;
  return mask.data[i + nx * (j + ny * k)];
}

describe('an example', () => {
  test('shows the bone where its turn and centre say; mirrored, its mirror image', () => {
    const mirror = mirroring({ normal: [1, 0, 0], offset: 8 });
    let [plainOnes, mirrored] = [0, 0];
    for (let i = 0; i < 8; i++) {
      const { cube, rotation, centre } = example(i, plain, mirror);
      expect(determinant3(rotation)).toBeCloseTo(1, 5);
      const agreement = (image: (y: Vec3) => Vec3) => {
        let [right, count] = [0, 0];
        voxels(cube, (u, v) => {
          if (v < 0.6) return;
          const [x, y, z] = apply3(rotation, u);
          count++;
          right += boneAt(masks[0], image([x + centre[0], y + centre[1], z + centre[2]]));
        });
        return right / count;
      };
      const [own, other] = [agreement((y) => y), agreement((y) => applyAffine(mirror, y))];
      expect(Math.max(own, other)).toBeGreaterThan(0.95);
      expect(Math.min(own, other)).toBeLessThan(0.75);
      if (own > other) plainOnes++;
      else mirrored++;
    }
    expect(Math.min(plainOnes, mirrored)).toBeGreaterThan(0);
  });

  test('is centred on what is left of the bone, however it was cut', () => {
    const cutting = { ...plain, disturb: { ...plain.disturb, truncate: 1, holes: 3 } };
    let moved = 0;
    for (let i = 0; i < 12; i++) {
      const { cube, centre } = example(i, cutting);
      const sum = [0, 0, 0, 0];
      voxels(cube, (u, v) => {
        for (let c = 0; c < 3; c++) sum[c] += u[c] * v;
        sum[3] += v;
      });
      for (let c = 0; c < 3; c++) expect(Math.abs(sum[c] / sum[3])).toBeLessThan(1.5);
      moved = Math.max(moved, Math.hypot(...centre.map((v, c) => v - bones[0].soft.centroid[c])));
    }
    expect(moved).toBeGreaterThan(5);
  });

  test('is a pure function of seed and step; steps, rows and seeds differ', () => {
    const at = (step: number, seed = 1) => {
      const space = exampleSpace(config.batch, grid.side);
      fillBatch([bones, bones.slice(0, 2)], { ...config, seed }, { grid }, step, space);
      return space;
    };
    expect(at(4)).toEqual(at(4));
    const all = [at(4), at(5), at(4, 2)].flatMap(({ rotations }) =>
      Array.from({ length: config.batch }, (_, i) => rotations.slice(9 * i, 9 * i + 9).join()),
    );
    expect(new Set(all).size).toBe(3 * config.batch);
    expect(at(4).cubes.every((v) => v >= -1e-6 && v <= 1 + 1e-6)).toBe(true);
  });
});

test('turns: of each kind as many as asked for, the small ones mostly small', () => {
  const { poses } = config;
  const angles = Array.from({ length: 2000 }, (_, i) =>
    rotationAngle(drawTurn(new RandomStream(3, 'test/turn', i), poses), IDENTITY),
  );
  const share = (least: number, most: number) => angles.filter((a) => a >= least && a < most).length / 2000;
  // nearShare sqrt(7.5 / 30), and what of the middle and of all rotations lies there.
  const middle = (7.5 / poses.middle) ** 3 * poses.middleShare;
  expect(share(0, 7.5)).toBeCloseTo(poses.nearShare / 2 + middle, 1);
  const any = 1 - poses.nearShare - poses.middleShare;
  const rad = (poses.middle * Math.PI) / 180;
  expect(share(poses.middle, 181)).toBeCloseTo(any * (1 - (rad - Math.sin(rad)) / Math.PI), 1);
});

test('cuts leave enough of a bone, and planes take no more than asked for', () => {
  const { points, reach } = bonePoints(masks[0]);
  const count = points.length / 3;
  const left = (index: number, options: object) => {
    const cuts = drawCuts(points, reach, new RandomStream(5, 'test/cuts', index), {
      ...config.disturb,
      ...options,
    });
    let n = 0;
    for (let p = 0; p < points.length; p += 3)
      if (cuts.every((cut) => cut(points[p], points[p + 1], points[p + 2]) <= 0)) n++;
    return n / count;
  };
  const planes = Array.from({ length: 60 }, (_, i) => left(i, { truncate: 1, holes: 0, truncateMost: 0.3 }));
  expect(Math.min(...planes)).toBeGreaterThan(0.5);
  expect(Math.min(...planes)).toBeLessThan(0.8);
  const wild = Array.from({ length: 60 }, (_, i) => left(i, { truncate: 1, holes: 8, holeSize: 0.6 }));
  expect(Math.min(...wild)).toBeGreaterThanOrEqual(0.4);
  expect(left(0, { truncate: 0, holes: 0 })).toBe(1);
});

test('the common plane of symmetry: where it was built, tilted or not; none of a bone without one', () => {
  const found = mirrorPlane(bones)!;
  expect(found.normal[0]).toBeGreaterThan(0.999);
  expect(found.offset).toBeCloseTo(2, 0);
  const pose = {
    rotation: [0.995, -0.0998, 0, 0.0998, 0.995, 0, 0, 0, 1] as unknown as Mat3,
    translation: [0, 0, 0] as const,
    scale: 1,
  };
  const upright = masks[0];
  const tilted = masks.map((mask) => trainingBone(resampleMask(transformGrid(mask, pose), upright), grid));
  const { normal } = mirrorPlane(tilted)!;
  // Bars drawn in voxels of 4 mm have the tilt to about a degree.
  expect(Math.abs((Math.asin(normal[1]) * 180) / Math.PI - 5.7)).toBeLessThan(1.3);
  // Three bars that do not meet, each along another axis: a screw, which no mirror shows as it is.
  const screw = masks[0].data.map((_, p) => {
    const [i, j, k] = [p % 24, Math.floor(p / 24) % 24, Math.floor(p / 576)];
    const bar = (a: number, b: number) => Math.abs(a) < 3 && Math.abs(b) < 3;
    return bar(j - 3, k - 12) || bar(k - 3, i - 20) || bar(i - 3, j - 20) ? 1 : 0;
  });
  const one = [trainingBone({ ...masks[0], data: screw }, grid)];
  expect(mirrorPlane(one)).toBeUndefined();
});

test('a posed bone lies in its truth: laid back, it covers the canonical one', () => {
  const disturb = { ...config.disturb, truncate: 0, holes: 0 };
  for (let i = 0; i < 3; i++) {
    const { mask, truth } = poseBone(masks[0], new RandomStream(1, 'test/pose', i), disturb);
    expect(mask.direction).toEqual(IDENTITY);
    const back = resampleMask(transformGrid(mask, truth), masks[0]).data;
    let [both, all] = [0, 0];
    back.forEach((v, p) => {
      both += v * masks[0].data[p];
      all += v + masks[0].data[p];
    });
    expect((2 * both) / all).toBeGreaterThan(0.85);
  }
});
