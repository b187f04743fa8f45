/** The five axes of robustness on the page of a study: each a plot, the seconds beside it, its points and how the arms compare. */
import type { LineChart, LineSeries } from '../report/chartData.ts';
import type { Section } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import type { Comparison, PointFigures } from './figures.ts';
import { HEADLINES, type Headline } from './headline.ts';
import { SEEDS_TO_COMPARE } from './holding.ts';
import { NAME, outcomeOf } from './outcome.ts';
import { casesText, direction, secondsText, short, shown, WORDS } from './pageText.ts';
import { ARMS, type Arm, type AxisName } from './plan.ts';
import type { StudyResult } from './study.ts';

interface AxisText {
  axis: AxisName;
  heading: string;
  prose: string;
  /** Of the horizontal axis. */
  label: string;
  log?: boolean;
  place(x: number): string | number;
}

export const AXES: readonly AxisText[] = [
  {
    axis: 'evaluations',
    heading: 'Robustness: network evaluations',
    prose:
      'The same networks, sampled with ever fewer evaluations. Seconds are the median wall time of one bone on this machine, sessions warm, with decoding and writing, taken set after set, so that other load at the time is in them; guidance runs two branches an evaluation.',
    label: 'network evaluations a bone',
    log: true,
    place: (x) => x,
  },
  {
    axis: 'guidance',
    heading: 'Robustness: guidance scale',
    prose: 'The main samplers with the guidance scale from 0 (no class) over 1 (the class alone) upwards.',
    label: 'guidance scale',
    place: (x) => x,
  },
  {
    axis: 'seed',
    heading: 'Robustness: training seed',
    prose:
      'Each network of the full training set by itself, the main samplers. Intervals here are over cases; the scatter of the points is that of training.',
    label: 'training seed',
    place: (x) => x,
  },
  {
    axis: 'share',
    heading: 'Robustness: training-set size',
    prose:
      'Networks trained on a share of the training cases of each class, with the same number of steps; a smaller share is part of a larger one. The autoencoder saw all of them.',
    label: 'share of the training cases',
    log: true,
    place: (x) => `${Number((100 * x).toPrecision(3))} %`,
  },
  {
    axis: 'class',
    heading: 'Robustness: quality class',
    prose:
      'Bones asked for in one class, against the held-out cases of that class alone: from 6, complete, to 2, truncated or damaged.',
    label: 'quality class',
    place: (x) => x,
  },
];

/** Arms and solvers of an axis, the main solver of each arm first. */
function seriesNames(points: readonly PointFigures[], result: StudyResult): { arm: Arm; solver: string }[] {
  const seen = new Map<string, { arm: Arm; solver: string }>();
  const isMain = (p: PointFigures): boolean => result.settings.main[p.arm].solver === p.solver;
  for (const p of [...points.filter(isMain), ...points.filter((p) => !isMain(p))])
    seen.set(`${p.arm} ${p.solver}`, { arm: p.arm, solver: p.solver });
  return [...seen.values()];
}

/** Values that are all above 0 and spread over more than a factor of 20 need a logarithmic axis. */
function isWide(series: readonly LineSeries[]): boolean {
  const values = series.flatMap(({ y }) => Array.from(y));
  return values.length > 0 && Math.min(...values) > 0 && Math.max(...values) > 20 * Math.min(...values);
}

