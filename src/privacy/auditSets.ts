/**
 * The audit of three sets of masks, without files: the neighbours of every shape, the criteria of every space, near-copies
 * one by one, and copies planted as a trial. `auditRun.ts` adds the folders, `page.ts` the pictures.
 */
import { DatasetError, NumericsError, VolumeError } from '../errors.ts';
import { hasBone } from '../evaluation/setChecks.ts';
import { interruptedError, nextTurn } from '../files/interrupt.ts';
import { RandomStream } from '../random/stream.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import type { Mask } from '../volume/volume.ts';
import { cellCount, cellsOf } from './cellTest.ts';
import { type FeatureSpace, featureNear } from './featureSpace.ts';
import { isolation, type Near } from './near.ts';
import {
  type CopyRule,
  type CopySuspicion,
  copyRule,
  duplicates,
  foundAlone,
  suspicions,
} from './nearCopies.ts';
import type { Match } from './nearestShape.ts';
import { LEAKS, type Leak, plantCopy } from './plant.ts';
import { SearchPool } from './searchPool.ts';
import { buildShapeIndex } from './shapeIndex.ts';
import { type SpaceFigures, spaceFigures } from './spaceFigures.ts';
import type { AuditFigures, PlantedFigures } from './verdict.ts';

/** Masks that are read when their turn comes. */
export interface MaskList {
  count: number;
  at(i: number): Mask;
}

export interface AuditSets {
  /** The cases trained on; scans of one person share a subject. */
  train: MaskList & {
    subjects: readonly string[];
    /** Class of each, within which copies are blended. */
    classes: readonly number[];
    /** How messages name a case. */
    names: readonly string[];
  };
  /** Held-out real shapes. */
  heldOut: MaskList & { subjects: readonly string[]; names: readonly string[] };
  /** Generated shapes, none of them empty. */
  fake: MaskList & { names?: readonly string[] };
}

export interface AuditSetsOptions {
  seed: number;
  /** Copies of each kind planted as a trial. */
  planted: number;
  /** Spaces beside that of the shapes themselves. */
  spaces: readonly FeatureSpace[];
  threads?: number;
  /** Called after each unit of work; `total` is the same throughout. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export const AUDIT_DEFAULTS = { seed: 0, planted: 8, spaces: [] as readonly FeatureSpace[] };

export interface SetsAudit {
  figures: AuditFigures;
  /** Of each generated shape, in order. */
  matches: Match[];
  suspicions: CopySuspicion[];
  /** What real shapes measure: held-out distances, and the isolation of all real shapes. */
  reals: { distance: number[]; isolation: number[] };
  /** What a person should know of the data: training subjects that look like one, scans left out. */
  notes: string[];
}

const nearOf = ({ neighbours }: Match): Near => ({
  index: neighbours[0].index,
  distances: neighbours.map((f) => f.distance),
});

/** The first case of each subject: scans of one person are no new evidence. */
function oneEach(subjects: readonly string[]): number[] {
  return subjects.flatMap((s, i) => (subjects.indexOf(s) === i ? [i] : []));
}

function requireSets({ train, heldOut, fake }: AuditSets): void {
  for (const [what, count, todo] of [
    ['training cases', train.count, 'name the dataset that the run was trained on'],
    ['held-out real cases', heldOut.count, 'audit a run whose dataset has a test side (ingest --test-share)'],
    ['generated shapes with bone', fake.count, 'generate some first'],
  ] as const)
    if (count === 0) throw new DatasetError({ found: `no ${what}`, expected: 'at least one', todo });
  if (new Set(train.subjects).size < 2)
    throw new NumericsError({
      found: 'training cases of one subject only',
      expected: 'at least two subjects, so that one can be nearer than another',
      todo: 'audit a run that was trained on more',
    });
  const seen = new Set(train.subjects);
  const both = heldOut.subjects.findIndex((s) => seen.has(s));
  if (both >= 0)
    throw new DatasetError({
      found: `held-out case ${heldOut.names[both]} is of a subject that was trained on`,
      expected: 'training and held-out cases of different subjects',
      todo: 'split the dataset by subject again, and train again',
    });
}

