/**
 * What a task study supports, by rules that were fixed before any figure was known:
 *
 *   worth       synthetic cases alone against as many real ones: within 10 % where the whole interval of the ratio of errors
 *               lies below 1.1, missed where it lies above, else open
 *   addition    real cases with the most synthetic ones beside them, against the real ones alone: better where the interval
 *               lies below 1, worse where above, p below 0.05 in both, else not told apart
 *   sources     two sources at each equal number
 *
 * Each in the task's first figure; the others stand beside it in the tables.
 */
import { isApart, pText } from '../../evaluation/paired.ts';
import { errorRatio, LEAST_SUBJECTS, type Ratio, seedScatter, type TestError } from './effect.ts';
import type { Mix } from './mix.ts';

/** The errors of one mix: one list of tests a training seed. */
export interface MixErrors {
  mix: Mix;
  seeds: readonly (readonly TestError[])[];
}

export type Question = 'worth' | 'addition' | 'sources';
/** `unlearnt`: neither network does better than one that knows nothing, so their ratio says nothing. */
export type Outcome = 'better' | 'worse' | 'open' | 'unlearnt';

export interface Comparison {
  question: Question;
  /** Names of the two mixes; the ratio is the error of the first over that of the second. */
  first: string;
  second: string;
  ratio: Ratio;
  /** Of the first, by the rule of the question. */
  outcome: Outcome;
}

/** Largest loss that still counts as equal worth. */
export const WORTH = 1.1;

/** Whether the first has less error than `limit` times that of the second; for a limit of 1 its p must agree. */
export function outcomeOf({ low, high, p }: Pick<Ratio, 'low' | 'high' | 'p'>, limit = 1): Outcome {
  if (limit === 1 && !isApart({ low, high, p }, 1)) return 'open';
  if (high < limit) return 'better';
  return low > limit ? 'worse' : 'open';
}

/**
 * All comparisons of one task, from the errors of its mixes in one figure. `floor` is the least error that counts; `unlearnt` tells of
 * a mix, by the figure that is judged, whether its networks have learnt nothing. None where fewer than `LEAST_SUBJECTS` were tested.
 */
export function comparisonsOf(
  all: readonly MixErrors[],
  { floor, unlearnt }: { floor: number; unlearnt: (mix: Mix) => boolean },
): Comparison[] {
  const found: Comparison[] = [];
  const subjects = new Set(all[0]?.seeds[0]?.map((t) => t.subject)).size;
  if (subjects < LEAST_SUBJECTS) return found;
  const scatter = seedScatter(
    all.map((mix) => mix.seeds),
    floor,
  );
  const compare = (question: Question, first: MixErrors, second: MixErrors): void => {
    const ratio = errorRatio(first.seeds, second.seeds, floor, scatter);
    const nothing = unlearnt(first.mix) && unlearnt(second.mix);
    const outcome = nothing ? 'unlearnt' : outcomeOf(ratio, question === 'worth' ? WORTH : 1);
    found.push({ question, first: first.mix.name, second: second.mix.name, ratio, outcome });
  };
  const real = all.filter(({ mix }) => mix.source === undefined);
  const alone = all.filter(({ mix }) => mix.real === 0);
  const both = all.filter(({ mix }) => mix.real > 0 && mix.synthetic > 0);
  for (const r of real)
    for (const s of alone.filter(({ mix }) => mix.synthetic === r.mix.real)) compare('worth', s, r);
  for (const r of real) {
    const most = both
      .filter(({ mix }) => mix.real === r.mix.real)
      .reduce<MixErrors | undefined>((a, b) => (a && a.mix.synthetic > b.mix.synthetic ? a : b), undefined);
    if (most !== undefined) compare('addition', most, r);
  }
  const [source] = new Set(alone.map(({ mix }) => mix.source));
  for (const first of alone.filter(({ mix }) => mix.source === source))
    for (const second of alone)
      if (second.mix.source !== source && second.mix.synthetic === first.mix.synthetic)
        compare('sources', first, second);
  return found;
}

/** Percent with a sign: 0.93 is `7 % less`. */
function change(ratio: number): string {
  const percent = Math.abs(100 * (ratio - 1));
  const digits = percent < 10 ? percent.toFixed(1) : percent.toFixed(0);
  return `${digits} % ${ratio < 1 ? 'less' : 'more'}`;
}

const interval = ({ low, high }: Ratio): string => `ratio ${low.toFixed(2)} to ${high.toFixed(2)}`;

/**
 * One comparison as a sentence; `error` names the figure. `all`: how many real cases the generator had to learn from, where that is
 * known, more than the comparison shows where it adds synthetic cases to fewer.
 */
export function sentenceOf(
  { question, first, second, ratio, outcome }: Comparison,
  error: string,
  all?: number,
): string {
  const seen = `${first} has ${change(ratio.ratio)} ${error} than ${second} (${interval(ratio)}, p ${pText(ratio.p)})`;
  const words: Record<Question, Record<Exclude<Outcome, 'unlearnt'>, string>> = {
    worth: {
      better: 'within 10 % of real cases: the synthetic ones can stand for as many real ones',
      worse: 'more than 10 % behind: the synthetic ones cannot stand for as many real ones',
      open: 'these tests do not tell whether it is within 10 %',
    },
    addition: {
      better: 'the synthetic cases help',
      worse: 'the synthetic cases harm',
      open: 'whether the synthetic cases help is not told',
    },
    sources: {
      better: 'the first source is the better one here',
      worse: 'the second source is the better one here',
      open: 'the sources are not told apart',
    },
  };
  if (outcome === 'unlearnt')
    return `${seen}: neither network has learnt the task, so this says nothing; train for longer.`;
  const hidden = question === 'addition' && all !== undefined && second !== `real${all}`;
  return `${seen}: ${words[question][outcome]}${hidden ? `, from a generator that had all ${all} real cases to learn from` : ''}.`;
}
