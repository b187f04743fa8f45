import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitSubjects } from '../../src/dataset/split.ts';

const rows = fc.array(
  fc.record({ subject: fc.constantFrom(...'abcdefghijklmnopqrst'), quality: fc.integer({ min: 2, max: 6 }) }),
  { minLength: 1, maxLength: 60 },
);
const count = (m: Map<string, string>, side: string) => [...m.values()].filter((s) => s === side).length;

describe('splitSubjects', () => {
  it('gives each subject one side, and the test set its share of subjects', () => {
    fc.assert(
      fc.property(rows, fc.nat(1000), (r, seed) => {
        const sides = splitSubjects(r, { seed });
        const n = new Set(r.map((x) => x.subject)).size;
        expect(new Set(sides.keys())).toEqual(new Set(r.map((x) => x.subject)));
        const expected = n < 2 ? Math.round(n * 0.2) : Math.min(n - 1, Math.max(1, Math.round(n * 0.2)));
        expect(count(sides, 'test')).toBe(expected);
      }),
    );
  });

  it('does not depend on the order of rows, and does on the seed', () => {
    const r = Array.from({ length: 40 }, (_, i) => ({ subject: `s${i}`, quality: 2 + (i % 5) }));
    expect(splitSubjects([...r].reverse(), { seed: 3 })).toEqual(
      new Map([...splitSubjects(r, { seed: 3 })].sort()),
    );
    expect(splitSubjects(r, { seed: 3 })).not.toEqual(splitSubjects(r, { seed: 4 }));
  });

  it('shares the test set out over the quality classes', () => {
    const sizes = [20, 25, 20, 20, 5];
    const r = sizes.flatMap((n, q) =>
      Array.from({ length: n }, (_, i) => ({ subject: `q${q}-${i}`, quality: q + 2 })),
    );
    const sides = splitSubjects(r, { seed: 1 });
    const perClass = sizes.map(
      (_, q) => [...sides].filter(([s, t]) => s.startsWith(`q${q}-`) && t === 'test').length,
    );
    expect(perClass).toEqual([4, 5, 4, 4, 1]);
  });

  it('keeps the side of subjects that have one', () => {
    const first = Array.from({ length: 10 }, (_, i) => ({ subject: `s${i}`, quality: 4 }));
    const more = [...first, ...Array.from({ length: 30 }, (_, i) => ({ subject: `t${i}`, quality: 4 }))];
    const before = splitSubjects(first, { seed: 5 });
    const after = splitSubjects(more, { seed: 5 }, before);
    for (const [s, side] of before) expect(after.get(s)).toBe(side);
    expect(count(after, 'test')).toBe(8);
  });

  it('never leaves the training set empty', () => {
    const r = [1, 2, 3].map((i) => ({ subject: `s${i}`, quality: i + 1 }));
    expect(count(splitSubjects(r, { testShare: 0.99 }), 'train')).toBe(1);
    expect(count(splitSubjects(r, { testShare: 0 }), 'test')).toBe(0);
  });
});
