/** `cranioflow compare` by command line: its settings, its plan, its refusals; the study itself is tested in test/study. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { studySchema } from '../../src/config/study.ts';
import { TINY_STUDY } from '../study/tinyStudy.ts';
import { run, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const data = folder.path('data');
const out = folder.path('study');
const tiny = TINY_STUDY.flatMap((set) => ['--set', set]);
const compare = ['compare', '--data', data, '--out', out, '--threads', '1', ...tiny];

beforeAll(async () => {
  await run(['phantom', '--out', data, '--count', '40', '--grid', '16', '--quiet']);
}, 60_000);

test('--print-settings is a file for --config, each setting told in words', async () => {
  const { code, out: text } = await run(['compare', '--print-settings', '--preset', 'small']);
  expect(code).toBe(0);
  expect(text).toMatch(/^# cranioflow compare --preset small\n/);
  const lines = text.split('\n');
  for (const [i, line] of lines.entries())
    if (/^ *\w+: ./.test(line)) expect(lines[i - 1], line).toMatch(/^ *# \S/);
  const again = studySchema.parse(parse(text));
  const json = await run(['compare', '--print-settings', '--preset', 'small', '--json']);
  expect(again).toEqual(JSON.parse(json.out));
  expect(again.evaluations.ancestral).toContain(1000);
  const file = folder.path('study.yaml');
  writeFileSync(file, text);
  const read = await run(['compare', '--print-settings', '--config', file, '--seeds', '5', '--json']);
  expect(JSON.parse(read.out)).toEqual({ ...again, seeds: 5 });
});

test('--dry-run prints the plan and makes nothing', async () => {
  const { code, out: text, err } = await run([...compare, '--dry-run']);
  expect([code, err]).toEqual([0, '']);
  expect(text).toMatch(/trainings +6 +0 +24 steps/);
  expect(text).toMatch(/generated sets +\d+ +0 +[\d,]+ network evaluations/);
  expect(text).toMatch(/timed just now: a step of the autoencoder .* ms, a step of a generator/);
  expect(existsSync(out)).toBe(false);
  const json = JSON.parse((await run([...compare, '--dry-run', '--json'])).out);
  expect(json.parts.map((p: { units: string }) => p.units)).toEqual([
    'autoencoder',
    'trainings',
    'generated sets',
    'measures',
  ]);
}, 120_000);

test.each([
  ['no data', ['compare', '--out', 'x'], 'no --data'],
  ['no out', ['compare', '--data', data], 'no --out'],
  ['a preset that is none', ['compare', '--preset', 'huge'], 'tiny, small'],
])('%s', async (_, argv, words) => {
  const ran = await run(argv);
  expect([ran.code, ran.out]).toEqual([2, '']);
  expect(ran.err).toContain(words);
});

test.each([
  [['--set', 'generator.objective=otfm'], 1, 'unknown key "generator.objective"'],
  [['--set', 'generator.keep.by=loss'], 1, 'generator.keep.by loss'],
  [
    ['--set', 'guidance=[21]'],
    1,
    'guidance.0: 21, where a number of at most 20 is expected (--set guidance=[21])',
  ],
  [['--set', 'samples.main=0'], 1, 'samples.main: 0, where a number of at least 8 is expected'],
  [['--set', 'seeds=x', '--seeds', '2'], 2, 'the number of seeds twice'],
  [['--set', 'evaluations.ddim=[21]'], 2, 'the length T of the noising chain'],
  [['--set', 'main.otfm.solver=ancestral'], 1, 'one of heun, euler, midpoint, rk4 is expected'],
  [['--autoencoder', folder.path('none')], 1, 'holds no trained network'],
])('%j is refused, and no folder is made', async (more, code, words) => {
  const ran = await run([...compare, ...more]);
  expect([ran.code, ran.out]).toEqual([code, '']);
  expect(ran.err).toContain(words);
  expect(existsSync(out)).toBe(false);
});

test('Ctrl-C ends it with 130 and says how to go on', async () => {
  const ran = await run([...compare, '--quiet'], AbortSignal.abort());
  expect([ran.code, ran.out]).toEqual([130, '']);
  expect(ran.err).toContain('run the same command again with the same --out');
});

test('an existing study needs no settings, and those given must agree', async () => {
  const begun = folder.path('begun');
  const study = ['compare', '--data', data, '--out', begun, '--threads', '1'];
  const started = await run([...study, ...tiny, '--quiet'], AbortSignal.abort());
  expect(started.code).toBe(130);
  const told = async (...more: string[]) =>
    JSON.parse((await run([...study, ...more, '--print-settings', '--json'])).out);
  expect((await told()).generator.steps).toBe(4);
  expect((await told('--seeds', '1')).seeds).toBe(1);
  const other = await run([...study, '--set', 'generator.steps=9', '--dry-run']);
  expect(other.code).toBe(1);
  expect(other.err).toContain('now generator.steps 9 (the study has 4)');
  writeFileSync(folder.path('begun', 'study.json'), '{"format":"cranioflow-study","version":9}');
  expect((await run(study)).err).toContain('is of version 9');
});

test('a folder of something else is not filled', async () => {
  const foreign = folder.path('foreign');
  mkdirSync(foreign);
  writeFileSync(folder.path('foreign', 'precious.txt'), 'mine');
  const ran = await run(['compare', '--data', data, '--out', foreign, ...tiny]);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('holds one thing, and is not a study');
  expect(readdirSync(foreign)).toEqual(['precious.txt']);
});
