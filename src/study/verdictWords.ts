/** The words of a verdict (verdict.ts): the rules themselves, what they came to, and what cannot be concluded. */
import {
  type Advantages,
  distinct,
  isWalkover,
  NAME,
  type Outcome,
  outcomeOf,
  type Tally,
  tallyAll,
  type Verdict,
} from './outcome.ts';
import type { Reach, SpeedFigure } from './speed.ts';
import type { AxisVerdict, BestOf, Share, StudyFacts, StudyVerdict, VerdictInput } from './verdict.ts';

/** Share of what real bones cover below which, in both arms, no arm is called better. */
export const RUBBLE = 0.1;

export type Judged = Omit<StudyVerdict, 'paragraphs' | 'limits'>;

/** The rules, as the page and docs/compare.md state them; `within` is the tolerance of equal quality, a share. */
export const rulesOf = (within: number): [string, string][] => [
  [
    'one figure',
    'An arm is better where the 95 % interval of the paired difference leaves 0 out, or where the other alone makes too few bones to measure; else the two are not told apart. Both at the worst, or both at the best value there is, is a tie that tells nothing.',
  ],
  [
    'several figures',
    'An arm is better as a whole where it is better in at least half of the comparisons and the other in none. It leans that way where it is better in fewer than half and the other in none; where each is better in some, neither is. Figures of one pair of sets count once, though several axes show them.',
  ],
  [
    'bones worth judging',
    `No arm is called better where neither makes bones near real ones: where both cover less than ${Math.round(100 * RUBBLE)} % of what training cases cover in the place of generated bones.`,
  ],
  [
    'holding up',
    'Who loses less from the base of an axis (the most evaluations, the main guidance scale, the whole training set, the most complete class), whoever is ahead: the 95 % interval of the paired difference of both losses leaves 0 out. Not judged from a base at the worst value, nor for an arm that ends there, which cannot lose more. On training seeds: whose figures scatter less (Pitman and Morgan, 95 %), from five seeds on.',
  ],
  [
    'speed at equal quality',
    `Near is within ${Math.round(100 * within)} % of the level that both arms reach, the worse of their two bests; for 1-NNA within ${Math.round(100 * within)} % of 0.5; for KID, whose best may be 0, within half the 95 % interval of that point. An arm's count is the fewest tried at which it is near, and stays so at every count tried up to its best. It needs fewer than the other where it is near at a count at which the other, on its way, clearly is not, its whole 95 % interval beyond: that ratio was measured, no other is claimed. Sets of too few bones are near nothing.`,
  ],
];

const list = (names: readonly string[]): string =>
  names.length <= 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

const sentence = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** `OTFM is better in A and B; DDPM is better in C; the arms are not told apart in D.` */
function told(advantages: Advantages, { titles }: VerdictInput, ties: VerdictInput['ties'] = {}): string {
  const entries = Object.entries(advantages);
  const of = (wanted: Outcome, tie?: string): string[] =>
    entries
      .filter(([name, a]) => outcomeOf(a) === wanted && ties[name] === tie)
      .map(([name]) => titles[name] ?? name);
  const parts = [
    [of('otfm'), 'OTFM is better in'] as const,
    [of('ddpm'), 'DDPM is better in'] as const,
    [of('undecided'), 'the arms are not told apart in'] as const,
    [of('undecided', 'worst'), 'both are at the worst value in'] as const,
    [of('undecided', 'best'), 'both are at the best value in'] as const,
  ].flatMap(([names, words]) => (names.length === 0 ? [] : [`${words} ${list(names)}`]));
  const lost = Object.values(advantages).find(isWalkover);
  const why = lost === undefined ? '' : ` ${NAME[lost.failed]} makes too few bones to measure.`;
  return parts.length === 0 ? 'Nothing was measured.' : `${sentence(parts.join('; '))}${why}`;
}

/** `OTFM 3 of 300 (1 %), DDPM none of 300` */
function emptyText({ empty }: StudyFacts): string {
  const one = ({ count, of }: Share): string =>
    count === 0 ? `none of ${of}` : `${count} of ${of} (${Number(((100 * count) / of).toPrecision(2))} %)`;
  return `Bones without any bone voxel, in the main sets: OTFM ${one(empty.otfm.main)}, DDPM ${one(empty.ddpm.main)}; in all sets: OTFM ${one(empty.otfm.all)}, DDPM ${one(empty.ddpm.all)}. The four figures are taken on the others, and charge an arm for them only where too few are left to measure: then the other arm is better there.`;
}

const CLAIM: Readonly<Record<Verdict, string>> = {
  otfm: 'These numbers support that OTFM generates better bones than DDPM here.',
  ddpm: 'These numbers contradict the claim that OTFM is better: DDPM generates better bones here.',
  'leans otfm': 'They lean towards OTFM, in too few figures to call it better.',
  'leans ddpm': 'They lean towards DDPM, in too few figures to call it better.',
  mixed: 'Neither arm is better as a whole: each wins in something.',
  undecided: 'They do not show that either arm is better; nor do they show that the two are equal.',
};

