/**
 * The contrastive encoder on small phantoms: whether it learns to know shapes again better than features that learnt nothing,
 * and whether distances in its features mean something: KID rises with every degree of a corruption.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENCODER_PRESETS, encoderSchema } from '../../src/config/encoder.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Dataset } from '../../src/dataset/dataset.ts';
import { Loader } from '../../src/dataset/loader.ts';
import { makePhantomDataset } from '../../src/dataset/phantoms.ts';
import { CheckpointError, ConfigError, DatasetError, GridError } from '../../src/errors.ts';
import { frameOf } from '../../src/evaluation/featureSet.ts';
import { shapeFeatures } from '../../src/evaluation/features.ts';
import { kid } from '../../src/evaluation/kid.ts';
import { readMetrics } from '../../src/evaluation/report/metricsLog.ts';
import { openEncoderSpace } from '../../src/evaluation/spaces/encoder.ts';
import { openLatentSpace } from '../../src/evaluation/spaces/latent.ts';
import { plainSpace } from '../../src/evaluation/spaces/plain.ts';
import { retrievalAccuracy } from '../../src/evaluation/spaces/retrieval.ts';
import type { FeatureSpace } from '../../src/evaluation/spaces/space.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { kindOfRun } from '../../src/sampling/kindOfRun.ts';
import { readShapeEncoder, ShapeEncoder, shapeEncoderParameters } from '../../src/sampling/shapeEncoder.ts';
import { describeViews, fillViews, trainEncoder } from '../../src/training/encoder.ts';
import { initialParameters, namedParameters } from '../../src/training/trainer.ts';
import { squaredDistanceTransform } from '../../src/volume/distanceTransform.ts';
import type { Mask } from '../../src/volume/volume.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-encoder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const common = { quiet: true, threads: 1 };
const SETS = ['steps=100', 'evaluateEvery=50', 'batch=12', 'model.widths=[16,32]', 'hide.boxes=1'];
const config = (...set: string[]) =>
  loadConfig(encoderSchema, {
    preset: { name: 'tiny', values: ENCODER_PRESETS.tiny },
    set: [...SETS, ...set],
  });
const run = join(root, 'run');
let dataset: Dataset;
/** Individuals of another seed, for figures that rest on more cases than the dataset holds out. */
let others: Dataset;
let result: Awaited<ReturnType<typeof trainEncoder>>;

beforeAll(async () => {
  dataset = await makePhantomDataset({ out: join(root, 'data'), count: 120, grid: 24, seed: 2 });
  others = await makePhantomDataset({ out: join(root, 'others'), count: 60, grid: 24, seed: 9 });
  result = await trainEncoder({ ...common, dataset, out: run, config: config() });
}, 240_000);

describe('fillViews', () => {
  const views = { augment: config().augment, hide: config().hide };
  test('is a pure function of seed and step, and no two views are alike', () => {
    const loader = new Loader(dataset, dataset.split('test'));
    const n = loader.voxels;
    const fill = (step: number, seed = 1) => {
      const out = new Float32Array(4 * n);
      fillViews(loader, [3, 3], views, seed, step, out);
      return out;
    };
    expect(fill(5)).toEqual(fill(5));
    const all = [fill(5), fill(6), fill(5, 2)].flatMap((x) =>
      [0, 1, 2, 3].map((i) => x.slice(i * n, (i + 1) * n)),
    );
    expect(new Set(all.map((x) => x.join())).size).toBe(12);
    expect(all.every((x) => x.every((v) => v === 1 || v === -1))).toBe(true);
  });
});

