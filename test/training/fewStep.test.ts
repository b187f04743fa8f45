/** Reflow and distillation, tiny: pairs and their shards, what is stored, refusals, Ctrl-C and resuming bit for bit. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { distilSchema, reflowSchema } from '../../src/config/fewStep.ts';
import { CheckpointError, ConfigError, InterruptedError, RunFolderError } from '../../src/errors.ts';
import { LiveVelocity } from '../../src/sampling/batchVelocity.ts';
import { Generator } from '../../src/sampling/generator.ts';
import { VelocityNetwork } from '../../src/sampling/network.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { sampleDefaults } from '../../src/sampling/solverNames.ts';
import { SOLVERS } from '../../src/sampling/solvers.ts';
import { trainDistil } from '../../src/training/distil.ts';
import { lineError } from '../../src/training/fewStep.ts';
import { makePairs, type PairOptions } from '../../src/training/pairs.ts';
import { reflowBatches, trainReflow } from '../../src/training/reflow.ts';
import { readSource } from '../../src/training/source.ts';
import { type TinyGenerator, trainTinyGenerator } from '../sampling/tinyGenerator.ts';

let tiny: TinyGenerator;
beforeAll(async () => {
  tiny = await trainTinyGenerator(['ema=0.5']);
}, 60_000);
afterAll(() => tiny?.remove());

const base = {
  steps: 4,
  batch: 2,
  checkpointEvery: 2,
  evaluateEvery: 2,
  learningRate: 1e-2,
  warmup: 0,
  ema: 0.5,
  pairs: { count: 5, solver: 'heun', steps: 2 },
};
type Values = Record<string, unknown>;
type More = { resume?: boolean; signal?: AbortSignal; run?: string };
const KINDS = {
  reflow: (out: string, values: Values = {}, { run = 'gen', ...more }: More = {}) => {
    const config = reflowSchema.parse({ ...base, ...values });
    const source = readSource(tiny.path(run), config);
    return trainReflow({ source, out: tiny.path(out), config, quiet: true, threads: 1, ...more });
  },
  distil: (out: string, values: Values = {}, { run = 'gen', ...more }: More = {}) => {
    const config = distilSchema.parse({ ...base, intervals: { from: 2, to: 4 }, ...values });
    const source = readSource(tiny.path(run), config);
    return trainDistil({ source, out: tiny.path(out), config, quiet: true, threads: 1, ...more });
  },
};
const metricsOf = (out: string): Record<string, number>[] =>
  readFileSync(tiny.path(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('pairs', () => {
  const options = (dir: string, count: number, more: Partial<PairOptions> = {}): PairOptions => ({
    seed: 3,
    guidance: 1,
    pairs: { count, solver: 'heun', steps: 2 },
    kind: 'pairs',
    dir: tiny.path(dir),
    quiet: true,
    threads: 1,
    ...more,
  });

  test('pair i depends on the seed and i alone, and is the sample that the source makes of its noise', async () => {
    const many = await makePairs(tiny.generator, options('pairs-a', 35));
    const few = await makePairs(tiny.generator, options('pairs-b', 33));
    expect(readdirSync(tiny.path('pairs-a'))).toHaveLength(2);
    expect(few.data).toEqual(many.data.slice(0, 33));
    expect(few.labels).toEqual(many.labels.slice(0, 33));
    const generator = await Generator.create(tiny.generator, { threads: 1 });
    const { meta } = tiny.generator;
    for (const i of [0, 32]) {
      const network = new VelocityNetwork(tiny.generator, { threads: 1 });
      const velocity = network.guided(many.labels[i], { guidance: 1 });
      const x = await SOLVERS.heun(velocity, many.noise(i), { steps: 2 });
      expect(Math.max(...x.map((v, j) => Math.abs(v - many.data[i][j])))).toBeLessThan(1e-4);
      await network.release();
    }
    expect([...many.labels].every((label) => meta.qualities.includes(label + 2))).toBe(true);
    // Noise that `generate` never starts from.
    expect(many.noise(0)).not.toEqual(generator.noise({ seed: 3, index: 0 }));
    await generator.release();
  });

  test('a rerun makes what is missing and nothing else; other settings are refused', async () => {
    const first = await makePairs(tiny.generator, options('holes', 70));
    const file = (k: number) => tiny.path('holes', `pairs-0000${k}.safetensors`);
    const before = [0, 1, 2].map((k) => [readFileSync(file(k)), statSync(file(k)).mtimeMs] as const);
    rmSync(file(1));
    const again = await makePairs(tiny.generator, options('holes', 70));
    expect(again.data).toEqual(first.data);
    for (const k of [0, 1, 2]) {
      expect(readFileSync(file(k)).equals(before[k][0])).toBe(true);
      expect(statSync(file(k)).mtimeMs === before[k][1]).toBe(k !== 1);
    }
    await expect(makePairs(tiny.generator, options('holes', 70, { guidance: 2 }))).rejects.toThrow(
      CheckpointError,
    );
  });
});

describe.each(['reflow', 'distil'] as const)('%s', (kind) => {
  test('trains a generator complete in itself that says what it is', async () => {
    const { heldOutLoss } = await KINDS[kind](kind, { guidance: 1.5 });
    expect(heldOutLoss).toBeGreaterThan(0);
    const weights = readGenerator(tiny.path(kind));
    const { meta } = weights;
    const told = { source: tiny.generator.hash, guidance: 1.5 };
    if (kind === 'reflow') expect(meta).toMatchObject({ objective: 'otfm', reflow: { ...told, pairs: 5 } });
    else expect(meta).toMatchObject({ objective: 'consistency', distilled: told });
    expect(meta.dataHash).toBe(tiny.generator.meta.dataHash);
    expect(meta.autoencoderHash).toBe(tiny.generator.meta.autoencoderHash);
    expect(weights.hash).not.toBe(tiny.generator.hash);
    expect(metricsOf(kind).filter((row) => row.jump !== undefined)).toHaveLength(2);
    const generator = await Generator.create(weights, { threads: 1 });
    const settings = { ...sampleDefaults(meta), seed: 1, index: 0 };
    expect(settings.guidance).toBe(1);
    expect((await generator.sample(settings)).data).toHaveLength(16 ** 3);
    await expect(generator.sample({ ...settings, guidance: 2 })).rejects.toThrow(/one of 1.5 in its weights/);
    await generator.release();
  });

  test('stopped and taken up again, it ends bit for bit as without the stop', async () => {
    await KINDS[kind](`${kind}-whole`);
    const out = `${kind}-stopped`;
    // Ctrl-C before the first pair, then while training.
    await expect(KINDS[kind](out, {}, { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
    expect(existsSync(tiny.path(out, 'checkpoints'))).toBe(false);
    const stop = new AbortController();
    const training = KINDS[kind](out, {}, { resume: true, signal: stop.signal });
    const watch = setInterval(() => {
      if (existsSync(tiny.path(out, 'metrics.jsonl'))) stop.abort();
    }, 1);
    await training.catch((error) => expect(error).toBeInstanceOf(InterruptedError));
    clearInterval(watch);
    expect(metricsOf(out).length).toBeLessThan(4);
    await KINDS[kind](out, {}, { resume: true });
    expect(readGenerator(tiny.path(out)).hash).toBe(readGenerator(tiny.path(`${kind}-whole`)).hash);
    expect(metricsOf(out)).toEqual(metricsOf(`${kind}-whole`));
  });

  test('what cannot start is refused before any work', async () => {
    const attempt = async (name: string, values: Values, more?: More) => KINDS[kind](name, values, more);
    await expect(attempt('none', { batch: 8 })).rejects.toThrow(/pairs.count 5 and batch 8/);
    await expect(attempt('none', {}, { run: 'ae' })).rejects.toThrow(CheckpointError);
    for (const name of ['raw', 'released'])
      if (!existsSync(tiny.path(name))) cpSync(tiny.path('gen'), tiny.path(name), { recursive: true });
    writeFileSync(tiny.path('raw', 'config.yaml'), 'ema: 0\n');
    rmSync(tiny.path('released', 'config.yaml'), { force: true });
    await expect(attempt('none', {}, { run: 'raw' })).rejects.toThrow(/a source without EMA weights/);
    await expect(attempt('none', {}, { run: 'released' })).rejects.toThrow(/no config.yaml/);
    expect(existsSync(tiny.path('none'))).toBe(false);
    await expect(attempt('gen', {})).rejects.toThrow(RunFolderError);
    await expect(attempt('gen', {}, { resume: true })).rejects.toThrow(CheckpointError);
  });
});

test('a distilled generator is no source; a guided reflow is one without further guidance', async () => {
  await expect(async () => KINDS.reflow('none', {}, { run: 'distil' })).rejects.toThrow(ConfigError);
  await expect(async () => KINDS.distil('none', { guidance: 2 }, { run: 'reflow' })).rejects.toThrow(
    /guidance scale of 1.5 in it already/,
  );
  await KINDS.distil('distil-reflow', { guidance: 1, steps: 1 }, { run: 'reflow' });
  expect(readGenerator(tiny.path('distil-reflow')).meta.distilled!.guidance).toBe(1.5);
});

test('reflow batches lie on the lines between noise and sample', () => {
  const noise = (i: number) => new Float32Array([i, -i]);
  const pairs = {
    count: 3,
    data: [0, 1, 2].map((i) => new Float32Array([10 + i, 20 + i])),
    labels: Int32Array.from([0, 1, 2]),
    noise,
  };
  const batch = reflowBatches(pairs, { seed: 1, batch: 3, noiseEnd: 0.5 }, { share: 0, to: 5 });
  const seen = new Set<number>();
  for (let step = 1; step <= 20; step++) {
    const { x, t, label, target } = batch(step);
    expect(batch(step)).toEqual({ x, t, label, target });
    for (const [b, i] of label.entries())
      for (const j of [0, 1]) {
        const [x0, x1] = [noise(i)[j], pairs.data[i][j]];
        expect(x[2 * b + j]).toBeCloseTo((1 - t[b]) * x0 + t[b] * x1, 4);
        expect(target[2 * b + j]).toBe(x1 - x0);
        seen.add(t[b]);
      }
  }
  expect(seen.has(0)).toBe(true);
  expect(seen.size).toBeGreaterThan(10);
  const dropped = reflowBatches(pairs, { seed: 1, batch: 3, noiseEnd: 0 }, { share: 1, to: 5 })(1);
  expect([...dropped.label]).toEqual([5, 5, 5]);
});

test('the error on lines falls to that of a network which learnt them', async () => {
  const pairs = await makePairs(tiny.generator, {
    seed: 0,
    guidance: 1,
    pairs: { count: 2, solver: 'euler', steps: 1 },
    kind: 'held',
    dir: tiny.path('one-step'),
    quiet: true,
    threads: 1,
  });
  // One Euler step is the jump itself.
  const { meta, weights } = tiny.generator;
  const network = await LiveVelocity.create(meta, 2, { threads: 1 });
  expect(await lineError(network, weights, pairs, [0])).toBeLessThan(1e-8);
  expect(await lineError(network, weights, pairs, [0.5])).toBeGreaterThan(1e-3);
  await network.release();
});
