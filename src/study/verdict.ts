/**
 * What the numbers support: rules from intervals to sentences, and nothing else. Pure, so that every outcome can be tested;
 * the same rules read an advantage of OTFM and one of DDPM, and they may come out for either, for both, or for none.
 *
 *   one figure at one place     better where the 95 % interval of the paired difference leaves 0 out, else not told apart;
 *                               where one arm alone makes too few bones to measure, the other is better
 *   several                     for an arm where it is better in at least half of them and the other in none;
 *                               "leans" where it is better in some, fewer than half; "mixed" where both are better in some
 *   speed                       the fewest evaluations from which on an arm stays near a score: its own best, and, for equal
 *                               quality, the worse of the two bests, which both arms reach. Near is within a share of that
 *                               score; of 0.5 for 1-NNA; for KID, which may be 0, half the 95 % interval of that point
 */
import type { Estimate } from './interval.ts';

export type Outcome = 'otfm' | 'ddpm' | 'undecided';
export type Verdict = 'otfm' | 'ddpm' | 'leans otfm' | 'leans ddpm' | 'mixed' | 'undecided';

/** One arm made too few bones to measure, the other enough: a comparison the other wins without a number. */
export interface Walkover {
  failed: 'otfm' | 'ddpm';
}

/** Of OTFM over DDPM (above 0: OTFM better); null where neither arm could be measured. */
export type Advantage = Estimate | Walkover | null;

/** By figure. */
export type Advantages = Readonly<Record<string, Advantage>>;

export const NAME = { otfm: 'OTFM', ddpm: 'DDPM' } as const;

/** Whether one arm lost because it made too few bones to measure. */
export const isWalkover = (advantage: Advantage): advantage is Walkover =>
  advantage !== null && 'failed' in advantage;

/** Who is better, when anyone is. An interval that only touches 0 does not leave it out. */
export function outcomeOf(advantage: Advantage): Outcome {
  if (advantage === null) return 'undecided';
  if (isWalkover(advantage)) return advantage.failed === 'otfm' ? 'ddpm' : 'otfm';
  if (!Number.isFinite(advantage.low) || !Number.isFinite(advantage.high)) return 'undecided';
  if (advantage.low > 0) return 'otfm';
  return advantage.high < 0 ? 'ddpm' : 'undecided';
}

/** Outcomes counted, and what they come to together. */
export interface Tally {
  otfm: number;
  ddpm: number;
  undecided: number;
  verdict: Verdict;
}

export function tallyOf(outcomes: readonly Outcome[]): Tally {
  const count = (wanted: Outcome): number => outcomes.filter((o) => o === wanted).length;
  const [otfm, ddpm, undecided] = [count('otfm'), count('ddpm'), count('undecided')];
  const half = outcomes.length / 2;
  let verdict: Verdict = 'undecided';
  if (otfm > 0 && ddpm > 0) verdict = 'mixed';
  else if (otfm > 0) verdict = otfm >= half ? 'otfm' : 'leans otfm';
  else if (ddpm > 0) verdict = ddpm >= half ? 'ddpm' : 'leans ddpm';
  return { otfm, ddpm, undecided, verdict };
}

/** Figures of one pair of sets, which several axes may share. */
export interface Place {
  /** Names the sets. */
  pair: string;
  advantages: Advantages;
}

/** What was measured in at least one arm, each figure of each pair once. */
const distinct = (places: readonly Place[]): Advantage[] => [
  ...new Map(
    places.flatMap(({ pair, advantages }) =>
      Object.entries(advantages).flatMap(([name, a]) =>
        a === null ? [] : [[`${name} ${pair}`, a] as const],
      ),
    ),
  ).values(),
];

/** The tally of all figures at all given places: each pair once, and what neither arm could be measured in not at all. */
export const tallyAll = (places: readonly Place[]): Tally => tallyOf(distinct(places).map(outcomeOf));

/** One point of an arm's way through the axis of evaluations. */
export interface SpeedPoint {
  nfe: number;
  /** Lower is better (`badness`). */
  score: number;
  /** Of its 95 % interval. */
  halfWidth: number;
  seconds: number | null;
  /** Solver and count, in words. */
  label: string;
}

export interface Speed {
  best: SpeedPoint;
  /** The fewest evaluations from which on the arm stays near its best. */
  enough: SpeedPoint;
  /** The same for the worse of the two arms' bests: what both reach. */
  equal: SpeedPoint;
}

const lower = (a: SpeedPoint, b: SpeedPoint): SpeedPoint => (b.score < a.score ? b : a);

/** The point of the lowest score, of at least one. */
export const bestPoint = (points: readonly SpeedPoint[]): SpeedPoint => points.reduce(lower);

/**
 * The point of fewest evaluations from which on, up to the arm's best point, its best score at each count stays at or below
 * `limit`: a lucky point among bad ones does not count. The best point itself where it is above the limit.
 */
