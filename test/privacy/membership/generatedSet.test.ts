/** The attack on a set: bones copied from members are found, bones of another origin tell nothing. */
import { expect, test } from 'vitest';
import { GridError, NumericsError } from '../../../src/errors.ts';
import { diceTable, generatedSetMembership } from '../../../src/privacy/membership/generatedSet.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { centredGrid, type Mask } from '../../../src/volume/volume.ts';

const SIDE = 12;
const random = new RandomStream(3, 'test/balls');

/** A ball of bone with its centre and radius drawn at random. */
function ball(): Mask {
  const [cx, cy, cz] = [0, 0, 0].map(() => random.between(4, 8));
  const radius = random.between(2, 4);
  const data = new Uint8Array(SIDE ** 3);
  for (let k = 0, at = 0; k < SIDE; k++)
    for (let j = 0; j < SIDE; j++)
      for (let i = 0; i < SIDE; i++, at++) if (Math.hypot(i - cx, j - cy, k - cz) < radius) data[at] = 1;
  return { ...centredGrid([SIDE, SIDE, SIDE], [1, 1, 1]), data };
}

const balls = (n: number) => Array.from({ length: n }, ball);
const people = balls(120);
const fresh = balls(80);

test('a set that holds copies of members gives them away', () => {
  const distances = diceTable(people, [...fresh.slice(0, 40), ...people.slice(0, 40)]);
  const found = generatedSetMembership({ distances, members: 60 });
  // 40 of 60 members lie at distance 0 and before all others: 2/3 + 1/3 of a half.
  expect(found.parts[0]).toMatchObject({ name: 'nearest' });
  expect(found.parts[0].auc.value).toBeGreaterThan(0.75);
  expect(found.tprAtFpr1.value).toBeGreaterThan(0.2);
  expect(found.pValue).toBeLessThan(1e-3);
  expect(found).toMatchObject({ attack: 'generated set', evidence: 'enough' });
});

test('a set of another origin does not', () => {
  const found = generatedSetMembership({ distances: diceTable(people, fresh), members: 60 });
  expect(found.auc.low).toBeLessThan(0.5);
  expect(found.auc.high).toBeGreaterThan(0.5);
});

test('a reference set takes off what is merely common', () => {
  // Distances that are mostly how common a case is.
  const n = 100;
  const table = (stream: string, leak: number) => {
    const noise = new RandomStream(1, stream);
    const common = new RandomStream(1, 'test/common');
    return {
      rows: n,
      columns: 1,
      values: Float64Array.from(
        { length: n },
        (_, i) => 9 + 2 * common.normal() + 0.2 * noise.normal() - (i < 50 ? leak : 0),
      ),
    };
  };
  const [distances, reference] = [table('test/a', 0.5), table('test/b', 0)];
  expect(generatedSetMembership({ distances, members: 50 }).auc.value).toBeLessThan(0.7);
  expect(generatedSetMembership({ distances, members: 50, reference }).auc.value).toBeGreaterThan(0.9);
});

test('what cannot be compared is refused', () => {
  const other = { ...centredGrid([4, 4, 4], [1, 1, 1]), data: new Uint8Array(64) };
  expect(() => diceTable(people, [other])).toThrow(GridError);
  const distances = { rows: 4, columns: 0, values: new Float64Array(0) };
  expect(() => generatedSetMembership({ distances, members: 2 })).toThrow(NumericsError);
});
