import { describe, expect, it } from 'vitest';
import type { AlignMethod } from '../../../src/downstream/align/method.ts';
import { makeBaselines } from '../../../src/downstream/align/methods.ts';
import { alignPage, findings } from '../../../src/downstream/align/page.ts';
import {
  alignTable,
  digits,
  pairedLines,
  TABLE_COLUMNS,
  terminalTable,
} from '../../../src/downstream/align/table.ts';
import { alignTestSchema, testAlignment, testScan } from '../../../src/downstream/align/test.ts';
import { VolumeError } from '../../../src/errors.ts';
import { IDENTITY_TRANSFORM } from '../../../src/skull/register/transform.ts';
import { boneSet, oddBone } from './bones.ts';

const dataset = boneSet(9, 4);
const refuses: AlignMethod = {
  name: 'refuses',
  words: 'never answers',
  align: async () => {
    throw new VolumeError({ found: 'too odd a bone', expected: 'another', todo: 'nothing' });
  },
};
const sure: AlignMethod = {
  name: 'sure',
  words: 'leaves everything where it is, and is sure of it',
  align: async () => ({ transform: IDENTITY_TRANSFORM, uncertainty: { rotationDeg: 1, translationMm: 1e6 } }),
};
const test = await testAlignment({
  dataset,
  methods: [...makeBaselines(['pca', 'match'], dataset), refuses, sure],
  posesPerCase: 1,
  seed: 3,
});

describe('testAlignment', () => {
  it('gives a row for each scan and method, that its schema reads back from JSON', () => {
    expect(test.rows).toHaveLength(4 * 2 * 3 * 4);
    expect(alignTestSchema.parse(JSON.parse(JSON.stringify(test)))).toEqual(test);
    expect(new Set(test.rows.map((r) => r.case)).size).toBe(4);
    expect(test.groups).toHaveLength(4 * 2 * 3);
  });

  it('measures what is so: nothing done leaves the pose that was drawn, no answer has failed', () => {
    const of = (method: string, pose: string) =>
      test.groups.find((g) => g.method === method && g.pose === pose && g.condition === 'whole')?.summary;
    expect(of('refuses', 'any')?.failed.value).toBe(1);
    expect(of('refuses', 'any')?.rotationDeg).toBeNull();
    expect(test.rows.find((r) => r.method === 'refuses')?.reason).toBe('too odd a bone');
    const left = test.rows.filter((r) => r.method === 'sure' && r.pose === 'scanner');
    for (const r of left) expect(r.error?.rotationDeg).toBeLessThan(35);
    expect(of('sure', 'any')?.within?.translation).toBe(1);
    expect(of('sure', 'any')?.within?.rotation).toBe(0);
    expect(of('match', 'any')?.rotationDeg?.median.value).toBeLessThan(2);
    expect(of('pca', 'any')?.rotationDeg?.median.value).toBeLessThan(5);
  });

  it('gives all methods the same scans, and the same ones again', () => {
    const keys = (method: string) =>
      test.rows
        .filter((r) => r.method === method)
        .map((r) => [r.case, r.pose, r.what, r.removedShare].join());
    expect(keys('match')).toEqual(keys('pca'));
    const key = { seed: 3, index: 5, pose: 'any', condition: 'defect', draw: 0 } as const;
    const [a, b] = [testScan(oddBone(), key), testScan(oddBone(), key)];
    expect(a).toEqual(b);
    const whole = testScan(oddBone(), { ...key, condition: 'whole' });
    expect(whole.truth).toEqual(a.truth);
    expect(testScan(oddBone(), { ...key, draw: 1 }).truth).not.toEqual(a.truth);
    expect(testScan(oddBone(), { ...key, seed: 4 }).truth).not.toEqual(a.truth);
  });

  it('refuses no held-out case, no method and one named twice, and stops when told', async () => {
    const all = { dataset, methods: [sure] };
    await expect(
      testAlignment({ ...all, dataset: { ...dataset, cases: dataset.split('train') } }),
    ).rejects.toThrow('no held-out case');
    await expect(testAlignment({ ...all, methods: [] })).rejects.toThrow('no methods');
    await expect(testAlignment({ ...all, methods: [sure, sure] })).rejects.toThrow('named twice');
    await expect(testAlignment({ ...all, signal: AbortSignal.abort() })).rejects.toThrow(
      'stopped after 0 of 24',
    );
  });

  it('a fault of ours is not a failed alignment', async () => {
    const broken: AlignMethod = { ...sure, align: async () => Promise.reject(new TypeError('a bug')) };
    await expect(testAlignment({ dataset, methods: [broken] })).rejects.toThrow('a bug');
  });
});

describe('table and page', () => {
  it('have a row for each method under each pose and condition', () => {
    const lines = alignTable(test).trim().split('\n');
    expect(lines).toHaveLength(2 + 24);
    for (const line of lines) expect(line.split('|')).toHaveLength(TABLE_COLUMNS.length + 2);
    const text = terminalTable(test);
    expect(text).toContain('refuses');
    expect(
      Math.max(
        ...text
          .split('\n')
          .slice(0, 26)
          .map((l) => l.length),
      ),
    ).toBeLessThan(170);
    expect(pairedLines(test).some((l) => l.startsWith('any, whole: pca less match'))).toBe(true);
  });

  it('hold no number that is none', () => {
    for (const text of [terminalTable(test), alignTable(test), alignPage(test), ...findings(test)])
      expect(text).not.toMatch(/NaN|not a number|undefined|Infinity|∞/);
  });

  it('the page stands alone, shows the curves, and names the command', () => {
    const page = alignPage({ ...test, command: 'cranioflow task align test --data x' });
    expect(page).toContain('cranioflow task align test --data x');
    expect(page.match(/<svg/g)).toHaveLength(6);
    expect(page).toContain('PHANTOM');
    expect(page).not.toMatch(/<script|src="http|href="http/);
    expect(alignPage(test)).toBe(alignPage(test));
  });

  it('digits are three, two of them behind the point at most', () => {
    expect([0.4182, 7.306, 12.44, 104.2, -0.031].map(digits)).toEqual([
      '0.42',
      '7.31',
      '12.4',
      '104',
      '-0.03',
    ]);
  });
});