test('it knows shapes again that it never saw, better than plain features and than before its training', async () => {
  const loader = new Loader(others, others.cases);
  const views = { augment: { ...config().augment, shift: 1, rotation: 5 }, hide: config().hide };
  const accuracy = async (describe: (mask: Float32Array) => Promise<Float32Array> | Float32Array) =>
    retrievalAccuracy(
      await describeViews(loader, views, 0, describe),
      loader.cases.map((c) => c.subject),
    );
  const plain = await accuracy((mask) =>
    shapeFeatures({ ...others.grid, data: Uint8Array.from(mask, (v) => (v > 0 ? 1 : 0)) }),
  );
  const { meta, weights } = readShapeEncoder(run);
  const specs = shapeEncoderParameters(meta);
  const withWeights = async (w: ReadonlyMap<string, Float32Array>) => {
    const encoder = await ShapeEncoder.create({ meta, weights: w }, { threads: 1 });
    const share = await accuracy((mask) => encoder.describe(mask));
    await encoder.release();
    return share;
  };
  const before = await withWeights(namedParameters(specs, initialParameters(specs, config().seed)));
  const after = await withWeights(weights);
  if (process.env.CRANIOFLOW_SHOW === '1') console.log({ plain, before, after });
  const chance = 1 / (2 * loader.length - 1);
  expect(after).toBeGreaterThan(10 * chance);
  expect(after).toBeGreaterThan(1.5 * before);
  expect(after).toBeGreaterThan(plain);
});

test('what it logs: a falling loss, and the retrieval of held-out views', () => {
  expect(result.heldOutCases).toBe(dataset.split('test').length);
  const { x, y } = readMetrics(run).column('heldOutRetrieval');
  expect(x).toEqual([50, 100]);
  expect(y[1]).toBeCloseTo(result.heldOutRetrieval, 5);
  const loss = readMetrics(run).column('loss').y;
  expect(loss.length).toBe(100);
  // All cases alike cost the logarithm of the 23 other views.
  const last = loss.slice(80).reduce((sum, v) => sum + v, 0) / 20;
  expect(last).toBeLessThan(0.75 * Math.log(23));
});

/** Corruptions of a mask, none of which moves the skull, each in four degrees from none on. */
const corruptions: Record<
  string,
  { degrees: number[]; corrupt: (mask: Mask, degree: number, index: number) => Uint8Array }
> = {
  'voxels flipped at random': {
    degrees: [0, 0.03, 0.08, 0.16],
    corrupt(mask, share, index) {
      const random = new RandomStream(7, 'test/noise', index);
      return mask.data.map((v) => (random.uniform() < share ? 1 - v : v));
    },
  },
  'bone put on, in voxels': {
    degrees: [0, 1, 1.5, 2],
    corrupt({ data, size, spacing }, voxels) {
      const most = (voxels * spacing[0]) ** 2 + 1e-3;
      return Uint8Array.from(squaredDistanceTransform(data, size, spacing), (d) => (d <= most ? 1 : 0));
    },
  },
  'blurred so many times, and cut again': {
    degrees: [0, 2, 3, 4],
    corrupt: (mask, times) => (times === 0 ? mask.data : blurred(mask, times)),
  },
};

/** `times` means over the 27 voxels around, then cut at one half. */
function blurred({ data, size: [nx, ny, nz] }: Mask, times: number): Uint8Array {
  let field = Float32Array.from(data);
  for (let t = 0; t < times; t++) {
    const next = new Float32Array(field.length);
    for (let k = 0, at = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++, at++) {
          let sum = 0;
          for (let dk = -1; dk <= 1; dk++)
            for (let dj = -1; dj <= 1; dj++)
              for (let di = -1; di <= 1; di++) {
                const [x, y, z] = [i + di, j + dj, k + dk];
                if (x >= 0 && y >= 0 && z >= 0 && x < nx && y < ny && z < nz)
                  sum += field[x + nx * (y + ny * z)];
              }
          next[at] = sum / 27;
        }
    field = next;
  }
  return Uint8Array.from(field, (v) => (v >= 0.4 ? 1 : 0));
}

