/**
 * task-study.html: what the study shows in sentences, then for each task the typical error of every training set, over the
 * number of synthetic cases as a plot, and the comparisons with their intervals. One file, no script. And the same without plots
 * as Markdown.
 */
import { pText } from '../../evaluation/paired.ts';
import type { LineChart } from '../../report/chartData.ts';
import { markdownTable } from '../../report/markdown.ts';
import { formatNumber } from '../../report/number.ts';
import { buildReport, type Section } from '../../report/report.ts';
import type { Cell, Table } from '../../report/table.ts';
import type { TaskResult, TaskStudyResult } from './taskStudy.ts';
import type { Figure } from './tasks.ts';
import type { Comparison } from './verdict.ts';

const TITLE = 'What synthetic bones are worth';

const QUESTION: Record<Comparison['question'], string> = {
  worth: 'worth of synthetic cases at equal number',
  addition: 'synthetic cases beside real ones',
  sources: 'source against source',
};

const OUTCOME: Record<Comparison['question'], Record<Comparison['outcome'], string>> = {
  worth: {
    better: 'within 10 %',
    worse: 'more than 10 % behind',
    open: 'not told',
    unlearnt: 'neither has learnt',
  },
  addition: { better: 'helps', worse: 'harms', open: 'not told', unlearnt: 'neither has learnt' },
  sources: {
    better: 'the first',
    worse: 'the second',
    open: 'not told apart',
    unlearnt: 'neither has learnt',
  },
};

/** What synthetic cases do for learning is good or bad; which source is ahead is neither. */
function outcomeCell(question: Comparison['question'], outcome: Comparison['outcome']): Cell {
  const text = OUTCOME[question][outcome];
  if (question === 'sources' || (outcome !== 'better' && outcome !== 'worse')) return text;
  return { text, good: outcome === 'better' };
}

const titled = ({ title, unit }: Figure): string => (unit === '' ? title : `${title}, ${unit}`);

/** Typical error over the number of synthetic cases: a line for each source alone, and for each number of real cases. */
function chart({ mixes }: TaskResult, figure: Figure): LineChart {
  const lines = new Map<string, { x: number[]; y: number[] }>();
  const add = (name: string, x: number, y: number): void => {
    const line = lines.get(name) ?? { x: [], y: [] };
    line.x.push(x);
    line.y.push(y);
    lines.set(name, line);
  };
  for (const { real, source, synthetic, errors } of mixes) {
    const { typical } = errors[figure.name];
    if (real === 0) add(`${source} alone`, synthetic, typical);
    else add(`${real} real`, synthetic, typical);
  }
  return {
    kind: 'line',
    caption: `Typical ${figure.title} on held-out cases. Lower is better.`,
    series: [...lines].map(([name, line]) => ({ name, ...line })),
    x: { label: 'synthetic cases' },
    y: { label: `typical ${titled(figure)}`, log: true },
    dots: true,
  };
}

function errorTable({ mixes, figures }: TaskResult): Table {
  return {
    caption:
      'Typical error: the geometric mean over subjects, then over training seeds; in brackets each seed.',
    columns: ['learnt from', 'real', 'synthetic', ...figures.map(titled), 'without an answer'],
    rows: mixes.map(({ name, real, synthetic, errors, failed, tests }) => [
      name,
      real,
      synthetic,
      ...figures.map((f) => {
        const { typical, seeds } = errors[f.name];
        return `${formatNumber(typical)}${seeds.length > 1 ? ` (${seeds.map(formatNumber).join(', ')})` : ''}`;
      }),
      `${failed} of ${tests}`,
    ]),
  };
}

function comparisonTable(comparisons: readonly Comparison[], figure: Figure): Table {
  return {
    caption: `${figure.title[0].toUpperCase()}${figure.title.slice(1)}: the error of the first over that of the second, the same tests of both.`,
    columns: ['question', 'first', 'second', 'ratio', '95 % interval', 'p', 'outcome'],
    rows: comparisons.map(({ question, first, second, ratio, outcome }) => [
      QUESTION[question],
      first,
      second,
      ratio.ratio.toFixed(3),
      `${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)}`,
      pText(ratio.p),
      outcomeCell(question, outcome),
    ]),
  };
}

function taskSection(task: TaskResult): Section {
  const [judged, ...others] = task.figures;
  return {
    heading: task.title,
    prose: [
      ...task.sentences,
      `Judged by the ${judged.title}; ${others.map((f) => f.title).join(' and ')} beside it.`,
    ],
    tables: [
      errorTable(task),
      ...task.figures.map((figure) => comparisonTable(task.comparisons[figure.name], figure)),
    ],
    charts: task.figures.map((figure) => chart(task, figure)),
  };
}

