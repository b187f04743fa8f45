/** The numbers of `evaluateSets` as a table for people: what each measures, which way is good, and what real data scores. */
import { formatNumber } from '../../report/number.ts';
import type { Section } from '../../report/report.ts';
import type { Quantity } from '../../report/table.ts';
import { docLines, metricDoc, metricPlace, metricTitle } from '../metricDocs.ts';
import type { SetEvaluation, SetMetric } from '../setReport.ts';
import type { OverallVerdict } from '../verdict.ts';
import type { Naming } from './part.ts';
import { kindOf } from './part.ts';

const UNITS: Readonly<Record<SetMetric['unit'], string>> = { '': '', mm: 'mm', 'mm^2': 'mm²', 'cm^3': 'cm³' };

const rangeText = (low: number | undefined, high: number | undefined): string | undefined =>
  low === undefined || high === undefined ? undefined : `[${formatNumber(low)}, ${formatNumber(high)}]`;

/** What real shapes score in its place: the middle and range of draws, or one value with its interval. */
function besideOf({ floor, reference, referenceLow, referenceHigh }: SetMetric): Quantity['beside'] {
  if (floor !== undefined)
    return { text: formatNumber(floor.median), note: rangeText(floor.low, floor.high) };
  if (reference === undefined) return undefined;
  return { text: formatNumber(reference), note: rangeText(referenceLow, referenceHigh) };
}

/** The verdict and what it rests on. */
function verdictOf({ verdict, floor, permutation }: SetMetric): Quantity['verdict'] {
  if (verdict === undefined) return undefined;
  const p = floor?.p ?? permutation?.p;
  const good = { 'as good as real': true, 'worse than real': false, 'cannot tell': undefined }[verdict];
  const by = floor !== undefined ? 'real draws' : 'shuffled labels';
  return {
    text: verdict,
    ...(good !== undefined && { good }),
    note: p === undefined ? 'no test of it' : `p ${formatNumber(Number(p.toPrecision(2)))}, ${by}`,
  };
}

function quantityOf(name: string, metric: SetMetric): Quantity {
  const { value, low, high, unit, better, reference, meaning, n, noInterval, warning, permutation } = metric;
  const near = { 'near 0.5': 0.5, 'near 1': 1, 'near reference': reference };
  const direction = better === 'higher' || better === 'lower' ? better : near[better];
  const told = [
    `n = ${n}`,
    ...(noInterval === undefined ? [] : [`no interval: ${noInterval}`]),
    ...(warning === undefined ? [] : [`few cases: ${warning}`]),
  ];
  const doc = metricDoc(name);
  const beside = besideOf(metric);
  const verdict = verdictOf(metric);
  const shuffled: [string, string][] =
    permutation === undefined
      ? []
      : [['shuffled labels', `p ${formatNumber(permutation.p)} of ${permutation.permutations} shuffles`]];
  return {
    name: metricTitle(name),
    value,
    ...(low !== undefined && high !== undefined ? { interval: [low, high] } : {}),
    unit: UNITS[unit],
    ...(direction === undefined ? {} : { better: direction }),
    ...(beside !== undefined && { beside }),
    ...(verdict !== undefined && { verdict }),
    ...(doc !== undefined && { about: [...docLines(doc), ...shuffled] }),
    meaning: `${meaning}; ${told.join('; ')}`,
  };
}

/** The overall verdict in sentences. */
export function verdictText({ told, tests, counts }: OverallVerdict, bone = 'bone'): string[] {
  const least = tests.reduce((best, t) => (t.adjusted < best.adjusted ? t : best), tests[0]);
  const words = {
    'told apart from real': `The generated ${bone}s are told apart from real ones as a set`,
    'not told apart': `No test of the sets as wholes tells the generated ${bone}s from real ones. That is no proof that they are alike: a larger set may be told apart`,
    'cannot tell': 'The sets as wholes were not tested',
  }[told];
  return [
    `${words}${least === undefined ? '' : ` (${tests.length} tests by shuffled labels; the surest, ${metricTitle(least.name)}, has p ${formatNumber(Number(least.adjusted.toPrecision(2)))} after Holm's correction for their number)`}.`,
    `Figure by figure: ${counts['as good as real']} as good as real, ${counts['worse than real']} worse than real, ${counts['cannot tell']} cannot tell. The rule: worse where at most 1 in 20 sets of real ${bone}s scores as badly, as good where at least half do, else it cannot be told. So of 20 figures of a perfect generator about one is called worse by chance.`,
  ];
}

/** The evaluation as a section: one row a figure, with interval, real against real, verdict, direction and meaning. */
export function figuresSection(evaluation: SetEvaluation, naming: Naming, command?: string): Section {
  const { counts, metrics, nearestTraining, notes, verdict } = evaluation;
  const rows = Object.entries(metrics).sort(([a], [b]) => metricPlace(a) - metricPlace(b));
  const kind = kindOf(naming);
  const { ratio, ratioInterval, shareBelowReal05, shareInterval } = nearestTraining;
  const extra: Quantity[] = [
    ...(ratio === null
      ? []
      : [
          {
            name: 'Nearest-training ratio',
            value: ratio,
            ...(ratioInterval && { interval: ratioInterval }),
            better: 1,
            meaning:
              'distance of generated shapes to their nearest training shape, divided by that of held-out ones; far below 1: copying, far above: poor quality',
          },
        ]),
    {
      name: 'Nearer than 95 % of held out',
      value: shareBelowReal05,
      ...(shareInterval && { interval: shareInterval }),
      meaning:
        'share of generated shapes that lie nearer to training than 95 % of held-out ones do; far above 0.05: copying',
    },
  ];
  const floors = Object.values(metrics).some((m) => m.floor !== undefined);
  return {
    heading: 'Figures',
    prose: [
      ...(verdict === undefined ? [] : verdictText(verdict, naming.bone)),
      `${counts.fake} generated ${naming.bone}s against ${counts.real} held-out ${kind} ones and the ${counts.train} trained on. ${naming.phantom ? 'Where the table says real, it means held-out phantoms. ' : ''}Square brackets under a value hold its 95 % interval. ${
        floors
          ? 'Real against real is the same figure with training cases in the place of the generated ones, in the same number, over many draws: the middle one and the range that 95 % keep on the bad side. Where it is a mean of held-out cases, its 95 % interval.'
          : 'References are the same figure for training against held-out cases: what a perfect generator would score with sets of these sizes.'
      }`,
      ...(notes.length > 0 ? [`Notes: ${notes.join('; ')}.`] : []),
    ],
    quantities: [...rows.map(([name, metric]) => quantityOf(name, metric)), ...extra],
    command,
  };
}
