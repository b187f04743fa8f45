/**
 * The test of alignment: every held-out bone of a dataset, in poses that were never trained on, whole, cut off by the field
 * of view, and with defects, given to every method. The truth is the pose it was put in; the dataset's canonical frame is
 * what all are held to. Each scan is a pure function of (seed, case, pose, condition), so all methods see the same ones and
 * any of them can be made again alone.
 *
 *   one row a scan and method:  case, pose, condition  ->  rotation, translation, TRE, seconds
 *   one summary a method, pose and condition:  means, quantiles, shares, failures, with intervals by subject
 *
 * A method that refuses a bone has given no answer (noAnswer.ts); any other error ends the test.
 */

import { z } from 'zod';
import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { DatasetError, InterruptedError, UsageError } from '../../errors.ts';
import { nextTurn } from '../../files/interrupt.ts';
import { RandomStream } from '../../random/stream.ts';
import { invertTransform } from '../../skull/register/transform.ts';
import type { Mask } from '../../volume/volume.ts';
import { isNoAnswer } from '../noAnswer.ts';
import { rowKey } from '../testRows.ts';
import { CONDITIONS, type Condition, disturb } from './disturb.ts';
import { poseError, surfaceProbe } from './errors.ts';
import type { AlignMethod } from './method.ts';
import { comparePair, type Pair, pairedSchema } from './paired.ts';
import { drawPose, POSE_KINDS, type PoseKind, scanOf } from './poses.ts';
import { type AlignRow, type AlignRows, rowSchema } from './row.ts';
import { summarise, summarySchema } from './summary.ts';

export const ALIGN_TEST_FORMAT = 'cranioflow-align-test';

const groupSchema = z.strictObject({
  method: z.string(),
  pose: z.enum(POSE_KINDS),
  condition: z.enum(CONDITIONS),
  summary: summarySchema,
});
export type AlignGroup = z.infer<typeof groupSchema>;

export const alignTestSchema = z.strictObject({
  format: z.literal(ALIGN_TEST_FORMAT),
  version: z.literal(1),
  data: z.strictObject({
    name: z.string(),
    bone: z.string(),
    phantom: z.boolean(),
    size: z.array(z.int()).length(3),
    spacing: z.number(),
    frame: z.string(),
    trainCases: z.int(),
  }),
  seed: z.int(),
  cases: z.int(),
  posesPerCase: z.int(),
  /** Rotations off by more than this have failed. */
  failureDeg: z.number(),
  methods: z.array(
    z.strictObject({
      name: z.string(),
      words: z.string(),
      /** Why its figures may be void. */
      warning: z.string().optional(),
    }),
  ),
  rows: z.array(rowSchema),
  groups: z.array(groupSchema),
  paired: z.array(pairedSchema),
  /** The command line that made it. */
  command: z.string().optional(),
});
export type AlignTest = z.infer<typeof alignTestSchema>;

