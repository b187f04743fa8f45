/**
 * The test of completion: every held-out case gets defects from the seed, every method fills the same ones, and the
 * implants are cut by the same rule (`implant/cutImplant.ts`, without a gap, at most two pieces) and measured. A method
 * that throws, or whose bone gives no implant, has failed in that case: the row says why, and the case counts.
 *
 * Defect n of case c is drawn from stream (seed, 'complete/test', c D + n) with c its place among the held-out cases and
 * D the defects a case: the same for every method, machine and order.
 */

import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { CranioflowError, DatasetError, type InterruptedError, UsageError } from '../../errors.ts';
import { diceOf, overlap } from '../../evaluation/overlap.ts';
import { interruptedError, nextTurn } from '../../files/interrupt.ts';
import { RandomStream } from '../../random/stream.ts';
import { requireSameGrid } from '../../volume/sameGrid.ts';
import type { Mask } from '../../volume/volume.ts';
import { applyDefect, type Defect, DefectError, defectKindsOf, drawDefect } from '../defects/defect.ts';
import { DEFECT_KINDS, type DefectKind } from '../defects/sites.ts';
import { cutImplant } from '../implant/cutImplant.ts';
import { isNoAnswer } from '../noAnswer.ts';
import { rowKey } from '../testRows.ts';
import { BORDER_MM, type CompletionFigures, measureCompletion, missingPart } from './measure.ts';
import { type Completion, type CompletionMethod, requireAnswers } from './method.ts';
import type { CompletionRecord, CompletionRow, CompletionRows, SeveralAnswers } from './record.ts';
import { checkFit, checkUnseen, warningsOf } from './testChecks.ts';

/** What was seen of one case, for pictures: masks on the dataset's grid. */
export interface CompletionView {
  case: string;
  defect: Defect;
  whole: Mask;
  defective: Mask;
  method: string;
  /** Absent where the method failed. */
  implant?: Mask;
}

export interface CompletionTestOptions {
  dataset: Dataset;
  methods: readonly CompletionMethod[];
  /** Defects drawn in each case. */
  defectsPerCase?: number;
  /** Kinds to draw from; default: all of the bone's. */
  kinds?: readonly DefectKind[];
  seed?: number;
  /** Answers asked of methods that give several, at most `ANSWERS_MOST`. */
  answers?: number;
  /** Least quality of a case, 2 to 6: a bone that lacks parts already has more to fill than was taken. Default 2: all. */
  leastQuality?: number;
  /** First held-out cases only. */
  limit?: number;
  borderMm?: number;
  /** mm of surface Dice; default: one voxel. */
  toleranceMm?: number;
  signal?: AbortSignal;
  /** Told, before the work, of what throws doubt on the figures. */
  onWarning?: (text: string) => void;
  onProgress?: (done: number, total: number, note: string) => void;
  /** Called for every row, with what was seen. */
  onView?: (view: CompletionView) => void;
  /** Whether a defect is to be seen; of others, kept rows are not made again. Default: all where there is `onView`. */
  shows?: (defect: Defect) => boolean;
  /** Rows of this test that are finished already; new ones are added. */
  kept?: CompletionRows;
}

/** Pieces that an implant may have: bilateral defects leave two. */
const PIECES = 2;

/**
 * Tests methods on the held-out cases of a dataset. Throws `DatasetError` where none is held out, `UsageError` for no or
 * equally named methods or kinds that the bone does not have, `GridError` for a network of another grid or bone,
 * `DefectError` where no defect can be drawn in any case, and `InterruptedError`.
 */
