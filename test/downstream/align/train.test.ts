/**
 * The aligner, small, on drawn bones: whether it finds the pose of bones that it never saw, whether its calibration says the truth of
 * itself, and what it refuses.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Aligner, openAligner } from '../../../src/aligner/aligner.ts';
import { alignerParameters, readAligner } from '../../../src/aligner/network.ts';
import { dataHash } from '../../../src/dataset/dataHash.ts';
import type { Dataset } from '../../../src/dataset/dataset.ts';
import type { DatasetCase } from '../../../src/dataset/manifest.ts';
import { keptOut, trainAligner } from '../../../src/downstream/align/train.ts';
import { calibrationOf, measure } from '../../../src/downstream/align/trainCalibrate.ts';
import { CheckpointError, ConfigError, DatasetError, GridError, VolumeError } from '../../../src/errors.ts';
import { quantile } from '../../../src/evaluation/statistics.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { randomRotation } from '../../../src/skull/register/rotations.ts';
import { rotationAngle, transformGrid } from '../../../src/skull/register/transform.ts';
import { initialParameters, namedParameters } from '../../../src/training/trainer.ts';
import type { Mask } from '../../../src/volume/volume.ts';
import { airplanes, tinyAligner } from './helpers.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-align-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const run = join(root, 'run');
const common = { quiet: true, threads: 1 };
const whole = { ...tinyAligner().disturb, truncate: 0, holes: 0 };

let dataset: Dataset;
let others: Mask[];
let result: Awaited<ReturnType<typeof trainAligner>>;
beforeAll(async () => {
  dataset = airplanes(join(root, 'data'), 30, 5);
  const more = airplanes(join(root, 'more'), 12, 9);
  others = more.cases.map((c) => more.loadMask(c));
  const config = tinyAligner('steps=200', 'evaluateEvery=200', 'checkpointEvery=200');
  result = await trainAligner({ ...common, dataset, out: run, config });
}, 240_000);

const errors = async (aligner: Aligner) =>
  (
    await measure(
      aligner,
      others.map((mask) => () => mask),
      { seed: 3, poses: 12, disturb: whole },
    )
  ).rotation.map((r) => r.error);

test('after a short training it lays bones that it never saw; before it, anyhow', async () => {
  const { meta, weights } = readAligner(run);
  const specs = alignerParameters(meta);
  const [before, after] = await Promise.all(
    [namedParameters(specs, initialParameters(specs, 1)), weights].map(async (w) => {
      const aligner = await Aligner.create({ meta, weights: w }, { threads: 1 });
      const found = await errors(aligner);
      await aligner.release();
      return quantile(found, 0.5);
    }),
  );
  if (process.env.CRANIOFLOW_SHOW === '1') console.log({ before, after, result });
  expect(before).toBeGreaterThan(60);
  expect(after).toBeLessThan(12);
});

test('the same bone in any pose, on any grid, is laid alike; only turned, never scaled', async () => {
  const aligner = await openAligner(run, { threads: 1 });
  const [bone] = others;
  const random = new RandomStream(1, 'test/poses');
  const poses = [0, 1, 2].map(() => ({
    rotation: randomRotation(random),
    translation: [5, -300, 80] as const,
    scale: 1,
  }));
  const found = [];
  for (const pose of poses) {
    const { transform } = await aligner.align(transformGrid(bone, pose));
    expect(transform.scale).toBe(1);
    // Undone the pose, what is left is the bone's own alignment.
    found.push(transformGrid(transformGrid(bone, pose), transform));
  }
  for (const grid of found.slice(1))
    expect(rotationAngle(grid.direction, found[0].direction)).toBeLessThan(2);
  await aligner.release();
});

describe('calibration', () => {
  test('is kept with the weights, and 68 % of the errors that it was made of lie within', async () => {
    const { meta } = readAligner(run);
    expect(meta.calibration?.poses).toBe(12);
    // 24 training subjects: 15 % of them.
    expect(meta.calibration?.subjects).toBe(4);
    expect(result.calibrationSubjects).toBe(4);
    expect(result.medianRotationDeg).toBeCloseTo(meta.calibration!.median.rotationDeg, 6);
    const rows = Array.from({ length: 100 }, (_, i) => ({ error: i + 0.5, stated: 10 }));
    const { rotation, translation, usual, median } = calibrationOf(
      { rotation: rows, translation: rows.map((r) => ({ ...r, stated: 100 })) },
      3,
    );
    const within = (factor: number, stated: number) => rows.filter((r) => r.error <= factor * stated).length;
    expect([within(rotation, 10), within(translation, 100)]).toEqual([68, 68]);
    expect([usual.rotationDeg, median.translationMm]).toEqual([
      expect.closeTo(67.8, 0),
      expect.closeTo(50, 0),
    ]);
  });

  test('keeps whole subjects out, by the seed; none where there are few', () => {
    const cases = Array.from({ length: 40 }, (_, i) => ({
      id: `${i}`,
      subject: `s${i % 20}`,
    })) as DatasetCase[];
    const { calibration } = tinyAligner();
    const { learning, kept, subjects } = keptOut(cases, { seed: 1, calibration });
    expect([learning.length, kept.length, subjects]).toEqual([34, 6, 3]);
    const learnt = new Set(learning.map((c) => c.subject));
    expect(kept.every((c) => !learnt.has(c.subject))).toBe(true);
    expect(keptOut(cases, { seed: 1, calibration }).kept).toEqual(kept);
    expect(keptOut(cases.slice(0, 19), { seed: 1, calibration }).kept).toEqual([]);
  });
});

test('its card says what it saw and how far it is off', () => {
  const card = readFileSync(join(run, 'README.md'), 'utf8');
  expect(card).toContain('Research use, not a medical');
  expect(card).toContain('4 training subjects kept out of learning');
  expect(card).toContain(`${result.medianRotationDeg.toFixed(2)} degrees`);
  expect(card).toContain('phantoms');
});

test('weights that learnt from synthetic cases alone say so', async () => {
  const real = { ...dataset, manifest: { ...dataset.manifest, name: 'real ones', phantom: false } };
  const more = airplanes(join(root, 'synthetic'), 3, 11);
  const origin = async (name: string, options: object) => {
    const out = join(root, name);
    const config = tinyAligner('steps=1', 'evaluateEvery=1', 'checkpointEvery=1', 'calibration.poses=1');
    await trainAligner({ ...common, dataset: real, synthetic: [{ dataset: more }], out, config, ...options });
    const { meta } = readAligner(out);
    return [meta.dataset, meta.phantom, meta.dataHash, meta.calibration?.subjects];
  };
  expect(await origin('alone', { cases: [] })).toEqual(['planes', true, dataHash(more.cases), 0]);
  const both = dataHash([...real.split('train'), ...more.cases]);
  expect(await origin('both', {})).toEqual(['real ones + planes', false, both, 4]);
}, 60_000);

test('stopped while it measures, it keeps the steps before and ends as without the interruption', async () => {
  const config = tinyAligner('steps=6', 'evaluateEvery=3', 'checkpointEvery=50', 'calibration.poses=4');
  const go = (name: string, more: object) =>
    trainAligner({ ...common, dataset, out: join(root, name), config, ...more });
  await go('unbroken', {});
  const log = join(root, 'broken/metrics.jsonl');
  for (const at of [3, 6]) {
    // Steps are asked for once each; what asks after step `at - 1` is in the log a second time is its measurement.
    let asked = 0;
    const signal = {
      get aborted() {
        const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
        return lines === at - 1 && ++asked > 2;
      },
    } as AbortSignal;
    await expect(go('broken', { signal, resume: true })).rejects.toThrow(`${at - 1} of 6 steps are saved`);
  }
  await go('broken', { resume: true });
  // Nor does it matter that a mask is gone once the next is asked for: none is held.
  let last: Uint8Array | undefined;
  const loadMask = (c: DatasetCase): Mask => {
    last?.fill(0);
    const mask = dataset.loadMask(c);
    last = mask.data;
    return mask;
  };
  await go('frugal', { dataset: { ...dataset, loadMask } });
  for (const name of ['broken', 'frugal'])
    for (const file of ['metrics.jsonl', 'README.md', 'checkpoints/step-000006/model.safetensors'])
      expect(
        readFileSync(join(root, name, file)).equals(readFileSync(join(root, 'unbroken', file))),
        `${name}/${file}`,
      ).toBe(true);
}, 60_000);

describe('refusals', () => {
  test('bones without bone, in another unit, of another size', async () => {
    const aligner = await openAligner(run, { threads: 1 });
    const [bone] = others;
    await expect(aligner.align({ ...bone, data: new Uint8Array(bone.data.length) })).rejects.toThrow(
      VolumeError,
    );
    const scaled = (by: number): Mask => ({ ...bone, spacing: bone.spacing.map((s) => by * s) as never });
    await expect(aligner.align(scaled(0.001))).rejects.toThrow(/0\.0[0-9]+ mm from its centroid/);
    await expect(aligner.align(scaled(1000))).rejects.toThrow(/a bone whose voxels lie [0-9]+00 mm/);
    const inches = await aligner.align(scaled(1 / 25.4)).catch((error) => error.explanation.expected);
    expect(inches).toMatch(/^a plane of [0-9.]+ mm to [0-9.]+ mm/);
    // Another bone may be of a size that a cut one has as well: it is told, not refused.
    const odd = async (by: number) => (await aligner.align(scaled(by))).warnings.join();
    expect(await odd(0.5)).toMatch(/much smaller than those of the training .* is it a whole plane\?/);
    expect(await odd(1.3)).toMatch(/much larger/);
    expect(await odd(1)).not.toMatch(/much/);
    await aligner.release();
  });

  test('a bone unlike all others is told to be uncertain', async () => {
    const { meta, weights } = readAligner(run);
    const sure = { ...meta.calibration!, usual: { rotationDeg: 1e-6, translationMm: 1e-6 } };
    const strict = await Aligner.create({ meta: { ...meta, calibration: sure }, weights }, { threads: 1 });
    expect((await strict.align(others[0])).warnings).toEqual([
      expect.stringContaining('the pose is uncertain'),
    ]);
    await strict.release();
    const { calibration: _, ...bare } = meta;
    const early = await Aligner.create({ meta: bare, weights }, { threads: 1 });
    expect((await early.align(others[0])).warnings).toEqual([expect.stringContaining('not calibrated')]);
    await early.release();
  });

  test('runs that are none, or of another kind, or cut short', async () => {
    await expect(openAligner(join(root, 'nothing'))).rejects.toThrow(CheckpointError);
    const file = join(root, 'cut.safetensors');
    const whole = readFileSync(join(run, 'checkpoints/step-000200/model.safetensors'));
    writeFileSync(file, whole.subarray(0, whole.length - 50));
    await expect(openAligner(file)).rejects.toThrow(/cut\.safetensors/);
    writeFileSync(
      file,
      whole.toString('latin1').replace('\\"kind\\":\\"aligner\\"', '\\"kind\\":\\"encoder\\"'),
      'latin1',
    );
    await expect(openAligner(file)).rejects.toThrow(/its kind is "encoder"/);
  });

  test('synthetic cases on another grid, no cases, widths that groups do not divide', async () => {
    const other = airplanes(join(root, 'other'), 2, 1, 16);
    const out = join(root, 'refused');
    const config = tinyAligner('steps=1');
    const go = (more: object) => trainAligner({ ...common, dataset, out, config, ...more });
    await expect(go({ synthetic: [{ dataset: other }] })).rejects.toThrow(GridError);
    const jaw = { ...dataset, manifest: { ...dataset.manifest, bone: 'jaw' } };
    await expect(go({ synthetic: [{ dataset: jaw }] })).rejects.toThrow(/the bone "jaw"/);
    await expect(go({ cases: [] })).rejects.toThrow(DatasetError);
    await expect(go({ synthetic: [{ dataset }] })).rejects.toThrow(/among the held-out ones/);
    await expect(go({ config: tinyAligner('model.widths=[6,8]') })).rejects.toThrow(ConfigError);
    await expect(go({ config: tinyAligner('model.widths=[8,8,8,8,8]') })).rejects.toThrow(/a multiple of 32/);
    expect(existsSync(out)).toBe(false);
  });
});
