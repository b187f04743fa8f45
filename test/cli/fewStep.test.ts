/** `train reflow` and `train distil` at the command line: help, settings, and refusals that leave nothing behind. */
import { existsSync, mkdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { expectCommand, run, TINY_AUTOENCODER, TINY_GENERATOR, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

describe.each([
  ['reflow', 'noiseEnd'],
  ['distil', 'intervals'],
])('train %s', (kind, own) => {
  test('explains itself with an example', async () => {
    const { code, out } = await run(['train', kind, '--help']);
    expect(code).toBe(0);
    for (const word of ['--run <run>', '--resume', '--preset <name>', `cranioflow train ${kind} --run`])
      expect(out).toContain(word);
  });

  test('has settings that --config takes, with other values for each preset', async () => {
    const printed = await Promise.all(
      ['tiny', 'small', 'reference'].map((preset) => run(['train', 'settings', kind, '--preset', preset])),
    );
    const steps = printed.map(({ out }) => parse(out));
    for (const settings of steps)
      expect(Object.keys(settings)).toEqual(expect.arrayContaining([own, 'pairs']));
    expect(new Set(steps.map((s) => s.steps)).size).toBe(3);
  });

  test('a run that is not there, or of no generator, ends in words and makes nothing', async () => {
    mkdirSync(folder.path('empty'), { recursive: true });
    for (const name of ['absent', 'empty']) {
      const { code, err } = await run([
        'train',
        kind,
        '--run',
        folder.path(name),
        '--out',
        folder.path('out'),
      ]);
      expect(code).toBe(1);
      expect(err).toContain(folder.path(name));
      expect(err).not.toContain('bug');
    }
    expect(existsSync(folder.path('out'))).toBe(false);
  });

  test('settings that it does not know, or that cannot be, are refused', async () => {
    const attempt = (set: string) =>
      run(['train', kind, '--run', folder.path('empty'), '--out', folder.path('out'), '--set', set]);
    expect((await attempt('pairs.cuont=3')).err).toContain('the nearest known key is "pairs.count"');
    expect((await attempt('pairs.solver=dopri5')).code).toBe(1);
  });
});

test('both note their command line in the run folder', async () => {
  const [data, ae, gen] = [folder.path('data'), folder.path('ae'), folder.path('gen')];
  const few = ['--set', 'steps=2', '--set', 'evaluateEvery=2', '--threads', '1', '--quiet'];
  const done = async (argv: string[]) => expect(await run(argv)).toEqual({ code: 0, out: '', err: '' });
  await done(['phantom', '--out', data, '--count', '8', '--grid', '16', '--quiet']);
  const train = (kind: string) => ['train', kind, '--data', data, ...few, '--no-report'];
  await done([...train('autoencoder'), '--out', ae, ...TINY_AUTOENCODER]);
  await done([...train('generator'), '--autoencoder', ae, '--out', gen, ...TINY_GENERATOR]);
  for (const kind of ['reflow', 'distil']) {
    const out = folder.path(kind);
    const pairs = ['pairs.count=4', 'pairs.steps=1', 'batch=2', 'warmup=0'].flatMap((s) => ['--set', s]);
    const argv = ['train', kind, '--run', gen, '--out', out, ...pairs, ...few];
    await done(argv);
    expectCommand(out, argv);
  }
}, 60_000);

test('intervals must double from the first number to the last', async () => {
  const { code, err } = await run([
    ...['train', 'distil', '--run', folder.path('empty'), '--out', folder.path('out')],
    ...['--set', 'intervals.from=3', '--set', 'intervals.to=8'],
  ]);
  expect(code).toBe(1);
  expect(err).toContain('2, 4, 8, .. times it');
});
