/**
 * `tsx bench/plantedLeaks.ts [--seeds 4] [--first 0] [--grid 32] [--train 120] [--held-out 40] [--fakes 100]`: does the
 * audit's gate find what it is there to find? For every seed a world of new phantoms: a training set, held-out cases and a
 * generated set that is independent of both. Then copies of training cases take the place of 1, 2 and 5 % of the generated
 * ones, kind by kind, and the verdict is taken again. JSON lines (one a seed, kind and share), then a table: the share of
 * worlds in which the gate fails, by kind and share, and in the first line the false alarms, with no copy at all.
 *
 * Copies are drawn by another stream than the audit's own trials. A seed costs about 40 s of one core at 32^3.
 */
import { parseArgs } from 'node:util';
import { plantOne } from '../src/privacy/auditSets.ts';
import { cellCount, cellsOf } from '../src/privacy/cellTest.ts';
import { copyRule, suspicions } from '../src/privacy/nearCopies.ts';
import type { Match } from '../src/privacy/nearestShape.ts';
import { LEAKS } from '../src/privacy/plant.ts';
import { SearchPool } from '../src/privacy/searchPool.ts';
import { buildShapeIndex } from '../src/privacy/shapeIndex.ts';
import { spaceFigures } from '../src/privacy/spaceFigures.ts';
import { judge, LIMITS } from '../src/privacy/verdict.ts';
import { makePhantom, phantomGrid } from '../src/skull/phantom/phantom.ts';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '4' },
    first: { type: 'string', default: '0' },
    grid: { type: 'string', default: '32' },
    train: { type: 'string', default: '120' },
    'held-out': { type: 'string', default: '40' },
    fakes: { type: 'string', default: '100' },
    threads: { type: 'string', default: '1' },
  },
});
const whole = (name: keyof typeof flags) => Number(flags[name]);
const [trainCount, heldOutCount, fakeCount] = [whole('train'), whole('held-out'), whole('fakes')];
const SHARES = [0.01, 0.02, 0.05];
const grid = phantomGrid(whole('grid'));
const nearOf = ({ neighbours }: Match) => ({
  index: neighbours[0].index,
  distances: neighbours.map((f) => f.distance),
});
const fails = new Map<string, boolean[]>();
const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);

for (let seed = whole('first'); seed < whole('first') + whole('seeds'); seed++) {
  const world = 5000 + seed;
  const phantom = (index: number) => makePhantom({ seed: world, index, grid });
  const people = Array.from({ length: trainCount + heldOutCount + fakeCount }, (_, i) => phantom(i));
  const masks = people.map((p) => p.mask);
  const subjects = people.map((_, i) => `s${i}`);
  const train = {
    count: trainCount,
    at: (i: number) => masks[i],
    subjects: subjects.slice(0, trainCount),
    classes: people.slice(0, trainCount).map((p) => p.quality),
    names: subjects.slice(0, trainCount),
  };
  const index = await buildShapeIndex(trainCount, train.at, train.subjects);
  const pool = new SearchPool(index, whole('threads'));
  const search = async (count: number, at: (i: number) => (typeof masks)[0] | number) =>
    (
      await pool.search(
        count,
        at,
        () => {},
        () => false,
      )
    ).map(nearOf);
  const heldOut = await search(heldOutCount, (i) => masks[trainCount + i]);
  const others = await search(trainCount, (i) => i);
  const fakes = await search(fakeCount, (i) => masks[trainCount + heldOutCount + i]);
  const rule = copyRule([...heldOut, ...others]);
  const cells = cellsOf(index.posed, index.lattice.length / 3, cellCount(fakeCount, heldOutCount), seed);
  const verdictOf = (fake: typeof fakes) => {
    const judged = suspicions(fake, rule);
    return {
      ...judge(
        {
          counts: { fake: fakeCount, heldOut: heldOutCount, train: trainCount },
          nearCopies: {
            flagged: judged.filter((s) => s.flagged).length,
            leastP: Math.min(...judged.map((s) => s.p)),
          },
          planted: [],
          spaces: [spaceFigures({ space: 'Shape', words: '' }, { fake, heldOut, train: others }, cells)],
        },
        LIMITS,
      ),
      judged,
    };
  };
  const tell = (kind: string, share: number, copies: number, fake: typeof fakes): void => {
    const { verdict, criteria, judged } = verdictOf(fake);
    const key = `${kind} ${share}`;
    fails.set(key, [...(fails.get(key) ?? []), verdict === 'fail']);
    print({
      seed,
      kind,
      share,
      verdict,
      failed: criteria.filter((c) => c.result === 'fail').map((c) => c.name),
      copies,
      flaggedCopies: judged.slice(0, copies).filter((s) => s.flagged).length,
      flaggedOthers: judged.slice(copies).filter((s) => s.flagged).length,
      isolation: judged.slice(0, copies).map((s) => Number(s.isolation.toFixed(3))),
      leastOther: Number(Math.min(...judged.slice(copies).map((s) => s.isolation)).toFixed(3)),
    });
  };
  tell('none', 0, 0, fakes);
  for (const [k, kind] of LEAKS.entries()) {
    const most = Math.round(Math.max(...SHARES) * fakeCount);
    const copies = await search(most, (i) => plantOne(train, train.at, kind, 900_000 + seed, k * most + i));
    for (const share of SHARES) {
      const count = Math.max(1, Math.round(share * fakeCount));
      tell(kind, share, count, [...copies.slice(0, count), ...fakes.slice(count)]);
    }
  }
  await pool.close();
}

const share = (key: string): string => {
  const runs = fails.get(key) ?? [];
  return `${runs.filter(Boolean).length}/${runs.length}`;
};
const rows = [
  `no copies: ${share('none 0')} worlds fail`,
  ['kind', ...SHARES.map((s) => `${100 * s} %`)].map((c) => c.padEnd(10)).join(''),
  ...LEAKS.map((kind) =>
    [kind, ...SHARES.map((s) => share(`${kind} ${s}`))].map((c) => c.padEnd(10)).join(''),
  ),
];
process.stderr.write(`${rows.join('\n')}\n`);
