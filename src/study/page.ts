/**
 * compare.html: what the numbers support, the figures behind it, the five axes of robustness each as table and plot, bones at
 * equal seeds, both trainings, and how to make it again. One file, no script, the look of every report.
 */
import type { Dataset } from '../dataset/dataset.ts';
import { metricTitle } from '../evaluation/metricDocs.ts';
import { readMetrics, thinned } from '../evaluation/report/metricsLog.ts';
import { quoted } from '../files/commandLine.ts';
import { interruptedError, nextTurn } from '../files/interrupt.ts';
import type { LineChart } from '../report/chartData.ts';
import { formatNumber } from '../report/number.ts';
import { buildReport, type Section } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import { AXES, axisSection } from './axisSections.ts';
import type { StudyPaths } from './folder.ts';
import { HEADLINES, type Headline } from './headline.ts';
import { NAME, outcomeOf } from './outcome.ts';
import { casesText, direction, short, shown, WORDS } from './pageText.ts';
import { ARMS, evaluationsOfSet, type StudyPlan } from './plan.ts';
import { studySheets } from './sheets.ts';
import type { StudyResult } from './study.ts';
import { fewerText, holdingText, pointsText, reachText, rulesOf, silentText } from './verdictWords.ts';

export interface PageSources {
  plan: StudyPlan;
  paths: StudyPaths;
  dataset: Dataset;
  signal?: AbortSignal;
}

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
        row.tie !== undefined
          ? `tie at the ${row.tie} value`
          : row.advantage === null || row.interval === 'none'
            ? '–'
            : WORDS[outcomeOf(row.advantage)],
      ]),
  });
  const others = table(
    'All other figures: for looking, not for judging; with so many, some differ by chance. Differences are paired by training seed alone, which leaves their intervals wide.',
    false,
  );
  return {
    heading: 'Quality at the stated settings',
    prose: [
      `Means over ${result.settings.seeds} training ${result.settings.seeds === 1 ? 'seed' : 'seeds'} of ${result.settings.samples.main} bones each, with 95 % intervals over cases (half-samples) and, where there are several, over training seeds. ${casesText(result.figures.points.filter((p) => p.axis === 'main'))} "Real" puts training cases in the place of generated ones: what a perfect generator would score with sets of this size. "Ahead" is above 0 where OTFM is better, whichever way is good.`,
      `The study is judged by four figures, fixed in the program whatever the result: ${HEADLINES.map((h) => `${h.title}, ${h.why}`).join('. ')}.`,
    ],
    tables: [
      table(
        'The four figures that the study is judged by; differences are paired by held-out case, noise and training seed.',
        true,
      ),
      ...(others.rows.length > 0 ? [others] : []),
    ],
  };
}

/** Each arm at its best setting, figure by figure. */
function bestTable({ figures, verdict }: StudyResult): Table[] {
  const rows = HEADLINES.flatMap((h) => {
    const best = figures.best[h.name];
    return best === undefined ? [] : [{ h, best }];
  });
  if (rows.length === 0) return [];
  return [
    {
      caption: `${verdict.paragraphs.find((p) => p.about.includes('best setting'))?.about}: the best of the main setting and of the axes of evaluations and guidance.`,
      columns: ['figure', 'OTFM at', 'DDPM at', 'settings tried', 'OTFM ahead by', 'better arm'],
      rows: rows.map(({ h, best }) => [
        h.title,
        best.otfm,
        best.ddpm,
        `${best.tried.otfm} and ${best.tried.ddpm}`,
        shown(best.advantage, true),
        WORDS[outcomeOf(best.advantage)],
      ]),
    },
  ];
}

