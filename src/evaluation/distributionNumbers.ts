/**
 * KID, precision, recall, density, coverage, P-precision and P-recall of large sets in one pass: all of them are made of the
 * same inner products, which are multiplied once, a tile at a time (runtime/tileProducts.ts), while the tiles already done
 * are read here. First each set with itself (one triangle of tiles: kernels, nearest members), then one with the other.
 *
 * Time grows with (n + m)^2 dim, memory with (n + m) dim only. 10,000 x 10,000 features of 1,000 (0.4 Tflop) take 9.6 s of
 * CPU time, shared by the cores, and 0.5 GB; numpy in float32 with the products shared 18 s and 1.7 GB, the published packages
 * 52 s (one run, a busy machine). Where that is too much, `most` draws that many of each set, at a known price: all but KID
 * change with the size of the sets.
 *
 * How true: radii and the counts of PRDC equal those of `prdc`, exactly: what rounding leaves open is computed again in
 * double precision (largeSet.ts). KID and P-PR are sums over all pairs of products in float32 (relative 6e-8 each, without
 * a common sign): 1e-8 off in KID at most in the tests, 1e-7 in P-PR. Small sets take the plain functions.
 */
import { NumericsError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { TileProducts } from '../runtime/tileProducts.ts';
import { type Features, pickRows, requireFeatures } from './featureSet.ts';
import { KID_DEFAULTS, type Kid, type KidOptions, kid } from './kid.ts';
import { KernelSums, type KidSums } from './kidSums.ts';
import { NearestMembers } from './largeNeighbours.ts';
import { LargePairs } from './largePairs.ts';
import { type LargeSet, largeSets } from './largeSet.ts';
import { PRDC_DEFAULTS, type Prdc, prdc } from './prdc.ts';
import { PROBABILISTIC_PR_DEFAULTS, type ProbabilisticPr, probabilisticPr } from './probabilisticPr.ts';

export interface DistributionOptions extends KidOptions {
  /** k of precision and recall, of density and coverage, of P-PR's radius, and its factor: see those metrics. */
  precisionNeighbours: number;
  densityNeighbours: number;
  neighbours: number;
  scale: number;
  /** Members of each set looked at, a seeded draw; all by default. */
  most: number;
  /** Threads of the products; all cores by default. */
  threads?: number;
  /** Called after each tile of products; never for small sets. */
  onTile?: (done: number, total: number) => void;
}

export const DISTRIBUTION_DEFAULTS: DistributionOptions = {
  ...KID_DEFAULTS,
  ...PRDC_DEFAULTS,
  ...PROBABILISTIC_PR_DEFAULTS,
  most: Number.POSITIVE_INFINITY,
};

export interface DistributionNumbers {
  prdc: Prdc;
  probabilisticPr: ProbabilisticPr;
  kid: Kid;
  /** Members compared. */
  counts: { real: number; fake: number };
}

/** Multiplications from which on tiles are worth a session: both ways take about 0.7 s there. */
const LARGE = 2 ** 29;
/**
 * All the numbers. Throws `ShapeError` where feature sizes differ, `NumericsError` where a set has no more than the largest
 * k members, a feature is not finite or an option makes no sense, `RuntimeError` where the runtime fails. `tiles` is for
 * tests: the way by tiles of that many rows, whatever the size.
 */
export async function distributionNumbers(
  allReal: Features,
  allFake: Features,
  options: Partial<DistributionOptions> = {},
  tiles?: number,
): Promise<DistributionNumbers> {
  const settings = { ...DISTRIBUTION_DEFAULTS, ...options };
  checkOptions(settings);
  const { precisionNeighbours, densityNeighbours, neighbours } = settings;
  const largest = Math.max(precisionNeighbours, densityNeighbours, neighbours);
  const [real, fake] = [drawn(allReal, settings, 0), drawn(allFake, settings, 1)];
  requireFeatures(real, fake, largest + 1, `for the distance to the ${largest}-th neighbour`);
  const counts = { real: real.count, fake: fake.count };
  if (tiles === undefined && (real.count + fake.count) ** 2 * real.dim < LARGE)
    return {
      prdc: prdc(real, fake, settings),
      probabilisticPr: probabilisticPr(real, fake, settings),
      kid: kid(real, fake, settings),
      counts,
    };
  return { ...(await byTiles(real, fake, settings, tiles)), counts };
}

function checkOptions(o: DistributionOptions): void {
  const whole = [o.precisionNeighbours, o.densityNeighbours, o.neighbours, o.subsets, o.subsetSize - 1];
  const isMost = o.most >= 2 && (Number.isInteger(o.most) || o.most === Number.POSITIVE_INFINITY);
  if (whole.every((v) => Number.isInteger(v) && v >= 1) && o.scale > 0 && Number.isFinite(o.scale) && isMost)
    return;
  throw new NumericsError({
    found: `neighbours ${o.precisionNeighbours}, ${o.densityNeighbours} and ${o.neighbours}, a scale of ${o.scale}, ${o.subsets} subsets of ${o.subsetSize}, at most ${o.most} members`,
    expected:
      'whole numbers: neighbours and subsets of at least 1, subsets and members of at least 2; a scale above 0',
    todo: 'leave them to their defaults',
  });
}

function drawn(set: Features, { most, seed }: DistributionOptions, index: number): Features {
  if (set.count <= most) return set;
  return pickRows(
    set,
    new RandomStream(seed, 'evaluation/most', index).permutation(set.count).subarray(0, most),
  );
}

/** Pairs of tiles (i, j), i <= j, of one set with itself. */
const triangle = (n: number): [number, number][] =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: n - i }, (_, j): [number, number] => [i, i + j]),
  ).flat();

