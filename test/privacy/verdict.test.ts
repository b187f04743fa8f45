import { describe, expect, test } from 'vitest';
import type { ShareFigure, SpaceFigures } from '../../src/privacy/spaceFigures.ts';
import {
  type AuditFigures,
  type Criterion,
  judge,
  LIMITS,
  type MembershipResult,
} from '../../src/privacy/verdict.ts';

const share = (p: number): ShareFigure => ({ value: 0.06, low: 0.02, high: 0.12, reference: 0.05, p });
const q = { min: 0.05, q05: 0.06, q25: 0.07, median: 0.08, q75: 0.09, q95: 0.1, max: 0.11 };

function space(
  change: Partial<Record<'ct' | 'copyRate' | 'authenticity' | 'isolation', number>> = {},
): SpaceFigures {
  return {
    space: 'Shape',
    words: 'words',
    distance: { fake: q, real: q },
    ct: { z: -0.3, p: change.ct ?? 0.4, tested: 1, cells: 1 },
    copyRate: share(change.copyRate ?? 0.4),
    authenticity: share(change.authenticity ?? 0.4),
    isolation: { ...share(change.isolation ?? 0.4), fake: q, real: q },
  };
}

const SOUND: AuditFigures = {
  counts: { fake: 100, heldOut: 40, train: 160 },
  nearCopies: { flagged: 0, leastP: 0.01 },
  planted: ['exact', 'mirrored', 'shifted', 'moved', 'noisy', 'blended'].map((kind) => ({
    kind,
    planted: 8,
    found: 8,
  })),
  spaces: [space()],
};

const attack = (change: Partial<MembershipResult> = {}): MembershipResult => ({
  attack: 'generated set',
  members: 160,
  nonMembers: 40,
  auc: { value: 0.51, low: 0.42, high: 0.6 },
  tprAtFpr1: { value: 0.01, low: 0, high: 0.04 },
  pValue: 0.4,
  evidence: 'enough',
  notes: [],
  ...change,
});

const criterion = (figures: AuditFigures, name: string): Criterion =>
  judge(figures).criteria.find((c) => c.name === name)!;

test('sound figures pass, and say so in words', () => {
  const judgement = judge(SOUND);
  expect(judgement.verdict).toBe('pass');
  expect(judgement.needed).toEqual([]);
  expect(
    judgement.criteria.every(
      (c) => (c.result === 'pass' && c.sentence.endsWith('.')) || c.sentence.endsWith(')'),
    ),
  ).toBe(true);
  expect(judgement.criteria.map((c) => c.name)).toEqual([
    'fakes',
    'heldOut',
    'reals',
    'findsExact',
    'findsMirrored',
    'findsShifted',
    'findsMoved',
    'findsNoisy',
    'findsBlended',
    'nearCopies',
    'ctShape',
    'copyRateShape',
    'authenticityShape',
    'isolationShape',
  ]);
});

test('is a pure function: the same figures, the same verdict, the figures untouched', () => {
  const copy = structuredClone(SOUND);
  expect(judge(SOUND)).toEqual(judge(copy));
  expect(SOUND).toEqual(copy);
});

describe('fails', () => {
  test('for one near-copy', () => {
    const figures = { ...SOUND, nearCopies: { flagged: 1, leastP: 1e-9 } };
    expect(judge(figures).verdict).toBe('fail');
    expect(criterion(figures, 'nearCopies').sentence).toContain('1 of 100 generated shapes is a near-copy');
  });

  test.each(['ct', 'copyRate', 'authenticity', 'isolation'] as const)('for %s alone', (name) => {
    const at = (p: number) => ({ ...SOUND, spaces: [space({ [name]: p })] });
    expect(judge(at(0.0024)).verdict).toBe('fail');
    expect(judge(at(0.0025)).verdict).toBe('pass');
    expect(criterion(at(0.0024), `${name}Shape`).result).toBe('fail');
  });

  test('for any space', () => {
    const latent = { ...space({ ct: 1e-6 }), space: 'Latent' };
    const figures = { ...SOUND, spaces: [space(), latent] };
    expect(judge(figures).verdict).toBe('fail');
    expect(criterion(figures, 'ctLatent').title).toContain('(Latent)');
  });

  test('even where there is too little of something else', () => {
    const figures = {
      ...SOUND,
      counts: { fake: 3, heldOut: 2, train: 10 },
      nearCopies: { flagged: 1, leastP: 0 },
    };
    const { verdict, needed } = judge(figures);
    expect(verdict).toBe('fail');
    expect(needed).toHaveLength(3);
  });

  test('for a membership attack that works, even on few cases', () => {
    const leak = attack({ auc: { value: 0.7, low: 0.6, high: 0.8 }, pValue: 0.001 });
    expect(judge({ ...SOUND, membership: [leak] }).verdict).toBe('fail');
    expect(judge({ ...SOUND, membership: [{ ...leak, evidence: 'not enough' }] }).verdict).toBe('fail');
    expect(judge({ ...SOUND, membership: [attack(), leak] }).verdict).toBe('fail');
  });
});

