import { expect, test } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { setFeatures } from '../../src/evaluation/features.ts';
import { mirroredMask } from '../../src/evaluation/sharedCases.ts';
import { auditSets, type SetsAudit } from '../../src/privacy/auditSets.ts';
import type { FeatureSpace } from '../../src/privacy/featureSpace.ts';
import { LEAKS, movedMask, plantCopy } from '../../src/privacy/plant.ts';
import { rotationBy } from '../../src/privacy/pose.ts';
import { judge } from '../../src/privacy/verdict.ts';
import { RandomStream } from '../../src/random/stream.ts';
import type { Mask } from '../../src/volume/volume.ts';
import { phantoms, setsOf } from './helpers.ts';

const TRAIN = 40;
const people = phantoms(TRAIN + 20 + 20);
const [train, heldOut, fake] = [
  people.slice(0, TRAIN),
  people.slice(TRAIN, TRAIN + 20),
  people.slice(TRAIN + 20),
];
const options = { planted: 1, threads: 1 };
const plain: FeatureSpace = {
  name: 'Plain',
  words: 'boxes',
  async describe(masks: readonly Mask[], onCase) {
    for (const _ of masks) onCase?.();
    return setFeatures(masks);
  },
};
const nearCopies = ({ figures }: SetsAudit) => judge(figures).criteria.find((c) => c.name === 'nearCopies')!;

test('an independent set passes, in shapes and in another space; progress ends at its total', async () => {
  const ticks: number[] = [];
  const found = await auditSets(setsOf(train, heldOut, fake), {
    ...options,
    spaces: [plain],
    onProgress: (done, total) => void ticks.push(done / total),
  });
  const { verdict, criteria } = judge(found.figures);
  expect(criteria.filter((c) => c.result !== 'pass')).toEqual([]);
  expect(verdict).toBe('pass');
  const found1 = found.figures.planted.filter((p) => p.found === 1).map((p) => p.kind);
  expect(found1).toEqual(expect.arrayContaining(['exact', 'mirrored', 'moved', 'blended']));
  expect(found.figures.spaces.map((s) => s.space)).toEqual(['Shape', 'Plain']);
  expect(ticks.at(-1)).toBe(1);
  expect(found.notes).toEqual([]);
});

test('one copy of each kind among the generated shapes fails it, and those are the ones flagged', async () => {
  const copies = LEAKS.map((kind, k) =>
    plantCopy(kind, train[5 + k], train[20 + k], new RandomStream(2, 'test/leak', k)),
  );
  // 6 planted, 14 that stay.
  const found = await auditSets(setsOf(train, heldOut, [...copies, ...fake.slice(6)]), options);
  expect(judge(found.figures).verdict).toBe('fail');
  expect(found.suspicions.map((s) => s.flagged)).toEqual([
    ...LEAKS.map(() => true),
    ...fake.slice(6).map(() => false),
  ]);
  expect(found.matches.slice(0, 6).map((m) => m.neighbours[0].index)).toEqual([5, 6, 7, 8, 9, 10]);
  expect(nearCopies(found).value).toBe(6);
});

test('a mask that is full, empty or of another grid is refused by name before the search', async () => {
  const full = { ...fake[1], data: new Uint8Array(fake[1].data.length).fill(1) };
  const none = { ...heldOut[2], data: new Uint8Array(fake[1].data.length) };
  let ticks = 0;
  const audit = (sets: ReturnType<typeof setsOf>) =>
    auditSets(sets, { ...options, onProgress: () => ticks++ });
  await expect(audit(setsOf(train, heldOut, [fake[0], full]))).rejects.toThrow(
    /generated shape 1 fills its whole grid/,
  );
  const empty = setsOf(train, [...heldOut.slice(0, 2), none], fake);
  await expect(audit(empty)).rejects.toThrow(/held-out case h2 is empty/);
  const other = { ...fake[1], spacing: [1, 2, 3] as const };
  await expect(audit(setsOf(train, heldOut, [fake[0], other]))).rejects.toThrow(/generated shape 1 on 24/);
  expect(ticks).toBe(0);
});

test('training and held-out sets that share a person are refused, by shape and by name', async () => {
  const moved = movedMask(train[3], { rotation: rotationBy([0.1, 0, 0.05]), translation: [0.5, 0, 0] });
  const overlapping = setsOf(train, [...heldOut.slice(1), moved], fake);
  await expect(auditSets(overlapping, options)).rejects.toThrow(
    /1 held-out case shows the same bone as a training case: h19 \(as training case t3\)/,
  );
  const sets = setsOf(train, heldOut, fake);
  const named = {
    ...sets,
    heldOut: { ...sets.heldOut, subjects: ['train-7', ...sets.heldOut.subjects.slice(1)] },
  };
  await expect(auditSets(named, options)).rejects.toThrow(
    /held-out case h0 is of a subject that was trained on/,
  );
});

test('a person twice in the training set is told, and does not hide copies', async () => {
  const twin = mirroredMask(train[3]);
  const found = await auditSets(
    setsOf([...train.slice(0, 9), twin], heldOut.slice(0, 4), [train[3], fake[0]]),
    options,
  );
  expect(found.notes).toEqual([
    expect.stringContaining('training cases t3 and t9 show the same bone under two subjects'),
  ]);
  expect(found.suspicions[0]).toMatchObject({ flagged: true });
});

test('too little to tell is said, not guessed', async () => {
  const found = await auditSets(setsOf(train.slice(0, 6), heldOut.slice(0, 2), fake.slice(0, 2)), options);
  const { verdict, needed } = judge(found.figures);
  expect(verdict).toBe('not enough evidence');
  expect(needed.length).toBeGreaterThanOrEqual(3);
});

test('bad sets are refused in words', async () => {
  const [small] = phantoms(1).map((m): Mask => ({ ...m, spacing: [5, 5, 5] }));
  await expect(auditSets(setsOf(train, [], fake), options)).rejects.toThrow(/no held-out real cases/);
  await expect(auditSets(setsOf(train, heldOut, []), options)).rejects.toThrow(/no generated shapes/);
  await expect(auditSets(setsOf(train, heldOut, [small]), options)).rejects.toThrow(
    /generated shape 0 on|is on/,
  );
  const one = setsOf(
    train,
    heldOut,
    fake,
    train.map(() => 'one'),
  );
  await expect(auditSets(one, options)).rejects.toThrow(/training cases of one subject only/);
});

test('stops when asked, with nothing made', async () => {
  const controller = new AbortController();
  const work = auditSets(setsOf(train, heldOut, fake), {
    ...options,
    signal: controller.signal,
    onProgress: (done) => done === 3 && controller.abort(),
  });
  await expect(work).rejects.toThrow(InterruptedError);
});
