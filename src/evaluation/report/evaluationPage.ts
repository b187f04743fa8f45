/** The page of an evaluation, evaluation.html: the figures with all that is known of them, or two sets beside each other. */
import { formatNumber } from '../../report/number.ts';
import { buildReport, type Section } from '../../report/report.ts';
import type { SetComparison } from '../compareSets.ts';
import { docLines, metricDoc, metricPlace, metricTitle } from '../metricDocs.ts';
import type { SetEvaluation } from '../setReport.ts';
import { figuresSection } from './figures.ts';
import { kindOf, type Naming } from './part.ts';

const sized = (size: readonly number[], spacing: readonly number[]): string =>
  `${size.join(' x ')} voxels of ${formatNumber(spacing[0])} mm`;

const CAUTION =
  'Research use only. Figures say how alike sets of shapes are on this grid, not whether a shape is fit for any use. Whether a set may be shared is asked by the privacy audit, not here: figures near those of real bones are as good for copies of training bones as for new ones.';

const limits = (notes: readonly string[]): Section => ({
  heading: 'How to read it',
  prose: [
    CAUTION,
    'Point at a figure, or move to it with the tab key, for its formula, range, what few cases do to it and what it cannot see; in print all of that is written out.',
    ...notes.filter((note) => note.startsWith('NOT HELD OUT')),
  ],
});

/** The page of one evaluation. The same evaluation gives the same bytes. */
export function evaluationPage(evaluation: SetEvaluation, naming: Naming, command?: string): string {
  const { counts, grid, seed, notes } = evaluation;
  const { bone, phantom } = naming;
  return buildReport({
    title: `Generated ${bone}s against ${kindOf(naming)} ones`,
    lead: `What ${counts.fake} generated ${bone}s are worth, and how surely that is known.`,
    phantom,
    facts: [
      ['generated', `${counts.fake}, ${counts.emptyFake} of them empty`],
      ['held out', counts.real],
      ['trained on', counts.train],
      ['grid', sized(grid.size, grid.spacing)],
      ['seed', seed],
    ],
    sections: [figuresSection(evaluation, naming), limits(notes)],
    command,
  });
}

/** The page of two generated sets beside each other. */
export function comparisonPage(comparison: SetComparison, naming: Naming, command?: string): string {
  const { counts, metrics, notes, seed } = comparison;
  const { bone, phantom } = naming;
  const rows = Object.entries(metrics).sort(([a], [b]) => metricPlace(a) - metricPlace(b));
  const better = (who: 'A' | 'B' | 'cannot tell') => rows.filter(([, m]) => m.better === who).length;
  const range = ({ low, high }: { low?: number; high?: number }): string | undefined =>
    low === undefined || high === undefined ? undefined : `[${formatNumber(low)}, ${formatNumber(high)}]`;
  return buildReport({
    title: `Two sets of generated ${bone}s`,
    lead: `A and B against the same ${kindOf(naming)} ${bone}s.`,
    phantom,
    facts: [
      ['A', `${counts.a}, ${counts.emptyA} of them empty`],
      ['B', `${counts.b}, ${counts.emptyB} of them empty`],
      ['compared', `${counts.compared} of each`],
      ['held out', counts.real],
      ['trained on', counts.train],
      ['seed', seed],
    ],
    sections: [
      {
        heading: 'Figures of both sets',
        prose: [
          `A is better in ${better('A')} figures, B in ${better('B')}; in ${better('cannot tell')} it cannot be told. The rule: p at most 0.05 by shuffling the labels A and B. Of 20 figures of two equal sets one is called better by chance, and figures depend on each other: look at those you chose beforehand.`,
          'Values are those of as many shapes of each set, with 95 % intervals in brackets. "A better by", in the last column with its interval and p, is the difference towards what is good for the figure, both sets held against the same halves of the real shapes.',
          ...(notes.length > 0 ? [`Notes: ${notes.join('; ')}.`] : []),
        ],
        headings: ['A', 'B', 'A better by'],
        quantities: rows.map(([name, m]) => {
          const doc = metricDoc(name);
          const { a, b, advantage, reference } = m;
          const { low, high } = a;
          const unit = m.unit.replace('^2', '²').replace('^3', '³');
          const told = m.better === 'cannot tell' ? m.better : `${m.better} better`;
          return {
            name: metricTitle(name),
            value: a.value,
            ...(low !== undefined && high !== undefined && { interval: [low, high] as const }),
            unit,
            ...((m.good === 'higher' || m.good === 'lower') && { better: m.good }),
            beside: { text: `${formatNumber(b.value)}${unit === '' ? '' : ` ${unit}`}`, note: range(b) },
            verdict: {
              text: told,
              ...(m.better !== 'cannot tell' && { good: true }),
              note: `${formatNumber(advantage.value)} ${range(advantage) ?? ''} p ${formatNumber(Number(m.p.toPrecision(2)))}`,
            },
            meaning: `${m.meaning}; n = ${m.n}${reference === undefined ? '' : `; real bones ${formatNumber(reference)}`}${m.noInterval === undefined ? '' : `; no interval: ${m.noInterval}`}`,
            ...(doc !== undefined && { about: docLines(doc) }),
          };
        }),
      },
      limits(notes),
    ],
    command,
  });
}
