import { expect, it } from 'vitest';
import { fuzzCases, fuzzOne } from './fuzz.ts';

const COUNT = Number(process.env.CRANIOFLOW_FUZZ ?? 108);

it(`${COUNT} mutations end in a sound volume or a tagged error`, { timeout: 600_000 }, async () => {
  const cases = fuzzCases();
  const outcomes: Record<string, number> = {};
  for (let n = 0; n < COUNT; n++) {
    const { outcome } = await fuzzOne(cases, 1, n);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  // Both ends are reached, and nothing but these.
  expect(Object.keys(outcomes).filter((tag) => !['volume', 'scan', 'file'].includes(tag))).toEqual([]);
  expect(outcomes.volume).toBeGreaterThan(0);
  expect(outcomes.scan).toBeGreaterThan(0);
});