describe('not enough evidence', () => {
  test.each([
    ['fake', LIMITS.fakes],
    ['heldOut', LIMITS.heldOut],
  ] as const)('for too few of %s', (name, least) => {
    const at = (n: number) => judge({ ...SOUND, counts: { ...SOUND.counts, [name]: n } });
    expect(at(least).verdict).toBe('pass');
    expect(at(least - 1).verdict).toBe('not enough evidence');
    expect(at(least - 1).needed[0]).toContain(`at least ${least}`);
  });

  test('for too few real subjects in all', () => {
    const { verdict } = judge({ ...SOUND, counts: { fake: 100, heldOut: 20, train: 29 } });
    expect(verdict).toBe('not enough evidence');
  });

  test('where planted copies of a kind that must be found were not', () => {
    const at = (kind: string, found: number) =>
      judge({ ...SOUND, planted: SOUND.planted.map((p) => (p.kind === kind ? { ...p, found } : p)) });
    expect(at('moved', 6).verdict).toBe('not enough evidence');
    expect(at('moved', 7).verdict).toBe('pass');
    // Told, not judged: how far noise may go and still be a copy is no one's to say.
    expect(at('noisy', 0).verdict).toBe('pass');
    expect(at('moved', 6).needed[0]).toContain('cannot rule out copies');
  });

  test('where an attack had too few cases', () => {
    expect(judge({ ...SOUND, membership: [attack({ evidence: 'not enough' })] }).verdict).toBe(
      'not enough evidence',
    );
  });

  test('where a membership attack is asked for and missing', () => {
    const limits = { ...LIMITS, membershipRequired: true };
    expect(judge(SOUND, limits).verdict).toBe('not enough evidence');
    expect(judge({ ...SOUND, membership: [attack()] }, limits).verdict).toBe('pass');
  });
});

describe('the word anonymised', () => {
  test('needs a pass and an attack that failed', () => {
    expect(judge(SOUND).mayBeCalledAnonymised).toBe(false);
    expect(judge({ ...SOUND, membership: [attack()] }).mayBeCalledAnonymised).toBe(true);
    expect(judge({ ...SOUND, membership: [] }).mayBeCalledAnonymised).toBe(false);
    expect(
      judge({ ...SOUND, nearCopies: { flagged: 1, leastP: 0 }, membership: [attack()] })
        .mayBeCalledAnonymised,
    ).toBe(false);
    expect(judge({ ...SOUND, membership: [attack({ evidence: 'not enough' })] }).mayBeCalledAnonymised).toBe(
      false,
    );
  });

  test('a network that leaks does not spoil the set, and keeps the network in', () => {
    const leak = attack({ attack: 'velocity', auc: { value: 0.9, low: 0.8, high: 0.95 }, pValue: 1e-6 });
    const judgement = judge({ ...SOUND, membership: [attack(), leak] });
    expect(judgement).toMatchObject({ verdict: 'pass', network: 'fail', mayBeCalledAnonymised: true });
    expect(judgement.criteria.find((c) => c.name === 'membershipVelocity')).toMatchObject({
      result: 'fail',
      network: true,
    });
    // The set's own attack counts for both.
    const both = judge({
      ...SOUND,
      membership: [{ ...leak, attack: 'generated set' }, attack({ attack: 'velocity' })],
    });
    expect(both).toMatchObject({ verdict: 'fail', network: 'fail', mayBeCalledAnonymised: false });
  });

  test('nothing speaks for a network that was not attacked', () => {
    expect(judge(SOUND).network).toBe('not enough evidence');
    expect(judge({ ...SOUND, membership: [attack()] }).network).toBe('not enough evidence');
    const three = (['velocity', 'reference', 'autoencoder'] as const).map((name) => attack({ attack: name }));
    expect(judge({ ...SOUND, membership: [attack(), ...three] }).network).toBe('pass');
    expect(judge({ ...SOUND, membership: three }).mayBeCalledAnonymised).toBe(false);
  });

  test('attacks on the network share one chance of a false alarm', () => {
    const at = (pValue: number) =>
      judge({
        ...SOUND,
        membership: (['velocity', 'reference', 'autoencoder'] as const).map((name) =>
          attack({ attack: name, auc: { value: 0.65, low: 0.55, high: 0.75 }, pValue }),
        ),
      }).network;
    expect(at(0.003)).toBe('not enough evidence');
    expect(at(0.001)).toBe('fail');
  });

  test('a few members that stick out are a leak, whatever the AUC', () => {
    const few = attack({ tprAtFpr1: { value: 0.1, low: 0.06, high: 0.14, pValue: 1e-6 } });
    expect(judge({ ...SOUND, membership: [few] }).verdict).toBe('fail');
  });

  test('a part of the network that was not attacked keeps it in', () => {
    const all = (['generated set', 'velocity', 'reference'] as const).map((name) => attack({ attack: name }));
    expect(judge({ ...SOUND, membership: all }).network).toBe('pass');
    expect(judge({ ...SOUND, membership: all, unattacked: 'a decoder' }).network).toBe('not enough evidence');
  });

  test('a sure but tiny advantage is no leak, a large unsure one neither', () => {
    const tiny = attack({ auc: { value: 0.53, low: 0.52, high: 0.54 }, pValue: 1e-6 });
    const unsure = attack({ auc: { value: 0.6, low: 0.45, high: 0.75 }, pValue: 0.1 });
    expect(judge({ ...SOUND, membership: [tiny] }).verdict).toBe('pass');
    // Nor is it proof that nothing leaks.
    expect(judge({ ...SOUND, membership: [unsure] }).verdict).toBe('not enough evidence');
  });
});
