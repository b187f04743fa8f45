/**
 * May this set be shared, and may its network? A pure function from figures to two verdicts, so that every rule of the gate
 * can be read here and tested by itself.
 *
 *   fail                  any criterion found copying
 *   not enough evidence   none did, but one that the gate rests on could not have: too few cases, copies of this data that
 *                         the search does not find, or a membership test that is asked for and missing
 *   pass                  every criterion was able to find copying, and none did
 *
 * The verdict on the set rests on the shapes that are shared, and on the attack that needs nothing else. Attacks that need the
 * network's weights count for the verdict on the network, which holds all the criteria of the set too.
 *
 * The four tests of a whole set share one chance in a hundred of a false alarm (a quarter each); flags of single shapes have
 * two (nearCopies.ts). Few false alarms are the price of finding one copied person among hundreds.
 */
import type { MembershipResult as Attacked } from './membership/judge.ts';
import type { ShareFigure, SpaceFigures } from './spaceFigures.ts';

export const VERDICTS = ['pass', 'fail', 'not enough evidence'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** An estimate with its 95 % interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** What the verdict reads of a membership attack (membership/judge.ts has more). */
export type MembershipResult = Pick<
  Attacked,
  'attack' | 'members' | 'nonMembers' | 'auc' | 'pValue' | 'evidence' | 'notes'
> & { tprAtFpr1: Estimate & { pValue?: number }; words?: string };

/** How many planted copies of a kind were found, each as if it were the only one of the set. */
export interface PlantedFigures {
  kind: string;
  planted: number;
  found: number;
}

export interface AuditFigures {
  /** Different generated shapes (with bone); held-out and training subjects. */
  counts: { fake: number; heldOut: number; train: number };
  /** Generated shapes that are a real case, trained on or held out, voxel for voxel. */
  identical?: number;
  /** Near-copies among the generated shapes, and the smallest P of any. */
  nearCopies: { flagged: number; leastP: number };
  planted: readonly PlantedFigures[];
  spaces: readonly SpaceFigures[];
  /** Why a part of the network could not be attacked; absent where all was, or where there is nothing that could leak. */
  unattacked?: string;
  /** Absent: no attack was made. */
  membership?: readonly MembershipResult[];
}

export interface Limits {
  /** Fewest generated shapes, held-out subjects, and subjects of held-out and training together. */
  fakes: number;
  heldOut: number;
  reals: number;
  /** A set test fails at a smaller p. */
  setP: number;
  /** A leak is shown at a smaller p, shared among the attacks on the set, and among all of them .. */
  membershipP: number;
  /** .. where it also is of some size: below this AUC it tells no one apart, however sure. */
  auc: number;
  /** A pass needs the AUC's interval to end below: a larger leak can be ruled out. */
  aucMost: number;
  /** Kinds of planted copies that the search must find, and the least share. */
  mustFind: readonly string[];
  foundShare: number;
  /** Is a pass without a membership test a pass (of the distance tests, by that name)? */
  membershipRequired: boolean;
}

export const LIMITS: Limits = {
  fakes: 20,
  heldOut: 20,
  reals: 50,
  setP: 0.0025,
  membershipP: 0.01,
  auc: 0.55,
  aucMost: 0.65,
  mustFind: ['exact', 'mirrored', 'moved'],
  foundShare: 0.8,
  membershipRequired: false,
};

export interface Criterion {
  /** Stable, for programs: `nearCopies`, `ctShape`, `membershipVelocity`. */
  name: string;
  title: string;
  result: Verdict;
  /** The figure, and what it is compared with. */
  value: number;
  /** 95 % interval, where there is one. */
  low?: number;
  high?: number;
  /** What real shapes score. */
  reference?: number;
  p?: number;
  /** The rule, in words: `p >= 0.0025`. */
  limit: string;
  /** What was found, in a sentence that needs no statistics. */
  sentence: string;
  /** Of the network alone: it says nothing of the set. */
  network?: true;
}

export interface Judgement {
  /** On sharing the set. */
  verdict: Verdict;
  /** On sharing the network's weights as well; never better than that on the set. */
  network: Verdict;
  criteria: Criterion[];
  /** What would have to be there, where there is not enough evidence. */
  needed: string[];
  /** True only for a pass that includes the membership attack on the set: then, and only then, it may be called anonymised. */
  mayBeCalledAnonymised: boolean;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
const short = (x: number): string => String(Number(x.toPrecision(2)));

function enough(name: string, title: string, value: number, least: number, what: string): Criterion {
  const result = value >= least ? 'pass' : 'not enough evidence';
  return {
    name,
    title,
    result,
    value,
    limit: `at least ${least}`,
    sentence:
      result === 'pass'
        ? `There are ${value} ${what}.`
        : `There are only ${value} ${what}; at least ${least} are needed to tell copying from chance.`,
  };
}

/** A test of the whole set that fails when p is below the limit. */
function setTest(
  base: Pick<Criterion, 'name' | 'title' | 'value'> & Partial<Criterion> & { p: number },
  { setP }: Limits,
  sentences: { pass: string; fail: string },
): Criterion {
  const result = base.p < setP ? 'fail' : 'pass';
  return { ...base, result, limit: `p at least ${setP}`, sentence: sentences[result] };
}

function shareTest(
  name: string,
  title: string,
  figure: ShareFigure,
  limits: Limits,
  what: string,
): Criterion {
  const { value, low, high, reference, p } = figure;
  const facts = `${percent(value)} of the generated shapes ${what}; of real ones ${percent(reference)}`;
  return setTest({ name, title, value, low, high, reference, p }, limits, {
    pass: `${facts}: no more than chance (p ${short(p)}).`,
    fail: `${facts}: that is too many for chance (p ${short(p)}).`,
  });
}

function spaceCriteria(figures: SpaceFigures, limits: Limits): Criterion[] {
  const { space, ct, copyRate, authenticity, isolation } = figures;
  const { fake, real } = figures.distance;
  const where = space === 'Shape' ? '' : ` (${space})`;
  const medians = `middle distance ${short(fake.median)} against ${short(real.median)} of held-out real shapes`;
  return [
    setTest(
      {
        name: `ct${space}`,
        title: `C_T, distance to the training set${where}`,
        value: ct.z,
        reference: 0,
        p: ct.p,
      },
      limits,
      {
        pass: `The generated shapes lie no nearer to the training set than new real ones do: C_T ${short(ct.z)} (${medians}).`,
        fail: `The generated shapes lie nearer to the training set than new real ones do: C_T ${short(ct.z)} (${medians}).`,
      },
    ),
    shareTest(
      `copyRate${space}`,
      `Copy rate${where}`,
      copyRate,
      limits,
      'are nearer to a training case than the nearest twentieth of held-out real shapes',
    ),
    shareTest(
      `authenticity${space}`,
      `Authenticity${where}`,
      authenticity,
      limits,
      'lie nearer to a training case than any other training subject does',
    ),
    shareTest(
      `isolation${space}`,
      `Lowe ratio${where}`,
      isolation,
      limits,
      'are alone with one training case (nearest far below the next)',
    ),
  ];
}

function identical(count: number): Criterion {
  return {
    name: 'identical',
    title: 'Real cases in the set',
    result: count === 0 ? 'pass' : 'fail',
    value: count,
    limit: 'none',
    sentence:
      count === 0
        ? 'No generated shape is a real case voxel for voxel, of those trained on or held out.'
        : `${count} generated ${count === 1 ? 'shape is a real case' : 'shapes are real cases'}, trained on or held out, voxel for voxel.`,
  };
}

function nearCopies({ counts, nearCopies: near }: AuditFigures): Criterion {
  const clean = near.flagged === 0;
  // Rule of three: with none in n, the share of such shapes that the generator makes is below 3 / n (95 %).
  const most = clean ? Math.min(1, 3 / counts.fake) : near.flagged / counts.fake;
  return {
    name: 'nearCopies',
    title: 'Near-copies, one by one',
    result: clean ? 'pass' : 'fail',
    value: near.flagged,
    limit: 'none',
    p: near.leastP,
    sentence: clean
      ? `None of ${counts.fake} generated shapes is a near-copy of a training case. (A generator that gave none in ${counts.fake} makes fewer than ${percent(most)}, with 95 % certainty: audit what you share, not a sample of it.)`
      : `${near.flagged} of ${counts.fake} generated shapes ${near.flagged === 1 ? 'is a near-copy of a training case' : 'are near-copies of training cases'}: look at the pictures, and leave ${near.flagged === 1 ? 'it' : 'them'} out.`,
  };
}

function planted({ kind, planted: n, found }: PlantedFigures, limits: Limits): Criterion {
  const must = limits.mustFind.includes(kind);
  const share = n === 0 ? 0 : found / n;
  const result = !must || share >= limits.foundShare ? 'pass' : 'not enough evidence';
  return {
    name: `finds${kind[0].toUpperCase()}${kind.slice(1)}`,
    title: `Would it find a copy: ${kind}`,
    result,
    value: share,
    limit: must ? `at least ${percent(limits.foundShare)}` : 'told, not judged',
    sentence:
      result === 'pass'
        ? `Of ${n} ${kind} copies of training shapes, planted as a trial, ${found} ${found === 1 ? 'was' : 'were'} found.`
        : `Of ${n} ${kind} copies of training shapes, planted as a trial, only ${found} ${found === 1 ? 'was' : 'were'} found: on this data the search cannot rule out copies.`,
  };
}

/** Needs no weights: the attack on a set that is shared without its network. */
const onTheSet = ({ attack }: MembershipResult): boolean => attack === 'generated set';

const capitals = (words: string): string =>
  words
    .split(' ')
    .map((word) => `${word[0].toUpperCase()}${word.slice(1)}`)
    .join('');

/** `among` attacks share the chance of a false alarm. */
function membership(result: MembershipResult, limits: Limits, among: number): Criterion {
  const { attack, auc, tprAtFpr1, pValue, evidence, members, nonMembers } = result;
  const setOnly = onTheSet(result);
  // Two looks at each attack: at all cases, and at the few that stick out.
  const p = limits.membershipP / among / 2;
  const few = tprAtFpr1.pValue !== undefined && tprAtFpr1.pValue < p;
  const leaks = few || (pValue < p && auc.value > limits.auc);
  // Few cases do not excuse a leak that was found all the same.
  const judged: Verdict = leaks
    ? 'fail'
    : evidence === 'enough' && auc.high <= limits.aucMost
      ? 'pass'
      : 'not enough evidence';
  const facts = `AUC ${auc.value.toFixed(3)}; ${percent(tprAtFpr1.value)} of ${members} members recognised among ${nonMembers} others`;
  const sentences: Record<Verdict, string> = {
    fail: `${setOnly ? 'The set' : 'The network'} betrays who was in the training set (${facts}).`,
    pass: `The ${attack} attack cannot tell training cases from others (${facts}).`,
    'not enough evidence': `Too few cases for the ${attack} attack to tell (${facts}).`,
  };
  return {
    name: `membership${capitals(attack)}`,
    title: `Membership inference: ${attack} attack`,
    result: judged,
    value: auc.value,
    low: auc.low,
    high: auc.high,
    reference: 0.5,
    p: pValue,
    limit: `no leak shown (p below ${short(p)}: AUC above ${limits.auc}, or members that stick out), interval up to ${limits.aucMost} at most`,
    sentence: sentences[judged],
    ...(setOnly ? {} : { network: true as const }),
  };
}

const NO_MEMBERSHIP: Criterion = {
  name: 'membership',
  title: 'Membership inference',
  result: 'not enough evidence',
  value: Number.NaN,
  limit: 'an attack, and one that fails',
  sentence: 'No membership attack was made: distances alone miss leaks that show in the network itself.',
};

/** Judges figures; the same figures always give the same verdict. */
export function judge(figures: AuditFigures, limits: Limits = LIMITS): Judgement {
  const { counts, membership: attacks = [] } = figures;
  const onSet = attacks.filter(onTheSet).length;
  const criteria: Criterion[] = [
    enough('fakes', 'Generated shapes', counts.fake, limits.fakes, 'different generated shapes with bone'),
    enough('heldOut', 'Held-out subjects', counts.heldOut, limits.heldOut, 'held-out real subjects'),
    enough(
      'reals',
      'Real subjects',
      counts.heldOut + counts.train,
      limits.reals,
      'real subjects, held-out and training together',
    ),
    ...figures.planted.map((p) => planted(p, limits)),
    ...(figures.identical === undefined ? [] : [identical(figures.identical)]),
    nearCopies(figures),
    ...figures.spaces.flatMap((space) => spaceCriteria(space, limits)),
    ...attacks.map((result) => membership(result, limits, onTheSet(result) ? onSet : attacks.length - onSet)),
    ...(attacks.length === 0 && limits.membershipRequired ? [NO_MEMBERSHIP] : []),
  ];
  const verdictOn = (these: readonly Criterion[]): Verdict => {
    const has = (result: Verdict) => these.some((c) => c.result === result);
    return has('fail') ? 'fail' : has('not enough evidence') ? 'not enough evidence' : 'pass';
  };
  const ofSet = criteria.filter((c) => c.network === undefined);
  const verdict = verdictOn(ofSet);
  const attacked = attacks.length > onSet && figures.unattacked === undefined;
  const all = verdictOn(criteria);
  return {
    verdict,
    // Without an attack on the network nothing speaks for it.
    network: attacked || all === 'fail' ? all : 'not enough evidence',
    criteria,
    needed: ofSet.filter((c) => c.result === 'not enough evidence').map((c) => c.sentence),
    mayBeCalledAnonymised: verdict === 'pass' && onSet > 0,
  };
}