function axisChart(
  h: Headline,
  text: AxisText,
  points: readonly PointFigures[],
  result: StudyResult,
): LineChart {
  const names = seriesNames(points, result);
  const several = names.length > 2;
  const series: LineSeries[] = names.map(({ arm, solver }) => {
    const own = points.filter((p) => p.arm === arm && p.solver === solver && p.figures[h.name] !== undefined);
    return {
      name: several ? `${NAME[arm]} ${solver}` : NAME[arm],
      x: own.map((p) => p.x),
      y: own.map((p) => p.figures[h.name].value),
      low: own.map((p) => p.figures[h.name].low),
      high: own.map((p) => p.figures[h.name].high),
    };
  });
  const level = points.find((p) => p.reference[h.name] !== undefined);
  if (level !== undefined && text.axis !== 'class') {
    const xs = points.map((p) => p.x);
    const y = level.reference[h.name].value;
    series.push({ name: 'real', x: [Math.min(...xs), Math.max(...xs)], y: [y, y], dashed: true, colour: 6 });
  } else if (text.axis === 'class') {
    const own = points.filter((p) => p.arm === 'otfm' && p.reference[h.name] !== undefined);
    const y = own.map((p) => p.reference[h.name].value);
    series.push({ name: 'real', x: own.map((p) => p.x), y, dashed: true, colour: 6 });
  }
  return {
    kind: 'line',
    caption: `${h.title}: ${direction(h.better)} is better. Whiskers are 95 % intervals; dashed, training cases in the place of generated ones.`,
    series,
    x: { label: text.label, log: text.log, ticks: [...new Set(points.map((p) => p.x))] },
    y: { label: h.unit === '' ? h.title : `${h.title}, ${h.unit}`, log: isWide(series) },
    dots: true,
    unjoined: text.axis === 'seed' || text.axis === 'class',
  };
}

function secondsChart(points: readonly PointFigures[], result: StudyResult): LineChart {
  return {
    kind: 'line',
    caption: 'Seconds a bone by network evaluations, both logarithmic. ↓ lower is better.',
    series: seriesNames(points, result).map(({ arm, solver }) => {
      const own = points.filter((p) => p.arm === arm && p.solver === solver);
      return { name: `${NAME[arm]} ${solver}`, x: own.map((p) => p.nfe), y: own.map((p) => p.seconds) };
    }),
    x: { label: 'network evaluations a bone', log: true },
    y: { label: 'seconds a bone', log: true },
    dots: true,
  };
}

function pointTable(text: AxisText, points: readonly PointFigures[]): Table {
  const ordered = [...points].sort((a, b) => a.x - b.x || ARMS.indexOf(a.arm) - ARMS.indexOf(b.arm));
  return {
    caption: 'Every point, with its 95 % interval.',
    columns: [
      text.label,
      'arm',
      ...(text.axis === 'evaluations' ? [] : ['evaluations']),
      ...HEADLINES.map((h) => (h.unit === '' ? h.title : `${h.title}, ${h.unit}`)),
      'bones',
      's a bone',
    ],
    rows: ordered.map((p) => [
      `${text.place(p.x)}`,
      `${NAME[p.arm]} ${p.solver}`,
      ...(text.axis === 'evaluations' ? [] : [`${p.nfe}`]),
      ...HEADLINES.map((h) => (p.failed === undefined ? shown(p.figures[h.name]) : 'failed')),
      `${p.bones}${p.empty > 0 ? ` (${p.empty} empty)` : ''}`,
      secondsText(p.seconds),
    ]),
  };
}

function comparisonTable(text: AxisText, comparisons: readonly Comparison[]): Table {
  const paired = text.axis === 'evaluations' ? ['OTFM by', 'DDPM by'] : [];
  return {
    caption:
      'OTFM ahead by (above 0: OTFM better), paired by held-out case, noise and training seed, with its 95 % interval; then the better arm, where the interval leaves 0 out or the other makes too few bones to measure.',
    columns: [text.label, ...paired, ...HEADLINES.map((h) => h.title)],
    rows: comparisons.map((c) => [
      `${text.place(c.x)}`,
      ...(paired.length > 0 ? [c.otfm.split(',')[0], c.ddpm.split(',')[0]] : []),
      ...HEADLINES.map((h) => {
        const advantage = c.advantages[h.name];
        const outcome = outcomeOf(advantage);
        const tie = c.ties[h.name];
        if (tie !== undefined) return `tie at the ${tie} value`;
        return `${shown(advantage, true)}${outcome === 'undecided' ? '' : ` ${WORDS[outcome]}`}`;
      }),
    ]),
  };
}

