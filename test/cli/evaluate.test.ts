/** `cranioflow evaluate` beyond the pipeline: pages, two sets, texts, and held-out bones that were trained on. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const [data, made, other] = ['data', 'made', 'other'].map((name) => folder.path(name));

beforeAll(async () => {
  for (const [out, seed, count] of [
    [data, 1, 30],
    [made, 2, 8],
    [other, 3, 9],
  ] as const) {
    const argv = [
      'phantom',
      '--out',
      out,
      '--count',
      `${count}`,
      '--grid',
      '16',
      '--seed',
      `${seed}`,
      '--quiet',
    ];
    expect(await run(argv)).toMatchObject({ code: 0 });
  }
}, 60_000);

const sets = ['--real', data, '--train', data, '--fake', made, '--quick', '--quiet'];

test('--out writes a page and the JSON that --json prints', async () => {
  const out = folder.path('report');
  const { code, out: text } = await run(['evaluate', ...sets, '--out', out, '--json']);
  expect(code).toBe(0);
  const json = JSON.parse(readFileSync(join(out, 'evaluation.json'), 'utf8'));
  expect(json).toEqual(JSON.parse(text));
  expect(json.verdict.counts['cannot tell']).toBeGreaterThanOrEqual(1);
  const page = readFileSync(join(out, 'evaluation.html'), 'utf8');
  expect(page).toContain('<h1>Generated skulls against phantom ones');
  expect(page).toContain(`--fake ${made}`);
});

test('--against sets two generated sets beside each other', async () => {
  const out = folder.path('two');
  const { code, out: text } = await run(['evaluate', ...sets, '--against', other, '--out', out]);
  expect(code).toBe(0);
  expect(text).toContain('A: 8 generated bones (--fake), B: 9 (--against), 8 of each compared');
  expect(text).toMatch(/^energyDice +/m);
  expect(readFileSync(join(out, 'evaluation.html'), 'utf8')).toContain('<h1>Two sets of generated skulls');
  const json = JSON.parse(readFileSync(join(out, 'evaluation.json'), 'utf8'));
  expect(json.metrics.volumeCm3.p).toBeGreaterThan(0);
});

test('--explain needs no data: all metrics, one, or none of that name', async () => {
  const all = await run(['evaluate', '--explain']);
  expect([all.code, all.err]).toEqual([0, '']);
  expect(all.out).toContain('energyDice: Energy distance (Dice)');
  expect((await run(['evaluate', '--explain', 'kidLatent'])).out).toContain("KID (autoencoder's latents)");
  expect(JSON.parse((await run(['evaluate', '--explain', 'axes90', '--json'])).out).axes90.least).toBe(20);
  const none = await run(['evaluate', '--explain', 'kidd']);
  expect(none.code).toBe(2);
  expect(none.err).toContain('no metric called kidd');
  const near = await run(['evaluate', '--explain', 'KID']);
  expect(near.err).toContain('take one of kidFeatures');
  const bare = await run(['evaluate', '--real', data]);
  expect(bare.code).toBe(2);
  expect(bare.err).toContain('no --train');
});

test('held-out bones that were trained on are refused before any metric, and named', async () => {
  // The same phantoms under other names, all of them training cases.
  const leaked = folder.path('leaked');
  cpSync(data, leaked, { recursive: true });
  const file = join(leaked, 'dataset.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const held: string[] = manifest.cases
    .filter((c: { split: string }) => c.split === 'test')
    .map((c: { id: string }) => c.id);
  for (const c of manifest.cases)
    Object.assign(c, { split: 'train', subject: `x-${c.subject}`, source: 'phantom 9/9' });
  writeFileSync(file, JSON.stringify(manifest));
  const argv = ['evaluate', '--real', data, '--train', leaked, '--fake', made, '--quick', '--quiet'];
  const out = folder.path('refused');
  const refused = await run([...argv, '--out', out]);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain(`${held.length} held-out cases were trained on`);
  expect(refused.err).toContain(`held-out ${held[0]} is training ${held[0]}: the same voxels`);
  expect(existsSync(out)).toBe(false);
  const allowed = await run([...argv, '--allow-overlap']);
  expect(allowed.code).toBe(0);
  expect(allowed.out).toContain('note: NOT HELD OUT');

  // The same subject with other voxels: another scan.
  const rescanned = JSON.parse(readFileSync(join(data, 'dataset.json'), 'utf8'));
  const subject = manifest.cases[0].subject;
  rescanned.phantom = manifest.phantom = false;
  Object.assign(
    rescanned.cases.find((c: { id: string }) => c.id === held[0]),
    { subject },
  );
  const [a, b] = [folder.path('scan-a'), folder.path('scan-b')];
  cpSync(data, a, { recursive: true });
  cpSync(made, b, { recursive: true });
  writeFileSync(join(a, 'dataset.json'), JSON.stringify(rescanned));
  const others = JSON.parse(readFileSync(join(made, 'dataset.json'), 'utf8'));
  others.phantom = false;
  others.cases.forEach((c: object, i: number) => {
    Object.assign(c, { split: 'train', subject: i === 0 ? subject : `y-${i}` });
  });
  writeFileSync(join(b, 'dataset.json'), JSON.stringify(others));
  const same = await run(['evaluate', '--real', a, '--train', b, '--fake', other, '--quick', '--quiet']);
  expect(same.code).toBe(1);
  expect(same.err).toContain(`held-out ${held[0]} is training ${others.cases[0].id}: the same subject`);
});

test('a manifest with the same fault in every case is refused in a few lines', async () => {
  const broken = folder.path('broken');
  cpSync(made, broken, { recursive: true });
  const file = join(broken, 'dataset.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  for (const c of manifest.cases) c.voxels = 0;
  writeFileSync(file, JSON.stringify(manifest));
  const { code, err } = await run(['evaluate', '--real', data, '--train', data, '--fake', broken]);
  expect(code).toBe(1);
  expect(err).toContain('cases.0.voxels');
  expect(err).toContain('and 3 more');
  expect(err.split('\n').length).toBeLessThan(12);
});

test('Ctrl-C ends it with 130 and says that nothing was kept; a folder that cannot be written is refused first', async () => {
  const out = folder.path('stopped');
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const stopped = await run(['evaluate', ...sets, '--out', out], stop.signal);
  expect(stopped.code).toBe(130);
  expect(stopped.err).toContain('writes nothing before it is done');
  expect(existsSync(join(out, 'evaluation.json'))).toBe(false);
  const blocked = await run(['evaluate', ...sets, '--out', join(data, 'dataset.json')]);
  expect(blocked.code).toBe(1);
  expect(blocked.err).toContain('cannot write');
});
