import { stripVTControlCharacters } from 'node:util';
import { expect, test, vi } from 'vitest';
import { createProgress, formatSeconds, type ProgressOptions } from '../../src/files/progress.ts';

/** A progress display into a list, with a clock that the test moves by hand. */
function harness(options: Partial<ProgressOptions> & { isTTY?: boolean; columns?: number } = {}) {
  const written: string[] = [];
  const clock = { ms: 1000 };
  const stream = {
    isTTY: options.isTTY,
    columns: options.columns,
    write: (text: string) => written.push(text),
  };
  const progress = createProgress({
    title: 'train',
    total: 100,
    unit: 'steps',
    stream,
    now: () => clock.ms,
    ...options,
  });
  return { progress, written, clock };
}
const plain = (text: string) => stripVTControlCharacters(text).replace('\r', '');

test('a log: one line each 10 %, at most one in 5 s, and an end with the time taken', () => {
  const { progress, written, clock } = harness();
  for (let done = 1; done <= 100; done++) {
    clock.ms += 200; // 20 s in all: a tenth passes every 2 s
    progress.update(done, `loss ${done / 100}`);
  }
  progress.finish();
  progress.finish();
  progress.update(100);
  expect(written).toEqual([
    'train: 25 %, 25/100 steps, 5.0/s, 15 s left, loss 0.25\n',
    'train: 50 %, 50/100 steps, 5.0/s, 10 s left, loss 0.5\n',
    'train: 75 %, 75/100 steps, 5.0/s, 5.0 s left, loss 0.75\n',
    'train: done, 100/100 steps in 20 s, loss 1\n',
  ]);
});

test('a slow job in a log: a sign of life once a minute though no tenth has passed', () => {
  const { progress, written, clock } = harness({ total: 100, unit: 'skulls' });
  for (let done = 1; done <= 4; done++) {
    clock.ms += 40_000;
    progress.update(done);
  }
  expect(written).toEqual([
    'train: 2 %, 2/100 skulls, 40 s each, 1 h 5 min left\n',
    'train: 4 %, 4/100 skulls, 40 s each, 1 h 4 min left\n',
  ]);
});

test('a terminal: one line redrawn, at most ten times a second', () => {
  const { progress, written, clock } = harness({ isTTY: true, columns: 100 });
  for (let done = 1; done <= 50; done++) {
    clock.ms += 10;
    progress.update(done, 'loss 1');
  }
  expect(written).toHaveLength(5);
  expect(written.every((text) => text.startsWith('\r\x1b[2K') && !text.includes('\n'))).toBe(true);
  expect(plain(written[4])).toBe('train ━━━━━━━━──────────── 41/100 steps · 100/s · 0.6 s left · loss 1');
  progress.finish();
  expect(plain(written[5])).toBe('train: stopped, 50/100 steps in 0.5 s, loss 1\n');
});

test('a narrow terminal never gets a line that wraps', () => {
  const { progress, written, clock } = harness({ isTTY: true, columns: 40 });
  clock.ms += 1000;
  progress.update(10, 'a long note about the state of affairs');
  expect(plain(written[0]).length).toBeLessThan(40);
  expect(plain(written[0])).toContain('10/100 steps');
});

test('a resumed job: the rate counts its own steps alone', () => {
  const { progress, written, clock } = harness({ start: 50 });
  clock.ms += 10_000;
  progress.update(70);
  expect(written).toEqual(['train: 70 %, 70/100 steps, 2.0/s, 15 s left\n']);
});

test('quiet says nothing; a broken stderr stops nothing; stdout is never touched', () => {
  const stdout = vi.spyOn(process.stdout, 'write');
  const silent = harness({ quiet: true });
  silent.clock.ms += 9000;
  silent.progress.update(50);
  silent.progress.finish();
  expect(silent.written).toEqual([]);
  const broken = createProgress({
    title: 't',
    total: 0,
    unit: 'u',
    stream: {
      write: () => {
        throw new Error('EPIPE');
      },
    },
  });
  broken.update(0);
  broken.finish();
  expect(stdout).not.toHaveBeenCalled();
  stdout.mockRestore();
});

test.each([
  [0.04, '0.0 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [3599.7, '1 h 0 min'],
  [7290, '2 h 2 min'],
])('%d seconds read %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