describe('KID in its features', () => {
  const curves: Record<string, Record<string, number[]>> = {};
  beforeAll(async () => {
    const masks = others.cases.map((c) => others.loadMask(c));
    const [real, other] = [masks.slice(0, 30), masks.slice(30, 54)];
    const fit = dataset
      .split('train')
      .slice(0, 40)
      .map((c) => dataset.loadMask(c));
    const spaces: FeatureSpace[] = [plainSpace(), await openEncoderSpace(run, { threads: 1 })];
    for (const space of spaces) {
      const frame = frameOf(await space.describe(fit));
      const target = frame(await space.describe(real));
      curves[space.name] = {};
      for (const [name, { degrees, corrupt }] of Object.entries(corruptions)) {
        const values: number[] = [];
        for (const degree of degrees) {
          const spoilt = other.map((mask, i) => ({ ...mask, data: corrupt(mask, degree, i) }));
          values.push(kid(target, frame(await space.describe(spoilt)), { subsets: 1 }).value);
        }
        curves[space.name][name] = values;
      }
      await space.release();
    }
    if (process.env.CRANIOFLOW_SHOW === '1') console.log(JSON.stringify(curves, null, 1));
  }, 240_000);

  test.each(Object.keys(corruptions))('rises with every degree: %s', (name) => {
    for (const space of ['Encoder', 'Features']) {
      const values = curves[space][name];
      for (let i = 1; i < 4; i++) expect(values[i], `${space} ${i}`).toBeGreaterThan(values[i - 1]);
      // What two halves of one population differ by is far below.
      expect(values[3]).toBeGreaterThan(5 * Math.abs(values[0]));
    }
  });

  // Taught to look past small things, it sees isolated voxels far less than plain features do: both belong in a report.
  test('sees flipped voxels less than the plain features do', () => {
    const name = 'voxels flipped at random';
    const told = (space: string) => curves[space][name][1] - curves[space][name][0];
    expect(told('Encoder')).toBeLessThan(0.1 * told('Features'));
  });
});

describe('its run folder', () => {
  test('is of the kind encoder, opens as a space, and is no autoencoder', async () => {
    expect(kindOfRun(run)).toBe('encoder');
    await expect(openLatentSpace(run)).rejects.toThrow(CheckpointError);
    await expect(openLatentSpace(run)).rejects.toThrow(/its kind is "encoder"/);
    const space = await openEncoderSpace(run, { threads: 1 });
    const masks = dataset.cases.slice(0, 5).map((c) => dataset.loadMask(c));
    const all = await space.describe(masks);
    expect([all.count, all.dim]).toEqual([5, 128]);
    const one = await space.describe([masks[3]]);
    expect(one.values).toEqual(all.values.slice(3 * 128, 4 * 128));
    const finer = { ...masks[0], size: [26, 24, 24] as const, data: new Uint8Array(26 * 24 * 24) };
    await expect(space.describe([finer as unknown as Mask])).rejects.toThrow(GridError);
    await space.release();
  });

  test('has a card that says what it saw and what it does not see', () => {
    const card = readFileSync(join(run, 'README.md'), 'utf8');
    expect(card).toContain('24x24x24 voxels of 10 mm');
    expect(card).toContain(`${result.heldOutRetrieval.toFixed(3)} of ${2 * result.heldOutCases} views`);
    expect(card).toContain('phantoms');
    expect(card).toContain('never mirrored');
    expect(card).toContain('What the features do not see');
  });
});

describe('refusals', () => {
  test('one subject, and groups that do not divide the channels', async () => {
    const lonely = await makePhantomDataset({ out: join(root, 'one'), count: 1, grid: 16, seed: 2 });
    const out = join(root, 'refused');
    await expect(trainEncoder({ ...common, dataset: lonely, out, config: config() })).rejects.toThrow(
      DatasetError,
    );
    const odd = config('model.widths=[12,16]');
    await expect(trainEncoder({ ...common, dataset, out, config: odd })).rejects.toThrow(ConfigError);
    expect(() => config('temperature=0.01')).toThrow(ConfigError);
    expect(() => config('batch=1')).toThrow(ConfigError);
  });
});
