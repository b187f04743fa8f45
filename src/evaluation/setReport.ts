/**
 * What `evaluateSets` returns: a table of named numbers, each with the cases it rests on, where a good value lies, what
 * it means in words, and a reference. It is plain JSON, for `--json` and for reports alike.
 */
import type { Vec3 } from '../volume/volume.ts';
import { type HalfSampleOptions, halfSampleInterval, type SetInterval } from './bootstrap.ts';
import type { NearestTraining } from './nearestTraining.ts';
import { bootstrapMean } from './statistics.ts';

/** One number of the report. */
export interface SetMetric {
  value: number;
  /** 95 % interval: a bootstrap over cases for means, half-sampling for numbers of whole sets (see bootstrap.ts). */
  low?: number;
  high?: number;
  /** Cases that went into it, of each set where it compares sets. */
  n: number;
  unit: '' | 'mm' | 'mm^2' | 'cm^3';
  /** Where a good value lies. */
  better: 'higher' | 'lower' | 'near 0.5' | 'near 1' | 'near reference';
  /** The same number for real against train, or for the real set itself. */
  reference?: number;
  meaning: string;
}

export interface SetEvaluation {
  counts: { real: number; train: number; fake: number; emptyFake: number };
  grid: { size: Vec3; spacing: Vec3 };
  seed: number;
  metrics: Record<string, SetMetric>;
  /** Distances 1 - Dice of each fake, and of each held-out real, to its nearest training shape. */
  nearestTraining: NearestTraining;
  notes: string[];
}

type Explained = Pick<SetMetric, 'better' | 'reference' | 'meaning'> & Partial<Pick<SetMetric, 'unit'>>;

/** The report while it is being filled. */
export class ReportTable {
  readonly metrics: Record<string, SetMetric> = {};
  readonly notes: string[] = [];
  readonly #seed: number;

  /** `seed` is that of the bootstraps. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Adds the mean of one value a case, with its interval. */
  addMean(name: string, values: ArrayLike<number>, explained: Explained): void {
    const { mean, low, high, n } = bootstrapMean(values, this.#seed);
    this.#add(name, { value: mean, low, high, n }, explained);
  }

  /** Adds a number that belongs to a set as a whole, with its interval where it has one. */
  addSet(name: string, value: number | SetInterval, n: number, explained: Explained): void {
    this.#add(name, typeof value === 'number' ? { value, n } : { ...value, n }, explained);
  }

  /**
   * Adds a number of sets with its half-sampling interval: `statistic` looks at the given members of each set. No interval
   * where half of a set has fewer than `least` members.
   */
  addHalves(
    name: string,
    sizes: readonly number[],
    statistic: (...indices: Uint32Array[]) => number,
    { least = 2, ...options }: Partial<HalfSampleOptions> & { least?: number },
    explained: Explained,
  ): void {
    const n = Math.min(...sizes);
    const whole = sizes.map((size) => Uint32Array.from({ length: size }, (_, i) => i));
    const value =
      Math.floor(n / 2) >= least
        ? halfSampleInterval(sizes, (indices) => statistic(...indices), { seed: this.#seed, ...options })
        : statistic(...whole);
    this.addSet(name, value, n, explained);
  }

  #add(name: string, numbers: Pick<SetMetric, 'value' | 'low' | 'high' | 'n'>, explained: Explained): void {
    const { unit = '', better, reference, meaning } = explained;
    this.metrics[name] = {
      ...numbers,
      unit,
      better,
      ...(reference === undefined ? {} : { reference }),
      meaning,
    };
  }
}