export interface AlignTestOptions {
  dataset: Dataset;
  /** The first is compared with each of the others. */
  methods: readonly AlignMethod[];
  poses: readonly PoseKind[];
  conditions: readonly Condition[];
  /** Poses of each kind, for each case and condition. */
  posesPerCase: number;
  /** Held-out cases at most; they are taken evenly from all. Default: all. */
  count?: number;
  seed: number;
  failureDeg: number;
  /** Rows of an earlier start of this very test, and where new ones are kept. */
  kept?: AlignRows;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

export const ALIGN_TEST_DEFAULTS = {
  poses: ['scanner', 'any'] as readonly PoseKind[],
  conditions: CONDITIONS as readonly Condition[],
  posesPerCase: 1,
  seed: 0,
  failureDeg: 10,
};

type Given = Pick<AlignTestOptions, 'dataset' | 'methods'> & Partial<AlignTestOptions>;

/**
 * Tests methods on a dataset's held-out cases. Throws `DatasetError` where there are none, `UsageError` where methods,
 * poses or conditions are missing or named twice, `InterruptedError` when `signal` is aborted.
 */
export async function testAlignment(given: Given): Promise<AlignTest> {
  const o = { ...ALIGN_TEST_DEFAULTS, ...given };
  const { dataset, methods, seed, failureDeg, signal, kept } = o;
  const keys = methods.map((method) => alignRowKey(dataset, method, seed));
  const cases = heldOut(dataset, o.count);
  requireSome(
    methods.map((m) => m.name),
    'methods',
  );
  requireSome(o.poses, 'poses');
  requireSome(o.conditions, 'conditions');
  const total = cases.length * o.poses.length * o.conditions.length * o.posesPerCase * methods.length;
  const rows: AlignRow[] = [];
  for (const { c, index } of cases) {
    const bone = dataset.loadMask(c);
    for (const pose of o.poses)
      for (const condition of o.conditions)
        for (let draw = 0; draw < o.posesPerCase; draw++) {
          const asked = methods.map((method, m) => {
            const place = { case: c.id, pose, condition, draw, method: method.name };
            return { method, key: keys[m], place, found: kept?.find(keys[m], place) };
          });
          const known = asked.every(({ found }) => found !== undefined);
          const scan = known ? undefined : testScan(bone, { seed, index, pose, condition, draw });
          for (const { method, key, place, found } of asked) {
            if (signal?.aborted) throw stopped(rows.length, total, kept);
            const row: AlignRow = found ?? {
              ...place,
              subject: c.subject,
              what: scan!.what,
              removedShare: scan!.removedShare,
              ...(await ask(method, scan!)),
            };
            if (found === undefined) kept?.add(key, row);
            rows.push(row);
            o.onProgress?.(rows.length, total);
            // Methods block the event loop; give signals a chance to be heard.
            await nextTurn();
          }
        }
  }
  const { name, bone, phantom, size, spacing, frame } = dataset.manifest;
  return {
    format: ALIGN_TEST_FORMAT,
    version: 1,
    data: { name, bone, phantom, size, spacing, frame, trainCases: dataset.split('train').length },
    seed,
    cases: cases.length,
    posesPerCase: o.posesPerCase,
    failureDeg,
    methods: methods.map(({ name, words, warning }) => ({ name, words, ...(warning && { warning }) })),
    rows,
    ...judged(
      rows,
      methods.map((m) => m.name),
      o,
    ),
  };
}

/** The key of all that a method's rows follow from, but their places in the test. */
export const alignRowKey = (
  { cases, manifest }: Dataset,
  { name, words, hash }: AlignMethod,
  seed: number,
): string =>
  rowKey(
    { name, words, weights: hash },
    {
      cases: cases.map((c) => [c.id, c.subject, c.split, c.sha256]),
      grid: [manifest.size, manifest.spacing],
      seed,
    },
  );

/** Summaries and paired comparisons of rows. */
function judged(
  rows: readonly AlignRow[],
  names: readonly string[],
  o: Pick<AlignTestOptions, 'poses' | 'conditions' | 'failureDeg' | 'seed'>,
): Pick<AlignTest, 'groups' | 'paired'> {
  const groups: AlignGroup[] = [];
  const paired: AlignTest['paired'] = [];
  for (const pose of o.poses)
    for (const condition of o.conditions) {
      const of = (method: string): AlignRow[] =>
        rows.filter((r) => r.method === method && r.pose === pose && r.condition === condition);
      for (const method of names)
        groups.push({ method, pose, condition, summary: summarise(of(method), o.failureDeg, o.seed) });
      const own = of(names[0]);
      for (const second of names.slice(1)) {
        // Rows of all methods stand in one order: the same place is the same scan.
        const pairs = of(second).flatMap((r, i): Pair[] =>
          r.error === null || own[i].error === null
            ? []
            : [{ subject: r.subject, first: own[i].error, second: r.error }],
        );
        const found = comparePair({ first: names[0], second, pose, condition }, pairs, o.seed);
        if (found !== undefined) paired.push(found);
      }
    }
  return { groups, paired };
}

export interface TestScan {
  mask: Mask;
  /** From the scan to the canonical frame. */
  truth: ReturnType<typeof invertTransform>;
  probe: ReturnType<typeof surfaceProbe>;
  what: string;
  removedShare: number;
}

/** One scan of the test, from the bone in the canonical frame. `index` is the case's place in the manifest. */
export function testScan(
  bone: Mask,
  key: { seed: number; index: number; pose: PoseKind; condition: Condition; draw: number },
): TestScan {
  const { seed, index, pose: kind, condition, draw } = key;
  // Conditions share the pose and the grid: what differs between them is what is gone.
  const place = (index * POSE_KINDS.length + POSE_KINDS.indexOf(kind)) * 4096 + draw;
  const reach = Math.max(...bone.size.map((n, a) => n * bone.spacing[a]));
  const pose = drawPose(new RandomStream(seed, 'align/test/pose', place), { kind, shiftMm: reach });
  const whole = scanOf(bone, pose, new RandomStream(seed, 'align/test/scan', place));
  const { mask, what, removedShare } = disturb(
    whole,
    new RandomStream(seed, 'align/test/disturb', place * CONDITIONS.length + CONDITIONS.indexOf(condition)),
    { condition },
  );
  return { mask, truth: invertTransform(pose), probe: surfaceProbe(bone), what, removedShare };
}

type Answer = Pick<AlignRow, 'method' | 'error' | 'reason' | 'seconds' | 'uncertainty'>;

async function ask(method: AlignMethod, { mask, truth, probe }: TestScan): Promise<Answer> {
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  try {
    const { transform, uncertainty } = await method.align(mask);
    const took = seconds();
    return {
      method: method.name,
      error: poseError(transform, truth, probe),
      seconds: took,
      uncertainty: uncertainty ?? null,
    };
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return {
      method: method.name,
      error: null,
      reason: error.explanation.found,
      seconds: seconds(),
      uncertainty: null,
    };
  }
}

function heldOut(dataset: Dataset, count = Infinity): { c: DatasetCase; index: number }[] {
  const all = dataset.cases.flatMap((c, index) => (c.split === 'test' ? [{ c, index }] : []));
  if (all.length === 0)
    throw new DatasetError({
      found: `${dataset.dir} has no held-out case`,
      expected: 'cases on the test side of the split, which no method was made from',
      todo: 'make the dataset with a --test-share above 0',
    });
  const n = Math.min(count, all.length);
  return Array.from({ length: n }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / n)]);
}

function requireSome(names: readonly string[], what: string): void {
  if (names.length > 0 && new Set(names).size === names.length) return;
  throw new UsageError({
    found: names.length === 0 ? `no ${what}` : `${what} named twice: ${names.join(', ')}`,
    expected: `one or more ${what}, each once`,
    todo: `name the ${what} to test`,
  });
}

function stopped(done: number, total: number, rows?: AlignRows): InterruptedError {
  const kept = rows !== undefined && done > 0;
  return new InterruptedError({
    found: `stopped after ${done} of ${total} alignments; ${kept ? `they are kept in ${rows.path}` : 'nothing was written'}`,
    expected: 'to run to the end',
    todo: `run the same command again${kept ? ': it goes on from there' : ''}, or with fewer cases (--count) where time is short`,
  });
}