/** Fewest evaluations that were seen to be enough, figure by figure. */
function speedTable({ figures }: StudyResult): Table[] {
  const rows = HEADLINES.flatMap((h) => {
    const speed = figures.speed[h.name];
    return speed === undefined || speed.silent === 'not measured' ? [] : [{ h, speed }];
  });
  if (rows.length === 0) return [];
  return [
    {
      caption:
        'Speed at equal quality: fewest network evaluations near the level that both arms reach, and near the best of its own, which may be worse than the other\'s. "Not at" is the next smaller count tried, which is not near.',
      columns: [
        'figure',
        'level',
        'OTFM',
        'DDPM',
        'fewer',
        "OTFM, near OTFM's best",
        "DDPM, near DDPM's best",
      ],
      rows: rows.map(({ h, speed }) => [
        h.title,
        speed.level === null ? '–' : levelText(h, speed.level),
        ...(speed.equal === null
          ? [silentText(speed), '–', '–']
          : [reachText(speed.equal.otfm), reachText(speed.equal.ddpm), fewerText(speed)]),
        ...(speed.own === null ? ['–', '–'] : [reachText(speed.own.otfm), reachText(speed.own.ddpm)]),
      ]),
    },
  ];
}

/** A level of badness as the value that a reader sees elsewhere. */
const levelText = ({ better, unit }: Headline, level: number): string => {
  if (better === 'near 0.5') return `0.5 ± ${short(level)}`;
  return `${short(better === 'higher' ? -level : level)}${unit === '' ? '' : ` ${unit}`}`;
};

/** What every axis came to. */
function axesTable({ verdict }: StudyResult): Table[] {
  const axes = Object.entries(verdict.axes);
  if (axes.length === 0) return [];
  return [
    {
      caption: 'The axes: who is better at their points, and who loses less on the way from the base.',
      columns: ['axis', 'better at its points', 'base', 'holding up'],
      rows: axes.map(([axis, v]) => [axis, pointsText(v), v.base ?? '–', holdingText(v)]),
    },
  ];
}

/** Paragraphs that a table shows whole. */
const IN_TABLES = ['Better along the axes', 'Holding up along the axes'];

function verdictSection(result: StudyResult): Section {
  const { verdict, settings } = result;
  return {
    heading: 'What the numbers support',
    prose:
      'Written by the rules below from the intervals further down; the rules are the same for both arms, and swapping the arms would swap the answers.',
    tables: [
      {
        columns: ['question', 'answer'],
        rows: verdict.paragraphs
          .filter(({ about }) => !IN_TABLES.includes(about))
          .map(({ about, text }) => [about, text]),
      },
      ...axesTable(result),
      ...bestTable(result),
      ...speedTable(result),
      { columns: ['what cannot be concluded'], rows: verdict.limits.map((text) => [text]) },
      { caption: 'The rules.', columns: ['for', 'rule'], rows: rulesOf(settings.measure.within) },
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
    also: {
      words:
        'One unit by itself, DATA being the dataset. evaluate takes all held-out cases, where the study compares seeded draws of equal size: the figures of a set come out near those above, not equal to them.',
      command: [
        `cranioflow generate --run ${quoted(paths.run(first.training.name))} --count ${first.count} --seed ${first.seed} --solver ${first.sampling.solver} --steps ${first.sampling.steps} --guidance ${first.sampling.guidance} --out some-folder`,
        `cranioflow evaluate --real DATA --train DATA --fake ${quoted(paths.set(first.name))} --seed ${result.settings.seed}`,
      ].join('\n'),
    },
  };
}

/** The page. Throws `InterruptedError` where the signal is aborted, `RunFolderError` where a log is missing. */
export async function studyPage(result: StudyResult, sources: PageSources): Promise<string> {
  const { plan, paths, dataset, signal } = sources;
  await nextTurn();
  if (signal?.aborted) throw interruptedError('the page was not written; all else is kept');
  const { data, settings, verdict } = result;
  const { quality } = verdict;
  const threads = result.machine.threads ?? result.machine.cores;
  const sheets = studySheets(plan, paths, dataset, settings.sheet);
  return buildReport({
    title: 'OTFM against DDPM',
    lead: `Two objectives, one network, the same data, order, noise and budget, on ${data.train} ${data.bone}s; OTFM is better in ${quality.otfm} of ${HEADLINES.length} figures, DDPM in ${quality.ddpm}, ${quality.undecided} are not told apart${verdict.rubble ? '; but neither makes bones near real ones' : ''}.`,
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
    command: result.command ?? undefined,
  });
}
