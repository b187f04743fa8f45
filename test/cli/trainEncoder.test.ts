/** `train encoder` by command line: it resumes bit for bit, and `evaluate` compares by its features and by others. */
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
const [data, fake, whole] = [folder.path('data'), folder.path('fake'), folder.path('whole')];
const STEPS = ['--set', 'evaluateEvery=2', '--threads', '1', '--quiet', '--no-report'];
const sizes = [
  'model.widths=[8,8]',
  'model.features=12',
  'model.projection=6',
  'batch=3',
  'steps=6',
  'warmup=0',
];
const training = ['train', 'encoder', '--data', data, ...sizes.flatMap((s) => ['--set', s]), ...STEPS];

beforeAll(async () => {
  await run(['phantom', '--out', data, '--count', '40', '--grid', '16', '--quiet']);
  await run(['phantom', '--out', fake, '--count', '8', '--grid', '16', '--seed', '5', '--quiet']);
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

  const again = await run([...training, '--out', whole, '--resume', '--json']);
  const told = JSON.parse(again.out);
  expect(Object.keys(told)).toEqual(['run', 'steps', 'heldOutRetrieval']);
  expect(told.heldOutRetrieval).toBeGreaterThanOrEqual(0);
  const other = await run([...training, '--out', whole, '--resume', '--set', 'temperature=0.3']);
  expect([other.code, other.err]).toEqual([1, expect.stringContaining('temperature 0.3 (the run has 0.1)')]);
}, 60_000);

test('its settings are told, with the temperature and what is hidden', async () => {
  const settings = await run(['train', 'settings', 'encoder', '--preset', 'small']);
  expect(settings.code).toBe(0);
  expect(settings.out).toMatch(/^# cranioflow train encoder --preset small\n/);
  expect(settings.out).toMatch(/temperature: 0.1\n[\s\S]*boxes: 2\n/);
});

test('its run has a report, at its end and by command', async () => {
  const out = folder.path('reported');
  const ran = await run([...training.filter((word) => word !== '--no-report'), '--out', out]);
  expect([ran.code, ran.err]).toEqual([0, '']);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page).toMatch(/Contrastive encoder of skulls[\s\S]*Retrieval, held out[\s\S]*NT-Xent/);
  const again = await run(['report', '--run', out, '--data', data, '--out', folder.path('again'), '--quiet']);
  expect([again.code, again.err]).toEqual([0, '']);
  // But for where it was written, which its command says.
  const second = readFileSync(join(folder.path('again'), 'report.html'), 'utf8');
  expect(second).toContain(` --out ${folder.path('again')}</pre>`);
  expect(second.replace(` --out ${folder.path('again')}</pre>`, '</pre>')).toBe(page);
}, 60_000);

test('evaluate compares in every space that a flag names, and says what to know of them', async () => {
  const autoencoder = folder.path('ae');
  const train = ['train', 'autoencoder', '--data', data, '--out', autoencoder, ...TINY_AUTOENCODER];
  expect((await run([...train, '--set', 'steps=2', ...STEPS])).err).toBe('');
  const extractor = new URL('../evaluation/fixtures/extractor.onnx', import.meta.url).pathname;
  const sets = ['evaluate', '--real', data, '--train', data, '--fake', fake, '--quick', '--threads', '1'];
  const spaces = ['--encoder', whole, '--autoencoder', autoencoder, '--extractor', extractor];
  const ran = await run([...sets, ...spaces, '--extractor-output', 'pooled', '--json', '--quiet']);
  expect([ran.code, ran.err]).toEqual([0, '']);
  const { metrics, notes } = JSON.parse(ran.out);
  for (const space of ['Latent', 'Encoder', 'Extractor'])
    for (const metric of ['kid', 'fid', 'pPrecision', 'precision', 'recall', 'density', 'coverage']) {
      const { value, reference, n } = metrics[`${metric}${space}`];
      expect(Number.isFinite(value), `${metric}${space}`).toBe(true);
      expect(Number.isFinite(reference), `${metric}${space}`).toBe(true);
      expect(n).toBe(8);
    }
  expect(metrics.kidShape).toBeUndefined();
  const told = notes.join('\n');
  expect(told).toContain('contrastive encoder: 12 numbers, learnt in 6 steps');
  expect(told).toMatch(/latents of the autoencoder: \d+ numbers, mean and deviation of 4 channels/);
  expect(told).toContain("extractor: 3 numbers, output 'pooled'");
  expect(told).not.toContain('learnt from other cases');

  const refused = await run([...sets, '--extractor', extractor]);
  expect([refused.code, refused.out]).toEqual([1, '']);
  expect(refused.err).toContain('--extractor-output NAME');
  const wrong = await run([...sets, '--encoder', autoencoder]);
  expect([wrong.code, wrong.out]).toEqual([1, '']);
  expect(wrong.err).toContain('its kind is "autoencoder"');
  const lonely = await run([...sets, '--extractor-output', 'pooled']);
  expect([lonely.code, lonely.err]).toEqual([2, expect.stringContaining('without --extractor')]);

  // An encoder of other data may know the held-out cases.
  const others = ['--real', fake, '--train', fake, '--fake', data, '--quick', '--encoder', whole, '--json'];
  const warned = await run(['evaluate', ...others, '--quiet', '--threads', '1']);
  expect(JSON.parse(warned.out).notes.join('\n')).toContain(
    'learnt from other cases (phantom skulls 16, seed 1)',
  );
}, 120_000);