export function fewest(points: readonly SpeedPoint[], limit: number): SpeedPoint {
  const best = bestPoint(points);
  const counts = [...new Set(points.map((p) => p.nfe))].sort((a, b) => b - a);
  let enough = best;
  for (const nfe of counts) {
    const here = points.filter((p) => p.nfe === nfe).reduce(lower);
    // Counts above the best one need not be good: more evaluations than needed is no fault.
    if (nfe > best.nfe) continue;
    if (here.score > limit) break;
    enough = here;
  }
  return enough;
}

/** What an axis came to. */
export interface AxisVerdict {
  axis: string;
  places: (Place & { label: string })[];
}

/** Each arm at its best setting. */
export interface BestOf {
  otfm: string;
  ddpm: string;
  /** How many settings it is the best of: sampled, and with bones enough to measure. */
  tried: { otfm: number; ddpm: number };
  /** Names the sets; absent where one arm could not be measured at all. */
  pair?: string;
  advantage: Advantage;
}

export interface VerdictInput {
  /** Titles of the figures, by name. */
  titles: Readonly<Record<string, string>>;
  /** How each arm's main sets were sampled, in words. */
  mainSampling: { otfm: string; ddpm: string };
  main: Advantages;
  /** Names the main sets. */
  mainPair: string;
  /** Each arm's best place on the axes of evaluations and guidance, by figure. */
  best: Readonly<Record<string, BestOf>>;
  /** Equal numbers of network evaluations. */
  equal: (Place & { nfe: number })[];
  speed: Readonly<Record<string, { otfm?: Speed; ddpm?: Speed }>>;
  within: number;
  axes: AxisVerdict[];
  facts: StudyFacts;
}

export interface StudyFacts {
  seeds: number;
  axisSeeds: number;
  shareSeeds: number;
  heldOut: number;
  samples: number;
  steps: number;
  phantom: boolean;
  prediction: string;
  /** Points that could not be measured. */
  failed: number;
  /** Bones without a bone voxel, of how many, in the main sets and in all sets. */
  empty: Readonly<Record<'otfm' | 'ddpm', { main: Share; all: Share }>>;
}

export interface Share {
  count: number;
  of: number;
}

export interface StudyVerdict {
  quality: Tally;
  outcomes: Record<string, Outcome>;
  axes: Record<string, Tally>;
  paragraphs: { about: string; text: string }[];
  limits: string[];
}

const list = (names: readonly string[]): string =>
  names.length <= 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** `OTFM is better in A and B; DDPM in C; not told apart in D.` */
