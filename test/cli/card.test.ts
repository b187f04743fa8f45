/** `cranioflow card`: what it says, what it ties together, what it refuses. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dataHash } from '../../src/dataset/dataHash.ts';
import { openDataset } from '../../src/dataset/dataset.ts';
import { writeAudit } from '../../src/privacy/auditRecord.ts';
import { readProvenance } from '../../src/sampling/generateProvenance.ts';
import { type TinyGenerator, trainTinyGenerator } from '../sampling/tinyGenerator.ts';
import { run, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
let tiny: TinyGenerator;
const set = folder.path('set');
beforeAll(async () => {
  tiny = await trainTinyGenerator();
  const made = await run(
    `generate --run ${tiny.path('gen')} --out ${set} --count 3 --seed 5 --steps 1 --format none --threads 1 --quiet`.split(
      ' ',
    ),
  );
  expect(made.code).toBe(0);
  const fake = dataHash(openDataset(set).cases);
  const evaluation = {
    counts: { real: 4, train: 8, fake: 3, emptyFake: 0 },
    grid: { size: [16, 16, 16], spacing: [15, 15, 15] },
    seed: 0,
    metrics: {
      kidFeatures: {
        value: 1.2345,
        low: 0.5,
        high: 2,
        n: 3,
        unit: '',
        better: 'lower',
        reference: 0.01,
        floor: { median: 0.02, low: 0, high: 0.1 },
        verdict: 'worse than real',
        meaning: 'KID',
      },
    },
    nearestTraining: {},
    notes: ['few cases'],
    sets: { real: 'r', train: 't', fake },
  };
  writeFileSync(folder.path('evaluation.json'), JSON.stringify(evaluation));
  writeFileSync(folder.path('stranger.json'), JSON.stringify({ ...evaluation, sets: { fake: 'other' } }));
  const audit = {
    format: 'cranioflow-audit',
    version: 1,
    cranioflow: '0',
    verdict: 'pass',
    network: 'fail',
    mayBeCalledAnonymised: true,
    criteria: [
      {
        name: 'nearCopies',
        title: 'Near-copies',
        result: 'pass',
        value: 0,
        limit: 'none',
        sentence: 'None of 3.',
      },
      {
        name: 'membershipVelocity',
        title: 'Velocity',
        result: 'fail',
        value: 0.9,
        limit: 'p',
        sentence: 'It leaks.',
        network: true,
      },
    ],
    run: { hash: readProvenance(set)!.generator.hash },
    fake: { hash: fake, shapes: 3, empty: 0 },
  };
  writeAudit(folder.path('audit'), audit as never);
  writeAudit(folder.path('other-audit'), { ...audit, fake: { hash: 'x' } } as never);
}, 120_000);
afterAll(() => {
  folder.remove();
  tiny?.remove();
});

const card = (...words: string[]) => run(['card', ...words]);
const figures = () => ['--evaluation', folder.path('evaluation.json'), '--audit', folder.path('audit')];

test('of a set: a head that YAML reads, figures with intervals, the verdict on the set alone', async () => {
  const out = folder.path('SET.md');
  expect((await card('--set', set, ...figures(), '--out', out)).code).toBe(0);
  const text = readFileSync(out, 'utf8');
  const [, head, body] = text.split('---\n');
  const read = parse(head);
  expect(read).toMatchObject({ size_categories: ['n<1K'] });
  expect(read.cranioflow).toMatchObject({
    kind: 'generated set',
    bones: 3,
    released: false,
    audit: { set: 'pass', network: 'fail', anonymised: true },
    metrics: [
      {
        name: 'kidFeatures',
        value: 1.2345,
        low: 0.5,
        high: 2,
        verdict: 'worse than real',
        real: 0.02,
        real_low: 0,
        real_high: 0.1,
      },
    ],
  });
  for (const words of [
    'Not a medical device',
    '0.5 to 2',
    'sharing the set: **pass**',
    'None of 3.',
    'phantoms',
  ])
    expect(body).toContain(words);
  expect(body).not.toContain('It leaks.');
});

test('of a generator: the verdict on the network', async () => {
  const out = folder.path('MODEL.md');
  expect((await card('--run', tiny.path('gen'), '--set', set, ...figures(), '--out', out)).code).toBe(0);
  const text = readFileSync(out, 'utf8');
  for (const words of ['kind: generator', 'sharing the network: **fail**', 'It leaks.'])
    expect(text).toContain(words);
});

test('a set that was changed after its release is refused', async () => {
  const file = `${set}/provenance.json`;
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    JSON.stringify({
      ...JSON.parse(text),
      audit: { verdict: 'pass', anonymised: true, record: 'r', set: 'x' },
    }),
  );
  const { code, err } = await card('--set', set);
  expect([code, err]).toEqual([1, expect.stringContaining('changed after it was marked for release')]);
  writeFileSync(file, text);
});

test('what is missing is said to be missing', async () => {
  expect((await card('--set', set)).code).toBe(0);
  const text = readFileSync(`${set}/CARD.md`, 'utf8');
  expect(text).toContain('the quality is **not stated**');
  expect(text).toContain('No audit was given');
});

test('figures of another set, folders that are none of ours, and flags that do not fit are refused', async () => {
  const refused = async (code: number, words: string, ...argv: string[]): Promise<void> => {
    const { code: got, err } = await card(...argv);
    expect([got, err]).toEqual([code, expect.stringContaining(words)]);
    expect(err).not.toContain('bug');
  };
  await refused(
    1,
    'the evaluation is not of the set',
    '--set',
    set,
    '--evaluation',
    folder.path('stranger.json'),
  );
  await refused(1, 'the audit is not of the set', '--set', set, '--audit', folder.path('other-audit'));
  await refused(1, 'cannot be used: ENOENT', '--set', set, '--audit', folder.path('none'));
  await refused(1, 'holds no provenance.json', '--set', tiny.path('data'), '--out', folder.path('x.md'));
  await refused(2, 'neither --set nor --run');
  await refused(2, 'figures without --set', '--run', tiny.path('gen'), '--audit', folder.path('audit'));
});
