/**
 * What `evaluateSets` returns: a table of named numbers, each with the cases it rests on, an interval (or why it has none),
 * what real shapes score in its place, and a verdict by the rule of verdict.ts. It is plain JSON, for `--json` and for
 * reports alike. `MetricTable` is what metrics are put into: `ReportTable` here judges one generated set, the table of
 * compareSets.ts sets two beside each other.
 */
import type { Vec3 } from '../volume/volume.ts';
import { type HalfSampleOptions, halfSampleInterval, type SetInterval, wilsonInterval } from './bootstrap.ts';
import type { DistanceMatrix } from './distanceMatrix.ts';
import { rowMinima } from './distanceMatrix.ts';
import { type RealDraws, type RealFloor, realFloor } from './floor.ts';
import { metricDoc } from './metricDocs.ts';
import type { NearestTraining } from './nearestTraining.ts';
import { meansTest, type PermutationOptions, type PermutationTest } from './permutation.ts';
import { bootstrapMean, mean } from './statistics.ts';
import { type OverallVerdict, tailOf, type Verdict, verdictOf } from './verdict.ts';

/** One number of the report. */
export interface SetMetric {
  value: number;
  /** 95 % interval: a bootstrap over cases for means, half-sampling for numbers of whole sets (see bootstrap.ts). */
  low?: number;
  high?: number;
  /** Why there is no interval, where there is none. */
  noInterval?: string;
  /** Cases that went into it, of each set where it compares sets. */
  n: number;
  unit: '' | 'mm' | 'mm^2' | 'cm^3';
  /** Where a good value lies. */
  better: 'higher' | 'lower' | 'near 0.5' | 'near 1' | 'near reference';
  /** The same number for real against train, or for the real set itself. */
  reference?: number;
  /** 95 % interval of a reference that is a mean over cases. */
  referenceLow?: number;
  referenceHigh?: number;
  /** What real shapes score in the place of the generated ones, over many draws (floor.ts). */
  floor?: RealFloor;
  /** Labels shuffled between real and generated shapes (permutation.ts). */
  permutation?: { p: number; permutations: number };
  /** By the rule of verdict.ts, from the floor where there is one, else from the permutation test. */
  verdict?: Verdict;
  /** What so few cases do to it. */
  warning?: string;
  meaning: string;
}

export interface SetEvaluation {
  counts: { real: number; train: number; fake: number; emptyFake: number };
  grid: { size: Vec3; spacing: Vec3 };
  seed: number;
  metrics: Record<string, SetMetric>;
  /** All figures in one answer, where they were judged. */
  verdict?: OverallVerdict;
  /** Distances 1 - Dice of each fake, and of each held-out real, to its nearest training shape. */
  nearestTraining: NearestTraining;
  notes: string[];
}

/** How a number reads, and how real shapes are put in the place of generated ones. */
export interface Explained {
  unit?: SetMetric['unit'];
  better: SetMetric['better'];
  /** Of one set of real shapes. */
  reference?: number;
  meaning: string;
  /** Draws of real shapes. */
  floor?: RealDraws;
  /** Shuffled labels. */
  test?: (options: Pick<PermutationOptions, 'seed' | 'tail'>) => PermutationTest;
  /** A warning beside that of metricDocs.ts. */
  warning?: string;
}

/** Options of a number of whole sets. */
export type HalvesOptions = Partial<HalfSampleOptions> & {
  /** Members that half of a set must have. */
  least?: number;
  /** Why no interval is taken. */
  noInterval?: string;
};

/** What metrics are put into. Generated shapes are given by index; of two generated sets, see compareSets.ts. */
export interface MetricTable {
  readonly notes: string[];
  /** A mean of one value a generated shape (or pair of them); `against`: the values of real shapes in their place. */
  addMean(
    name: string,
    values: ArrayLike<number>,
    explained: Explained & { against?: ArrayLike<number> },
  ): void;
  /** The share of generated shapes for which something holds that holds for none of `ofReal` real ones. */
  addShare(name: string, hits: readonly boolean[], explained: Explained & { ofReal: number }): void;
  /** The mean over real shapes (rows) of the least distance to a generated one (columns). */
  addNearest(name: string, realFake: DistanceMatrix, explained: Explained): void;
  /** A number of whole sets, `statistic(reals, fakes)` of the members given; `sizes` are those of both. */
  addHalves(
    name: string,
    sizes: readonly [number, number],
    statistic: (reals: Uint32Array, fakes: Uint32Array) => number,
    options: HalvesOptions,
    explained: Explained,
  ): void;
}

