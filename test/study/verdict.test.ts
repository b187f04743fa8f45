/** Every way a comparison can come out, from intervals alone; the rules are the same for both arms. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Estimate } from '../../src/study/interval.ts';
import {
  bestPoint,
  fewest,
  type Outcome,
  outcomeOf,
  type SpeedPoint,
  type StudyFacts,
  tallyAll,
  tallyOf,
  type VerdictInput,
  verdictOf,
} from '../../src/study/verdict.ts';

const at = (low: number, high: number): Estimate => ({ value: (low + high) / 2, low, high, seeds: 3 });
const [AHEAD, BEHIND, OPEN] = [at(0.1, 0.2), at(-0.2, -0.1), at(-0.1, 0.2)];

describe('one figure', () => {
  test.each([
    ['all above 0', AHEAD, 'otfm'],
    ['all below 0', BEHIND, 'ddpm'],
    ['around 0', OPEN, 'undecided'],
    ['touching 0 from above', at(0, 0.2), 'undecided'],
    ['touching 0 from below', at(-0.2, 0), 'undecided'],
    ['no width at 0', at(0, 0), 'undecided'],
    ['not measured', null, 'undecided'],
    ['OTFM makes too few bones', { failed: 'otfm' }, 'ddpm'],
    ['DDPM makes too few bones', { failed: 'ddpm' }, 'otfm'],
    ['no interval', at(Number.NaN, Number.NaN), 'undecided'],
    ['an infinite one', at(0.1, Number.POSITIVE_INFINITY), 'undecided'],
  ] as const)('%s', (_, advantage, outcome) => {
    expect(outcomeOf(advantage)).toBe(outcome);
  });

  test('swapping the arms swaps the outcome', () => {
    const other = { otfm: 'ddpm', ddpm: 'otfm', undecided: 'undecided' } as const;
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true, min: 0 }), (low, width) => {
        const e = at(low, low + width);
        const mirrored = { ...e, low: -e.high, high: -e.low, value: -e.value };
        expect(outcomeOf(mirrored)).toBe(other[outcomeOf(e)]);
      }),
    );
  });
});

describe('several figures', () => {
  const of = (otfm: number, ddpm: number, undecided: number): Outcome[] => [
    ...Array<Outcome>(otfm).fill('otfm'),
    ...Array<Outcome>(ddpm).fill('ddpm'),
    ...Array<Outcome>(undecided).fill('undecided'),
  ];
  test.each([
    [4, 0, 0, 'otfm'],
    [2, 0, 2, 'otfm'],
    [1, 0, 3, 'leans otfm'],
    [0, 4, 0, 'ddpm'],
    [0, 2, 2, 'ddpm'],
    [0, 1, 3, 'leans ddpm'],
    [3, 1, 0, 'mixed'],
    [1, 1, 2, 'mixed'],
    [0, 0, 4, 'undecided'],
    [0, 0, 0, 'undecided'],
  ] as const)('%d for OTFM, %d for DDPM, %d open: %s', (otfm, ddpm, undecided, verdict) => {
    expect(tallyOf(of(otfm, ddpm, undecided))).toEqual({ otfm, ddpm, undecided, verdict });
  });

  test('places are counted together, a pair that comes twice once, what was not measured not at all', () => {
    expect(
      tallyAll([
        { pair: '1', advantages: { a: AHEAD, b: OPEN } },
        { pair: '2', advantages: { a: AHEAD, b: null } },
        { pair: '1', advantages: { a: AHEAD, b: OPEN } },
      ]),
    ).toEqual({
      otfm: 2,
      ddpm: 0,
      undecided: 1,
      verdict: 'otfm',
    });
  });
});

describe('the fewest evaluations that are enough', () => {
  const point = (nfe: number, score: number, label = 'euler'): SpeedPoint => ({
    nfe,
    score,
    halfWidth: 0,
    seconds: nfe / 10,
    label,
  });

  const within = (points: SpeedPoint[], tolerance: number): SpeedPoint =>
    fewest(points, bestPoint(points).score + tolerance);

  test('the first from which on all are within the tolerance of the best', () => {
    const points = [point(1, 5), point(2, 2), point(4, 1.05), point(8, 1.02), point(16, 1)];
    expect(bestPoint(points).nfe).toBe(16);
    expect(within(points, 0.1).nfe).toBe(4);
  });
  test('a lucky point below bad ones does not count', () => {
    expect(within([point(1, 1), point(2, 3), point(4, 1.05), point(8, 0.99)], 0.1).nfe).toBe(4);
  });
  test('more evaluations than the best need not be good', () => {
    expect(within([point(2, 2), point(4, 1), point(8, 1.5)], 0.1).nfe).toBe(4);
  });
  test('of two solvers at one count the better speaks', () => {
    const points = [point(4, 9, 'euler'), point(4, 1, 'heun'), point(8, 1)];
    expect(within(points, 0.1)).toMatchObject({ nfe: 4, label: 'heun' });
  });
  test('scores below 0 (coverage is counted so) and a tolerance of 0', () => {
    expect(within([point(1, -0.5), point(2, -0.8), point(4, -0.85)], 0.1).nfe).toBe(2);
    expect(within([point(1, -0.5), point(2, -0.85), point(4, -0.85)], 0).nfe).toBe(2);
  });
  test('a limit that is never reached leaves the best point', () => {
    expect(fewest([point(1, 5), point(2, 3), point(4, 4)], 1).nfe).toBe(2);
  });
});

const FACTS: StudyFacts = {
  seeds: 5,
  axisSeeds: 5,
  shareSeeds: 5,
  heldOut: 200,
  samples: 200,
  steps: 1000,
  phantom: false,
  prediction: 'epsilon',
  failed: 0,
  empty: {
    otfm: { main: { count: 0, of: 200 }, all: { count: 1, of: 900 } },
    ddpm: { main: { count: 3, of: 200 }, all: { count: 90, of: 900 } },
  },
};

const input = (main: VerdictInput['main'], more: Partial<VerdictInput> = {}): VerdictInput => ({
  titles: { a: 'Alpha', b: 'Beta' },
  mainSampling: { otfm: 'heun 16', ddpm: 'ddim 32' },
  main,
  mainPair: 'main',
  best: {},
  equal: [],
  speed: {},
  within: 0.1,
  axes: [],
  facts: FACTS,
  ...more,
});

const quality = (main: VerdictInput['main']): string => verdictOf(input(main)).paragraphs[0].text;

describe('the words', () => {
  test.each([
    [{ a: AHEAD, b: AHEAD }, 'OTFM is better in Alpha and Beta.', 'support that OTFM'],
    [
      { a: BEHIND, b: BEHIND },
      'DDPM is better in Alpha and Beta.',
      'contradict the claim that OTFM is better',
    ],
    [{ a: AHEAD, b: BEHIND }, 'OTFM is better in Alpha; DDPM is better in Beta.', 'Neither arm'],
    [{ a: OPEN, b: null }, 'The arms are not told apart in Alpha and Beta.', 'do not show that either'],
    [{ a: AHEAD, b: OPEN, c: OPEN }, 'the arms are not told apart in Beta and c.', 'lean towards OTFM'],
    [{ a: BEHIND, b: OPEN, c: OPEN }, 'DDPM is better in Alpha;', 'lean towards DDPM'],
  ])('quality %#', (main, figures, claim) => {
    const text = quality(main);
    expect(text).toContain(figures);
    expect(text).toContain(claim);
    expect(text).toContain('OTFM by heun 16, DDPM by ddim 32');
  });

  test('an arm that makes too few bones has lost, and the reader is told', () => {
    const text = quality({ a: { failed: 'otfm' }, b: { failed: 'otfm' } });
    expect(text).toContain('DDPM is better in Alpha and Beta. OTFM makes too few bones to measure.');
    expect(text).toContain('contradict the claim');
    const told = verdictOf(input({ a: AHEAD })).paragraphs.find((p) => p.about === 'Empty bones')!.text;
    expect(told).toContain('in the main sets: OTFM none of 200, DDPM 3 of 200 (1.5 %)');
    expect(told).toContain('in all sets: OTFM 1 of 900 (0.11 %), DDPM 90 of 900 (10 %)');
  });

  test('equal evaluations, best settings, axes', () => {
    const verdict = verdictOf(
      input(
        { a: AHEAD },
        {
          equal: [
            { nfe: 1, pair: '1', advantages: { a: AHEAD } },
            { nfe: 8, pair: '8', advantages: { a: BEHIND } },
          ],
          best: {
            a: {
              otfm: 'euler, 64',
              ddpm: 'ancestral, 300',
              tried: { otfm: 18, ddpm: 14 },
              advantage: BEHIND,
            },
          },
          axes: [
            { axis: 'guidance scale', places: [{ label: '1', pair: 'g', advantages: { a: BEHIND } }] },
            { axis: 'quality class', places: [] },
          ],
        },
      ),
    );
    const text = Object.fromEntries(verdict.paragraphs.map((p) => [p.about, p.text]));
    expect(text['At equal numbers of evaluations']).toBe(
      '1: 1 for OTFM, 0 for DDPM, 0 open; 8: 0 for OTFM, 1 for DDPM, 0 open. Together, each arm is better in places.',
    );
    expect(text["At each arm's best setting"]).toContain('DDPM is better in Alpha.');
    expect(text["At each arm's best setting"]).toContain('OTFM at euler, 64, DDPM at ancestral, 300');
    expect(text["At each arm's best setting"]).toMatch(
      /OTFM had 18 settings to choose from, DDPM 14; .* more so in OTFM/,
    );
    expect(text.Robustness).toContain('guidance scale: DDPM holds up better (of 1 comparisons');
    expect(Object.keys(verdict.axes)).toEqual(['guidance scale']);
    expect(verdict.quality.verdict).toBe('otfm');
  });

  test.each([
    [4, 32, '8 times fewer for OTFM'],
    [32, 4, '8 times fewer for DDPM'],
    [4, 4, 'as many'],
  ])('speed: OTFM %d, DDPM %d', (o, d, words) => {
    const one = (nfe: number) => {
      const p = { nfe, score: 1, halfWidth: 0, seconds: 0.123, label: 'x' };
      return { best: p, enough: p, equal: p };
    };
    const verdict = verdictOf(input({ a: OPEN }, { speed: { a: { otfm: one(o), ddpm: one(d) } } }));
    expect(verdict.paragraphs.find((p) => p.about.startsWith('Speed'))!.text).toContain(
      `Alpha: OTFM ${o} (x, 0.12 s a bone), DDPM ${d} (x, 0.12 s a bone), ${words}.`,
    );
  });

  test('speed says what near is, for each figure', () => {
    const p = { nfe: 1, score: 1, halfWidth: 0, seconds: null, label: 'x' };
    const one = { best: p, enough: p, equal: p };
    const verdict = verdictOf(input({ a: OPEN }, { speed: { a: { otfm: one, ddpm: one } }, within: 0.2 }));
    expect(verdict.paragraphs.find((q) => q.about.startsWith('Speed'))!.text).toMatch(
      /within 20 % of that value; for 1-NNA, within 20 % of 0.5; for KID, .* half the width of the 95 % interval/,
    );
  });

  test('speed and equal evaluations that were not measured are said to be so', () => {
    const texts = verdictOf(input({ a: OPEN }, { speed: { a: {} } })).paragraphs.map((p) => p.text);
    expect(texts.some((t) => t.startsWith('Too few points'))).toBe(true);
    expect(texts.some((t) => t.startsWith('No number of evaluations'))).toBe(true);
    expect(texts.at(-1)).toBe('No axis was measured.');
  });
});

describe('what cannot be concluded', () => {
  const limits = (facts: Partial<StudyFacts>): string =>
    verdictOf(input({ a: AHEAD }, { facts: { ...FACTS, ...facts } })).limits.join('\n');

  test('a large study still names its autoencoder, budget and number of comparisons', () => {
    const text = limits({});
    expect(text).toContain('One autoencoder');
    expect(text).toContain('1000 training steps');
    expect(text).toContain('Seconds were measured set after set');
    expect(text).toContain('1 comparisons at 95 %');
    expect(text).not.toMatch(/training seed|Small sets|Phantoms|no figures/);
  });
  test('comparisons are counted once each: not again on another axis, nor where nothing was measured', () => {
    const same = { pair: 'main', advantages: { a: AHEAD, b: OPEN } };
    const other = { pair: 'other', advantages: { a: OPEN, b: null } };
    const lost = { pair: 'lost', advantages: { a: { failed: 'ddpm' as const } } };
    const text = verdictOf(
      input(
        { a: AHEAD, b: OPEN },
        {
          equal: [{ nfe: 1, ...other }],
          axes: [
            { axis: 'guidance', places: [same, other, lost].map((p) => ({ label: '', ...p })) },
            { axis: 'share', places: [same].map((p) => ({ label: '', ...p })) },
          ],
          best: { a: { otfm: 'x', ddpm: 'y', tried: { otfm: 1, ddpm: 1 }, pair: 'other', advantage: OPEN } },
        },
      ),
    ).limits.join();
    // Both figures of main, one of the other pair.
    expect(text).toContain('3 comparisons at 95 %');
  });
  test.each([
    [{ seeds: 1, axisSeeds: 1, shareSeeds: 1 }, 'these two networks, not for the two methods'],
    [{ seeds: 3 }, '3 training seeds'],
    [{ axisSeeds: 1 }, 'Axes measured on one training seed'],
    [{ shareSeeds: 1 }, 'Axes measured on one training seed'],
    [{ heldOut: 40 }, 'Small sets (40 held-out cases'],
    [{ samples: 50 }, '50 generated bones'],
    [{ phantom: true }, 'Phantoms'],
    [{ failed: 2 }, '2 points have no figures'],
    [{ prediction: 'v' }, 'trained to predict v.'],
  ])('%j', (facts, words) => {
    expect(limits(facts)).toContain(words);
  });
});
