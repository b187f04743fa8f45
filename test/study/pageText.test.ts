/** The sentences of the page that carry numbers. */
import { describe, expect, test } from 'vitest';
import { casesText, shown } from '../../src/study/pageText.ts';

describe('how many cases the figures are taken on', () => {
  const cases = (n: number, surface = n) => ({
    cases: { oneNnaSidedDice: n, mmdChamfer: surface, coverageFeatures: n, kidFeatures: n },
  });
  test('one number where all agree', () => {
    expect(casesText([cases(40), cases(40)])).toMatch(/^Judged on 40 held-out cases drawn at random/);
  });
  test('fewer by surface distance, and a range where places differ; a failed place takes none', () => {
    expect(casesText([cases(64, 50), cases(60, 50), { cases: {} }])).toMatch(
      /^Judged on 60 to 64 \(1-NNA, two-sided \(Dice\), Coverage .*, KID .*\); 50 \(MMD \(surface\)\) held-out cases/,
    );
  });
  test('nothing measured is said to be so', () => {
    expect(casesText([{ cases: {} }])).toBe('Nothing could be measured here.');
  });
});

test('an arm that makes too few bones is named in the place of a number', () => {
  expect(shown({ failed: 'ddpm' }, true)).toBe('DDPM makes too few bones');
  expect(shown(null)).toBe('–');
});