/** Bone that fills the grid, or none, has no shape to compare. */
function requireSurface(mask: Mask, called: string): void {
  const full = !mask.data.includes(0);
  if (!full && hasBone(mask)) return;
  throw new VolumeError({
    found: `${called} ${full ? 'fills its whole grid' : 'is empty'}`,
    expected: 'bone with a surface',
    todo: 'leave it out: generate others in its place (generate --start), or ingest without it',
  });
}

/** Held-out cases that are a training subject under another name would make copies look normal. */
function requireNoOverlap(
  { train, heldOut }: AuditSets,
  kept: readonly number[],
  found: readonly Near[],
): void {
  if (found.length === 0) return;
  const pairs = kept.map((i, k) => `${heldOut.names[i]} (as training case ${train.names[found[k].index]})`);
  throw new DatasetError({
    found: `${pairs.length} held-out ${pairs.length === 1 ? 'case shows' : 'cases show'} the same bone as a training case: ${pairs.slice(0, 5).join(', ')}${pairs.length > 5 ? ', ..' : ''}`,
    expected: 'held-out cases of people that were not trained on: they are what copies are told from',
    todo: 'find out whether they are of one person, split the dataset again and train again',
  });
}

/**
 * Audits the sets. Throws `DatasetError` where a set is empty, or training and held-out sets overlap (by subject, or by
 * shape however it was moved), `GridError` where grids differ, `VolumeError` for a mask without surface, `NumericsError` for
 * a training set of one subject, `InterruptedError` when `signal` fires.
 */
export async function auditSets(sets: AuditSets, given: Partial<AuditSetsOptions> = {}): Promise<SetsAudit> {
  const options = { ...AUDIT_DEFAULTS, ...given };
  const { seed, planted, spaces, signal } = options;
  requireSets(sets);
  const { train, heldOut, fake } = sets;
  const heldOutKept = oneEach(heldOut.subjects);
  const first = train.at(0);
  const checked = (list: MaskList & { names?: readonly string[] }, what: string) => (i: number) => {
    const mask = list.at(i);
    const called = `${what} ${list.names?.[i] ?? i}`;
    requireSameGrid(first, mask, 'the first training case', called);
    requireSurface(mask, called);
    return mask;
  };
  const [trainAt, heldOutAt, fakeAt] = [
    checked(train, 'training case'),
    checked(heldOut, 'held-out case'),
    checked(fake, 'generated shape'),
  ];
  // Every mask is looked at before hours of work, not in their midst.
  for (let i = 0; i < train.count; i++) trainAt(i);
  for (const i of heldOutKept) heldOutAt(i);
  for (let i = 0; i < fake.count; i++) fakeAt(i);

  const described = train.count + heldOutKept.length * 2 + fake.count * 2;
  const total =
    2 * train.count + heldOutKept.length + fake.count + planted * LEAKS.length + spaces.length * described;
  let done = 0;
  const tick = (): void => options.onProgress?.(++done, total);
  const stop = (): boolean => signal?.aborted === true;
  const listen = (): void => {
    if (stop())
      throw interruptedError(
        'an audit writes nothing before it is done',
        'run the same command again: it starts over',
      );
  };

  /** Work on a shape is one long step: signals are heard between two. */
  const breathe = async (): Promise<void> => {
    await nextTurn();
    listen();
  };
  const index = await buildShapeIndex(train.count, trainAt, train.subjects, () => {
    tick();
    return breathe();
  });
  const pool = new SearchPool(index, options.threads);
  try {
    const search = async (count: number, question: (i: number) => Mask | number): Promise<Match[]> => {
      const found = await pool.search(count, question, tick, stop);
      listen();
      return found;
    };
    const heldOutNear = (await search(heldOutKept.length, (i) => heldOutAt(heldOutKept[i]))).map(nearOf);
    const trainNear = (await search(train.count, (i) => i)).map(nearOf);
    const trainKept = oneEach(train.subjects);
    const { notes, doubled } = checkOverlap(sets, heldOutKept, heldOutNear, trainKept, trainNear);
    const reals = trainKept.filter((i) => !doubled.has(i));
    const rule = copyRule([...heldOutNear, ...reals.map((i) => trainNear[i])]);

    const matches = await search(fake.count, fakeAt);
    const near = { fake: matches.map(nearOf), heldOut: heldOutNear, train: trainNear };
    const k = cellCount(fake.count, heldOutKept.length);
    const dim = index.lattice.length / 3;
    const cells = cellsOf(index.posed, dim, k, seed);
    const figures: SpaceFigures[] = [
      spaceFigures(
        {
          space: 'Shape',
          words: '1 - Dice of the blurred shapes, in the best pose and mirrored where that fits better',
        },
        near,
        cells,
        reals,
      ),
    ];
    const plantedFigures = await plantTrials(sets, rule, { seed, planted, first, trainAt }, search);
    for (const space of spaces) {
      const inSpace = await featureNear(
        space,
        index,
        { trainAt, heldOutAt, fakeAt },
        {
          heldOut: heldOutKept,
          fakes: fake.count,
          onCase: tick,
          breathe,
        },
      );
      listen();
      figures.push(spaceFigures({ space: space.name, words: space.words }, inSpace, cells, reals));
    }
    const judged = suspicions(near.fake, rule);
    return {
      figures: {
        counts: {
          fake: fake.count,
          heldOut: heldOutKept.length,
          train: trainKept.length,
        },
        nearCopies: {
          flagged: judged.filter((s) => s.flagged).length,
          leastP: judged.reduce((least, s) => Math.min(least, s.p), 1),
        },
        planted: plantedFigures,
        spaces: figures,
      },
      matches,
      suspicions: judged,
      reals: {
        distance: heldOutNear.map((n) => n.distances[0]),
        isolation: [...heldOutNear, ...reals.map((i) => trainNear[i])].map(isolation),
      },
      notes,
    };
  } finally {
    await pool.close();
  }
}

