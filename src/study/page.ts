/**
 * compare.html: what the numbers support, the figures behind it, the five axes of robustness each as table and plot, bones at
 * equal seeds, both trainings, and how to make it again. One file, no script, the look of every report.
 */
import type { Dataset } from '../dataset/dataset.ts';
import { metricTitle } from '../evaluation/report/figures.ts';
import { readMetrics, thinned } from '../evaluation/report/metricsLog.ts';
import { interruptedError } from '../files/interrupt.ts';
import type { LineChart } from '../report/chart.ts';
import { buildReport, formatNumber, type Section, type Table } from '../report/report.ts';
import { AXES, axisSection } from './axisSections.ts';
import type { StudyPaths } from './folder.ts';
import { HEADLINES } from './headline.ts';
import { NAME, outcomeOf } from './outcome.ts';
import { casesText, direction, short, shown, WORDS } from './pageText.ts';
import { ARMS, evaluationsOfSet, type StudyPlan } from './plan.ts';
import { studySheets } from './sheets.ts';
import type { StudyResult } from './study.ts';

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
    command: result.command ?? undefined,
  };
}

function verdictSection({ verdict }: StudyResult): Section {
  return {
    heading: 'What the numbers support',
    prose:
      'Written by rules from the intervals below, the same rules for both arms: an arm is better in a figure where the 95 % interval of the paired difference leaves 0 out, or where the other makes too few bones to measure, else the two are not told apart.',
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