export async function testCompletion(options: CompletionTestOptions): Promise<CompletionRecord> {
  const { dataset, methods, defectsPerCase = 1, seed = 0, answers = 1, signal, onProgress, kept } = options;
  const { manifest, grid } = dataset;
  const leastQuality = options.leastQuality ?? 2;
  const cases = dataset
    .split('test')
    .filter((c) => c.quality >= leastQuality)
    .slice(0, options.limit);
  requireCases(cases, dataset, leastQuality);
  requireMethods(methods);
  requireAnswers(answers);
  checkFit(dataset, methods);
  checkUnseen(dataset, methods);
  const offered = defectKindsOf(manifest.bone);
  const kinds = DEFECT_KINDS.filter((k) => offered.includes(k) && (options.kinds?.includes(k) ?? true));
  requireKinds(kinds, offered, manifest.bone, options.kinds);
  const warnings = warningsOf(dataset, methods);
  for (const text of warnings) options.onWarning?.(text);
  const measure = {
    borderMm: options.borderMm ?? BORDER_MM,
    toleranceMm: options.toleranceMm ?? manifest.spacing,
  };
  const rows: CompletionRow[] = [];
  const undrawn: CompletionRecord['undrawn'] = [];
  const total = cases.length * defectsPerCase * methods.length;
  const settings = { bone: manifest.bone, size: grid.size, spacing: manifest.spacing, seed, defectsPerCase };
  const decides = {
    ...settings,
    kinds,
    answers,
    leastQuality,
    ...measure,
    cases: cases.map((x) => [x.id, x.subject, x.sha256]),
  };
  const keys = methods.map(({ name, words, learnt }) =>
    rowKey({ name, words, weights: learnt?.weights }, decides),
  );
  let done = 0;
  for (const [c, { id, subject }] of cases.entries()) {
    const whole = dataset.loadMask(cases[c]);
    requireSameGrid(grid, whole, 'the dataset', 'a case of it');
    for (let n = 0; n < defectsPerCase; n++) {
      const index = c * defectsPerCase + n;
      let defect: Defect;
      try {
        const stream = new RandomStream(seed, 'complete/test', index);
        defect = drawDefect(whole, manifest.bone, stream, { kinds });
      } catch (error) {
        if (!(error instanceof DefectError)) throw error;
        undrawn.push({ case: id, defect: n, why: error.explanation.found });
        done += methods.length;
        continue;
      }
      const defective = applyDefect(whole, defect);
      const { kind, site, share, diameterMm } = defect;
      const place = { case: id, subject, defect: n, kind, site, share, diameterMm };
      const shown = options.shows?.(defect) ?? options.onView !== undefined;
      for (const [m, method] of methods.entries()) {
        const before = kept?.find(keys[m], place);
        if (before === undefined || shown) {
          if (signal?.aborted) throw stopped(done, total, kept);
          const asked = { seed, index, answers, signal };
          const { row, implant } = await testOne(method, whole, defective, measure, asked).catch((error) => {
            const asToldTo = error instanceof CranioflowError || error === signal?.reason;
            throw signal?.aborted && asToldTo ? stopped(done, total, kept) : error;
          });
          const made = before ?? { ...place, method: method.name, ...row };
          rows.push(made);
          if (before === undefined) kept?.add(keys[m], made);
          if (shown) options.onView?.({ case: id, defect, whole, defective, method: method.name, implant });
        } else rows.push(before);
        done++;
        onProgress?.(done, total, `${method.name}, ${kind}`);
        // Methods may block the event loop; give signals a chance to be heard.
        await nextTurn();
      }
    }
  }
  if (rows.length === 0) throw noneDrawn(undrawn);
  return {
    format: 'cranioflow-completion-test',
    version: 1,
    data: {
      name: manifest.name,
      bone: manifest.bone,
      phantom: manifest.phantom,
      size: [...grid.size],
      spacing: manifest.spacing,
      heldOut: { cases: cases.length, subjects: new Set(cases.map((c) => c.subject)).size },
    },
    seed,
    defectsPerCase,
    leastQuality,
    kinds,
    answers,
    ...measure,
    methods: methods.map(({ name, words }) => ({ name, words })),
    undrawn,
    warnings,
    rows,
  };
}

type Outcome = Pick<CompletionRow, 'seconds' | 'figures' | 'several' | 'failure'>;

