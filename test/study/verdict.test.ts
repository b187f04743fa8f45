/** Every way a comparison can come out, from intervals alone; the rules are the same for both arms. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Estimate } from '../../src/study/interval.ts';
import {
  type Advantage,
  type Advantages,
  type Outcome,
  outcomeOf,
  tallyAll,
  tallyOf,
} from '../../src/study/outcome.ts';
import { type SpeedFigure, speedFigure } from '../../src/study/speed.ts';
import { type StudyFacts, type VerdictInput, verdictOf } from '../../src/study/verdict.ts';
import { rulesOf } from '../../src/study/verdictWords.ts';

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
  ties: {},
  coverage: { otfm: 0.6, ddpm: 0.5, real: 0.9 },
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
      'At 1, 8: of 2 comparisons OTFM is better in 1 (at 1), DDPM in 1 (at 8), 0 are open. Each arm is better at some points.',
    );
    expect(text["At each arm's best setting"]).toContain('DDPM is better in Alpha.');
    expect(text["At each arm's best setting"]).toMatch(
      /OTFM had 18 settings to choose from, DDPM 14; .* more so in OTFM/,
    );
    expect(text['Better along the axes']).toBe(
      'Guidance scale: DDPM is better at most points (OTFM 0, DDPM 1, open 0).',
    );
    expect(text['Holding up along the axes']).toBe('Guidance scale: not judged.');
    expect(Object.keys(verdict.axes)).toEqual(['guidance scale']);
    expect(verdict.quality.verdict).toBe('otfm');
  });

  test('who is ahead and who holds up are two answers', () => {
    const place = (label: string, holds: Advantages) => ({
      label,
      pair: label,
      advantages: { a: AHEAD },
      holds,
    });
    const { axes, paragraphs } = verdictOf(
      input(
        { a: AHEAD },
        {
          axes: [
            {
              axis: 'training-set size',
              base: '100 %',
              places: [place('50 %', { a: BEHIND }), place('25 %', { a: BEHIND, b: null })],
            },
            { axis: 'training seed', places: [place('0', {})], scatter: null },
          ],
        },
      ),
    );
    expect(axes['training-set size'].points.verdict).toBe('otfm');
    expect(axes['training-set size'].holding).toEqual({ otfm: 0, ddpm: 2, undecided: 0, verdict: 'ddpm' });
    expect(paragraphs.at(-1)!.text).toBe(
      'Training-set size, from 100 %: DDPM holds up better (OTFM 0, DDPM 2, open 0). Training seed: not judged.',
    );
  });

  test('scatter over training seeds decides how they hold up, where it was compared', () => {
    const scatter = { a: 'ddpm', b: 'undecided' } as const;
    const axes = [
      { axis: 'training seed', places: [{ label: '0', pair: '0', advantages: { a: AHEAD } }], scatter },
    ];
    expect(verdictOf(input({ a: AHEAD }, { axes })).axes['training seed'].holding!.verdict).toBe('ddpm');
  });

  test('neither arm near real bones: no arm is called better, whoever leads; just above, one is', () => {
    const lead = (otfm: number | null, ddpm: number | null, real: number | null = 1) =>
      verdictOf(input({ a: AHEAD }, { coverage: { otfm, ddpm, real } }));
    for (const verdict of [lead(0, 0), lead(0.09, 0.02), lead(null, 0.05), lead(null, null, null)]) {
      expect(verdict.rubble).toBe(true);
      expect(verdict.paragraphs[0].text).toContain('no arm is called better');
      expect(verdict.paragraphs[0].text).not.toContain('support that OTFM');
      expect(verdict.limits[0]).toContain('Neither arm makes bones near real ones');
    }
    for (const verdict of [lead(0.1, 0), lead(0, 0.1), lead(0.5, 0.5)]) {
      expect(verdict.rubble).toBe(false);
      expect(verdict.paragraphs[0].text).toContain('support that OTFM');
    }
  });

  test('a tie at the worst value is named, not said to be an open question', () => {
    const text = verdictOf(input({ a: OPEN, b: AHEAD }, { ties: { a: 'worst' } })).paragraphs[0].text;
    expect(text).toContain('OTFM is better in Beta; both are at the worst value in Alpha.');
  });

  test('speed: who was seen to need fewer, what is left out, and nothing of seconds', () => {
    const point = (nfe: number, score: number) => ({ nfe, score, halfWidth: 0, label: 'x' });
    const quick = [point(1, 5), point(4, 1), point(8, 1)];
    const slow = [point(1, 5), point(4, 5), point(8, 1)];
    const speed = (otfm: typeof quick, ddpm: typeof quick, worst?: number) =>
      speedFigure({ otfm, ddpm }, () => 0, worst);
    const verdict = verdictOf(
      input(
        { a: OPEN },
        { speed: { a: speed(quick, slow), b: speed(slow, quick), c: speed(slow, slow, 1) } },
      ),
    );
    expect(verdict.paragraphs.find((p) => p.about.startsWith('Speed'))!.text).toBe(
      'OTFM needs fewer evaluations in Alpha; DDPM needs fewer evaluations in Beta; left out, an arm being nowhere off the worst value: c. The points carry errors of their own, which these counts do not show.',
    );
    expect(JSON.stringify(verdict.paragraphs)).not.toMatch(/ s a bone/);
  });

  test('speed and equal evaluations that were not measured are said to be so', () => {
    const texts = verdictOf(input({ a: OPEN })).paragraphs.map((p) => p.text);
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
    expect(text).toContain('measured set after set');
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

describe('swapping the arms swaps the verdict', () => {
  const other = { otfm: 'ddpm', ddpm: 'otfm', undecided: 'undecided' } as const;
  const flip = (a: Advantage): Advantage => {
    if (a === null) return null;
    return 'failed' in a
      ? { failed: other[a.failed] as 'otfm' | 'ddpm' }
      : { ...a, value: -a.value, low: -a.high, high: -a.low };
  };
  const flipAll = (all: Advantages): Advantages =>
    Object.fromEntries(Object.entries(all).map(([name, a]) => [name, flip(a)]));
  const flipSpeed = (s: SpeedFigure): SpeedFigure => {
    const sides = (both: SpeedFigure['own']) => both && { otfm: both.ddpm, ddpm: both.otfm };
    const fewer = s.fewer && { ...s.fewer, arm: other[s.fewer.arm] as 'otfm' | 'ddpm' };
    return { ...s, equal: sides(s.equal), own: sides(s.own), fewer };
  };
  const flipInput = (i: VerdictInput): VerdictInput => ({
    ...i,
    mainSampling: { otfm: i.mainSampling.ddpm, ddpm: i.mainSampling.otfm },
    main: flipAll(i.main),
    coverage: { otfm: i.coverage.ddpm, ddpm: i.coverage.otfm, real: i.coverage.real },
    equal: i.equal.map((p) => ({ ...p, advantages: flipAll(p.advantages) })),
    speed: Object.fromEntries(Object.entries(i.speed).map(([name, s]) => [name, flipSpeed(s)])),
    axes: i.axes.map((axis) => ({
      ...axis,
      places: axis.places.map((p) => ({
        ...p,
        advantages: flipAll(p.advantages),
        ...(p.holds && { holds: flipAll(p.holds) }),
      })),
    })),
  });

  const advantages = fc.record(
    {
      a: fc.constantFrom<Advantage>(AHEAD, BEHIND, OPEN, null, { failed: 'otfm' }, { failed: 'ddpm' }),
      b: fc.constantFrom<Advantage>(AHEAD, BEHIND, OPEN, null),
    },
    { requiredKeys: ['a', 'b'] },
  );
  const points = fc.array(
    fc.record({
      nfe: fc.constantFrom(1, 2, 4, 8, 16),
      score: fc.constantFrom(0.1, 0.4, 0.5, 3, Number.POSITIVE_INFINITY),
      halfWidth: fc.constantFrom(0, 0.1),
      label: fc.constant('x'),
    }),
    { maxLength: 6 },
  );

  test('in every outcome: quality, rubble, axes, holding up, speed', () => {
    const coverage = fc.constantFrom(0, 0.05, 0.6, null);
    fc.assert(
      fc.property(
        fc.array(advantages, { minLength: 5, maxLength: 5 }),
        fc.record({ otfm: coverage, ddpm: coverage, real: fc.constantFrom(1, 0.8, null) }),
        points,
        points,
        ([main, one, two, three, four], covered, otfm, ddpm) => {
          const given = input(main, {
            coverage: covered,
            speed: { a: speedFigure({ otfm, ddpm }, () => 0.1, 0.5) },
            equal: [{ nfe: 1, pair: '1', advantages: one }],
            axes: [
              {
                axis: 'share',
                base: '100 %',
                places: [
                  { label: '1', pair: '1', advantages: one, holds: two },
                  { label: '2', pair: '2', advantages: three, holds: four },
                ],
              },
            ],
          });
          expect(speedFigure({ otfm: ddpm, ddpm: otfm }, () => 0.1, 0.5)).toEqual(flipSpeed(given.speed.a));
          const [plain, swapped] = [verdictOf(given), verdictOf(flipInput(given))];
          const mirrored = (t: { otfm: number; ddpm: number; undecided: number; verdict: string } | null) =>
            t && {
              otfm: t.ddpm,
              ddpm: t.otfm,
              undecided: t.undecided,
              verdict: t.verdict.replace(/otfm|ddpm/, (arm) => other[arm as 'otfm' | 'ddpm']),
            };
          expect(swapped.quality).toEqual(mirrored(plain.quality));
          expect(swapped.rubble).toBe(plain.rubble);
          expect(swapped.axes.share.points).toEqual(mirrored(plain.axes.share.points));
          expect(swapped.axes.share.holding).toEqual(mirrored(plain.axes.share.holding));
          // The same answers with the names exchanged, whatever their order.
          const words = (text: string) => text.split(/[^\w.]+/).sort();
          const named = (text: string) =>
            text.replace(/OTFM|DDPM/g, (name) => (name === 'OTFM' ? 'DDPM' : 'OTFM'));
          for (const about of ['Better along the axes', 'Holding up along the axes']) {
            const text = (v: typeof plain) => v.paragraphs.find((p) => p.about === about)!.text;
            expect(words(text(swapped))).toEqual(words(named(text(plain))));
          }
        },
      ),
    );
  });
});

test('the rules speak of no arm by name', () => {
  for (const [, rule] of rulesOf(0.1)) expect(rule).not.toMatch(/OTFM|DDPM/);
});
