/**
 * compare.html: what the numbers support, the figures behind it, the five axes of robustness each as table and plot, bones at
 * equal seeds, both trainings, and how to make it again. One file, no script, the look of every report.
 */
import type { Dataset } from '../dataset/dataset.ts';
import { metricTitle } from '../evaluation/report/figures.ts';
import { readMetrics, thinned } from '../evaluation/report/metricsLog.ts';
import { interruptedError } from '../files/interrupt.ts';
import type { LineChart, LineSeries } from '../report/chart.ts';
import { buildReport, formatNumber, type Section, type Table } from '../report/report.ts';
import type { Comparison, MetricRow, PointFigures } from './figures.ts';
import type { StudyPaths } from './folder.ts';
import { HEADLINES, type Headline } from './headline.ts';
import type { Estimate } from './interval.ts';
import { ARMS, type Arm, type AxisName, evaluationsOfSet, type StudyPlan } from './plan.ts';
import { studySheets } from './sheets.ts';
import type { StudyResult } from './study.ts';
import { NAME, outcomeOf } from './verdict.ts';

export interface PageSources {
  plan: StudyPlan;
  paths: StudyPaths;
  dataset: Dataset;
  signal?: AbortSignal;
}

/** A space that no line is broken at. */
const NARROW = '\u202f';

/** Three significant digits. */
const short = (value: number): string =>
  formatNumber(Math.abs(value) < 1e-12 ? 0 : Number(value.toPrecision(3)));

const signed = (value: number): string => `${value > 0 ? '+' : ''}${short(value)}`;

const shown = (e: Estimate | null | undefined, plus = false): string => {
  if (e == null) return '–';
  const number = plus ? signed : short;
  // Without a width there is no interval to show.
  if (e.low === e.high) return number(e.value);
  return `${number(e.value)} [${number(e.low)}, ${number(e.high)}]`.replaceAll(' ', NARROW);
};

const secondsText = (seconds: number): string => `${Number(seconds.toPrecision(2))}`;

const WORDS = { otfm: 'OTFM', ddpm: 'DDPM', undecided: 'open' } as const;

const direction = (better: MetricRow['better']): string =>
  ({
    higher: `↑${NARROW}higher`,
    lower: `↓${NARROW}lower`,
    'near 0.5': `→${NARROW}0.5`,
    'near 1': `→${NARROW}1`,
    'near reference': `→${NARROW}real`,
  })[better];

function headSection(result: StudyResult): Section {
  const { rows } = result.figures;
  const table = (caption: string, wanted: boolean): Table => ({
    caption,
    columns: ['figure', 'better', 'OTFM', 'DDPM', 'real', 'OTFM ahead by', 'better arm'],
    rows: rows
      .filter((row) => row.headline === wanted)
      .map((row) => [
        `${metricTitle(row.name)}${row.unit === '' ? '' : `, ${row.unit}`}`,
        direction(row.better),
        shown(row.otfm),
        shown(row.ddpm),
        row.reference === null ? '–' : short(row.reference),
        shown(row.advantage, true),
        row.advantage === null || row.interval === 'none' ? '–' : WORDS[outcomeOf(row.advantage)],
      ]),
  });
  const others = table(
    'All other figures: for looking, not for judging; with so many, some differ by chance. Differences are paired by training seed alone, which leaves their intervals wide.',
    false,
  );
  return {
    heading: 'Quality at the stated settings',
    prose: [
      `Means over ${result.settings.seeds} training ${result.settings.seeds === 1 ? 'seed' : 'seeds'} of ${result.settings.samples.main} bones each, with 95 % intervals over cases (half-samples) and, where there are several, over training seeds. "Real" puts training cases in the place of generated ones: what a perfect generator would score with sets of this size. "Ahead" is above 0 where OTFM is better, whichever way is good.`,
      `The study is judged by four figures, fixed in the program whatever the result: ${HEADLINES.map((h) => `${h.title}, ${h.why}`).join('. ')}.`,
    ],
    tables: [
      table(
        'The four figures that the study is judged by; differences are paired by held-out case, noise and training seed.',
        true,
      ),
      ...(others.rows.length > 0 ? [others] : []),
    ],
    command: result.command ?? undefined,
  };
}

interface AxisText {
  axis: AxisName;
  heading: string;
  prose: string;
  /** Of the horizontal axis. */
  label: string;
  log?: boolean;
  place(x: number): string | number;
}

