/** The numbers of `evaluateSets` as a table for people: what each measures, which way is good, and what real data scores. */
import { formatNumber, type Quantity, type Section } from '../../report/report.ts';
import type { SetEvaluation, SetMetric } from '../setReport.ts';
import type { Naming } from './part.ts';
import { kindOf } from './part.ts';

/** Names for people, in the order of the table; a metric that is not listed comes last under its own name. */
const NAMES: Readonly<Record<string, string>> = {
  oneNnaDice: '1-NNA (Dice)',
  oneNnaSidedDice: '1-NNA, two-sided (Dice)',
  oneNnaChamfer: '1-NNA (surface)',
  coverageDice: 'Coverage (Dice)',
  coverageChamfer: 'Coverage (surface)',
  precisionFeatures: 'Precision (shape features)',
  recallFeatures: 'Recall (shape features)',
  densityFeatures: 'Density (shape features)',
  coverageFeatures: 'Coverage (shape features)',
  realToFakeDice: 'Held out to nearest generated',
  fakeToRealDice: 'Generated to nearest held out',
  fakeToTrainDice: 'Generated to nearest training',
  mmdChamfer: 'MMD (surface)',
  mmdEmd: 'MMD (earth mover)',
  specificity: 'Specificity',
  generalisation: 'Generalisation',
  kidFeatures: 'KID (shape features)',
  kidShape: 'KID (shape space)',
  fidFeatures: 'FID (shape features)',
  fidShape: 'FID (shape space)',
  precisionShape: 'Precision (shape space)',
  recallShape: 'Recall (shape space)',
  densityShape: 'Density (shape space)',
  coverageShape: 'Coverage (shape space)',
  pPrecisionFeatures: 'P-precision (shape features)',
  pRecallFeatures: 'P-recall (shape features)',
  pPrecisionShape: 'P-precision (shape space)',
  pRecallShape: 'P-recall (shape space)',
  msSsim: 'MS-SSIM inside the set',
  variationDice: 'Variation (Dice)',
  variationShape: 'Variation (signed distance)',
  variationKept: 'Variation kept, axis by axis',
  axes90: 'Axes for 90 % of the variation',
  components: 'Pieces of bone',
  largestShare: 'Share of the largest piece',
  volumeCm3: 'Volume of bone',
  emptyShare: 'Empty masks',
};

/** The name of a metric for people. */
export const metricTitle = (name: string): string => NAMES[name] ?? name;

const UNITS: Readonly<Record<SetMetric['unit'], string>> = { '': '', mm: 'mm', 'mm^2': 'mm²', 'cm^3': 'cm³' };

function quantityOf(name: string, metric: SetMetric): Quantity {
  const { value, low, high, unit, better, reference, meaning, n } = metric;
  const near = { 'near 0.5': 0.5, 'near 1': 1, 'near reference': reference };
  const direction = better === 'higher' || better === 'lower' ? better : near[better];
  const told =
    reference === undefined || better === 'near reference' ? '' : `, reference ${formatNumber(reference)}`;
  return {
    name: metricTitle(name),
    value,
    ...(low !== undefined && high !== undefined ? { interval: [low, high] } : {}),
    unit: UNITS[unit],
    ...(direction === undefined ? {} : { better: direction }),
    meaning: `${meaning}; n = ${n}${told}`,
  };
}

/** The evaluation as a section: one row a figure, with interval, direction, reference and meaning. */
export function figuresSection(evaluation: SetEvaluation, naming: Naming, command?: string): Section {
  const { counts, metrics, nearestTraining, notes } = evaluation;
  const order = Object.keys(NAMES);
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  const rows = Object.entries(metrics).sort(([a], [b]) => place(a) - place(b));
  const kind = kindOf(naming);
  const extra: Quantity[] = [
    ...(nearestTraining.ratio === null
      ? []
      : [
          {
            name: 'Nearest-training ratio',
            value: nearestTraining.ratio,
            better: 1,
            meaning:
              'distance of generated shapes to their nearest training shape, divided by that of held-out ones; far below 1: copying, far above: poor quality',
          },
        ]),
    {
      name: 'Nearer than 95 % of held out',
      value: nearestTraining.shareBelowReal05,
      meaning:
        'share of generated shapes that lie nearer to training than 95 % of held-out ones do; far above 0.05: copying',
    },
  ];
  return {
    heading: 'Figures',
    prose: [
      `${counts.fake} generated ${naming.bone}s against ${counts.real} held-out ${kind} ones and the ${counts.train} trained on. ${naming.phantom ? 'Where the table says real, it means held-out phantoms. ' : ''}Square brackets hold 95 % bootstrap intervals over cases. References are the same figure for training against held-out cases: what a perfect generator would score with sets of these sizes.`,
      ...(notes.length > 0 ? [`Notes: ${notes.join('; ')}.`] : []),
    ],
    quantities: [...rows.map(([name, metric]) => quantityOf(name, metric)), ...extra],
    command,
  };
}
