/** `task complete train` and `apply` by command line: it resumes bit for bit, and an implant comes out of its network. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { writeVolume } from '../../src/volume/io/write.ts';
import type { Mask } from '../../src/volume/volume.ts';
import { expectCommand, expectEqualRuns, run, stopAfter, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const [data, more, whole] = [folder.path('data'), folder.path('more'), folder.path('whole')];
const sizes = [
  'model.widths=[8]',
  'model.blocks=0',
  'batch=2',
  'steps=6',
  'warmup=0',
  'evaluateEvery=3',
  'defects.kinds=[spherical]',
  'defects.sites=[neurocranium]',
];
const training = [
  ...['task', 'complete', 'train', '--data', data, '--synthetic', more, '--threads', '1', '--quiet'],
  ...sizes.flatMap((s) => ['--set', s]),
];

beforeAll(async () => {
  await run(['phantom', '--out', data, '--count', '10', '--grid', '16', '--quality', '6', '--quiet']);
  await run([
    'phantom',
    '--out',
    more,
    '--count',
    '4',
    '--grid',
    '16',
    '--seed',
    '5',
    '--quality',
    '6',
    '--quiet',
  ]);
  expect(await run([...training, '--out', whole])).toEqual({ code: 0, out: '', err: '' });
}, 60_000);

test('interrupted and resumed it ends byte for byte as without the interruption', async () => {
  const parts = folder.path('parts');
  const stopped = await run([...training, '--out', parts], stopAfter(parts, 3));
  expect([stopped.code, stopped.err]).toEqual([130, expect.stringContaining('3 of 6 steps are saved')]);
  expect(existsSync(join(parts, 'README.md'))).toBe(false);
  expect((await run([...training, '--out', parts, '--resume'])).code).toBe(0);
  expectEqualRuns(whole, parts, 6, 'README.md');
  expectCommand(parts, [...training, '--out', parts]);
  const told = JSON.parse((await run([...training, '--out', whole, '--resume', '--json'])).out);
  expect(Object.keys(told)).toEqual([
    'run',
    'steps',
    'heldOutImplantDice',
    'heldOutDice',
    'heldOutNothingDice',
    'heldOutCases',
  ]);
}, 60_000);

test('its help names the command that prints its settings, which is there', async () => {
  const { out } = await run(['task', 'complete', 'train', '--help']);
  expect(out).toContain('`cranioflow train settings completer`');
  expect((await run(['train', 'settings', 'completer'])).code).toBe(0);
});

test('synthetic sets alone: --data is only measured on', async () => {
  const out = folder.path('synthetic');
  expect((await run([...training, '--synthetic-only', '--out', out])).code).toBe(0);
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(
    /phantom skulls 16, seed 5, quality 6, 4 cases/,
  );
});

test('apply: files and words, or JSON; refusals end with 1, wrong words with 2', async () => {
  const dataset = openDataset(data);
  const bone = dataset.loadMask(dataset.split('test')[0]);
  // A quarter of the vault is gone.
  const [nx, ny, nz] = bone.size;
  const hurt: Mask = {
    ...bone,
    origin: [100, -50, 20],
    data: bone.data.map((v, p) => (p % nx > nx / 2 && Math.floor(p / (nx * ny)) > 0.6 * nz ? 0 : v)),
  };
  const input = folder.path('patient.nrrd');
  await writeVolume(input, hurt);
  const out = folder.path('implant');
  const apply = ['task', 'complete', 'apply', input, '--threads', '1', '--no-picture'];
  // Six steps teach little: whatever comes is an implant, or the reason why there is none.
  const done = await run([...apply, '--run', whole, '--out', out]);
  expect([0, 1]).toContain(done.code);
  if (done.code === 0) {
    expect(readdirSync(out).sort()).toEqual(['bone.stl', 'implant.json', 'implant.nrrd', 'implant.stl']);
    expect(done.err).toMatch(/cm\^3, gap at least/);
    expect(done.err).toContain('not a medical device');
  } else expect(done.err).toMatch(/no bone missing|more defect than bone|adds nothing/);
  const wrong = await run([...apply, '--run', whole, '--out', folder.path('x'), '--frame', 'sideways']);
  expect(wrong.code).toBe(2);
  const both = await run([
    ...apply,
    '--run',
    whole,
    '--out',
    folder.path('x'),
    '--frame',
    'patient',
    '--aligned',
  ]);
  expect([both.code, both.err]).toEqual([2, expect.stringContaining('--frame and --aligned')]);
  const nothing = await run([...apply, '--run', data, '--out', folder.path('x')]);
  expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining('holds no trained network')]);
  expect(existsSync(folder.path('x'))).toBe(false);
}, 60_000);
