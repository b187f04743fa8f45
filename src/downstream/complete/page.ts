/** `complete.html`: a test of completion as one page, the figures that decide first, then pictures, then how it was done. */
import type { Image } from '../../mesh/png.ts';
import { buildReport, type Section } from '../../report/report.ts';
import type { Quantity, Table } from '../../report/table.ts';
import { DEFECT_SHARES } from '../defects/defect.ts';
import type { CompletionRecord } from './record.ts';
import { FIGURES, summarise } from './summary.ts';
import { notesOf, type TextTable, tablesOf } from './table.ts';

export interface CompletionPicture {
  image: Image;
  caption: string;
  alt: string;
}

const MEANINGS: Readonly<Record<string, string>> = {
  implantDice: 'Overlap of the implant with the bone that was taken; 1 is all of it and nothing else.',
  borderDice: 'The same within 10 mm of the defective bone, where an implant has to fit.',
  implantHd95Pooled: 'How far the two surfaces are apart, but for the worst twentieth.',
  implantAssd: 'How far the two surfaces are apart on average.',
  skullDice: 'Overlap of the completed bone with the true one; large already because most bone was there.',
};

function headline(record: CompletionRecord): Section {
  const summaries = summarise(record);
  const quantities = summaries.flatMap((s): Quantity[] =>
    FIGURES.filter((f) => MEANINGS[f.key] !== undefined).flatMap((f) => {
      const interval = s.figures[f.key];
      if (interval === undefined) return [];
      return {
        name: `${s.method}: ${f.title}`,
        value: interval.mean,
        interval: interval.n > 1 ? ([interval.low, interval.high] as const) : undefined,
        unit: f.unit,
        better: f.better,
        meaning: MEANINGS[f.key],
      };
    }),
  );
  const { heldOut, bone } = record.data;
  const failed = summaries.map((s) => `${s.method} ${s.failed} of ${s.tried}`).join(', ');
  return {
    heading: 'In short',
    prose: [
      `${record.methods.length === 1 ? 'One method' : `${record.methods.length} methods`} filled the same virtual defects in ${heldOut.cases} held-out ${bone}s of ${heldOut.subjects} subjects, ${record.defectsPerCase} each. Without an implant ended: ${failed}.`,
      ...record.methods.map((m) => `${m.name}: ${m.words}.`),
      ...record.warnings.map((text) => `Warning: ${text}.`),
    ],
    quantities,
  };
}

const plain = ({ title, head, rows }: TextTable): Table => ({
  caption: `${title[0].toUpperCase()}${title.slice(1)}.`,
  columns: head,
  rows,
});

function howSection(record: CompletionRecord): Section {
  return {
    heading: 'How it was done',
    prose: [
      'Each defect is drawn from the seed: its kind evenly, its site evenly, the share of the bone it takes evenly in its logarithm; the rim is rough. The methods see the defective bone alone. Of the bone that a method returns, what the defective one lacks is cut into at most two pieces, thin shells of mere disagreement left out, and measured against what was taken.',
      ...notesOf(record).map((n) => `Note: ${n}.`),
    ],
    tables: [
      {
        caption:
          'Share of the bone that a defect takes (of a jaw in a whole skull: resection 1 to 6 %, half 2 to 4.5 %).',
        columns: ['kind', 'least', 'largest'],
        rows: record.kinds.map((kind) => [
          kind,
          ...DEFECT_SHARES[kind].map((share) => `${Math.round(100 * share)} %`),
        ]),
      },
    ],
  };
}

/** The page's text; `command` makes it again. */
export function completionPage(
  record: CompletionRecord,
  pictures: readonly CompletionPicture[],
  command: string,
): string {
  const { data, seed, answers } = record;
  return buildReport({
    title: `Completion of ${data.bone}s`,
    lead: 'Virtual defects, filled by each method and held against the bone that was taken.',
    phantom: data.phantom,
    facts: [
      ['data', data.name],
      ['grid', `${data.size.join('x')} at ${data.spacing} mm`],
      [
        'held-out cases',
        `${data.heldOut.cases}${record.leastQuality > 2 ? ` (quality ${record.leastQuality} or more)` : ''}`,
      ],
      ['defects a case', record.defectsPerCase],
      ['methods', record.methods.map((m) => m.name).join(', ')],
      ['answers asked', answers],
      ['seed', seed],
    ],
    sections: [
      headline(record),
      ...(pictures.length > 0
        ? [
            {
              heading: 'Cases',
              prose:
                'Left, in blue, the bone that was taken; then, in green, the implant of each method in the defective bone. The first case of each kind, not the best.',
              images: pictures,
            },
          ]
        : []),
      { heading: 'Figures', tables: tablesOf(record).map(plain) },
      howSection(record),
    ],
    command,
    commandNote: 'The same folder and seed give the same figures.',
  });
}