const number = (x: number | null): string => (x === null ? 'not measured' : `${Number(x.toPrecision(2))}`);

const rubbleText = ({ otfm, ddpm, real }: VerdictInput['coverage']): string =>
  `neither arm makes bones near real ones (coverage: OTFM ${number(otfm)}, DDPM ${number(ddpm)}, real ${number(real)})`;

const claimOf = (input: VerdictInput, { quality, rubble }: Judged): string =>
  rubble
    ? `But ${rubbleText(input.coverage)}: no arm is called better, whatever differs.`
    : CLAIM[quality.verdict];

const POINTS: Readonly<Record<Verdict, string>> = {
  otfm: 'OTFM is better at most points',
  ddpm: 'DDPM is better at most points',
  'leans otfm': 'OTFM is better at some points',
  'leans ddpm': 'DDPM is better at some points',
  mixed: 'each arm is better at some points',
  undecided: 'the arms are not told apart',
};

const HOLDING: Readonly<Record<Verdict, string>> = {
  otfm: 'OTFM holds up better',
  ddpm: 'DDPM holds up better',
  'leans otfm': 'OTFM holds up better in places',
  'leans ddpm': 'DDPM holds up better in places',
  mixed: 'each arm holds up better in places',
  undecided: 'the arms are not told apart',
};

const counts = (t: Tally): string => `OTFM ${t.otfm}, DDPM ${t.ddpm}, open ${t.undecided}`;

/** `OTFM is better at most points (OTFM 9, DDPM 0, open 3)` */
export const pointsText = ({ points }: AxisVerdict): string =>
  `${POINTS[points.verdict]} (${counts(points)})`;

/** `the arms are not told apart (OTFM 0, DDPM 0, open 12)`, or why it is not judged. */
export const holdingText = ({ holding }: AxisVerdict): string =>
  holding === null ? 'not judged' : `${HOLDING[holding.verdict]} (${counts(holding)})`;

/** `at most 4 (euler; the fewest tried); worse again at 64` */
export const reachText = ({ nfe, label, below, worse }: Reach): string =>
  `${below === null ? `at most ${nfe} (${label}; the fewest tried)` : `${nfe} (${label}; not at ${below})`}${worse.length > 0 ? `; worse again at ${worse.join(', ')}` : ''}`;

/** `OTFM: more than 2 times fewer` */
export function fewerText({ fewer, equal }: SpeedFigure): string {
  if (fewer !== null)
    return `${NAME[fewer.arm]}: ${fewer.factor > 1 ? `more than ${Number(fewer.factor.toPrecision(2))} times fewer` : 'fewer'}`;
  const least = equal !== null && equal.otfm.below === null && equal.ddpm.below === null;
  return least ? 'open: both at the fewest tried' : 'open';
}

/** Why a figure is left out of the speeds. */
export const silentText = ({ silent }: SpeedFigure): string =>
  silent === 'worst value'
    ? 'left out: an arm is nowhere off the worst value'
    : 'left out: not measured in both arms';

function speedText({ speed, titles }: VerdictInput): string {
  const all = Object.entries(speed);
  const of = (wanted: (s: SpeedFigure) => boolean): string[] =>
    all.filter(([, s]) => wanted(s)).map(([name]) => titles[name] ?? name);
  const parts = [
    [of((s) => s.fewer?.arm === 'otfm'), 'OTFM needs fewer evaluations in'] as const,
    [of((s) => s.fewer?.arm === 'ddpm'), 'DDPM needs fewer evaluations in'] as const,
    [
      of((s) => s.silent === null && s.fewer === null),
      'what was tried does not tell the arms apart in',
    ] as const,
    [of((s) => s.silent === 'worst value'), 'left out, an arm being nowhere off the worst value:'] as const,
  ].flatMap(([names, words]) => (names.length === 0 ? [] : [`${words} ${list(names)}`]));
  if (parts.length === 0) return 'Too few points were measured to say how many evaluations are enough.';
  return `${sentence(parts.join('; '))} The points carry errors of their own, which these counts do not show.`;
}

/** How many settings each arm's best was chosen among, and whom that favours. */
function triedText(best: Readonly<Record<string, BestOf>>): string {
  const { otfm, ddpm } = Object.values(best)[0].tried;
  const text = `OTFM had ${otfm} ${otfm === 1 ? 'setting' : 'settings'} to choose from, DDPM ${ddpm}; the best of many looks better than it is`;
  if (otfm === ddpm) return `${text}, in both arms.`;
  return `${text}, and more so in ${otfm > ddpm ? NAME.otfm : NAME.ddpm}, which had more.`;
}