export const everyMember = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);

/** The report while it is being filled. */
export class ReportTable implements MetricTable {
  readonly metrics: Record<string, SetMetric> = {};
  readonly notes: string[] = [];
  readonly #seed: number;
  readonly #judged: boolean;

  /** `seed` is that of bootstraps, draws and shuffles; `judged`: with floors, tests and verdicts. */
  constructor(seed: number, judged = true) {
    this.#seed = seed;
    this.#judged = judged;
  }

  addMean(
    name: string,
    values: ArrayLike<number>,
    { against, ...explained }: Explained & { against?: ArrayLike<number> },
  ): void {
    const { mean: value, low, high, n } = bootstrapMean(values, this.#seed);
    const isJudged = against !== undefined && this.#judged;
    this.#add(name, n < 2 ? { value, n, noInterval: 'one value has none' } : { value, low, high, n }, {
      ...(against !== undefined && { reference: mean(against) }),
      ...(isJudged && { test: (options) => meansTest(values, against, options) }),
      ...explained,
    });
    if (!isJudged || against.length < 2) return;
    const { low: referenceLow, high: referenceHigh } = bootstrapMean(against, this.#seed);
    Object.assign(this.metrics[name], { referenceLow, referenceHigh });
  }

  addShare(
    name: string,
    hits: readonly boolean[],
    { ofReal, ...explained }: Explained & { ofReal: number },
  ): void {
    const values = Float64Array.from(hits, Number);
    const value = mean(values);
    const [low, high] = wilsonInterval(value, hits.length);
    this.#add(
      name,
      { value, low, high, n: hits.length },
      { test: (options) => meansTest(values, new Float64Array(ofReal), options), ...explained },
    );
  }

  addNearest(name: string, realFake: DistanceMatrix, explained: Explained): void {
    const { mean: value, low, high, n } = bootstrapMean(rowMinima(realFake), this.#seed);
    this.#add(name, { value, low, high, n }, explained);
  }

  addHalves(
    name: string,
    sizes: readonly [number, number],
    statistic: (reals: Uint32Array, fakes: Uint32Array) => number,
    { least = 2, noInterval, ...options }: HalvesOptions,
    explained: Explained,
  ): void {
    const n = Math.min(...sizes);
    const half = Math.floor(n / 2);
    const why =
      noInterval ??
      (half < least
        ? `half of the cases, ${half}, is too few for this number: it needs ${least}`
        : undefined);
    const found: SetInterval | { value: number; noInterval: string } =
      why === undefined
        ? halfSampleInterval(sizes, ([a, b]) => statistic(a, b), { seed: this.#seed, ...options })
        : { value: statistic(everyMember(sizes[0]), everyMember(sizes[1])), noInterval: why };
    this.#add(name, { ...found, n }, explained);
  }

  #add(
    name: string,
    numbers: Pick<SetMetric, 'value' | 'low' | 'high' | 'n' | 'noInterval'>,
    { unit = '', better, reference, meaning, floor, test, warning }: Explained,
  ): void {
    const doc = metricDoc(name);
    const options = { seed: this.#seed, tail: tailOf(better) };
    const real = floor && this.#judged ? realFloor(numbers.value, floor, options) : undefined;
    const shuffled = this.#judged ? test?.(options) : undefined;
    const few = doc !== undefined && numbers.n < doc.least ? doc.below : undefined;
    const warnings = [few, warning].filter((text) => text !== undefined);
    this.metrics[name] = {
      ...numbers,
      unit,
      better,
      ...(reference !== undefined && { reference }),
      ...(real && { floor: real }),
      ...(shuffled && { permutation: { p: shuffled.p, permutations: shuffled.permutations } }),
      ...(this.#judged && { verdict: verdictOf(real?.p ?? shuffled?.p, numbers.n, doc?.least ?? 0) }),
      ...(warnings.length > 0 && { warning: warnings.join('; ') }),
      meaning,
    };
  }
}

/** Warnings of a table as notes, those that say the same in one. */
export function warningNotes(metrics: Readonly<Record<string, SetMetric>>): string[] {
  const by = new Map<string, string[]>();
  for (const [name, { warning, n }] of Object.entries(metrics)) {
    if (warning === undefined) continue;
    const text = `with ${n} cases: ${warning}`;
    by.set(text, [...(by.get(text) ?? []), name]);
  }
  return [...by].map(([text, names]) => `${names.join(', ')} ${text}`);
}
