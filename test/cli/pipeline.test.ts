/** From nothing to an evaluation by command lines, on a 16^3 grid and a few steps; and every way it can be fed wrongly. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireLock } from '../../src/files/lock.ts';
import { readVolume, writeVolume } from '../../src/volume/io/index.ts';
import { done, fails, run, TINY_AUTOENCODER, TINY_GENERATOR, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const data = folder.path('data');
const autoencoder = folder.path('ae');
const generator = folder.path('gen');
const skulls = folder.path('skulls');
const TWO_STEPS = ['--set', 'steps=2', '--threads', '1', '--quiet', '--no-report'];
const trainAutoencoder = ['train', 'autoencoder', '--data', data, ...TINY_AUTOENCODER, ...TWO_STEPS];
const trainGenerator = [
  'train',
  'generator',
  '--data',
  data,
  '--autoencoder',
  autoencoder,
  '--objective',
  'otfm',
];
const generate = ['generate', '--run', generator, '--seed', '7', '--steps', '2', '--threads', '1', '--quiet'];

beforeAll(async () => {
  await done(['phantom', '--out', data, '--count', '8', '--grid', '16', '--seed', '3', '--quiet']);
  await done([...trainAutoencoder, '--out', autoencoder]);
  await done([...trainGenerator, '--out', generator, ...TINY_GENERATOR, ...TWO_STEPS]);
  await done([...generate, '--count', '3', '--out', skulls, '--format', 'nrrd,stl,glb']);
}, 60_000);

describe('the pipeline', () => {
  test('a run folder holds what it should', () => {
    expect(readdirSync(generator).sort()).toEqual([
      'autoencoder.safetensors',
      'checkpoints',
      'command.json',
      'config.yaml',
      'data.json',
      'metrics.jsonl',
    ]);
    expect(readFileSync(join(generator, 'config.yaml'), 'utf8')).toContain('objective: otfm');
  });

  test('training ends with a report, unless told not to', async () => {
    const out = folder.path('reported');
    const argv = trainAutoencoder.filter((word) => word !== '--no-report');
    await done([...argv, '--out', out]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('PHANTOM');
    expect(existsSync(join(autoencoder, 'report.html'))).toBe(false);
  }, 60_000);

  test('train reports as JSON', async () => {
    const out = await done([...trainAutoencoder, '--out', folder.path('ae-json'), '--json']);
    const { heldOutDice, ...rest } = JSON.parse(out);
    expect(rest).toEqual({ run: folder.path('ae-json'), steps: 2 });
    expect(heldOutDice).toBeGreaterThan(0);
    expect(heldOutDice).toBeLessThanOrEqual(1);
  });

  test('generated bones are there in every format, labelled as phantom', () => {
    const files = [0, 1, 2].flatMap((i) => ['glb', 'nrrd', 'stl'].map((f) => `skull-s7-0000${i}.${f}`));
    expect(readdirSync(skulls).sort()).toEqual([
      'README.md',
      'dataset.json',
      'provenance.json',
      ...files,
      'volumes',
    ]);
    expect(readFileSync(join(skulls, 'README.md'), 'utf8')).toContain('phantom');
    expect(JSON.parse(readFileSync(join(skulls, 'dataset.json'), 'utf8')).phantom).toBe(true);
  });

  test('generate --json lists the bones; a rerun makes none', async () => {
    const out = await done([...generate, '--count', '3', '--out', skulls, '--format', 'nrrd', '--json']);
    const result = JSON.parse(out);
    expect(result).toMatchObject({ out: skulls, bone: 'skull', phantom: true, made: 0, empty: 0 });
    expect(result.bones.map((b: { id: string }) => b.id)).toEqual([0, 1, 2].map((i) => `skull-s7-0000${i}`));
  });

  test('a card that was made before a bone more is told of', async () => {
    const set = folder.path('carded');
    const loud = generate.filter((word) => word !== '--quiet');
    const made = async (count: string) => (await run([...loud, '--count', count, '--out', set])).err;
    expect(await made('1')).not.toContain('CARD.md');
    writeFileSync(join(set, 'CARD.md'), 'of one bone');
    expect(await made('1')).not.toContain('CARD.md');
    expect(await made('2')).toMatch(/carded\/CARD\.md tells of the set as it was before: .*cranioflow card/);
  });

  test('evaluate --json is the evaluation, and without it a table on stdout', async () => {
    const sets = ['--real', data, '--train', data, '--fake', skulls, '--quiet'];
    const result = JSON.parse(await done(['evaluate', ...sets, '--json', '--seed', '5']));
    expect(result.counts).toEqual({ real: 2, train: 6, fake: 3, emptyFake: 0 });
    expect(result.seed).toBe(5);
    expect(result.metrics.oneNnaDice.value).toBeGreaterThanOrEqual(0);
    const table = await done(['evaluate', ...sets]);
    expect(table).toContain('3 generated, 2 held-out real, 6 training bones of 16x16x16 voxels, 15 mm');
    for (const name of Object.keys(result.metrics)) expect(table).toMatch(new RegExp(`^${name} +-?\\d`, 'm'));
  });

  test('evaluate counts the empty bones of the provenance', async () => {
    const copy = folder.path('with-empty');
    cpSync(skulls, copy, { recursive: true });
    const file = join(copy, 'provenance.json');
    const provenance = JSON.parse(readFileSync(file, 'utf8'));
    provenance.bones.push({ index: 3, id: 'skull-s7-00003', quality: 4, empty: true });
    writeFileSync(file, JSON.stringify(provenance));
    const out = await done([
      'evaluate',
      '--real',
      data,
      '--train',
      data,
      '--fake',
      copy,
      '--json',
      '--quiet',
    ]);
    const { counts, metrics } = JSON.parse(out);
    expect([counts.fake, counts.emptyFake, metrics.emptyShare.value]).toEqual([4, 1, 0.25]);
  });

  test('export --volume takes a dataset folder, a file and a folder of files', async () => {
    const whole = JSON.parse(
      await done([
        'export',
        '--volume',
        skulls,
        '--out',
        folder.path('m1'),
        '--format',
        'ply,nii.gz',
        '--json',
        '--quiet',
      ]),
    );
    expect(whole.files).toHaveLength(6);
    const file = join(skulls, 'skull-s7-00000.nrrd');
    await done(['export', '--volume', file, '--out', folder.path('m2'), '--simplify', '0.25', '--quiet']);
    const [full, few] = [join(skulls, 'skull-s7-00000.stl'), folder.path('m2', 'skull-s7-00000.stl')].map(
      (path) => readFileSync(path).readUInt32LE(80),
    );
    expect(few).toBeLessThan(0.6 * full);
    const loose = folder.path('loose');
    await writeVolume(join(loose, 'a.mha'), await readVolume(file));
    // One that is no volume does not hold up the others, and is named.
    writeFileSync(join(loose, 'A-first.nrrd'), 'NRRD0004 cut short');
    const some = await run(['export', '--volume', loose, '--out', folder.path('m3'), '--quiet']);
    expect(some.code).toBe(1);
    expect(some.err).toMatch(/1 of 2 bones cannot be exported:\n {2}A-first: /);
    expect(readdirSync(folder.path('m3'))).toEqual(['a.stl']);
    expect(
      readFileSync(folder.path('m3', 'a.stl')).equals(readFileSync(join(skulls, 'skull-s7-00000.stl'))),
    ).toBe(true);
  });

  test('export --run --half gives a folder that generate takes', async () => {
    const half = folder.path('half');
    await done(['export', '--run', generator, '--half', '--out', half, '--quiet']);
    expect(readdirSync(half).sort()).toEqual(['README.md', 'autoencoder.safetensors', 'model.safetensors']);
    const out = folder.path('from-half');
    await done(['generate', '--run', half, '--out', out, '--steps', '1', '--format', 'mha', '--quiet']);
    expect(existsSync(join(out, 'skull-s0-00000.mha'))).toBe(true);
  });
});

describe('bad input is told in words', () => {
  test('a dataset that is not there', async () => {
    const argv = ['train', 'autoencoder', '--data', folder.path('nowhere'), '--out', folder.path('x1')];
    expect(await fails(argv, 1)).toContain('holds no dataset.json');
    expect(existsSync(folder.path('x1'))).toBe(false);
  });

  test('an unknown configuration key, with the nearest one, and a value out of range', async () => {
    const argv = [...trainAutoencoder, '--out', folder.path('x2')];
    expect(await fails([...argv, '--set', 'model.code=64'], 1)).toContain(
      'nearest known key is "model.codes"',
    );
    expect(await fails([...argv, '--set', 'steps=-1'], 1)).toContain('steps');
    expect(await fails([...argv, '--config', folder.path('no.yaml')], 1)).toContain('no.yaml');
    const objective = [...trainGenerator.slice(0, -1), 'gan', '--out', folder.path('x2')];
    expect(await fails(objective, 1)).toContain('otfm');
    expect(existsSync(folder.path('x2'))).toBe(false);
  });

  test('a run folder that holds a run, or is in use', async () => {
    expect(await fails([...trainAutoencoder, '--out', autoencoder], 1)).toContain('--resume');
    const release = acquireLock(join(autoencoder, 'run.lock'), () => undefined);
    try {
      expect(await fails([...trainAutoencoder, '--out', autoencoder, '--resume'], 1)).toContain(
        'is in use by process',
      );
    } finally {
      release();
    }
  });

  test('an autoencoder where a generator is expected, and the reverse', async () => {
    const wrong = ['generate', '--run', autoencoder, '--out', folder.path('x3')];
    expect(await fails(wrong, 1)).toContain('its kind is "autoencoder"');
    const swapped = [
      'train',
      'generator',
      '--data',
      data,
      '--autoencoder',
      generator,
      '--out',
      folder.path('x3'),
    ];
    expect(await fails(swapped, 1)).toContain('its kind is "generator"');
    expect(await fails(['export', '--run', autoencoder, '--out', folder.path('x3')], 1)).toContain('kind');
    expect(existsSync(folder.path('x3'))).toBe(false);
  });

  test('a checkpoint that is cut short, in a run folder and as released weights', async () => {
    const copy = folder.path('cut');
    cpSync(generator, copy, { recursive: true });
    const model = join(copy, 'checkpoints', 'step-000002', 'model.safetensors');
    truncateSync(model, 1000);
    const argv = ['generate', '--run', copy, '--out', folder.path('x4')];
    expect(await fails(argv, 1)).toContain(`${model}: cut short or altered`);
    const resume = [...trainGenerator, '--out', copy, '--resume', '--quiet'];
    expect(await fails(resume, 1)).toContain('cut short');
    const half = folder.path('cut-half');
    await done(['export', '--run', generator, '--half', '--out', half, '--quiet']);
    truncateSync(join(half, 'model.safetensors'), 2000);
    expect(await fails(['generate', '--run', half, '--out', folder.path('x4')], 1)).toContain(
      'not a whole safetensors',
    );
    expect(existsSync(folder.path('x4'))).toBe(false);
  });

  test('an autoencoder that the generator was not trained with', async () => {
    const copy = folder.path('exchanged');
    cpSync(generator, copy, { recursive: true });
    const other = folder.path('ae-other');
    await done([...trainAutoencoder, '--out', other, '--set', 'seed=9']);
    copyFileSync(
      join(other, 'checkpoints', 'step-000002', 'model.safetensors'),
      join(copy, 'autoencoder.safetensors'),
    );
    expect(await fails(['generate', '--run', copy, '--out', folder.path('x5')], 1)).toContain(
      'is not the autoencoder',
    );
  });

  test('a dataset of another grid than the autoencoder, and sets of two grids', async () => {
    const coarse = folder.path('grid24');
    await done(['phantom', '--out', coarse, '--count', '3', '--grid', '24', '--quiet']);
    const argv = [
      'train',
      'generator',
      '--data',
      coarse,
      '--autoencoder',
      autoencoder,
      '--out',
      folder.path('x6'),
    ];
    const told = await fails(argv, 1);
    expect(told).toContain('24x24x24 voxels of 10 mm, the autoencoder 16x16x16 of 15 mm');
    expect(
      await fails(['evaluate', '--real', data, '--train', coarse, '--fake', skulls, '--quiet'], 1),
    ).toContain('24 x 24 x 24');
    const report = [
      'report',
      '--run',
      generator,
      '--data',
      data,
      '--fake',
      coarse,
      '--out',
      folder.path('x6'),
    ];
    expect(await fails([...report, '--quiet'], 1)).toContain(`${coarse} is on 24 x 24 x 24 voxels`);
    const odd = folder.path('grid18');
    await done(['phantom', '--out', odd, '--count', '2', '--grid', '18', '--quiet']);
    const undivided = [
      'train',
      'autoencoder',
      '--data',
      odd,
      '--out',
      folder.path('x6'),
      ...TINY_AUTOENCODER,
    ];
    expect(await fails(undivided, 1)).toContain('multiples of');
  });

  test('a run that is not there, settings out of range, an unknown format, a folder of other bones', async () => {
    const out = ['--out', folder.path('x7'), '--quiet'];
    expect(await fails(['generate', '--run', folder.path('nowhere'), ...out], 1)).toContain(
      'no trained network',
    );
    expect(await fails([...generate, ...out, '--guidance', '99'], 2)).toContain('guidance');
    expect(await fails([...generate, ...out, '--format', 'obj'], 2)).toContain('nrrd, nii');
    expect(existsSync(folder.path('x7'))).toBe(false);
    const other = [...generate, '--out', skulls, '--guidance', '3'];
    expect(await fails(other, 1)).toContain('generated with guidance 1.5');
    expect(await fails([...generate, '--out', data], 1)).toContain('not generated');
    expect(existsSync(join(data, 'provenance.json'))).toBe(false);
  });

  test('a folder where nothing can be written', async () => {
    const file = folder.path('a-file');
    writeFileSync(file, '');
    expect(await fails([...generate, '--out', join(file, 'under')], 1)).toContain('ENOTDIR');
    expect(await fails([...trainAutoencoder, '--out', join(file, 'under')], 1)).toContain('ENOTDIR');
    expect(
      await fails(['phantom', '--count', '1', '--grid', '16', '--out', join(file, 'under')], 1),
    ).toContain('ENOTDIR');
  });
});
