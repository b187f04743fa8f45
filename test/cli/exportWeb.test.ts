/** `export web`, beside `export`: its options are its own, its help too, and both still ask for --out. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtPage } from '../web/build.ts';
import { run, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
beforeAll(async () => {
  await builtPage('site');
}, 120_000);
afterAll(folder.remove);

test('the bundled generator as a page: how large it is, what it learnt from, how to look at it', async () => {
  const { code, out, err } = await run(['export', 'web', '--out', folder.path('my site')]);
  expect([code, out]).toEqual([0, '']);
  expect(err).toMatch(/Trained on phantoms: procedural shapes/);
  expect(err).toMatch(/files, \d+\.\d MB in .*my site \(the generator 12\.4 MB\)/);
  expect(err).toMatch(/any static file server.*\n.*--directory '.*my site' 8000/);
  expect(existsSync(folder.path('my site', 'index.html'))).toBe(true);
});

test('--json', async () => {
  const { code, out } = await run([
    'export',
    'web',
    '--out',
    folder.path('json'),
    '--quality',
    '4',
    '--json',
  ]);
  expect(code).toBe(0);
  const result = JSON.parse(out);
  expect(result).toMatchObject({
    bone: 'skull',
    phantom: true,
    card: expect.stringMatching(/^model-\w{12}\/README\.md$/),
  });
  for (const file of [...result.files, result.card]) expect(existsSync(folder.path('json', file))).toBe(true);
});

test.each([
  [['export', 'web'], /required option '--out <dir>'/],
  [['export'], /required option '--out <dir>'/],
  [['export', 'web', '--half', '--out', 'x'], /--half with export web/],
  [['export', 'web', '--format', 'stl', '--out', 'x'], /--format with export web/],
  [['export', 'web', '--quality', '7', '--out', 'x'], /whole number from 2 to 6/],
  [['export', '--out', 'x'], /neither --volume nor --run/],
])('wrong usage: %j', async (argv, message) => {
  const { code, err } = await run(argv);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

test('what is no generator, and a folder of somebody else, are refused', async () => {
  mkdirSync(folder.path('full'));
  writeFileSync(folder.path('full', 'thesis.tex'), '');
  const full = await run(['export', 'web', '--out', folder.path('full')]);
  expect([full.code, full.err]).toEqual([1, expect.stringMatching(/already holds thesis\.tex/)]);
  const weights = 'assets/phantom-small/autoencoder.safetensors';
  const wrong = await run(['export', 'web', '--run', weights, '--out', folder.path('no')]);
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/its kind is "autoencoder"/)]);
  expect(existsSync(folder.path('no'))).toBe(false);
});

test('the help names its own options and those of every command alone', async () => {
  const { code, out } = await run(['export', 'web', '--help']);
  expect(code).toBe(0);
  for (const option of ['--out <dir>', '--run <run>', '--quality <class>', '--json', '--quiet'])
    expect(out).toContain(option);
  expect(out).not.toContain('--volume');
});