const AXES: readonly AxisText[] = [
  {
    axis: 'evaluations',
    heading: 'Robustness: network evaluations',
    prose:
      'The same networks, sampled with ever fewer evaluations. Seconds are the median wall time of one bone on this machine, sessions warm, with decoding and writing; guidance runs two branches an evaluation.',
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
      'OTFM ahead by (above 0: OTFM better), paired by held-out case, noise and training seed, with its 95 % interval; then the better arm, where the interval leaves 0 out.',
    columns: [text.label, ...paired, ...HEADLINES.map((h) => h.title)],
    rows: comparisons.map((c) => [
      `${text.place(c.x)}`,
      ...(paired.length > 0 ? [c.otfm.split(',')[0], c.ddpm.split(',')[0]] : []),
      ...HEADLINES.map((h) => {
        const advantage = c.advantages[h.name];
        const outcome = outcomeOf(advantage);
        return `${shown(advantage, true)}${outcome === 'undecided' ? '' : ` ${WORDS[outcome]}`}`;
      }),
    ]),
  };
}

/** Values of the seeds side by side: mean, and how they scatter. */
function scatterTable(result: StudyResult): Table[] {
  const mains = result.figures.points.filter((p) => p.axis === 'main');
  if (result.settings.seeds < 2) return [];
  return [
    {
      caption: 'Scatter over training seeds: standard deviation of the values.',
      columns: ['arm', ...HEADLINES.map((h) => h.title)],
      rows: mains.map((p) => [
        NAME[p.arm],
        ...HEADLINES.map((h) => {
          const values = p.values[h.name];
          if (values === undefined) return '–';
          const mean = values.reduce((a, b) => a + b, 0) / values.length;
          const sum = values.reduce((s, v) => s + (v - mean) ** 2, 0);
          return short(Math.sqrt(sum / (values.length - 1)));
        }),
      ]),
    },
  ];
}

