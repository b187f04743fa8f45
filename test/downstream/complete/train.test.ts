/** The completer on small phantoms: what it learns from, whether it learns, and what its weights say of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  COMPLETER_PRESETS,
  DEFECT_KINDS as CONFIG_KINDS,
  DEFECT_SITES as CONFIG_SITES,
  completerSchema,
} from '../../../src/config/completer.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Dataset } from '../../../src/dataset/dataset.ts';
import { Loader } from '../../../src/dataset/loader.ts';
import { makePhantomDataset } from '../../../src/dataset/phantoms.ts';
import { type CompleterResult, trainCompleter } from '../../../src/downstream/complete/train.ts';
import { Examples } from '../../../src/downstream/complete/trainExamples.ts';
import { heldOutDefects, measureHeldOut } from '../../../src/downstream/complete/trainMeasure.ts';
import { boneExtent, templateFit } from '../../../src/downstream/complete/trainTaught.ts';
import { answerOf, completerGrid, openUnet, readCompleter } from '../../../src/downstream/complete/unet.ts';
import { DEFECT_KINDS, DEFECT_SITES } from '../../../src/downstream/defects/sites.ts';
import { learntSets } from '../../../src/downstream/learnt.ts';
import { CheckpointError, ConfigError, DatasetError, GridError, VolumeError } from '../../../src/errors.ts';
import { readMetrics } from '../../../src/evaluation/report/metricsLog.ts';
import { centredGrid, type Mask } from '../../../src/volume/volume.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-completer-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const common = { quiet: true, threads: 1 };
const SETS = [
  'steps=100',
  'warmup=5',
  'evaluateEvery=50',
  'checkpointEvery=100',
  'batch=2',
  'ema=0.9',
  'learningRate=1e-2',
  'model.widths=[8,16]',
  'defects.kinds=[spherical,cubic]',
  'defects.sites=[neurocranium]',
  'defects.share=[0.05,0.15]',
];
const config = (...set: string[]) =>
  loadConfig(completerSchema, {
    preset: { name: 'tiny', values: COMPLETER_PRESETS.tiny },
    set: [...SETS, ...set],
  });
const run = join(root, 'run');
let dataset: Dataset;
let synthetic: Dataset;
let result: CompleterResult;

beforeAll(async () => {
  dataset = await makePhantomDataset({ out: join(root, 'data'), count: 20, grid: 24, seed: 2, quality: 6 });
  synthetic = await makePhantomDataset({ out: join(root, 'more'), count: 6, grid: 24, seed: 9, quality: 6 });
  result = await trainCompleter({
    ...common,
    dataset,
    synthetic: [{ dataset: synthetic }],
    out: run,
    config: config(),
  });
}, 120_000);

test('kinds and sites of the settings are those of the defects', () => {
  expect(CONFIG_KINDS).toEqual(DEFECT_KINDS);
  expect(CONFIG_SITES).toEqual(DEFECT_SITES);
});

describe('examples', () => {
  const examples = (...set: string[]) =>
    new Examples(
      [{ dataset, cases: dataset.split('train') }, { dataset: synthetic }],
      config('batch=6', ...set),
    );
  const fill = (e: Examples, step: number) => {
    const [x, y] = [0, 0].map(() => new Float32Array(6 * e.voxels));
    const defects = e.fill(step, x, y);
    return { x, y, defects };
  };

  test('are pure functions of seed and step; the defect is the only difference', () => {
    const [a, b] = [fill(examples(), 4), fill(examples(), 4)];
    expect(a.x).toEqual(b.x);
    expect(a.y).toEqual(b.y);
    expect(fill(examples(), 5).y).not.toEqual(a.y);
    expect(fill(examples('seed=1'), 4).y).not.toEqual(a.y);
    const n = a.x.length / 6;
    for (const [row, defect] of a.defects.entries()) {
      let [bone, gone] = [0, 0];
      for (let i = row * n; i < (row + 1) * n; i++) {
        expect(Math.abs(a.x[i])).toBe(1);
        // Nothing is ever added.
        if (a.x[i] > a.y[i]) throw new Error(`voxel ${i} was added`);
        if (a.y[i] > 0) bone++;
        if (a.y[i] > a.x[i]) gone++;
      }
      expect(gone / bone).toBeCloseTo(defect?.share ?? 0, 9);
    }
  });

  test('some are whole, as many as asked for', () => {
    const without = (whole: number) => {
      const e = examples(`whole=${whole}`);
      return [...Array(10).keys()].flatMap((s) => fill(e, s).defects).filter((d) => d === undefined).length;
    };
    expect([without(0), without(1)]).toEqual([0, 60]);
    expect(without(0.5)).toBeGreaterThan(15);
    expect(without(0.5)).toBeLessThan(45);
  });

  test('come from the sets by their size, or by the share that was asked for', () => {
    const still = ['augment.shift=0', 'augment.rotation=0', 'augment.scale=0'];
    const known = new Set(
      dataset
        .split('train')
        .map((c) => new Loader(dataset, [c]).fillBatch([0], new Float32Array(24 ** 3)).join('')),
    );
    const share = (...set: string[]) => {
      const e = examples(...still, ...set);
      let real = 0;
      for (let s = 0; s < 10; s++) {
        const { y } = fill(e, s);
        for (let row = 0; row < 6; row++)
          if (known.has(y.subarray(row * e.voxels, (row + 1) * e.voxels).join(''))) real++;
      }
      return real / 60;
    };
    expect(share('realShare=0')).toBe(0);
    expect(share('realShare=1')).toBe(1);
    const own = dataset.split('train').length;
    expect(share()).toBeCloseTo(own / (own + 6), 1);
  });

  test('the template is the share of bones at each voxel', () => {
    const t = examples().template();
    const cases = [
      ...dataset.split('train').map((c) => dataset.loadMask(c)),
      ...synthetic.cases.map((c) => synthetic.loadMask(c)),
    ];
    for (const p of [0, 3000, 7777, 9000]) {
      const share = cases.filter((m) => m.data[p] !== 0).length / cases.length;
      expect(t[p]).toBe(Math.round(255 * share));
    }
    expect(templateFit(Uint8Array.of(255, 0, 51, 255), [1, -1, 1, -1])).toBeCloseTo((1 + 0.2) / 2, 9);
  });
});

test('extent and centroid in mm', () => {
  const grid = centredGrid([4, 5, 6], [2, 2, 2]);
  const data = new Uint8Array(120);
  data[1 + 4 * (2 + 5 * 3)] = 1;
  data[3 + 4 * (2 + 5 * 3)] = 1;
  expect(boneExtent({ ...grid, data })).toEqual([6, 2, 2]);
});

test('measures: the truth gets 1, doing nothing gets 0 for the implant', async () => {
  const held = heldOutDefects(dataset, dataset.split('test'), config().defects);
  expect(held.length).toBe(dataset.split('test').length);
  let i = 0;
  const truth = await measureHeldOut(held, () => Float32Array.from(held[i++].whole.data));
  expect([truth.heldOutDice, truth.heldOutImplantDice]).toEqual([1, 1]);
  const nothing = await measureHeldOut(held, (mask) => mask.map((v) => (v > 0 ? 1 : 0)));
  expect(nothing.heldOutImplantDice).toBe(0);
  expect(nothing.heldOutDice).toBe(nothing.heldOutNothingDice);
  expect(nothing.heldOutDice).toBe(truth.heldOutNothingDice);
});

test('it learns: the loss falls, and held-out implants are found', () => {
  const loss = readMetrics(run).column('loss').y;
  const mean = (from: number) => loss.slice(from, from + 10).reduce((a, b) => a + b, 0) / 10;
  expect(mean(90)).toBeLessThan(0.75 * mean(0));
  const { x, y } = readMetrics(run).column('heldOutImplantDice');
  expect(x).toEqual([50, 100]);
  expect(y[1]).toBeCloseTo(result.heldOutImplantDice, 5);
  if (process.env.CRANIOFLOW_SHOW === '1') console.log(result);
  expect(result.heldOutImplantDice).toBeGreaterThan(0.2);
  expect(result.heldOutDice).toBeGreaterThan(result.heldOutNothingDice);
  expect(result.heldOutCases).toBe(dataset.split('test').length);
});

describe('its weights', () => {
  test('say what it was taught', () => {
    const { meta, template, hash } = readCompleter(run);
    expect(meta.dataset).toBe('phantom skulls 24, seed 2, quality 6 + phantom skulls 24, seed 9, quality 6');
    expect([meta.phantom, meta.bone, meta.step]).toEqual([true, 'skull', 100]);
    expect(Object.keys(meta.taught.sites)).toEqual(['neurocranium']);
    expect(Object.keys(meta.taught.kinds).sort()).toEqual(['cubic', 'spherical']);
    const [least, most] = meta.taught.share;
    expect(least).toBeGreaterThanOrEqual(0.05);
    expect(most).toBeLessThanOrEqual(0.15);
    // The vault lies above the middle of the grid.
    expect(meta.taught.centre[1][2]).toBeGreaterThan(20);
    expect(template.length).toBe(24 ** 3);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const card = readFileSync(join(run, 'README.md'), 'utf8');
    expect(card).toContain('not a medical device');
    expect(card).toContain('Trained on phantoms');
    expect(card).toContain(result.heldOutImplantDice.toFixed(3));
  });

  test('complete masks on their grid, and refuse others', async () => {
    const unet = await openUnet(run, { threads: 1 });
    expect(unet.learnt).toMatchObject({ size: [24, 24, 24], bone: 'skull', weights: unet.weights.hash });
    expect(unet.learnt!.data).toEqual(learntSets(unet.weights.meta));
    expect(unet.learnt!.data).toHaveLength(2);
    const held = heldOutDefects(dataset, dataset.split('test'), config().defects)[0];
    const [{ whole, probability }] = await unet.complete(held.defective, { seed: 0, index: 0 });
    // What was there stays.
    expect(held.defective.data.every((v, i) => v === 0 || whole.data[i] === 1)).toBe(true);
    expect(probability!.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(answerOf(held.defective, probability!).whole.data).toEqual(whole.data);
    const finer: Mask = { ...centredGrid([24, 24, 24], [2, 2, 2]), data: held.defective.data };
    await expect(unet.complete(finer, { seed: 0, index: 0 })).rejects.toThrow(GridError);
    const empty = { ...completerGrid(unet.weights.meta), data: new Uint8Array(24 ** 3) };
    await expect(unet.complete(empty, { seed: 0, index: 0 })).rejects.toThrow(VolumeError);
    await unet.release!();
  });
});

describe('refusals', () => {
  const train = (options: Partial<Parameters<typeof trainCompleter>[0]>) =>
    trainCompleter({ ...common, dataset, out: join(root, 'refused'), config: config(), ...options });
  test('nothing to learn from, held-out bones among the training, another grid, no room for defects', async () => {
    await expect(train({ cases: [] })).rejects.toThrow(/no training case/);
    await expect(train({ synthetic: [{ dataset }] })).rejects.toThrow(/among the held-out ones/);
    const coarse = await makePhantomDataset({ out: join(root, 'coarse'), count: 2, grid: 16, seed: 1 });
    await expect(train({ synthetic: [{ dataset: coarse }] })).rejects.toThrow(GridError);
    await expect(train({ config: config('whole=1') })).rejects.toThrow(DatasetError);
    await expect(train({ config: config('model.widths=[12]') })).rejects.toThrow(ConfigError);
    expect(() => config('defects.share=[0.2,0.1]')).toThrow(ConfigError);
    expect(() => config('defects.kinds=[round]')).toThrow(ConfigError);
    expect(() => readCompleter(root)).toThrow(CheckpointError);
  });
});
