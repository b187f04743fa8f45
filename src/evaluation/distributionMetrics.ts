/**
 * Metrics that compare distributions of features, put into the report with interval, reference and meaning: KID, FID,
 * precision, recall, density, coverage, P-precision and P-recall.
 */
import { type Features, pickRows, squaredTable, tabledDistances } from './featureSet.ts';
import { frechetDistance } from './fid.ts';
import { kernelDiscrepancy, kernels, subKernels } from './kid.ts';
import { PRDC_DEFAULTS, type Prdc, prdcOfDistances } from './prdc.ts';
import { PROBABILISTIC_PR_DEFAULTS, probabilisticPr, probabilisticPrOfDistances } from './probabilisticPr.ts';
import type { ReportTable } from './setReport.ts';

/** FID of larger sets by plain features gets no interval: it needs 200 eigenvalue problems, each cubic in the size. */
const FID_INTERVAL_CASES = 100;

/** A reference of the training shapes, where there are any. */
export const referenceOf = <T>(train: T | undefined, of: (train: T) => number): number | undefined =>
  train === undefined ? undefined : of(train);

/** Adds precision, recall, density and coverage with their intervals; `space` names the metrics, `words` explains it. */
export function addPrdc(
  table: ReportTable,
  space: string,
  words: string,
  real: Features,
  fake: Features,
  reference: Prdc | undefined,
): void {
  const { precisionNeighbours: kp, densityNeighbours: kd } = PRDC_DEFAULTS;
  const tables = tablesOf(real, fake);
  const meanings = {
    precision: `share of generated shapes that lie where real ones lie (${words}, k = ${kp})`,
    recall: `share of real shapes that lie where generated ones lie (${words}, k = ${kp})`,
    density: `how densely real shapes surround the generated ones (${words}, k = ${kd})`,
    coverage: `share of real shapes with a generated one near (${words}, k = ${kd})`,
  };
  for (const name of ['precision', 'recall', 'density', 'coverage'] as const)
    table.addHalves(
      `${name}${space}`,
      [real.count, fake.count],
      (a, b) => prdcOfDistances(tabledDistances(tables, a, b))[name],
      {
        least: Math.max(kp, kd) + 1,
        ...(name === 'density'
          ? { range: [0, Number.POSITIVE_INFINITY] as const }
          : { range: [0, 1] as const, trials: name === 'precision' ? fake.count : real.count }),
      },
      { better: 'higher', reference: reference?.[name], meaning: meanings[name] },
    );
}

const tablesOf = (real: Features, fake: Features) => ({
  realReal: squaredTable(real, real),
  realFake: squaredTable(real, fake),
  fakeFake: squaredTable(fake, fake),
});

/** One kind of features of all sets, in the frame of the training set. */
export interface Described {
  real: Features;
  fake: Features;
  train: Features | undefined;
}

/** Adds KID, FID, P-precision and P-recall in one space. */
export function addDistribution(
  table: ReportTable,
  space: string,
  words: string,
  { real, fake, train }: Described,
): void {
  const sizes = [real.count, fake.count];
  const all = kernels(real, fake);
  table.addHalves(
    `kid${space}`,
    sizes,
    (a, b) => kernelDiscrepancy(subKernels(all, a, b)),
    {},
    {
      better: 'lower',
      reference: referenceOf(train, (t) => kernelDiscrepancy(kernels(real, t))),
      meaning: `KID: squared difference of the distributions' first three moments (${words}); 0 on average for equal ones, at any size of sets`,
    },
  );
  const fid = (x: Features, y: Features): number => frechetDistance(x, y) / x.dim;
  table.addHalves(
    `fid${space}`,
    sizes,
    (a, b) => fid(pickRows(real, a), pickRows(fake, b)),
    {
      least: real.count > FID_INTERVAL_CASES && real.dim > FID_INTERVAL_CASES ? Infinity : 2,
      range: [0, Number.POSITIVE_INFINITY],
    },
    {
      better: 'lower',
      reference: referenceOf(train, (t) => fid(real, t)),
      meaning: `FID: Frechet distance of fitted Gaussians as a share of the training variance (${words}); above 0 for small sets, compare with the reference`,
    },
  );
  const { neighbours } = PROBABILISTIC_PR_DEFAULTS;
  if (real.count <= neighbours) return;
  const tables = tablesOf(real, fake);
  const reference = train === undefined ? undefined : probabilisticPr(real, train);
  for (const [name, key, what] of [
    ['pPrecision', 'precision', 'generated shapes lie where real ones lie'],
    ['pRecall', 'recall', 'real shapes lie where generated ones lie'],
  ] as const)
    table.addHalves(
      `${name}${space}`,
      sizes,
      (a, b) => probabilisticPrOfDistances(tabledDistances(tables, a, b))[key],
      { least: neighbours + 1, range: [0, 1] },
      {
        better: 'higher',
        reference: reference?.[key],
        meaning: `how probably ${what}, fading with distance (${words}, k = ${neighbours})`,
      },
    );
}