const rectangle = (n: number, m: number): [number, number][] =>
  Array.from({ length: n * m }, (_, at) => [Math.floor(at / m), at % m]);

async function byTiles(
  real: Features,
  fake: Features,
  o: DistributionOptions,
  tiles: number | undefined,
): Promise<Omit<DistributionNumbers, 'counts'>> {
  const sets = largeSets(real, fake, tiles);
  const products = new TileProducts([sets.real.table, sets.fake.table], o.threads);
  try {
    const kernels = new KernelSums(sets, o);
    const ks = [o.precisionNeighbours, o.densityNeighbours, o.neighbours];
    const [p, q] = [sets.real.table.tileCount, sets.fake.table.tileCount];
    const total = (p * (p + 1) + q * (q + 1)) / 2 + p * q;
    let done = 0;
    const inside = async (set: LargeSet, table: 0 | 1, sums: KidSums): Promise<Float64Array[]> => {
      const nearest = new NearestMembers(set, Math.max(...ks));
      await products.each(table, table, triangle(set.table.tileCount), (i, j, values) => {
        seeMembers(set, nearest, i, j, values, 2 * sets.unit);
        kernels.addInside(sums, set, i, j, values);
        o.onTile?.(++done, total);
      });
      return nearest.radii(ks);
    };
    const radiiReal = await inside(sets.real, 0, kernels.real);
    const radiiFake = await inside(sets.fake, 1, kernels.fake);
    const across = new LargePairs(sets.real, sets.fake, sets.unit, radiiReal, radiiFake, o.scale);
    await products.each(0, 1, rectangle(p, q), (i, j, values) => {
      across.add(i, j, values);
      kernels.addAcross(i, j, values);
      o.onTile?.(++done, total);
    });
    return { ...across.numbers(o.densityNeighbours), kid: kernels.kid() };
  } finally {
    await products.end();
  }
}

/** Shows the nearest members all pairs of a tile of one set with itself; pairs above the diagonal only, for both members. */
function seeMembers(
  set: LargeSet,
  nearest: NearestMembers,
  tileI: number,
  tileJ: number,
  products: ArrayLike<number>,
  twice: number,
): void {
  const { lower } = set;
  const { worst } = nearest;
  const { rows, count } = set.table;
  const [i0, j0] = [tileI * rows, tileJ * rows];
  const [endI, endJ] = [Math.min(i0 + rows, count), Math.min(j0 + rows, count)];
  for (let i = i0; i < endI; i++) {
    const lowI = lower[i];
    let worstI = worst[i];
    for (let j = tileI === tileJ ? i + 1 : j0, at = (i - i0) * rows + j - j0; j < endJ; j++, at++) {
      const bound = lowI + lower[j] - twice * products[at];
      if (bound < worstI) {
        nearest.see(i, j, bound);
        worstI = worst[i];
      }
      if (bound < worst[j]) nearest.see(j, i, bound);
    }
  }
}
