/**
 * `align.html`: which method lays bones where they belong, how surely, and how long it takes. The table first, then the
 * errors of all scans as curves (a quantile for each share of the scans; a curve that ends early had scans without an
 * answer), paired comparisons, and what the test cannot tell.
 */
import { join } from 'node:path';
import { writeFileAtomic } from '../../files/atomic.ts';
import type { Chart } from '../../report/chartData.ts';
import { formatNumber } from '../../report/number.ts';
import { buildReport, type Section } from '../../report/report.ts';
import { alignTable, digits, pairedLines, percent, TABLE_COLUMNS, tableRow } from './table.ts';
import type { AlignGroup, AlignTest } from './test.ts';

const POSE_WORDS = {
  scanner:
    'Poses as heads are laid down in a scanner: a few degrees about each axis (deviations 8.2, 2.7, 3.9 about x, y, z).',
  any: 'Any pose at all, uniform over the rotations, as specimens lie in micro-CT.',
} as const;

const WHERE = { scanner: 'As in a scanner', any: 'Any pose' } as const;

const CONDITION_WORDS = {
  whole: 'the whole bone',
  truncated: '10 to 40 % of it beyond the field of view',
  defect: 'one to three defects, each of 2 to 10 % of it',
} as const;

/** Rotation errors of a group at each share of the scans that were asked. */
function quantileChart(test: AlignTest, groups: readonly AlignGroup[]): Chart {
  const [{ pose, condition }] = groups;
  return {
    kind: 'line',
    caption: `${WHERE[pose]}, ${CONDITION_WORDS[condition]}: rotation error that so many per cent of the scans stay below.`,
    x: { label: 'scans (%)' },
    y: { label: 'rotation error (degrees)', log: true },
    series: groups.map(({ method }) => {
      const rows = test.rows.filter(
        (r) => r.method === method && r.pose === pose && r.condition === condition,
      );
      // A log axis has no 0; a hundredth of a degree is below anything that is told apart.
      const errors = rows
        .flatMap((r) => (r.error === null ? [] : [Math.max(0.01, r.error.rotationDeg)]))
        .sort((a, b) => a - b);
      return { name: method, x: errors.map((_, i) => (100 * (i + 1)) / rows.length), y: errors };
    }),
  };
}

/** The groups of each pose and condition, in order. */
function settings(test: AlignTest): AlignGroup[][] {
  const out = new Map<string, AlignGroup[]>();
  for (const group of test.groups) {
    const key = `${group.pose}/${group.condition}`;
    out.set(key, [...(out.get(key) ?? []), group]);
  }
  return [...out.values()];
}

/** A sentence for each pose and condition: the least median, and who never failed. */
export function findings(test: AlignTest): string[] {
  return settings(test).map((groups) => {
    const [{ pose, condition }] = groups;
    const where = `${WHERE[pose]}, ${CONDITION_WORDS[condition]}`;
    const ranked = groups
      .flatMap(({ method, summary: { rotationDeg, failed } }) =>
        rotationDeg === null ? [] : [{ method, median: rotationDeg.median.value, failed: failed.value }],
      )
      .sort((a, b) => a.median - b.median);
    if (ranked.length === 0) return `${where}: no method gave an answer.`;
    const [best] = ranked;
    const never = ranked.filter((m) => m.failed === 0).map((m) => m.method);
    return `${where}: the least median rotation error is that of ${best.method}, ${digits(best.median)} degrees (failed in ${percent(best.failed)}); ${never.length === 0 ? 'every method failed at least once' : `never failed: ${never.join(', ')}`}.`;
  });
}

/** Why the figures of a method may be void. */
const warningLines = ({ methods }: AlignTest): string[] =>
  methods.flatMap(({ name, warning }) => (warning === undefined ? [] : [`Warning, ${name}: ${warning}.`]));

