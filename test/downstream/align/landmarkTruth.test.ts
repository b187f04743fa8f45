import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import {
  datasetConsensus,
  landmarkConsensus,
  type Specimen,
  shareOnBone,
  testLandmarks,
} from '../../../src/downstream/align/landmarkTruth.ts';
import type { AlignMethod } from '../../../src/downstream/align/method.ts';
import { drawPose } from '../../../src/downstream/align/poses.ts';
import { landmarkTable } from '../../../src/downstream/align/table.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { alignedFrame, alignReference } from '../../../src/skull/align.ts';
import { boneMask } from '../../../src/skull/bone-mask.ts';
import { readMarkups } from '../../../src/skull/landmarks.ts';
import { cropToBone } from '../../../src/skull/orient.ts';
import { fromQuaternion } from '../../../src/skull/register/rotations.ts';
import {
  applyTransform,
  frameTransform,
  invertTransform,
  rotationAngle,
  type Transform,
} from '../../../src/skull/register/transform.ts';
import { largestComponents } from '../../../src/volume/components.ts';
import { readVolume } from '../../../src/volume/io/index.ts';
import type { Vec3 } from '../../../src/volume/volume.ts';
import { oddBone } from './bones.ts';

const stream = (index: number) => new RandomStream(8, 'test/pose', index);
const moved = (points: readonly Vec3[], t: Transform): Vec3[] => points.map((p) => applyTransform(t, p));
const distance = (a: Vec3, b: Vec3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

const shape: Vec3[] = Array.from({ length: 12 }, (_, l): Vec3 => {
  const s = stream(1000 + l);
  return [20 * s.normal(), 12 * s.normal(), 6 * s.normal()];
});

/** Copies of the shape, noisy by `noise` mm, each in a pose of its own. */
const copies = (n: number, noise: number) =>
  Array.from({ length: n }, (_, i) => {
    const s = stream(i);
    const pose = drawPose(s, { kind: 'any' });
    const own = shape.map(
      (p): Vec3 => [p[0] + noise * s.normal(), p[1] + noise * s.normal(), p[2] + noise * s.normal()],
    );
    return { pose, points: moved(own, pose) };
  });

/** The rotation that fits `from` to `to` by Horn's quaternion (1987): another way than the SVD of fit.ts. */
function horn(from: readonly Vec3[], to: readonly Vec3[]) {
  const centred = (points: readonly Vec3[]) => {
    const m = [0, 1, 2].map((c) => points.reduce((s, p) => s + p[c], 0) / points.length);
    return points.map((p) => p.map((x, c) => x - m[c]));
  };
  const [a, b] = [centred(from), centred(to)];
  const s = (r: number, c: number) => a.reduce((sum, p, l) => sum + p[r] * b[l][c], 0);
  const n = new Matrix([
    [s(0, 0) + s(1, 1) + s(2, 2), s(1, 2) - s(2, 1), s(2, 0) - s(0, 2), s(0, 1) - s(1, 0)],
    [s(1, 2) - s(2, 1), s(0, 0) - s(1, 1) - s(2, 2), s(0, 1) + s(1, 0), s(2, 0) + s(0, 2)],
    [s(2, 0) - s(0, 2), s(0, 1) + s(1, 0), s(1, 1) - s(0, 0) - s(2, 2), s(1, 2) + s(2, 1)],
    [s(0, 1) - s(1, 0), s(2, 0) + s(0, 2), s(1, 2) + s(2, 1), s(2, 2) - s(0, 0) - s(1, 1)],
  ]);
  const eigen = new EigenvalueDecomposition(n, { assumeSymmetric: true });
  const largest = eigen.realEigenvalues.indexOf(Math.max(...eigen.realEigenvalues));
  const [w, x, y, z] = [0, 1, 2, 3].map((r) => eigen.eigenvectorMatrix.get(r, largest));
  return fromQuaternion(x, y, z, w);
}

describe('landmarkConsensus', () => {
  it('of exact copies is the shape, and the moves undo the poses', () => {
    const set = copies(6, 0);
    const { mean, moves } = landmarkConsensus(set.map((c) => c.points));
    // In the frame of the first.
    set[0].points.forEach((p, l) => {
      expect(distance(mean[l], p)).toBeLessThan(1e-9);
    });
    set.forEach(({ points }, i) => {
      expect(Math.max(...moved(points, moves[i]).map((p, l) => distance(p, mean[l])))).toBeLessThan(1e-9);
    });
  });

  it('is a fixed point: each move is the best fit to the mean (by another algorithm), the mean is of what was moved', () => {
    const set = copies(9, 1.5);
    const { mean, moves, rounds } = landmarkConsensus(set.map((c) => c.points));
    expect(rounds).toBeLessThan(60);
    set.forEach(({ points }, i) => {
      expect(rotationAngle(moves[i].rotation, horn(points, mean))).toBeLessThan(1e-4);
    });
    mean.forEach((m, l) => {
      const there = set.map(({ points }, i) => applyTransform(moves[i], points[l]));
      const centre = [0, 1, 2].map(
        (c) => there.reduce((s, p) => s + p[c], 0) / there.length,
      ) as unknown as Vec3;
      expect(distance(centre, m)).toBeLessThan(1e-5);
    });
  });

  it('refuses none, and lists that differ in number', () => {
    expect(() => landmarkConsensus([])).toThrow('no configuration');
    expect(() => landmarkConsensus([shape, shape.slice(1)])).toThrow('11 and 12 landmarks');
  });
});

const specimen = (i: number, noise: number, off?: Transform): Specimen => {
  const { pose, points } = copies(i + 1, noise)[i];
  const stored = invertTransform(pose);
  return {
    id: `s${i}`,
    subject: `s${i}`,
    mask: oddBone(),
    landmarks: points,
    stored:
      off === undefined
        ? stored
        : {
            ...stored,
            translation: stored.translation.map((t, c) => t + off.translation[c]) as unknown as Vec3,
          },
  };
};

describe('testLandmarks', () => {
  const train = [0, 1, 2, 3, 4].map((i) => specimen(i, 0));

  it('the consensus lies where the dataset has its bones', () => {
    datasetConsensus(train).forEach((p, l) => {
      expect(distance(p, shape[l])).toBeLessThan(1e-6);
    });
  });

  it('a dataset that lies right has no error; one shifted by (3, 0, 4) is 5 mm off; a method that refuses has failed', async () => {
    const refuses: AlignMethod = {
      name: 'lost',
      words: 'never finds anything',
      align: async () => {
        const { VolumeError } = await import('../../../src/errors.ts');
        throw new VolumeError({ found: 'lost', expected: '', todo: '' });
      },
    };
    const off = { translation: [3, 0, 4] as Vec3 } as Transform;
    const test = [5, 6, 7].map((i) => specimen(i, 0, i === 5 ? undefined : off));
    const result = await testLandmarks({ data: 'made', train, test, methods: [refuses] });
    const rows = result.rows.filter((r) => r.method === 'dataset');
    expect(rows[0].error?.treMm).toBeLessThan(1e-6);
    expect(rows[1].error?.treMm).toBeCloseTo(5, 6);
    expect(rows[1].error?.translationMm).toBeCloseTo(5, 6);
    expect(rows[1].error?.rotationDeg).toBeLessThan(1e-4);
    expect(rows[1].consensusMm).toBeCloseTo(5, 6);
    const lost = result.groups.find((g) => g.method === 'lost');
    expect([lost?.summary.failed.value, lost?.consensusMm]).toEqual([1, null]);
    expect(landmarkTable(result)).not.toMatch(/NaN|undefined|null/);
  });

  it('refuses too few bones', async () => {
    const one = { data: '', methods: [], test: [train[0]] };
    await expect(testLandmarks({ ...one, train: train.slice(0, 2) })).rejects.toThrow('2 training bones');
    await expect(testLandmarks({ ...one, train, test: [] })).rejects.toThrow('no held-out bone');
  });
});

const MICE = join(import.meta.dirname, '../../../../shared/data/mouse_skull_microct_GPL-3');
const absent = !existsSync(MICE);
if (absent && process.env.CI === 'true') throw new Error(`real data missing: ${MICE}`);

describe.skipIf(absent)(absent ? `mouse landmarks (skipped: ${MICE} missing)` : 'mouse landmarks', () => {
  const skull = async (name: string) => {
    const path = join(MICE, 'targets', `${name}.nii.gz`);
    const mask = cropToBone(boneMask(await readVolume(path), path, { threshold: 'otsu' }));
    return cropToBone({ ...mask, data: largestComponents(mask.data, mask.size) });
  };
  const points = (name: string) =>
    readMarkups(join(MICE, 'target_LMs', `${name}.mrk.json`)).points.map((p) => p.position);

  it('shape matching lies within 3 degrees and 0.5 mm of what landmarks say; landmarks of another space are told', async () => {
    const names = ['AKR_J_', 'CAST_EIJ_', 'C57L_J_', 'TALLYHO_JNGJ_', 'SJL_J_'];
    const masks = await Promise.all(names.map(skull));
    const reference = alignReference(masks[3], 'principal');
    const specimens = names.map(
      (id, i): Specimen => ({
        id,
        subject: id,
        mask: masks[i],
        landmarks: points(id),
        stored: frameTransform(alignedFrame(masks[i], reference)),
      }),
    );
    for (const s of specimens) expect(shareOnBone(s.mask, s.landmarks)).toBeGreaterThan(0.98);
    expect(shareOnBone(masks[0], points('LG.J_'))).toBe(0);
    const result = await testLandmarks({
      data: 'mice',
      train: specimens.slice(0, 4),
      test: specimens.slice(4),
      methods: [],
    });
    const dataset = result.rows.find((r) => r.method === 'dataset');
    expect(dataset?.error?.rotationDeg).toBeLessThan(3);
    expect(dataset?.error?.treMm).toBeLessThan(0.5);
    // How mice differ: no rigid move brings landmarks nearer to the mean ones.
    const left = result.rows.find((r) => r.method === 'landmarks')?.consensusMm ?? 0;
    expect(left).toBeGreaterThan(0.1);
    expect(dataset?.consensusMm).toBeGreaterThan(left - 0.05);
  });
});