/** What differs between the training seeds beside the order of learning. */
function drawnText(sources: TaskStudyResult['sources']): string {
  const runs = sources.some(({ kind }) => kind === 'run');
  const sets = sources.some(({ kind }) => kind === 'set');
  return [
    ...(runs
      ? [
          'Each training seed has other synthetic cases of the same generator: intervals say nothing of other generators. ',
        ]
      : []),
    ...(sets
      ? [
          'Of a folder of bones each training seed draws its own; where it takes all of them, all seeds have the same. ',
        ]
      : []),
  ].join('');
}

/** The page of a finished study. */
export function taskStudyPage(result: TaskStudyResult): string {
  const { data, settings, sources, knewAll, tasks, phantom, notes, command } = result;
  const seeds = settings.seeds;
  return buildReport({
    title: TITLE,
    lead: `Networks for ${tasks.map((t) => t.title.toLowerCase()).join(' and ')} of ${data.bone} masks, trained on real cases, on synthetic ones and on both, all tested on the same held-out cases.${phantom ? ' Phantoms stand for real cases here.' : ''}`,
    phantom,
    facts: [
      ['data', data.name],
      ['grid', `${data.size.join('x')} of ${data.spacing} mm`],
      ['real training cases', data.train],
      ['held-out cases', `${data.heldOut} of ${data.subjects} subjects`],
      ['training seeds', seeds],
      ...sources.map((s): [string, string] => [`synthetic: ${s.name}`, `${s.kind} ${s.hash.slice(0, 12)}`]),
    ],
    sections: [
      ...(notes.length > 0 ? [{ heading: 'Read this first', prose: notes }] : []),
      ...tasks.map(taskSection),
      {
        heading: 'How it was done',
        prose: [
          `All networks of a task have one configuration and one number of steps, so a larger training set is not looked at for longer; where real and synthetic cases are mixed, a share of ${settings.completer.realShare ?? 'their number'} (completion) and ${settings.aligner.realShare} (alignment) of what is shown is real. Smaller sets of cases are part of larger ones and drawn anew for each training seed; a mix of real and synthetic cases has the real ones of the training it is compared with.`,
          'Ratios compare the same tests of two networks in logarithms; their intervals hold the variation over held-out subjects (a bootstrap) and, with several training seeds, over trainings (Student\'s t; the scatter over seeds is taken as one for all training sets of a task). p is two-sided, by flips of the signs of the differences of subjects; it knows the trainings at hand alone, so it may be small where the interval, which knows their scatter, tells nothing. Rules were fixed before: "within 10 %" where the whole interval lies below 1.1, "helps" or "harms" where it leaves 1 out.',
          `${knewAll ? 'The generators had all real training cases to learn from, also where few of them stand beside synthetic ones. ' : ''}${drawnText(sources)} A test without an answer counts as the worst there is (180 degrees, no overlap, the diagonal of the grid).`,
          'With many comparisons some leave 1 out by chance: read the pattern, not one line.',
        ],
      },
    ],
    ...(command !== null && { command }),
  });
}

/** Sentences and tables of a finished study as Markdown. */
export function taskStudyText({ data, settings, sources, tasks, notes, command }: TaskStudyResult): string {
  const facts = `${data.name}: ${data.train} training cases, ${data.heldOut} held out (${data.subjects} subjects), ${data.size.join('x')} voxels of ${data.spacing} mm; ${settings.seeds} training seed${settings.seeds === 1 ? '' : 's'}; synthetic cases: ${sources.map((s) => `${s.name} (${s.kind})`).join(', ')}.`;
  const parts = tasks.map((task) => {
    const tables = taskSection(task).tables ?? [];
    return [
      `## ${task.title}`,
      task.sentences.map((s) => `- ${s}`).join('\n'),
      ...tables.map(
        ({ caption = '', columns, rows }) =>
          `${caption.replace(/\.$/, '')}:\n\n${markdownTable(columns, rows)}`,
      ),
    ].join('\n\n');
  });
  const made = command === null ? [] : [`\`\`\`sh\n${command}\n\`\`\``];
  const read = notes.map((note) => `- ${note}`).join('\n');
  return `${[`# ${TITLE}`, facts, ...made, ...(read === '' ? [] : [read]), ...parts].join('\n\n')}\n`;
}