function equalText({ equal }: VerdictInput): string {
  if (equal.length === 0) return 'No number of evaluations was measured in both arms.';
  const all = tallyAll(equal);
  const at = (arm: 'otfm' | 'ddpm'): string => {
    const where = equal.filter((place) => tallyAll([place])[arm] > 0).map((place) => place.nfe);
    return where.length === 0 ? '' : ` (at ${where.join(', ')})`;
  };
  return `At ${equal.map((p) => p.nfe).join(', ')}: of ${all.otfm + all.ddpm + all.undecided} comparisons OTFM is better in ${all.otfm}${at('otfm')}, DDPM in ${all.ddpm}${at('ddpm')}, ${all.undecided} are open. ${sentence(POINTS[all.verdict])}`;
}

/** What was said in the paragraphs of the verdict. */
export function paragraphsOf(input: VerdictInput, judged: Judged): StudyVerdict['paragraphs'] {
  const { mainSampling, best } = input;
  const bests = Object.fromEntries(Object.entries(best).map(([name, b]) => [name, b.advantage]));
  const axes = Object.entries(judged.axes);
  return [
    {
      about: 'Quality at the stated settings',
      text: `OTFM by ${mainSampling.otfm}, DDPM by ${mainSampling.ddpm}. ${told(input.main, input, input.ties)} ${claimOf(input, judged)}`,
    },
    { about: 'Empty bones', text: emptyText(input.facts) },
    { about: 'At equal numbers of evaluations', text: equalText(input) },
    ...(Object.keys(bests).length === 0
      ? []
      : [{ about: "At each arm's best setting", text: `${told(bests, input)} ${triedText(best)}` }]),
    { about: 'Speed at equal quality', text: speedText(input) },
    {
      about: 'Better along the axes',
      text:
        axes.length === 0
          ? 'No axis was measured.'
          : axes.map(([axis, v]) => sentence(`${axis}: ${pointsText(v)}`)).join(' '),
    },
    ...(axes.length === 0
      ? []
      : [
          {
            about: 'Holding up along the axes',
            text: axes
              .map(([axis, v]) =>
                sentence(
                  `${axis}${v.base === null || v.holding === null ? '' : `, from ${v.base}`}: ${holdingText(v)}`,
                ),
              )
              .join(' '),
          },
        ]),
  ];
}

/** Comparisons with an interval, each once: what chance could have told apart. */
function comparisonsOf(input: VerdictInput): number {
  const places = input.axes.flatMap((axis) => axis.places);
  return distinct([
    { pair: input.mainPair, advantages: input.main },
    ...input.equal,
    ...places,
    ...places.flatMap(({ pair, holds }) =>
      holds ? [{ pair: `${pair}, holding up`, advantages: holds }] : [],
    ),
    ...Object.entries(input.best).map(([name, { otfm, ddpm, pair = `${otfm} : ${ddpm}`, advantage }]) => ({
      pair,
      advantages: { [name]: advantage },
    })),
  ]).filter((a) => !isWalkover(a)).length;
}

/** What cannot be concluded. */
export function limitsOf(input: VerdictInput, { rubble }: Judged): string[] {
  const { facts } = input;
  const comparisons = comparisonsOf(input);
  return [
    ...(rubble ? [sentence(`${rubbleText(input.coverage)}: who is nearer says nothing of good bones`)] : []),
    ...(facts.seeds < 2
      ? ['One training seed: the intervals hold for these two networks, not for the two methods.']
      : facts.seeds < 5
        ? [
            `${facts.seeds} training seeds: intervals allow for it and are wide; how much results scatter from seed to seed cannot be compared between the arms.`,
          ]
        : []),
    ...(Math.min(facts.axisSeeds, facts.shareSeeds) < 2 && facts.seeds > 1
      ? [
          'Axes measured on one training seed say how these networks behave; another seed may order the arms otherwise.',
        ]
      : []),
    ...(facts.heldOut < 100 || facts.samples < 100
      ? [
          `Small sets (${facts.heldOut} held-out cases, ${facts.samples} generated bones in a main set; figures compare the smaller number of each): only large differences can be told apart, and 1-NNA and coverage depend on these sizes.`,
        ]
      : []),
    'One autoencoder serves both arms: what it cannot decode neither can show, and another might favour the other arm.',
    `A budget of ${facts.steps} training steps, equal for both: nothing is said of longer training, nor of settings tuned for each arm. DDPM was trained to predict ${facts.prediction === 'v' ? 'v' : 'the noise (epsilon)'}.`,
    'Seconds, in the tables of points, were measured set after set, not side by side: whatever else the machine had to do is in them. No verdict rests on them; network evaluations carry no such bias.',
    ...(comparisons > 0
      ? [
          `${comparisons} comparisons at 95 %, those that several axes share counted once: about ${Math.max(1, Math.round(comparisons * 0.05))} would be told apart by chance if the arms were equal.`,
        ]
      : []),
    ...(facts.failed > 0
      ? [
          `${facts.failed} ${facts.failed === 1 ? 'point has' : 'points have'} no figures, because too few of their bones held any bone voxel; where that is one arm alone, the comparison counts for the other, where it is both, it is open.`,
        ]
      : []),
    ...(facts.phantom ? ['Phantoms: procedural shapes, which say nothing of real anatomy.'] : []),
  ];
}
