/** `task align test` from the command line, on tiny phantoms. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alignTestSchema } from '../../src/downstream/align/test.ts';
import { TINY_ALIGNER } from '../downstream/align/helpers.ts';
import { run, temporaryFolder } from './helpers.ts';

const { path, remove } = temporaryFolder();
afterAll(remove);

beforeAll(async () => {
  const made = await run([
    'phantom',
    '--out',
    path('data'),
    '--count',
    '8',
    '--grid',
    '16',
    '--seed',
    '2',
    '--test-share',
    '0.4',
  ]);
  expect(made.err).not.toContain('expected:');
  expect(made.code).toBe(0);
});

const command = (...more: string[]): string[] => [
  'task',
  'align',
  'test',
  '--data',
  path('data'),
  '--out',
  path('out'),
  ...more,
];

const clear = () => rmSync(path('out'), { recursive: true, force: true });

describe('task align test', () => {
  beforeEach(clear);

  it('prints a table, and writes the page, the figures and Markdown', async () => {
    const { code, out, err } = await run(
      command('--methods', 'pca,match', '--poses', 'scanner', '--conditions', 'whole,defect', '--count', '3'),
    );
    expect(err).not.toContain('expected:');
    expect(code).toBe(0);
    expect(out).toContain('median deg');
    expect(out.match(/^scanner +defect +match/m)).not.toBeNull();
    const json = alignTestSchema.parse(JSON.parse(readFileSync(path('out', 'align.json'), 'utf8')));
    expect(json.rows).toHaveLength(3 * 2 * 2);
    expect(json.command).toContain('--conditions whole,defect --count 3');
    expect(readFileSync(path('out', 'align.html'), 'utf8')).toContain(json.command);
    expect(readFileSync(path('out', 'align.md'), 'utf8')).toContain('| scanner | whole | pca |');

    // A finished test is not written over; the command of the page gives the same errors again.
    const words = (json.command ?? '').split(' ').slice(1).concat('--json');
    const kept = await run(words);
    expect([kept.code, kept.err]).toEqual([1, expect.stringContaining('holds a finished test')]);
    clear();
    const again = await run(words);
    expect(again.code).toBe(0);
    const second = alignTestSchema.parse(JSON.parse(again.out));
    expect(second.rows.map((r) => r.error)).toEqual(json.rows.map((r) => r.error));
  });

  it('holds a trained network against its peers, and refuses one of another bone', async () => {
    const sets = [...TINY_ALIGNER, 'calibration.poses=2', 'steps=2', 'evaluateEvery=2', 'checkpointEvery=2'];
    const trained = await run([
      ...[
        'task',
        'align',
        'train',
        '--data',
        path('data'),
        '--out',
        path('run'),
        '--threads',
        '1',
        '--quiet',
      ],
      ...sets.flatMap((s) => ['--set', s]),
    ]);
    expect(trained).toEqual({ code: 0, out: '', err: '' });
    const few = ['--methods', 'match', '--poses', 'any', '--conditions', 'whole', '--json'];
    const { code, out, err } = await run(command('--run', path('run'), '--threads', '1', ...few));
    expect(code).toBe(0);
    expect(err).not.toContain('warning');
    const json = alignTestSchema.parse(JSON.parse(out));
    expect(json.groups.map((g) => g.method)).toEqual(['network', 'match']);
    expect(json.groups[0].summary.within).not.toBeNull();
    expect(json.paired[0]).toMatchObject({ first: 'network', second: 'match', pose: 'any' });

    // It learnt from a case that the dataset does not have: whether it saw held-out bones is no longer known.
    const changed = JSON.parse(readFileSync(path('data', 'dataset.json'), 'utf8'));
    const gone = changed.cases.findIndex((c: { split: string }) => c.split === 'train');
    changed.cases.splice(gone, 1);
    cpSync(path('data'), path('changed'), { recursive: true });
    writeFileSync(path('changed', 'dataset.json'), JSON.stringify(changed));
    clear();
    const unsure = await run(
      command('--run', path('run'), '--threads', '1', ...few).map((a) =>
        a === path('data') ? path('changed') : a,
      ),
    );
    expect([unsure.code, unsure.err]).toEqual([
      0,
      expect.stringMatching(/warning: network: .*learnt from other cases .*the test is void/),
    ]);
    expect(readFileSync(path('out', 'align.html'), 'utf8')).toContain('the test is void');

    // A case less there: it certainly did.
    const seen = JSON.parse(readFileSync(path('data', 'dataset.json'), 'utf8'));
    seen.cases.find((c: { split: string }) => c.split === 'train').split = 'test';
    writeFileSync(path('changed', 'dataset.json'), JSON.stringify(seen));
    clear();
    const learnt = await run(
      command('--run', path('run'), '--methods', 'none').map((a) =>
        a === path('data') ? path('changed') : a,
      ),
    );
    expect([learnt.code, learnt.err]).toEqual([
      1,
      expect.stringMatching(/learnt from 1 of the held-out cases/),
    ]);

    const manifest = JSON.parse(readFileSync(path('data', 'dataset.json'), 'utf8'));
    cpSync(path('data'), path('other'), { recursive: true });
    writeFileSync(path('other', 'dataset.json'), JSON.stringify({ ...manifest, bone: 'femur' }));
    const other = await run(
      command('--run', path('run'), '--methods', 'none').map((a) => (a === path('data') ? path('other') : a)),
    );
    expect([other.code, other.err.includes('holds the bone "femur"')]).toEqual([1, true]);
  });

  it.each([
    [['--methods', 'magic'], 2, 'no alignment method is called magic'],
    [['--poses', 'upside-down'], 2, '--poses names upside-down'],
    [['--conditions', 'broken'], 2, '--conditions names broken'],
    [['--methods', 'none'], 2, 'no methods'],
    [['--run', 'nowhere', '--methods', 'none'], 1, 'nowhere'],
    [['--count', '0'], 2, '--count'],
  ])('refuses %s', async (flags, exit, words) => {
    const { code, err } = await run(command(...flags));
    expect(err).toContain(words);
    expect(code).toBe(exit);
  });

  it('refuses a folder that is no dataset, and stops at Ctrl-C', async () => {
    const none = await run(['task', 'align', 'test', '--data', path('none'), '--out', path('out')]);
    expect([none.code, none.err.includes('holds no dataset.json')]).toEqual([1, true]);
    const stopped = await run(command('--methods', 'pca'), AbortSignal.abort());
    expect([stopped.code, stopped.err.includes('stopped after 0')]).toEqual([130, true]);
    const log = path('out', 'align.rows.jsonl');
    expect(existsSync(log)).toBe(false);
    const words = command('--methods', 'pca', '--conditions', 'whole', '--json');
    // Asks to stop once two rows are kept.
    const afterTwo = {
      get aborted() {
        return existsSync(log) && readFileSync(log, 'utf8').split('\n').length - 1 >= 2;
      },
    } as AbortSignal;
    const parts = await run(words, afterTwo);
    expect([parts.code, parts.err]).toEqual([130, expect.stringMatching(/stopped after 2 of .*rows\.jsonl/)]);
    const kept = JSON.parse(readFileSync(log, 'utf8').split('\n')[0]).row;
    const whole = await run(words);
    expect(whole.code).toBe(0);
    // To the second it took: not asked again.
    expect(alignTestSchema.parse(JSON.parse(whole.out)).rows[0]).toEqual(kept);
    expect(existsSync(log)).toBe(false);
  });
});