/** Refuses held-out cases that are training cases; tells of training subjects that look like one. */
function checkOverlap(
  sets: AuditSets,
  heldOutKept: readonly number[],
  heldOut: readonly Near[],
  trainKept: readonly number[],
  train: readonly Near[],
): { notes: string[]; doubled: Set<number> } {
  const found = duplicates([...heldOut, ...trainKept.map((i) => train[i])]);
  const held = found.filter((i) => i < heldOut.length);
  requireNoOverlap(
    sets,
    held.map((i) => heldOutKept[i]),
    held.map((i) => heldOut[i]),
  );
  const doubled = new Set(found.filter((i) => i >= heldOut.length).map((i) => trainKept[i - heldOut.length]));
  const { names } = sets.train;
  const pairs = new Set(
    [...doubled].map((i) =>
      [i, train[i].index]
        .sort((a, b) => a - b)
        .map((c) => names[c])
        .join(' and '),
    ),
  );
  const notes = [...pairs].map(
    (pair) => `training cases ${pair} show the same bone under two subjects: are they of one person?`,
  );
  return { notes, doubled };
}

/** Plants copies of every kind and counts those that would be found as the only one of their set. */
async function plantTrials(
  { train, fake }: AuditSets,
  rule: CopyRule,
  { seed, planted, trainAt }: { seed: number; planted: number; first: Mask; trainAt: (i: number) => Mask },
  search: (count: number, question: (i: number) => Mask) => Promise<Match[]>,
): Promise<PlantedFigures[]> {
  const out: PlantedFigures[] = [];
  for (const [k, kind] of LEAKS.entries()) {
    const found = await search(planted, (i) => plantOne(train, trainAt, kind, seed, k * planted + i));
    const count = found.filter((m) => foundAlone(nearOf(m), rule, fake.count)).length;
    out.push({ kind, planted, found: count });
  }
  return out;
}

/** Copy number `n` of a training set: of a case drawn by the seed, blended with another of its class. */
export function plantOne(
  train: AuditSets['train'],
  trainAt: (i: number) => Mask,
  kind: Leak,
  seed: number,
  n: number,
): Mask {
  const random = new RandomStream(seed, 'privacy/plant', n);
  const i = random.integer(train.count);
  const others = Array.from(random.permutation(train.count)).filter(
    (j) => train.subjects[j] !== train.subjects[i],
  );
  const mate = others.find((j) => train.classes[j] === train.classes[i]) ?? others[0];
  return plantCopy(kind, trainAt(i), trainAt(mate), random);
}
