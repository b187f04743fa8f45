/** The generator that comes with the package: `generate` without `--run`. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { diceOf, overlap } from '../../src/evaluation/overlap.ts';
import { readVolume } from '../../src/volume/io/index.ts';
import { run, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const bundle = 'assets/phantom-small';

test('the bundle is below 20 MB and says that it learnt from phantoms', () => {
  const bytes = readdirSync(bundle).reduce((n, file) => n + statSync(join(bundle, file)).size, 0);
  expect(bytes).toBeLessThan(20e6);
  const card = readFileSync(join(bundle, 'README.md'), 'utf8');
  expect(card).toContain('Trained on phantoms');
  expect(card).toContain('Not a medical device');
});

test('one complete 64^3 skull, the same whatever the count', async () => {
  const out = (name: string) => folder.path(name);
  const generate = ['generate', '--seed', '7', '--steps', '4', '--quiet', '--format', 'nrrd'];
  const one = await run([...generate, '--count', '1', '--start', '1', '--out', out('one')]);
  expect([one.code, one.out]).toEqual([0, '']);
  const two = await run([...generate, '--count', '2', '--out', out('two')]);
  expect(two.code).toBe(0);

  const [alone] = openDataset(out('one')).cases;
  expect(alone.quality).toBe(6);
  const file = `${alone.id}.nrrd`;
  expect(readFileSync(join(out('one'), file)).equals(readFileSync(join(out('two'), file)))).toBe(true);

  const skull = await readVolume(join(out('one'), file));
  expect(skull.size).toEqual([64, 64, 64]);
  const litres = (skull.data as Uint8Array).reduce((n, v) => n + v, 0) * 3.75 ** 3 * 1e-6;
  expect(litres).toBeGreaterThan(0.4);
  expect(litres).toBeLessThan(1.1);
  // A skull is nearly its own mirror image: blobs and noise are not.
  const mirrored = new Uint8Array(64 ** 3);
  for (let i = 0; i < mirrored.length; i++) mirrored[i] = skull.data[(i & ~63) | (63 - (i & 63))];
  expect(diceOf(overlap(skull.data, mirrored))).toBeGreaterThan(0.5);
}, 120_000);
