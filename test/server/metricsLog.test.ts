/** The log of a run as it grows, is cut short, rolled back and replaced. */
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lastStep, MetricsTail, thinned } from '../../src/server/metricsLog.ts';
import { logOf, temporaryFolder } from './helpers.ts';

const steps = ({ lines }: { lines: readonly { step: number }[] }): number[] => lines.map((l) => l.step);

test('all at first, then what is new; a line that is being written waits for its end', () => {
  const path = join(temporaryFolder(), 'metrics.jsonl');
  const tail = new MetricsTail(path);
  // Nothing is logged yet, which is a beginning too.
  expect(tail.next()).toEqual({ first: true, lines: [] });
  expect(tail.next()).toEqual({ first: false, lines: [] });
  writeFileSync(path, `${logOf(3)}{"step":4,"loss"`);
  const found = tail.next();
  expect([found.first, steps(found)]).toEqual([true, [1, 2, 3]]);
  expect(found.lines[1]).toEqual({ step: 2, loss: 0.5 });
  expect(tail.next()).toEqual({ first: false, lines: [] });
  appendFileSync(path, `:1}\n${logOf(1, 5)}`);
  expect(tail.next()).toEqual({
    first: false,
    lines: [
      { step: 4, loss: 1 },
      { step: 5, loss: 0.2 },
    ],
  });
});

test('rolled back: all from the start, though it may have grown longer since', () => {
  const path = join(temporaryFolder(), 'metrics.jsonl');
  writeFileSync(path, logOf(6));
  const tail = new MetricsTail(path);
  tail.next();
  // As a resumed run does it: a new file takes the place of the old.
  writeFileSync(`${path}.tmp`, logOf(4));
  renameSync(`${path}.tmp`, path);
  appendFileSync(path, logOf(8, 5));
  const again = tail.next();
  expect([again.first, steps(again)]).toEqual([true, Array.from({ length: 12 }, (_, i) => i + 1)]);
  truncateSync(path, logOf(2).length);
  expect(tail.next()).toMatchObject({ first: true, lines: [{ step: 1 }, { step: 2 }] });
  rmSync(path);
  expect(tail.next()).toEqual({ first: true, lines: [] });
  expect(tail.next()).toEqual({ first: false, lines: [] });
  writeFileSync(path, logOf(1));
  expect(tail.next()).toMatchObject({ first: true, lines: [{ step: 1 }] });
});

test('what is no line of a log is passed over, and of a line what is no number', () => {
  const path = join(temporaryFolder(), 'metrics.jsonl');
  writeFileSync(
    path,
    'x\n\nnull\n[1]\n{"loss":1}\n{"step":"1"}\n{"step":2,"loss":null,"name":"<b>","ü":3}\n',
  );
  expect(new MetricsTail(path).next().lines).toEqual([{ step: 2, ü: 3 }]);
  expect(lastStep(path)).toBe(2);
  // Letters of several bytes, cut between two looks.
  const tail = new MetricsTail(path);
  const bytes = Buffer.from('{"step":3,"ü":1}\n');
  writeFileSync(path, bytes.subarray(0, 12));
  tail.next();
  appendFileSync(path, bytes.subarray(12));
  expect(tail.next().lines).toEqual([{ step: 3, ü: 1 }]);
});

test('the last step is that of the last whole line', () => {
  const path = join(temporaryFolder(), 'metrics.jsonl');
  expect(lastStep(path)).toBeUndefined();
  writeFileSync(path, '');
  expect(lastStep(path)).toBeUndefined();
  writeFileSync(path, `${logOf(5000)}{"step":5001`);
  expect(lastStep(path)).toBe(5000);
});

test('a long log is thinned evenly; measurements and the last line stay', () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => ({
    step: i + 1,
    loss: 1,
    ...((i + 1) % 250 === 0 && { heldOutDice: i }),
  }));
  const few = thinned(lines, 1000);
  expect(few.length).toBeLessThanOrEqual(1001);
  expect(few.length).toBeGreaterThan(800);
  expect(few.filter((l) => 'heldOutDice' in l)).toEqual(lines.filter((l) => 'heldOutDice' in l));
  expect(few.at(-1)).toBe(lines.at(-1));
  const usual = few.filter((l) => !('heldOutDice' in l)).map((l) => l.step);
  const gaps = usual.slice(1, -1).map((step, i) => step - usual[i]);
  expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
  expect(thinned(lines.slice(0, 1000), 1000)).toHaveLength(1000);
  // More measurements than room: they stay, and so does something of the rest.
  const all = lines.map(({ step }, i) => ({ step, [i % 2 ? 'other' : i % 4 ? 'third' : 'loss']: 1 }));
  expect(thinned(all, 10).length).toBeGreaterThan(5000);
});
