/**
 * Metrics that compare distributions of features, put into the report with interval, reference, floor and meaning: KID,
 * FID, precision, recall, density, coverage, P-precision and P-recall. A space of features is named by the end of the
 * metrics' names: `kidShape`, `kidLatent`.
 */
import { type Features, pickRows, squaredTable, tabledDistances } from './featureSet.ts';
import { frechetDistance } from './fid.ts';
import { LEAST_POOL } from './floor.ts';
import { kernelDiscrepancy, kernels, subKernels } from './kid.ts';
import { kernelTest, unionTable } from './permutation.ts';
import { PRDC_DEFAULTS, prdcOfDistances } from './prdc.ts';
import { PROBABILISTIC_PR_DEFAULTS, probabilisticPrOfDistances } from './probabilisticPr.ts';
import { type Explained, everyMember, type MetricTable } from './setReport.ts';

/** FID of larger sets by plain features gets no interval: it needs 200 eigenvalue problems, each cubic in the size. */
const FID_INTERVAL_CASES = 100;

/** One kind of features of all sets, in the frame of the training set. */
export interface Described {
  real: Features;
  /** Of several generated sets, interleaved. */
  fake: Features;
  /**
   * Training shapes to take the place of the generated ones: the first `size` are the reference, draws of all of them the
   * floor, where they are twice as many. None where there are fewer than `size`.
   */
  train: Features | undefined;
  /** Generated shapes of one set; as many as real ones where absent. */
  size?: number;
}

/** The statistic with `size` of `pool` real shapes in the place of the generated ones: reference and floor. */
export function inPlace(
  pool: number,
  size: number,
  statistic: (members: Uint32Array) => number,
  range?: readonly [number, number],
): Pick<Explained, 'reference' | 'floor'> {
  return {
    reference: statistic(everyMember(size)),
    ...(pool >= LEAST_POOL * size && { floor: { pool, size, statistic, range } }),
  };
}

/** One computation for the same members, whichever of its numbers is asked for. */
function remembered<T>(compute: (a: Uint32Array, b: Uint32Array) => T): typeof compute {
  const known = new Map<string, T>();
  return (a, b) => {
    const key = `${a.join()} ${b.join()}`;
    let found = known.get(key);
    if (found === undefined) {
      found = compute(a, b);
      known.set(key, found);
    }
    return found;
  };
}

const tablesOf = (real: Features, fake: Features) => ({
  realReal: squaredTable(real, real),
  realFake: squaredTable(real, fake),
  fakeFake: squaredTable(fake, fake),
});

/** Adds precision, recall, density and coverage with their intervals; `space` names the metrics, `words` explains it. */
export function addPrdc(
  table: MetricTable,
  space: string,
  words: string,
  { real, fake, train, size = real.count }: Described,
): void {
  const { precisionNeighbours: kp, densityNeighbours: kd } = PRDC_DEFAULTS;
  const of = (others: Features) => {
    const tables = tablesOf(real, others);
    return remembered((a, b) => prdcOfDistances(tabledDistances(tables, a, b)));
  };
  const made = of(fake);
  const placed = train && size > Math.max(kp, kd) ? of(train) : undefined;
  const reals = everyMember(real.count);
  const meanings = {
    precision: `share of generated shapes that lie where real ones lie (${words}, k = ${kp})`,
    recall: `share of real shapes that lie where generated ones lie (${words}, k = ${kp})`,
    density: `how densely real shapes surround the generated ones (${words}, k = ${kd})`,
    coverage: `share of real shapes with a generated one near (${words}, k = ${kd})`,
  };
  for (const name of ['precision', 'recall', 'density', 'coverage'] as const) {
    const range = [0, name === 'density' ? Number.POSITIVE_INFINITY : 1] as const;
    table.addHalves(
      `${name}${space}`,
      [real.count, fake.count],
      (a, b) => made(a, b)[name],
      {
        least: Math.max(kp, kd) + 1,
        range,
        ...(name !== 'density' && { trials: name === 'precision' ? size : real.count }),
      },
      {
        better: 'higher',
        meaning: meanings[name],
        ...(placed && train && inPlace(train.count, size, (b) => placed(reals, b)[name], range)),
      },
    );
  }
}

/** Adds KID, FID, P-precision and P-recall in one space. */
export function addDistribution(
  table: MetricTable,
  space: string,
  words: string,
  { real, fake, train, size = real.count }: Described,
): void {
  const sizes = [real.count, fake.count] as const;
  const reals = everyMember(real.count);
  const all = kernels(real, fake);
  const placedKernels = train && kernels(real, train);
  table.addHalves(
    `kid${space}`,
    sizes,
    (a, b) => kernelDiscrepancy(subKernels(all, a, b)),
    {},
    {
      better: 'lower',
      meaning: `KID: squared difference of the distributions' first three moments (${words}); 0 on average for equal ones, at any size of sets`,
      ...(train &&
        placedKernels &&
        inPlace(train.count, size, (b) => kernelDiscrepancy(subKernels(placedKernels, reals, b)))),
      test: (options) =>
        kernelTest(unionTable(all.realReal, all.realFake, all.fakeFake), real.count, options),
    },
  );
  const fid = (x: Features, y: Features): number => frechetDistance(x, y) / x.dim;
  const positive = [0, Number.POSITIVE_INFINITY] as const;
  const costly = real.count > FID_INTERVAL_CASES && real.dim > FID_INTERVAL_CASES;
  const least = Math.min(real.count, size);
  table.addHalves(
    `fid${space}`,
    sizes,
    (a, b) => fid(pickRows(real, a), pickRows(fake, b)),
    {
      range: positive,
      ...(costly && {
        noInterval: `200 halves of ${real.count} cases and ${real.dim} features would take too long; KID has one`,
      }),
    },
    {
      better: 'lower',
      meaning: `FID: Frechet distance of fitted Gaussians as a share of the training variance (${words}); above 0 for small sets, compare with the reference`,
      ...(train &&
        inPlace(costly ? size : train.count, size, (b) => fid(real, pickRows(train, b)), positive)),
      ...(least <= real.dim && {
        warning: `fewer cases than its ${real.dim} features: covariances of rank ${least - 1} at most, the value is mostly bias; lead with KID`,
      }),
    },
  );
  const { neighbours } = PROBABILISTIC_PR_DEFAULTS;
  if (Math.min(real.count, size) <= neighbours) return;
  const of = (others: Features) => {
    const tables = tablesOf(real, others);
    return remembered((a, b) => probabilisticPrOfDistances(tabledDistances(tables, a, b)));
  };
  const made = of(fake);
  const placed = train && of(train);
  for (const [name, key, what] of [
    ['pPrecision', 'precision', 'generated shapes lie where real ones lie'],
    ['pRecall', 'recall', 'real shapes lie where generated ones lie'],
  ] as const)
    table.addHalves(
      `${name}${space}`,
      sizes,
      (a, b) => made(a, b)[key],
      { least: neighbours + 1, range: [0, 1] },
      {
        better: 'higher',
        meaning: `how probably ${what}, fading with distance (${words}, k = ${neighbours})`,
        ...(train && placed && inPlace(train.count, size, (b) => placed(reals, b)[key], [0, 1])),
      },
    );
}
