/** From errors with a leak that is known to a result. */
import { expect, test } from 'vitest';
import { normalTail } from '../../../src/evaluation/normal.ts';
import type { Described } from '../../../src/privacy/membership/descriptors.ts';
import { tableOf } from '../../../src/privacy/membership/errorTable.ts';
import { judge, leakingParts } from '../../../src/privacy/membership/judge.ts';
import { normals } from './helpers.ts';

const M = 150;
const N = 125;
const base = { attack: 'velocity', words: 'test', members: M } as const;

/** Errors of members are lower by `gaps[c]` in column c. */
const table = (gaps: readonly number[], index = 1) =>
  tableOf(
    gaps.map((_, c) => `t ${c}`),
    gaps.map((gap, c) => normals(M + N, 5, index + c).map((v, i) => v - (i < M ? gap : 0))),
  );

test('a known leak in one of three columns: the AUC of the mean, and the column that leaks', () => {
  const found = judge({ ...base, table: table([0, 1.5, 0]) });
  // The mean of three standardised columns is 1.5 / 1.25 apart in one of them (1.25: its pooled deviation).
  const pooled = Math.sqrt(1 + 1.5 ** 2 * (M / (M + N)) * (N / (M + N)));
  const apart = 1.5 / pooled / Math.sqrt(2 + 1 / pooled ** 2);
  const truth = normalTail(-apart / Math.SQRT2);
  expect(found.auc.low).toBeLessThan(truth);
  expect(found.auc.high).toBeGreaterThan(truth);
  expect(found.pValue).toBeLessThan(1e-6);
  expect(found.evidence).toBe('enough');
  expect(leakingParts(found).map((p) => p.name)).toEqual(['t 1']);
  expect(found.scores.members).toHaveLength(M);
  expect(found.scores.nonMembers).toHaveLength(N);
  expect(found.blind).toBeUndefined();
});

test('no leak: an AUC whose interval holds 0.5, and no column', () => {
  const found = judge({ ...base, table: table([0, 0, 0], 9) });
  expect(found.auc.low).toBeLessThan(0.5);
  expect(found.auc.high).toBeGreaterThan(0.5);
  expect(leakingParts(found)).toEqual([]);
});

test('cases of one person are one score', () => {
  const subjects = Array.from({ length: M + N }, (_, i) => (i < M ? `m${i % 50}` : `n${i % 25}`));
  const found = judge({ ...base, table: table([1]), subjects });
  expect(found).toMatchObject({ members: 50, nonMembers: 25 });
  expect(found.notes.join()).toContain('275 cases of 75 persons');
});

/** Descriptors of which the first differs between the groups by `shift`. */
const described = (shift: number): Described => {
  const tell = normals(M + N, 0, 90).map((v, i) => v + (i < M ? shift : 0));
  return {
    plain: Array.from(tell, (v) => [v]),
    boxes: Array.from(normals(M + N, 0, 91), (v) => Float32Array.of(v)),
    unusual: Array.from(normals(M + N, 0, 92), (v) => [v]),
  };
};

test('a leak no greater than the difference of the groups proves nothing of the model', () => {
  const found = judge({ ...base, table: table([0.5]), described: described(1.5) });
  expect(found.blind!.auc.value).toBeGreaterThan(0.75);
  expect(found.evidence).toBe('not enough');
  expect(found.notes.join()).toMatch(/differ without any model/);
  expect(judge({ ...base, table: table([0.5]), described: described(0) }).evidence).toBe('enough');
  // One that goes far beyond it does.
  expect(judge({ ...base, table: table([5]), described: described(1) }).evidence).toBe('enough');
});

test('what descriptors foretell is taken off where asked, and only with cases enough for it', () => {
  const seen = described(0);
  const hidden = table([0.6]);
  for (let i = 0; i < M + N; i++) hidden.values[i] += 4 * seen.plain[i][0];
  const auc = (byDescriptors: boolean) =>
    judge({ ...base, table: hidden, described: seen, byDescriptors }).auc.value;
  expect(auc(false)).toBeLessThan(0.6);
  expect(Math.abs(auc(true) - normalTail(-0.6 / Math.SQRT2))).toBeLessThan(0.05);
  const few = judge({
    ...base,
    members: 3,
    table: tableOf(['t'], [normals(6, 0, 1)]),
    described: {
      plain: seen.plain.slice(0, 6),
      boxes: seen.boxes.slice(0, 6),
      unusual: seen.unusual.slice(0, 6),
    },
    byDescriptors: true,
  });
  expect(few.notes.join()).toMatch(/6 cases are too few/);
});

test('reference tables are taken off column by column', () => {
  const difficulty = [normals(M + N, 0, 40), normals(M + N, 0, 41)];
  const own = table([0.8, 0.8]);
  for (let i = 0; i < M + N; i++) for (const c of [0, 1]) own.values[2 * i + c] += 5 * difficulty[c][i];
  const reference = tableOf(['t 0', 't 1'], difficulty);
  expect(judge({ ...base, table: own }).auc.value).toBeLessThan(0.62);
  // Two columns of independent noise: 0.8 sqrt 2 apart.
  const found = judge({ ...base, table: own, references: [reference] }).auc.value;
  expect(Math.abs(found - normalTail(-0.8))).toBeLessThan(0.05);
});