/** How much less OTFM loses than DDPM from the base on. */
function holdingTable(text: AxisText, result: StudyResult, comparisons: readonly Comparison[]): Table[] {
  const rows = comparisons.filter((c) => c.holds !== undefined);
  const base = result.figures.bases[text.axis];
  if (rows.length === 0 || base === undefined) return [];
  return [
    {
      caption: `Holding up: how much less OTFM loses than DDPM from ${text.place(base)} (above 0: DDPM loses more), with its 95 % interval; then the arm that holds up better. "–": an arm stands at the worst value already, or neither was measured.`,
      columns: [text.label, ...HEADLINES.map((h) => h.title)],
      rows: rows.map((c) => [
        `${text.place(c.x)}`,
        ...HEADLINES.map((h) => {
          const change = c.holds![h.name];
          const outcome = outcomeOf(change);
          return `${shown(change, true)}${outcome === 'undecided' ? '' : ` ${WORDS[outcome]}`}`;
        }),
      ]),
    },
  ];
}

/** Values of the seeds side by side: mean, and how they scatter. */
function scatterTable(result: StudyResult): Table[] {
  const mains = result.figures.points.filter((p) => p.axis === 'main');
  if (result.settings.seeds < 2) return [];
  const { scatter } = result.figures;
  return [
    {
      caption: `Scatter over training seeds: standard deviation of the values.${scatter === null ? ` With ${result.settings.seeds} seeds it is not compared: ${SEEDS_TO_COMPARE} are needed.` : ''}`,
      columns: ['arm', ...HEADLINES.map((h) => h.title)],
      rows: [
        ...mains.map((p) => [
          NAME[p.arm],
          ...HEADLINES.map((h) => {
            const values = p.values[h.name];
            if (values === undefined) return '–';
            const mean = values.reduce((a, b) => a + b, 0) / values.length;
            const sum = values.reduce((s, v) => s + (v - mean) ** 2, 0);
            return short(Math.sqrt(sum / (values.length - 1)));
          }),
        ]),
        ...(scatter === null
          ? []
          : [['steadier', ...HEADLINES.map((h) => (scatter[h.name] ? WORDS[scatter[h.name]] : '–'))]]),
      ],
    },
  ];
}

export function axisSection(text: AxisText, result: StudyResult): Section {
  const points = result.figures.points.filter((p) => p.axis === text.axis);
  const comparisons = result.figures.comparisons
    .filter((c) => c.axis === text.axis)
    .sort((a, b) => a.x - b.x);
  if (points.length === 0)
    return {
      heading: text.heading,
      prose: [
        text.prose,
        `Not measured.${text.axis === 'class' && result.notes.length > 0 ? ` ${result.notes.join('; ')}.` : ''}`,
      ],
    };
  const { seeds } = points[0];
  return {
    heading: text.heading,
    prose: [
      text.prose,
      text.axis === 'seed'
        ? casesText(points)
        : `${seeds} training ${seeds === 1 ? 'seed' : 'seeds'}, ${points[0].bones} bones each. ${casesText(points)}`,
      ...(text.axis === 'class' && result.notes.length > 0 ? [`${result.notes.join('; ')}.`] : []),
      ...(text.axis === 'share' ? [casesOfShares(result)] : []),
    ],
    charts: [
      ...HEADLINES.map((h) => axisChart(h, text, points, result)),
      ...(text.axis === 'evaluations' ? [secondsChart(points, result)] : []),
    ],
    tables: [
      comparisonTable(text, comparisons),
      ...holdingTable(text, result, comparisons),
      pointTable(text, points),
      ...(text.axis === 'seed' ? scatterTable(result) : []),
    ],
  };
}

const casesOfShares = ({ trainings }: StudyResult): string => {
  const cases = new Map(trainings.map((t) => [t.share, t.cases]));
  return `Training cases: ${[...cases]
    .sort(([a], [b]) => a - b)
    .map(([share, n]) => `${n} at ${Number((100 * share).toPrecision(3))} %`)
    .join(', ')}.`;
};
