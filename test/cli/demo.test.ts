import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoOptions, type DemoResult, runDemo } from '../../src/cli/demo.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { InterruptedError, RunFolderError } from '../../src/errors.ts';
import { latestCheckpoint } from '../../src/files/checkpoint.ts';

/** The whole demo, small: 16^3 voxels and a few steps of networks of a few weights. */
const SMALL: Omit<DemoOptions, 'out'> = {
  seed: 3,
  quiet: true,
  phantoms: 10,
  grid: 16,
  skulls: 3,
  autoencoder: [
    'steps=4',
    'batch=2',
    'model.widths=[4, 8]',
    'model.groups=4',
    'model.encoderBlocks=[0]',
    'model.decoderBlocks=[0, 0]',
    'model.codes=16',
    'checkpointEvery=2',
    'evaluateEvery=2',
  ],
  generator: [
    'steps=4',
    'batch=2',
    'copies=0',
    'model.width=8',
    'model.groups=4',
    'model.headChannels=8',
    'checkpointEvery=2',
    'evaluateEvery=2',
  ],
};

const root = mkdtempSync(join(tmpdir(), 'cranioflow-demo-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const out = join(root, 'demo');
let first: DemoResult;
let said = '';

beforeAll(async () => {
  const stream = { write: (text: string) => void (said += text) };
  first = await runDemo({ ...SMALL, out, quiet: false, stream });
}, 120_000);

/** Every file of a folder with its time of writing. */
const times = (dir: string): Record<string, number> =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(dir, name)).isFile())
      .map((name) => [name, statSync(join(dir, name)).mtimeMs]),
  );

const weightsOf = (run: string): Uint8Array =>
  readFileSync(join(latestCheckpoint(run)!.path, 'model.safetensors'));

test('one folder holds data, both networks, skulls in two formats, figures and the report', () => {
  expect(openDataset(first.data).cases).toHaveLength(10);
  expect(latestCheckpoint(first.autoencoder)?.step).toBe(4);
  expect(latestCheckpoint(first.generator)?.step).toBe(4);
  const skulls = openDataset(first.skulls).cases.map((c) => c.id);
  expect(first.evaluation.counts.fake).toBe(3);
  expect(first.evaluation.counts.emptyFake).toBe(3 - skulls.length);
  for (const id of skulls)
    for (const format of ['nrrd', 'stl'])
      expect(existsSync(join(first.skulls, `${id}.${format}`))).toBe(true);
  expect(JSON.parse(readFileSync(join(out, 'evaluation.json'), 'utf8'))).toEqual(first.evaluation);
  expect(readFileSync(first.report, 'utf8').includes('PHANTOM')).toBe(true);
  expect(Object.keys(first.seconds)).toEqual(['phantoms', 'autoencoder', 'generator', 'generate', 'report']);
});

test('it says its plan, each stage in order, and where to look', () => {
  const at = [1, 2, 3, 4, 5].map((stage) => said.indexOf(`${stage}/5 `));
  expect(at.every((place, i) => place > (at[i - 1] ?? 0))).toBe(true);
  for (const path of [first.report, join(first.skulls, '*.nrrd'), join(first.skulls, '*.stl')])
    expect(said).toContain(path);
  expect(said).toMatch(/not a medical device/);
});

test('a second run does no training and writes nothing of what is finished', async () => {
  const before = times(out);
  const second = await runDemo({ ...SMALL, out });
  const after = times(out);
  for (const dir of [
    'autoencoder/',
    'generator/',
    'report.html',
    'demo.json',
    'evaluation.json',
    'generated.png',
  ])
    for (const [name, time] of Object.entries(before).filter(([name]) => name.startsWith(dir)))
      expect(after[name], name).toBe(time);
  expect(Object.keys(second.seconds)).not.toContain('autoencoder');
  expect(Object.keys(second.seconds)).not.toContain('report');
  expect(second.evaluation).toEqual(first.evaluation);
});

test('interrupted twice, it keeps what is finished and comes to the same networks and skulls', async () => {
  const dir = join(root, 'interrupted');
  /** Ctrl-C as soon as a stage is announced. */
  const stopAt = (stage: string): Promise<DemoResult> => {
    const controller = new AbortController();
    const stream = {
      write: (text: string) => {
        if (text.startsWith(stage)) controller.abort();
      },
    };
    return runDemo({ ...SMALL, out: dir, quiet: false, stream, signal: controller.signal });
  };
  const autoencoder = join(dir, 'autoencoder');
  const stopped = stopAt('3/5');
  await expect(stopped).rejects.toThrow(InterruptedError);
  await expect(stopped).rejects.toThrow(/run the demo again/);
  expect(weightsOf(autoencoder)).toEqual(weightsOf(first.autoencoder));
  const before = times(autoencoder);

  await expect(stopAt('5/5')).rejects.toThrow(InterruptedError);
  expect(times(autoencoder)).toEqual(before);
  expect(existsSync(join(dir, 'report.html'))).toBe(false);
  expect(weightsOf(join(dir, 'generator'))).toEqual(weightsOf(first.generator));
  const hashes = (path: string) => openDataset(path).cases.map((c) => c.sha256);
  expect(hashes(join(dir, 'skulls'))).toEqual(hashes(first.skulls));
});

test('another demo in the same folder is refused, and so is another seed', async () => {
  const running = runDemo({ ...SMALL, out });
  await expect(runDemo({ ...SMALL, out })).rejects.toThrow(RunFolderError);
  await running;
  await expect(runDemo({ ...SMALL, out, seed: 4 })).rejects.toThrow(/already holds a dataset/);
});
