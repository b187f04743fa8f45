/** `train reflow` and `train distil` at the command line: help, settings, and refusals that leave nothing behind. */
import { existsSync, mkdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run, temporaryFolder } from './helpers.ts';

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

test('intervals must double from the first number to the last', async () => {
  const { code, err } = await run([
    ...['train', 'distil', '--run', folder.path('empty'), '--out', folder.path('out')],
    ...['--set', 'intervals.from=3', '--set', 'intervals.to=8'],
  ]);
  expect(code).toBe(1);
  expect(err).toContain('2, 4, 8, .. times it');
});