function axisSection(text: AxisText, result: StudyResult): Section {
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
  const seeds = points[0].values[HEADLINES[0].name]?.length ?? 1;
  return {
    heading: text.heading,
    prose: [
      text.prose,
      ...(text.axis === 'seed'
        ? []
        : [`${seeds} training ${seeds === 1 ? 'seed' : 'seeds'}, ${points[0].bones} bones each.`]),
      ...(text.axis === 'class' && result.notes.length > 0 ? [`${result.notes.join('; ')}.`] : []),
      ...(text.axis === 'share' ? [casesOfShares(result)] : []),
    ],
    charts: [
      ...HEADLINES.map((h) => axisChart(h, text, points, result)),
      ...(text.axis === 'evaluations' ? [secondsChart(points, result)] : []),
    ],
    tables: [
      comparisonTable(text, comparisons),
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

function verdictSection({ verdict }: StudyResult): Section {
  return {
    heading: 'What the numbers support',
    prose:
      'Written by rules from the intervals below, the same rules for both arms: an arm is better in a figure where the 95 % interval of the paired difference leaves 0 out, else the two are not told apart.',
    tables: [
      {
        columns: ['question', 'answer'],
        rows: verdict.paragraphs.map(({ about, text }) => [about, text]),
      },
      { columns: ['what cannot be concluded'], rows: verdict.limits.map((text) => [text]) },
    ],
  };
}

function curvesSection({ plan, paths }: PageSources): Section {
  const full = plan.trainings.filter((t) => t.share === 1);
  const charts = ARMS.flatMap((arm): LineChart[] => {
    const runs = full.filter((t) => t.arm === arm);
    const logs = runs.map((t) => ({ seed: t.seed, log: readMetrics(paths.run(t.name)) }));
    const loss = logs
      .slice(0, 6)
      .map(({ seed, log }) => ({ name: `seed ${seed}`, ...thinned(log.column('loss'), 600, true) }));
    const most = Math.max(...loss.map((s) => s.x.length));
    const { log } = logs[0];
    return [
      {
        kind: 'line',
        caption: `${NAME[arm]}: training loss by step, each batch faint and its running mean.`,
        series: loss,
        x: { label: 'step' },
        y: { label: arm === 'otfm' ? 'velocity error' : 'noise or v error', log: true },
        smooth: Math.max(3, Math.round(most / 20)),
      },
      {
        kind: 'line',
        caption: `${NAME[arm]}, seed ${logs[0].seed}: error of the averaged weights on held-out and on as many training cases.`,
        series: [
          { name: 'held out', ...log.column('heldOutLoss') },
          { name: 'training', ...log.column('trainLoss') },
        ],
        x: { label: 'step' },
        y: { label: 'mean squared error' },
        dots: true,
      },
    ];
  });
  return {
    heading: 'Both trainings',
    prose:
      'Losses of the two arms measure different things and cannot be compared with each other; a held-out error that rises while the training error falls is memorisation.',
    charts,
  };
}

function workSection(result: StudyResult, { plan, paths }: PageSources): Section {
  const evaluations = plan.sets.reduce((sum, unit) => sum + evaluationsOfSet(unit), 0);
  const hours = (s: number | null): string => (s === null ? 'interrupted' : `${Math.round(s)}`);
  const first = plan.sets[0];
  return {
    heading: 'How it was made',
    prose: [
      `Both arms share network (${formatNumber(result.trainings[0].parameters)} parameters), latents, batch order, noise, times, dropped labels, optimiser and ${formatNumber(result.settings.generator.steps)} steps; their configurations differ in "objective" alone, which the study checks. Sets of both arms take the same seeds and indices. ${plan.sets.length} sets, ${formatNumber(evaluations)} network evaluations, both branches of guidance counted.`,
      'Every unit keeps its folder: runs/ holds the trainings, sets/ the generated sets (datasets of their own), measures/ the figures, compare.json all numbers of this page. Run again, the command makes what is missing and nothing else.',
    ],
    tables: [
      {
        caption: 'Trainings.',
        columns: ['training', 'cases', 'held-out error', 'seconds', 'weights, SHA-256'],
        rows: result.trainings.map((t) => [
          t.name,
          `${t.cases}`,
          t.heldOutLoss === null ? '–' : short(t.heldOutLoss),
          hours(t.seconds),
          t.hash.slice(0, 12),
        ]),
      },
    ],
    command: [
      result.command ?? '',
      '',
      '# one unit by itself',
      `cranioflow generate --run ${paths.run(first.training.name)} --count ${first.count} --seed ${first.seed} --solver ${first.sampling.solver} --steps ${first.sampling.steps} --guidance ${first.sampling.guidance} --out some-folder`,
      `cranioflow evaluate --real DATA --train DATA --fake ${paths.set(first.name)} --seed ${result.settings.seed}`,
    ]
      .join('\n')
      .trim(),
  };
}

/** The page. Throws `InterruptedError` where the signal is aborted, `RunFolderError` where a log is missing. */
export async function studyPage(result: StudyResult, sources: PageSources): Promise<string> {
  const { plan, paths, dataset, signal } = sources;
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted) throw interruptedError('the page was not written; all else is kept');
  const { data, settings, verdict } = result;
  const { quality } = verdict;
  const threads = result.machine.threads ?? result.machine.cores;
  const sheets = studySheets(plan, paths, dataset, settings.sheet);
  return buildReport({
    title: 'OTFM against DDPM',
    lead: `Two objectives, one network, the same data, order, noise and budget, on ${data.train} ${data.bone}s; OTFM is better in ${quality.otfm} of ${HEADLINES.length} figures, DDPM in ${quality.ddpm}, ${quality.undecided} are not told apart.`,
    phantom: result.phantom,
    facts: [
      ['data', data.name],
      ['cases', `${data.train} trained on, ${data.heldOut} held out`],
      ['grid', `${data.size.join(' x ')} voxels of ${formatNumber(data.spacing)} mm`],
      ['OTFM', result.figures.comparisons[0].otfm],
      ['DDPM', result.figures.comparisons[0].ddpm],
      [
        'diffusion',
        `T = ${settings.generator.diffusion.steps}, ${settings.generator.diffusion.schedule}, ${settings.generator.diffusion.prediction}`,
      ],
      [
        'training',
        `${settings.seeds} ${settings.seeds === 1 ? 'seed' : 'seeds'}, ${formatNumber(settings.generator.steps)} steps each`,
      ],
      [
        'seconds measured on',
        `${result.machine.processor}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      ],
      ['settings, SHA-256', result.settingsHash.slice(0, 16)],
      ['autoencoder, SHA-256', result.autoencoder.hash.slice(0, 16)],
    ],
    sections: [
      verdictSection(result),
      headSection(result),
      ...(sheets.length > 0
        ? [{ heading: 'Bones at equal seeds', prose: 'The eye as a check on the figures.', images: sheets }]
        : []),
      ...AXES.map((text) => axisSection(text, result)),
      curvesSection(sources),
      workSection(result, sources),
    ],
  });
}
