/**
 * `audit.html`: the verdict first, then each criterion in a sentence with its figures, the flagged shapes beside the training
 * cases they are near to, the distributions behind it all, and what an audit cannot show. It shows training cases: it stays
 * with those who may see them.
 */
import type { Image } from '../mesh/png.ts';
import { formatNumber } from '../report/number.ts';
import { buildReport, type Section } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import type { AuditRecord } from './auditRecord.ts';
import type { Criterion, Verdict } from './verdict.ts';

export interface PagePicture {
  image: Image;
  /** Index into the record's shapes. */
  shape: number;
  nearest: string;
}

// No-break spaces: a mark and its word stay together.
const MARK: Record<Verdict, string> = {
  pass: '✓\u00a0pass',
  fail: '✗\u00a0fail',
  'not enough evidence': '?\u00a0not\u00a0enough',
};
const WORDS: Record<Verdict, string> = {
  pass: 'Pass: no copying of training cases was found by tests that would have found it.',
  fail: 'Fail: do not share this set.',
  'not enough evidence': 'Not enough evidence: do not share this set yet.',
};

const figure = ({ value, low, high }: Criterion): string =>
  Number.isFinite(value)
    ? `${formatNumber(value)}${low === undefined || high === undefined ? '' : ` [${formatNumber(low)}, ${formatNumber(high)}]`}`
    : '';

const NETWORK: Readonly<Record<Verdict, string>> = {
  pass: 'The network: attacks that have its weights could not tell either who was trained on. It may be shared as far as this audit sees.',
  fail: 'The network must not be shared: see the criteria below.',
  'not enough evidence':
    'The network must not be shared on the strength of this audit: no attack on it was made, or there were too few cases to tell.',
};

/** What a result is in the colours of the table; not enough evidence is neither good nor bad. */
const GOOD: Readonly<Record<Verdict, boolean | undefined>> = {
  pass: true,
  fail: false,
  'not enough evidence': undefined,
};

function criteriaTable(criteria: readonly Criterion[]): Table[] {
  return [
    {
      columns: ['criterion', 'result', 'figure [95 % interval]', 'real shapes', 'limit', 'what it says'],
      rows: criteria.map((c) => [
        c.title,
        { text: MARK[c.result], good: GOOD[c.result] },
        figure(c),
        c.reference,
        c.limit,
        c.sentence,
      ]),
    },
  ];
}

function verdictSection(record: AuditRecord): Section {
  const { verdict, network, criteria, needed, mayBeCalledAnonymised, notes } = record;
  const failed = criteria
    .filter((c) => c.result === 'fail' && c.network === undefined)
    .map((c) => c.sentence);
  return {
    heading: 'Verdict',
    prose: [
      WORDS[verdict],
      ...failed,
      ...needed,
      mayBeCalledAnonymised
        ? 'The membership attack on the set was made too, and failed. Within the limits below the set may be called anonymised.'
        : 'The set may not be called anonymised: that word needs a pass that includes the membership attack on the set.',
      NETWORK[network],
      ...(verdict === 'pass' && network !== 'pass'
        ? ['Nothing of that speaks against the set, which can be shared without its network.']
        : []),
      ...notes.map((note) => `Note: ${note}.`),
    ],
    tables: criteriaTable(criteria),
  };
}

function pairsSection(record: AuditRecord, pictures: readonly PagePicture[]): Section {
  const flagged = record.shapes.filter((s) => s.flagged).length;
  const shown = pictures.filter(({ shape }) => record.shapes[shape].flagged).length;
  return {
    heading: flagged > 0 ? 'Near-copies' : 'The nearest pairs',
    prose:
      flagged > 0
        ? `${flagged} generated ${flagged === 1 ? 'shape is' : 'shapes are'} too near to a training case for chance${shown < flagged ? `; the ${shown} nearest are shown` : ''}. Each is shown beside its nearest training case, moved (and mirrored) as it fits best, and both on each other. This page shows training cases: keep it where they may be seen.`
        : 'No generated shape was flagged. These are the ones most alone with a training case, for the eye to judge. This page shows training cases: keep it where they may be seen.',
    images: pictures.map(({ image, shape, nearest }) => {
      const s = record.shapes[shape];
      return {
        image,
        caption: `${s.id} and training case ${nearest}${s.mirrored ? ' (mirrored)' : ''}: distance ${s.distance.toFixed(3)}, surfaces ${s.surface_mm.toFixed(2)} mm apart on average, ${s.isolation.toFixed(2)} of the distance to the next subjects; a real shape is so alone with P ${s.p < 1e-9 ? 'below 1e-9' : formatNumber(s.p)}${s.flagged ? ' · flagged' : ''}`,
        alt: `Generated shape ${s.id}, its nearest training case, and their difference`,
      };
    }),
  };
}

