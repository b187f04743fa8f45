/** `train decoder` by command line: it resumes bit for bit, and its run is an autoencoder like any other. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  expectCommand,
  expectEqualRuns,
  run,
  stopAfter,
  TINY_AUTOENCODER,
  temporaryFolder,
} from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const [data, autoencoder] = [folder.path('data'), folder.path('ae')];
const STEPS = ['--set', 'evaluateEvery=2', '--threads', '1', '--quiet', '--no-report'];
const command = ['train', 'decoder', '--data', data, '--autoencoder', autoencoder];
const tuning = [...command, '--set', 'steps=6', '--set', 'batch=2', ...STEPS];

beforeAll(async () => {
  await run(['phantom', '--out', data, '--count', '8', '--grid', '16', '--quiet']);
  const head = ['--set', 'model.head.kind=up_conv', '--set', 'model.widths=[8,8]'];
  const blocks = ['--set', 'model.encoderBlocks=[1]', '--set', 'model.decoderBlocks=[0,1]'];
  const train = ['train', 'autoencoder', '--data', data, '--out', autoencoder];
  const ran = await run([...train, ...TINY_AUTOENCODER, ...head, ...blocks, '--set', 'steps=2', ...STEPS]);
  expect([ran.code, ran.err]).toEqual([0, '']);
}, 60_000);

test('interrupted and resumed it ends byte for byte as without the interruption', async () => {
  const [whole, parts] = [folder.path('whole'), folder.path('parts')];
  expect(await run([...tuning, '--out', whole])).toEqual({ code: 0, out: '', err: '' });
  const stopped = await run([...tuning, '--out', parts], stopAfter(parts, 4));
  expect([stopped.code, stopped.err]).toEqual([130, expect.stringContaining('3 of 6 steps are saved')]);
  expect((await run([...tuning, '--out', parts, '--resume'])).code).toBe(0);
  expectEqualRuns(whole, parts, 6);
  expectCommand(parts, [...tuning, '--out', parts]);

  const again = await run([...tuning, '--out', whole, '--resume', '--json']);
  const told = JSON.parse(again.out);
  expect(Object.keys(told)).toEqual(['run', 'steps', 'before', 'after']);
  expect(told.after['heldOutDiceNoise0.4']).toBeGreaterThan(0);
  const other = await run([...tuning, '--out', whole, '--resume', '--set', 'noise.high=0.3']);
  expect(other.code).toBe(1);
  expect(other.err).toContain('noise.high 0.3 (the run has 0.4)');
}, 60_000);

test('its settings are told, its run has a report and feeds a generator', async () => {
  const settings = await run(['train', 'settings', 'decoder', '--preset', 'reference']);
  expect(settings.code).toBe(0);
  expect(settings.out).toMatch(/^# cranioflow train decoder --preset reference\n/);
  expect(settings.out).toMatch(/low: 0.05\n.*\n {2}high: 0.4\n/);

  const out = folder.path('reported');
  const ran = await run([...tuning.filter((word) => word !== '--no-report'), '--out', out]);
  expect([ran.code, ran.err]).toEqual([0, '']);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toMatch(
    /Dice, held out[\s\S]*decoded from noisy latents/,
  );

  const tiny = [
    'model.width=8',
    'model.multipliers=[1]',
    'model.attention=[]',
    'model.headChannels=8',
    'batch=2',
  ];
  const sets = [...tiny, 'steps=1'].flatMap((pair) => ['--set', pair]);
  const train = ['train', 'generator', '--data', data, '--autoencoder', out, '--out', folder.path('gen')];
  const generator = await run([...train, ...sets, ...STEPS]);
  expect([generator.code, generator.err]).toEqual([0, '']);
}, 60_000);

test('an autoencoder of other data is refused before anything is written', async () => {
  const other = folder.path('other');
  await run(['phantom', '--out', other, '--count', '4', '--grid', '16', '--seed', '9', '--quiet']);
  const out = folder.path('refused');
  const ran = await run([...command, '--out', out, '--data', other, ...STEPS]);
  expect([ran.code, ran.out]).toEqual([1, '']);
  expect(ran.err).toContain('is not the data that the autoencoder was trained on');
  expect(existsSync(out)).toBe(false);
});
