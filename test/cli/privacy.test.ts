/** Private training from the command line: what it says, what it keeps to itself, what it refuses, and resuming. */
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { run, stopAfter, TINY_AUTOENCODER, TINY_GENERATOR, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const [data, autoencoder] = [folder.path('data'), folder.path('ae')];
const set = (...pairs: string[]) => pairs.flatMap((pair) => ['--set', pair]);
const SETTINGS = set('steps=6', 'evaluateEvery=2', 'checkpointEvery=6', 'batch=6', 'dp.multiplicity=2');
const command = (out: string, ...more: string[]) => [
  ...['train', 'generator', '--data', data, '--autoencoder', autoencoder, '--out', folder.path(out)],
  ...[...TINY_GENERATOR, ...SETTINGS, '--threads', '1', ...more],
];
const PRIVATE = ['--dp-epsilon', '8'];
const json = (...path: string[]) => JSON.parse(readFileSync(folder.path(...path), 'utf8'));
const rows = (out: string): Record<string, number>[] =>
  readFileSync(folder.path(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const MODEL = 'checkpoints/step-000006/model.safetensors';
const same = (a: string, b: string, file: string) =>
  readFileSync(folder.path(a, file)).equals(readFileSync(folder.path(b, file)));

beforeAll(async () => {
  await run(['phantom', '--out', data, '--count', '40', '--grid', '16', '--quiet']);
  const made = await run([
    ...['train', 'autoencoder', '--data', data, '--out', autoencoder, ...TINY_AUTOENCODER],
    ...[...set('steps=4'), '--quiet', '--no-report'],
  ]);
  expect(made.err).toBe('');
}, 120_000);

describe('a private run', () => {
  beforeAll(async () => {
    const made = await run(command('whole', ...PRIVATE, '--json'));
    expect(made.code, made.err).toBe(0);
    const { privacy } = JSON.parse(made.out);
    expect(privacy.epsilon).toBeLessThanOrEqual(8);
    expect(privacy.epsilon).toBeGreaterThan(7.8);
    expect(made.err).toContain('times as long as the longest sum of gradients');
    expect(made.err).toContain('no report.html: it would show training cases');
  }, 120_000);

  test('states the whole guarantee, beside the weights and in them', () => {
    const { statement } = json('whole', 'privacy.json');
    expect(statement).toMatchObject({
      delta: expect.closeTo(32 ** -1.1, 10),
      accountant: 'pld',
      unit: 'subject',
      neighbours: 'one subject added or removed',
      sampling: 'poisson',
      subjects: 32,
      rate: 6 / 32,
      steps: 6,
      planned: { epsilon: 8, steps: 6 },
      autoencoder: 'phantoms',
    });
    expect(statement.renyiEpsilon).toBeGreaterThan(statement.epsilon);
    expect(statement.void).toBeUndefined();
    expect(readGenerator(folder.path('whole')).meta.privacy).toEqual(statement);
  });

  test('logs what was spent, and no figure of training persons', () => {
    const log = rows('whole');
    expect(log).toHaveLength(6);
    const spent = log.flatMap((row) => row.epsilon ?? []);
    expect(spent).toHaveLength(3);
    expect(spent[0]).toBeLessThan(spent[1]);
    expect(spent[1]).toBeLessThan(spent[2]);
    for (const row of log)
      for (const key of Object.keys(row))
        expect(['step', 'gradientNorm', 'epsilon', 'heldOutLoss']).toContain(key);
    expect(log[5].heldOutLoss).toBeGreaterThan(0);
  });

  test('takes nothing from the data: normalised by the codebook, class counts with noise', () => {
    const { meta, autoencoder: ae } = readGenerator(folder.path('whole'));
    for (let c = 0; c < meta.latentMean.length; c++) {
      const codes = ae.codebook.filter((_, i) => i % meta.latentMean.length === c);
      const mean = codes.reduce((a, b) => a + b, 0) / codes.length;
      expect(meta.latentMean[c]).toBeCloseTo(mean, 5);
    }
    expect(meta.qualities).toHaveLength(meta.qualityCounts.length);
  });

  test('the key is gone when the training is complete, and never was in what others get', async () => {
    expect(existsSync(folder.path('whole', 'private'))).toBe(false);
    const half = await run([
      'export',
      '--run',
      folder.path('whole'),
      '--half',
      '--out',
      folder.path('half'),
      '--quiet',
    ]);
    expect(half.err).toBe('');
    const onnx = await run([
      'export',
      '--run',
      folder.path('whole'),
      '--out',
      folder.path('onnx'),
      '--quiet',
    ]);
    expect(onnx.err).toBe('');
    const { dataHash } = readGenerator(folder.path('whole')).meta;
    expect(readGenerator(folder.path('half')).meta).toMatchObject({
      dataHash: 'withheld',
      privacy: { steps: 6 },
    });
    for (const file of ['half/README.md', 'onnx/README.md', 'onnx/model.json']) {
      const text = readFileSync(folder.path(file), 'utf8');
      expect(text).not.toContain(dataHash);
      expect(text).toContain(file.endsWith('json') ? '"unit": "subject"' : '## Privacy');
    }
    expect(readFileSync(folder.path('half/README.md'), 'utf8')).toContain('for each **subject**');
  });

  test('what is made from it without data keeps the statement; a filter that looks at data says so', async () => {
    const reflow = await run([
      ...['train', 'reflow', '--run', folder.path('whole'), '--out', folder.path('reflow'), '--quiet'],
      ...set('steps=1', 'batch=2', 'pairs.count=2', 'pairs.steps=1'),
    ]);
    // The source must have averaged weights: the tiny preset has.
    expect([reflow.code, reflow.err]).toEqual([0, '']);
    expect(readGenerator(folder.path('reflow')).meta.privacy).toEqual(
      json('whole', 'privacy.json').statement,
    );
    const made = await run([
      ...['generate', '--run', folder.path('whole'), '--count', '1', '--seed', '1', '--steps', '1'],
      ...['--data', data, '--candidates', '2', '--out', folder.path('bones'), '--quiet'],
    ]);
    expect(made.err).toBe('');
    expect(json('bones', 'provenance.json').generator).toMatchObject({
      dataHash: 'withheld',
      privacy: { unit: 'subject' },
    });
    expect(readFileSync(folder.path('bones', 'README.md'), 'utf8')).toContain('does not hold for this set');
  }, 60_000);
});

describe('resuming', () => {
  test('goes on bit for bit under the same secret key', async () => {
    const stopped = await run(command('parts', ...PRIVATE, '--quiet'), stopAfter(folder.path('parts'), 3));
    expect(stopped.code).toBe(130);
    const key = folder.path('parts', 'private', 'dp.json');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    cpSync(folder.path('parts'), folder.path('twin'), { recursive: true });
    cpSync(folder.path('parts'), folder.path('lost'), { recursive: true });
    cpSync(folder.path('parts'), folder.path('longer'), { recursive: true });
    for (const out of ['parts', 'twin']) {
      const resumed = await run(command(out, ...PRIVATE, '--quiet', '--resume'));
      expect([resumed.code, resumed.err]).toEqual([0, '']);
      expect(existsSync(folder.path(out, 'private'))).toBe(false);
    }
    expect(same('parts', 'twin', MODEL)).toBe(true);
    // Another run of the same settings has a key of its own.
    expect(same('parts', 'whole', MODEL)).toBe(false);
    expect(rows('parts')).toEqual(rows('twin'));
    expect(rows('parts').map((row) => row.step)).toEqual([1, 2, 3, 4, 5, 6]);

    rmSync(join(folder.path('lost'), 'private'), { recursive: true });
    const lost = await run(command('lost', ...PRIVATE, '--resume'));
    expect([lost.code, lost.err]).toEqual([1, expect.stringContaining('the key of the noise, is missing')]);
    const longer = await run(command('longer', ...PRIVATE, '--resume', '--set', 'steps=9'));
    expect([longer.code, longer.err]).toEqual([1, expect.stringContaining('planned for 6')]);
    for (const change of ['dp.clip=1', 'dp.epsilon=9', 'batch=5']) {
      const changed = await run(command('longer', ...PRIVATE, '--resume', '--set', change));
      // The flag wins over --set, so epsilon is changed by the flag.
      const argv = change.startsWith('dp.epsilon')
        ? command('longer', '--dp-epsilon', '9', '--resume')
        : undefined;
      const { code, err } = argv === undefined ? changed : await run(argv);
      expect([code, err], change).toEqual([1, expect.stringContaining('another configuration')]);
    }
    // A complete run is measured again, and needs no key.
    const again = await run(command('parts', ...PRIVATE, '--resume', '--json', '--quiet'));
    expect([again.code, again.err]).toEqual([0, '']);
    expect(same('parts', 'twin', MODEL)).toBe(true);
  }, 120_000);

  test('with a known seed is the uninterrupted run byte for byte, and has no guarantee', async () => {
    const seeded = [
      ...PRIVATE,
      '--set',
      'dp.seed=3',
      '--set',
      'objective=ddpm',
      '--set',
      'diffusion.steps=50',
    ];
    const whole = await run(command('seeded', ...seeded));
    expect(whole.err).toContain('there is no guarantee');
    await run(command('seeded-parts', ...seeded, '--quiet'), stopAfter(folder.path('seeded-parts'), 2));
    await run(command('seeded-parts', ...seeded, '--quiet', '--resume'));
    for (const file of [
      MODEL,
      'metrics.jsonl',
      'checkpoints/step-000006/optimizer.safetensors',
      'privacy.json',
    ])
      expect(same('seeded', 'seeded-parts', file), file).toBe(true);
    const { meta } = readGenerator(folder.path('seeded'));
    expect(meta.privacy!.void).toContain('dp.seed');
    expect(meta.diffusion!.reach).toBeGreaterThan(0.5);
    await run([
      'export',
      '--run',
      folder.path('seeded'),
      '--half',
      '--out',
      folder.path('seeded-half'),
      '--quiet',
    ]);
    expect(readFileSync(folder.path('seeded-half', 'README.md'), 'utf8')).toContain('**No privacy guarantee');
  }, 120_000);

  test('a run that ends before its budget: noise that is given, steps that fit', async () => {
    const { code, out, err } = await run(command('short', ...PRIVATE, '--json', ...set('dp.noise=0.4')));
    expect(code, err).toBe(0);
    const { steps, privacy } = JSON.parse(out);
    expect(steps).toBeLessThan(6);
    expect(steps).toBeGreaterThan(0);
    expect(privacy.epsilon).toBeLessThanOrEqual(8);
    expect(err).toContain(`the budget holds ${steps} of 6 steps`);
  }, 60_000);
});

describe('is refused', () => {
  test.each([
    ['--dp-epsilon 0', ['--dp-epsilon', '0'], 2, 'must be a number above 0'],
    ['--dp-epsilon -1', ['--dp-epsilon', '-1'], 2, 'must be a number above 0'],
    ['--dp-epsilon x', ['--dp-epsilon', 'x'], 2, 'must be a number'],
    ['--dp-delta 1', [...PRIVATE, '--dp-delta', '1'], 1, 'dp.delta'],
    ['a delta above 1/n', [...PRIVATE, '--dp-delta', '0.1'], 1, 'less than 1/n'],
    ['delta without epsilon', ['--dp-delta', '0.001'], 2, '--dp-delta without --dp-epsilon'],
    ['assignment in the batch', [...PRIVATE, '--coupling', 'minibatch-ot'], 1, 'coupling=independent'],
    ['mixtures', [...PRIVATE, ...set('latents.mix=0.5')], 1, 'latents.mix=0'],
    ['the mean latent', [...PRIVATE, ...set('latents.centre=shape')], 1, 'latents.centre=channel'],
    ['a choice by held-out loss', [...PRIVATE, ...set('keep.by=loss')], 1, 'keep.by=last'],
    ['a share', [...PRIVATE, ...set('share=0.9')], 1, 'share=1'],
    ['a batch of more than all', [...PRIVATE, ...set('batch=33')], 1, 'batch=32 or less'],
    [
      'class counts beyond the budget',
      ['--dp-epsilon', '0.1', ...set('dp.classNoise=1')],
      1,
      'class counts alone',
    ],
    [
      'noise that drowns everything',
      [...PRIVATE, ...set('dp.noise=9000', 'batch=1')],
      1,
      'nothing is left to learn',
    ],
    [
      'too little noise for one step',
      ['--dp-epsilon', '1', ...set('dp.noise=0.1')],
      1,
      'of which one step spends',
    ],
  ] as const)('%s', async (_, more, code, words) => {
    const ended = await run(command('refused', ...more));
    expect(ended.code, ended.err).toBe(code);
    expect(ended.err).toContain(words);
    expect(existsSync(folder.path('refused', 'config.yaml'))).toBe(false);
  });

  test('too few subjects, and several cases of one are one', async () => {
    const few = folder.path('few');
    cpSync(data, few, { recursive: true });
    const manifest = json('few', 'dataset.json');
    const train = manifest.cases.filter((c: { split: string }) => c.split === 'train');
    for (const [i, c] of train.entries()) c.subject = `subject ${i % 24}`;
    writeFileSync(folder.path('few', 'dataset.json'), JSON.stringify(manifest));
    const { code, err } = await run([...command('refused', ...PRIVATE), '--data', few]);
    expect([code, err]).toEqual([1, expect.stringContaining('24 training subjects')]);
  });

  test('an autoencoder of the same persons, unless it is stated', async () => {
    const real = folder.path('real');
    cpSync(data, real, { recursive: true });
    const manifest = json('real', 'dataset.json');
    writeFileSync(folder.path('real', 'dataset.json'), JSON.stringify({ ...manifest, phantom: false }));
    const made = await run([
      ...['train', 'autoencoder', '--data', real, '--out', folder.path('real-ae'), ...TINY_AUTOENCODER],
      ...[...set('steps=1'), '--quiet', '--no-report'],
    ]);
    expect(made.err).toBe('');
    const inputs = ['--data', real, '--autoencoder', folder.path('real-ae')];
    const refused = await run([...command('refused', ...PRIVATE), ...inputs]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('on the same cases')]);
    const stated = await run([
      ...command('stated', ...PRIVATE, '--quiet', ...set('dp.uncovered=true', 'steps=1')),
      ...inputs,
    ]);
    expect(stated.err).toBe('');
    expect(json('stated', 'privacy.json').statement.autoencoder).toBe('same persons');
  }, 60_000);
});