function sections(test: AlignTest): Section[] {
  const lines = pairedLines(test);
  const calibrated = test.groups.filter((g) => g.summary.within !== null);
  return [
    {
      heading: 'What it shows',
      prose: [
        ...warningLines(test),
        ...findings(test),
        `Failed: a rotation off by more than ${test.failureDeg} degrees, or no answer. Rotation is the geodesic angle; translation is that of the bone's centroid; TRE is the mean distance of points of the whole bone's surface from where they belong. Intervals: 95 %, bootstrap of subjects.`,
      ],
    },
    ...(['scanner', 'any'] as const).flatMap((pose): Section[] => {
      const groups = test.groups.filter((g) => g.pose === pose);
      if (groups.length === 0) return [];
      return [
        {
          heading: pose === 'scanner' ? 'As laid in the scanner' : 'In any pose',
          prose: POSE_WORDS[pose],
          tables: [
            {
              caption: 'Errors by condition and method.',
              columns: TABLE_COLUMNS.slice(1),
              // No-break spaces: a number and its sign stay together.
              rows: groups.map((g) =>
                tableRow(g)
                  .slice(1)
                  .map((cell) => cell.replaceAll(' %', '\u00a0%').replace(' ± ', '\u00a0±\u00a0')),
              ),
            },
          ],
          charts: settings({ ...test, groups }).map((s) => quantileChart(test, s)),
        },
      ];
    }),
    ...(lines.length > 0
      ? [
          {
            heading: 'On the same scans',
            prose: [
              'Differences of rotation errors on the scans that both answered, averaged by subject: a mean difference with its interval, and p by flips of sign; better is what both say, each comparison for itself. A method that fails now and then by 180 degrees loses a mean that it would win in the median.',
              ...lines,
            ],
          },
        ]
      : []),
    ...(calibrated.length > 0
      ? [
          {
            heading: 'Whether it knows how far it is off',
            prose:
              'The method gives an uncertainty with each pose; 68 % of its errors should lie within. More: it is too cautious. Less: too sure.',
            tables: [
              {
                caption: 'Share of the errors within the stated uncertainty.',
                columns: ['method', 'pose', 'condition', 'rotation within', 'translation within'],
                rows: calibrated.map(({ method, pose, condition, summary: { within } }) => [
                  method,
                  pose,
                  condition,
                  percent(within?.rotation ?? 0),
                  percent(within?.translation ?? 0),
                ]),
              },
            ],
          },
        ]
      : []),
    {
      heading: 'The methods, and the limits of this test',
      prose: [
        ...test.methods.map(({ name, words }) => `${name}: ${words}`),
        `The truth is the pose that a bone of the dataset was put in; what is right is the dataset's own frame (“${test.data.frame}”). Where bones were brought there by shape, no method can be told from that one below the error it made itself, and a method of its kind is favoured. Only landmarks of their own settle that.`,
        'Scans are made from the masks of the dataset, moved and put on another grid: soft tissue, noise and segmentation are not tested here.',
        'Seconds are of one machine, as busy as it was. All other figures come out again to the last digit.',
      ],
    },
  ];
}

/** The page's text. */
export function alignPage(test: AlignTest): string {
  const { data } = test;
  return buildReport({
    title: `Alignment of ${data.bone}s`,
    lead: `${test.methods.length} ${test.methods.length === 1 ? 'method' : 'methods'} on ${test.cases} held-out bones, ${test.rows.length} alignments.`,
    phantom: data.phantom,
    facts: [
      ['data', data.name],
      ['cases', `${test.cases} held out, ${data.trainCases} to align to or learn from`],
      ['grid', `${data.size.join(' x ')} voxels of ${formatNumber(data.spacing)} mm`],
      ['poses', `${test.posesPerCase} of each kind a case and condition`],
      ['seed', test.seed],
    ],
    sections: sections(test),
    command: test.command,
  });
}

/** Writes `align.html`, `align.json` and `align.md`; returns their paths. Throws `DiskError`. */
export function writeAlignTest(
  out: string,
  test: AlignTest,
): { page: string; json: string; markdown: string } {
  const paths = {
    page: join(out, 'align.html'),
    json: join(out, 'align.json'),
    markdown: join(out, 'align.md'),
  };
  writeFileAtomic(
    paths.markdown,
    `${alignTable(test)}\n${[...warningLines(test), ...pairedLines(test)].map((l) => `- ${l}\n`).join('')}`,
  );
  writeFileAtomic(paths.page, alignPage(test));
  // The last: where it is, the test is finished.
  writeFileAtomic(paths.json, `${JSON.stringify(test, null, 1)}\n`);
  return paths;
}