/** One method on one defect. Anything but an interruption becomes a failure of the row. */
async function testOne(
  method: CompletionMethod,
  whole: Mask,
  defective: Mask,
  measure: { borderMm: number; toleranceMm: number },
  asked: { seed: number; index: number; answers: number; signal?: AbortSignal },
): Promise<{ row: Outcome; implant?: Mask }> {
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  let given: Completion[];
  try {
    given = await method.complete(defective, asked);
  } catch (error) {
    if (asked.signal?.aborted || !isNoAnswer(error)) throw error;
    return { row: { seconds: elapsed(), failure: error.explanation.found } };
  }
  const seconds = elapsed();
  if (given.length === 0) return { row: { seconds, failure: 'the method gave no answer' } };
  const implants = given.map((answer) => implantOf(answer, defective));
  const several = given.length > 1 ? compareAnswers(implants, whole, defective, measure) : undefined;
  const first = implants[0];
  if (typeof first === 'string') return { row: { seconds, failure: first, several } };
  const figures = measureCompletion(whole, defective, first, measure);
  return { row: { seconds, figures, several }, implant: first };
}

/** The implant of an answer, or why there is none. */
function implantOf({ whole }: Completion, defective: Mask): Mask | string {
  try {
    return cutImplant(whole, defective, { gapMm: 0, pieces: PIECES }).implant;
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return error.explanation.found;
  }
}

function compareAnswers(
  implants: readonly (Mask | string)[],
  whole: Mask,
  defective: Mask,
  measure: { borderMm: number; toleranceMm: number },
): SeveralAnswers | undefined {
  const usable = implants.filter((i) => typeof i !== 'string');
  if (usable.length === 0) return undefined;
  const truth = missingPart(whole, defective).data;
  let best: Mask = usable[0];
  let most = -1;
  let spread = 0;
  usable.forEach((one, i) => {
    const dice = diceOf(overlap(one.data, truth));
    if (dice > most) [best, most] = [one, dice];
    for (const other of usable.slice(0, i)) spread += 1 - diceOf(overlap(one.data, other.data));
  });
  const pairs = (usable.length * (usable.length - 1)) / 2;
  const figures: CompletionFigures = measureCompletion(whole, defective, best, measure);
  return {
    given: implants.length,
    usable: usable.length,
    best: figures,
    spread: pairs === 0 ? null : spread / pairs,
  };
}

function stopped(done: number, total: number, kept: CompletionRows | undefined): InterruptedError {
  if (kept === undefined)
    return interruptedError(
      `${done} of ${total} completions were measured, none kept`,
      'run the same command again: equal seeds give equal figures',
    );
  return interruptedError(
    `${done} of ${total} completions are measured and kept in ${kept.path}`,
    'run the same command again: it goes on from there',
  );
}

function noneDrawn(undrawn: CompletionRecord['undrawn']): DefectError {
  return new DefectError({
    found: `in none of the held-out cases could a defect be drawn: ${undrawn[0]?.why ?? 'none was asked for'}`,
    expected: 'bones with room for the kinds of defects that were asked for',
    todo: 'allow other --kinds, draw more --defects a case, or use a finer grid',
  });
}

function requireCases(cases: readonly DatasetCase[], { manifest }: Dataset, quality: number): void {
  if (cases.length > 0) return;
  throw new DatasetError({
    found: `${manifest.name} has no held-out case${quality > 2 ? ` of quality ${quality} or more` : ''}`,
    expected: 'cases of the test side: a method is tested on bones it never saw',
    todo: 'make the dataset again with a test share',
  });
}

function requireMethods(methods: readonly CompletionMethod[]): void {
  const names = methods.map((m) => m.name);
  if (names.length > 0 && new Set(names).size === names.length) return;
  throw new UsageError({
    found: names.length === 0 ? 'no method to test' : `methods of one name: ${names.join(', ')}`,
    expected: 'at least one method, each with a name of its own',
    todo: 'choose the methods again',
  });
}

function requireKinds(
  kinds: readonly DefectKind[],
  offered: readonly DefectKind[],
  bone: string,
  asked: readonly DefectKind[] | undefined,
): void {
  const wrong = asked?.filter((k) => !offered.includes(k)) ?? [];
  if (kinds.length > 0 && wrong.length === 0) return;
  throw new UsageError({
    found: `defects of the kinds ${asked?.join(', ') || 'none'} on a ${bone}`,
    expected: `some of ${offered.join(', ')}`,
    todo: 'choose among these',
  });
}