function told(advantages: Advantages, titles: VerdictInput['titles']): string {
  const of = (wanted: Outcome): string[] =>
    Object.entries(advantages)
      .filter(([, a]) => outcomeOf(a) === wanted)
      .map(([name]) => titles[name] ?? name);
  const [otfm, ddpm, rest] = [of('otfm'), of('ddpm'), of('undecided')];
  if (otfm.length === 0 && ddpm.length === 0) return `The arms are not told apart in ${list(rest)}.`;
  const parts = [
    otfm.length > 0 && `OTFM is better in ${list(otfm)}`,
    ddpm.length > 0 && `DDPM is better in ${list(ddpm)}`,
    rest.length > 0 && `the arms are not told apart in ${list(rest)}`,
  ].filter((p): p is string => p !== false);
  const text = parts.join('; ');
  const lost = Object.values(advantages).find(isWalkover);
  const why = lost === undefined ? '' : ` ${NAME[lost.failed]} makes too few bones to measure.`;
  return `${text[0].toUpperCase()}${text.slice(1)}.${why}`;
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

const AXIS: Readonly<Record<Verdict, string>> = {
  otfm: 'OTFM holds up better',
  ddpm: 'DDPM holds up better',
  'leans otfm': 'OTFM is better in places',
  'leans ddpm': 'DDPM is better in places',
  mixed: 'each arm is better in places',
  undecided: 'the arms are not told apart',
};

const counted = (t: Tally): string =>
  `of ${t.otfm + t.ddpm + t.undecided} comparisons OTFM is better in ${t.otfm}, DDPM in ${t.ddpm}, and ${t.undecided} are open`;

/** `4 (heun, 0.12 s a bone)` */
const costOf = ({ nfe, label, seconds }: SpeedPoint): string =>
  `${nfe} (${label}${seconds === null ? '' : `, ${Number(seconds.toPrecision(2))} s a bone`})`;

const fewer = (o: SpeedPoint, d: SpeedPoint): string => {
  if (o.nfe === d.nfe) return 'as many';
  const [ratio, arm] = o.nfe < d.nfe ? [d.nfe / o.nfe, NAME.otfm] : [o.nfe / d.nfe, NAME.ddpm];
  return `${Number(ratio.toPrecision(2))} times fewer for ${arm}`;
};

function speedText({ speed, titles, within }: VerdictInput): string {
  const both = Object.entries(speed).flatMap(([name, { otfm, ddpm }]) =>
    otfm === undefined || ddpm === undefined ? [] : [{ title: titles[name] ?? name, otfm, ddpm }],
  );
  if (both.length === 0) return 'Too few points were measured to say how many evaluations are enough.';
  const equal = both.map(
    ({ title, otfm: { equal: o }, ddpm: { equal: d } }) =>
      `${title}: OTFM ${costOf(o)}, DDPM ${costOf(d)}, ${fewer(o, d)}`,
  );
  const own = both.map(
    ({ title, otfm, ddpm }) => `${title}: OTFM ${otfm.enough.nfe}, DDPM ${ddpm.enough.nfe}`,
  );
  const share = `${Math.round(100 * within)} %`;
  return `Network evaluations from which on an arm stays near what both arms reach, the worse of their two bests. Near is within ${share} of that value; for 1-NNA, within ${share} of 0.5; for KID, whose best may be 0, within half the width of the 95 % interval of that point. ${equal.join('; ')}. Near its own best, by the same rule, which may be worse than the other's: ${own.join('; ')}. The points carry errors of their own, which these counts do not show.`;
}

/** How many settings each arm's best was chosen among, and whom that favours. */
function triedText(best: VerdictInput['best']): string {
  const { otfm, ddpm } = Object.values(best)[0].tried;
  const text = `OTFM had ${otfm} ${otfm === 1 ? 'setting' : 'settings'} to choose from, DDPM ${ddpm}; the best of many looks better than it is`;
  if (otfm === ddpm) return `${text}, in both arms.`;
  return `${text}, and more so in ${otfm > ddpm ? NAME.otfm : NAME.ddpm}, which had more.`;
}

function limitsOf(input: VerdictInput): string[] {
  const { facts } = input;
  // What has an interval: bones that are too few are no matter of chance.
  const comparisons = distinct([
    { pair: input.mainPair, advantages: input.main },
    ...input.equal,
    ...input.axes.flatMap((axis) => axis.places),
    ...Object.entries(input.best).map(([name, { otfm, ddpm, pair = `${otfm} : ${ddpm}`, advantage }]) => ({
      pair,
      advantages: { [name]: advantage },
    })),
  ]).filter((a) => !isWalkover(a)).length;
  return [
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
    'Seconds were measured set after set, not side by side, on this machine: whatever else it had to do at the time is in them, and can favour an arm. Network evaluations carry no such bias.',
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

/** Reads the numbers. */
export function verdictOf(input: VerdictInput): StudyVerdict {
  const outcomes = Object.fromEntries(Object.entries(input.main).map(([name, a]) => [name, outcomeOf(a)]));
  const quality = tallyOf(Object.values(outcomes));
  const best: Advantages = Object.fromEntries(
    Object.entries(input.best).map(([name, b]) => [name, b.advantage]),
  );
  const axes = Object.fromEntries(
    input.axes.filter((axis) => axis.places.length > 0).map(({ axis, places }) => [axis, tallyAll(places)]),
  );
  const equalText =
    input.equal.length === 0
      ? 'No number of evaluations was measured in both arms.'
      : `${input.equal
          .map((place) => {
            const t = tallyAll([place]);
            return `${place.nfe}: ${t.otfm} for OTFM, ${t.ddpm} for DDPM, ${t.undecided} open`;
          })
          .join('; ')}. Together, ${AXIS[tallyAll(input.equal).verdict]}.`;
  const paragraphs = [
    {
      about: 'Quality at the stated settings',
      text: `OTFM by ${input.mainSampling.otfm}, DDPM by ${input.mainSampling.ddpm}. ${told(input.main, input.titles)} ${CLAIM[quality.verdict]}`,
    },
    { about: 'Empty bones', text: emptyText(input.facts) },
    { about: 'At equal numbers of evaluations', text: equalText },
    ...(Object.keys(best).length === 0
      ? []
      : [
          {
            about: "At each arm's best setting",
            text: `${told(best, input.titles)} ${Object.entries(input.best)
              .map(([name, b]) => `${input.titles[name] ?? name}: OTFM at ${b.otfm}, DDPM at ${b.ddpm}`)
              .join('; ')}. ${triedText(input.best)}`,
          },
        ]),
    { about: 'Speed at equal quality', text: speedText(input) },
    {
      about: 'Robustness',
      text:
        Object.keys(axes).length === 0
          ? 'No axis was measured.'
          : `${Object.entries(axes)
              .map(([axis, tally]) => `${axis}: ${AXIS[tally.verdict]} (${counted(tally)})`)
              .join('. ')}.`,
    },
  ];
  return { quality, outcomes, axes, paragraphs, limits: limitsOf(input) };
}