function distributionSection(
  record: AuditRecord,
  reals: { distance: readonly number[]; isolation: readonly number[] },
): Section {
  return {
    heading: 'Distances to the training set',
    prose:
      'If the network had learnt what skulls are like, and copied none, generated shapes would lie as far from the training set as people it never saw. Copies show as a second hump near 0, far to the left of all real shapes.',
    charts: [
      {
        kind: 'histogram',
        caption: 'Distance to the nearest training case (1 - Dice of the blurred shapes, in the best pose).',
        x: { label: 'distance' },
        series: [
          { name: 'generated', values: record.shapes.map((s) => s.distance) },
          { name: 'held-out real', values: reals.distance },
        ],
      },
      {
        kind: 'histogram',
        caption:
          'Lowe ratio: distance to the nearest training subject over the mean distance of the next three. Near 0: alone with one case.',
        x: { label: 'ratio' },
        series: [
          { name: 'generated', values: record.shapes.map((s) => s.isolation) },
          { name: 'real', values: reals.isolation },
        ],
      },
    ],
    tables: record.figures.spaces.map(({ space, words, distance }) => ({
      caption: `${space}: ${words}`,
      columns: [
        'distance to the nearest training case',
        'least',
        '5 %',
        '25 %',
        'middle',
        '75 %',
        '95 %',
        'most',
      ],
      rows: (['fake', 'real'] as const).map((set) => {
        const q = distance[set];
        const name = set === 'fake' ? 'generated' : 'held-out real';
        return [name, q.min, q.q05, q.q25, q.median, q.q75, q.q95, q.max];
      }),
    })),
  };
}

const LIMITS_SECTION: Section = {
  heading: 'What this cannot show',
  prose: [
    'Distances find shapes that are near to one person. They do not find what a network gives away of many people at once, nor part of a person in a shape that differs elsewhere; nor what lies in the network itself, which is why sharing weights needs membership tests of its own.',
    'Chance is judged by the real shapes at hand. With n of them, a single P below 1/(n + 1) rests on an assumed tail: exponential in the logarithm of the ratio, as it is where people are spread evenly over a few dimensions. The planted trials check it on this data.',
    'Two people can be as alike as a person and a poor copy. A pass says that nothing was found by tests that find the planted copies named above; it is no proof, and no licence.',
  ],
};

/** The page's text. */
export function auditPage(
  record: AuditRecord,
  pictures: readonly PagePicture[],
  reals: { distance: readonly number[]; isolation: readonly number[] },
  command?: string,
): string {
  const { figures, verdict, data, run, fake, seed } = record;
  return buildReport({
    title: `Privacy audit: ${verdict}`,
    lead: 'May this generated set be shared? What was tested, what was found, and what it means.',
    phantom: data.phantom,
    facts: [
      ['the set', verdict],
      ['the network', record.network],
      ['generated shapes', figures.counts.fake + (fake.empty > 0 ? ` (and ${fake.empty} empty)` : '')],
      ['held-out subjects', figures.counts.heldOut],
      ['training subjects', figures.counts.train],
      ['data', data.name],
      ['network', `${run.objective}, step ${run.step}, ${run.hash.slice(0, 12)}`],
      ['set', fake.hash.slice(0, 12)],
      ['seed', seed],
    ],
    sections: [
      verdictSection(record),
      ...(pictures.length > 0 ? [pairsSection(record, pictures)] : []),
      distributionSection(record, reals),
      LIMITS_SECTION,
    ],
    command,
    commandNote: 'The same folders and seed give the same verdict.',
  });
}
