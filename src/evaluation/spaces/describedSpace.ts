/**
 * Sets described beforehand in a feature space, as `evaluateSets` takes them, and the metrics in it: KID, FID, P-precision,
 * P-recall, precision, recall, density and coverage, named after the space (`kidLatent`).
 *
 * As in the study's own spaces, features are centred on training shapes and divided by one number, so that FID is a share
 * of the training variance, and frame and reference come from different training shapes where there are enough. One number
 * for all features, not one each: proportions between features are the space's own.
 *
 * A feature that is the same in every shape of all sets tells nothing: it is left out and named, which changes no metric,
 * since the frame's scale makes up for the count. One that is constant among the real shapes alone stays: a generated shape
 * that differs in it is odd. A space whose features are all constant among training shapes has no scale and is refused.
 */
import { NumericsError, ShapeError } from '../../errors.ts';
import type { Mask } from '../../volume/volume.ts';
import { addDistribution, addPrdc } from '../distributionMetrics.ts';
import { type Features, frameOf, pickRows, requireFeatures, totalVariance } from '../featureSet.ts';
import { PRDC_DEFAULTS } from '../prdc.ts';
import { hasBone } from '../setChecks.ts';
import type { MetricTable } from '../setReport.ts';
import type { FeatureSpace } from './space.ts';

/** Three sets in one space: a row for each real, each generated shape that has bone, and each training shape, in order. */
export interface DescribedSpace {
  /** Ends the names of the metrics; a word of letters and digits. */
  name: string;
  /** What the features are. */
  words: string;
  real: Features;
  fake: Features;
  train: Features;
  /** Told beside the numbers. */
  notes?: readonly string[];
}

/** Which members are compared. */
export interface SpaceDraws {
  real: Uint32Array;
  fake: Uint32Array;
  /** Training shapes for the references; none, where there are too few. */
  train: Uint32Array | undefined;
  counts: { real: number; fake: number; train: number };
}

/** Most training shapes that centre and scale are fitted on. */
const FIT_CASES = 200;
/** Most features named one by one. */
const NAMED = 8;

/** Describes three sets; generated masks without bone are left out, as `evaluateSets` leaves them out. */
export async function describeSets(
  space: FeatureSpace,
  sets: { real: readonly Mask[]; fake: readonly Mask[]; train: readonly Mask[] },
  onCase?: () => void,
): Promise<DescribedSpace> {
  const whole = sets.fake.filter(hasBone);
  const real = await space.describe(sets.real, onCase);
  const fake = await space.describe(whole, onCase);
  const train = await space.describe(sets.train, onCase);
  return { name: space.name, words: space.words, notes: [...space.notes], real, fake, train };
}

/** Indices of the features that are equal, up to rounding, in all rows of all sets. */
export function constantFeatures(sets: readonly Features[]): number[] {
  const { dim } = sets[0];
  const constant: number[] = [];
  for (let k = 0; k < dim; k++) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { values, count } of sets)
      for (let i = 0, at = k; i < count; i++, at += dim) {
        if (values[at] < low) low = values[at];
        if (values[at] > high) high = values[at];
      }
    if (high - low <= 1e-6 * Math.max(Math.abs(low), Math.abs(high))) constant.push(k);
  }
  return constant;
}

/** Throws `NumericsError` unless each space has a name of its own, also among those which are always there. */
function checkNames(spaces: readonly DescribedSpace[]): void {
  const taken = new Set(['Features', 'Shape', 'Dice', 'Chamfer']);
  for (const { name } of spaces) {
    if (taken.has(name) || !/^[A-Za-z0-9]+$/.test(name))
      throw new NumericsError({
        found: `a feature space named "${name}"${taken.has(name) ? ', which another has' : ''}`,
        expected: 'spaces of different names, of letters and digits, that end the names of their metrics',
        todo: 'name it otherwise',
      });
    taken.add(name);
  }
}

/** Refuses what does not belong together: `ShapeError` for counts or sizes, `NumericsError` for numbers that are not finite. */
function checkSpace(space: DescribedSpace, counts: SpaceDraws['counts']): void {
  for (const side of ['real', 'fake', 'train'] as const)
    if (space[side].count !== counts[side])
      throw new ShapeError({
        found: `space ${space.name}: ${space[side].count} rows for ${counts[side]} ${side} shapes`,
        expected:
          side === 'fake' ? 'one row for each generated shape that has bone' : 'one row for each shape',
        todo: 'describe the same sets that are compared (describeSets)',
      });
  requireFeatures(space.real, space.fake, 2, 'to compare them');
  requireFeatures(space.real, space.train, 1, 'to compare with them');
}

const listed = (indices: readonly number[]): string =>
  indices.length <= NAMED
    ? indices.join(', ')
    : `${indices.slice(0, NAMED).join(', ')} and ${indices.length - NAMED} more`;

/** The columns of `set` that are not among `without`. */
function dropFeatures(set: Features, without: ReadonlySet<number>): Features {
  const kept = Array.from({ length: set.dim }, (_, k) => k).filter((k) => !without.has(k));
  const values = new Float32Array(set.count * kept.length);
  for (let i = 0, at = 0; i < set.count; i++)
    for (const k of kept) values[at++] = set.values[i * set.dim + k];
  return { values, count: set.count, dim: kept.length };
}

/** What is compared in one space: the drawn members in the frame of training shapes. */
export interface PreparedSpace {
  name: string;
  words: string;
  notes: string[];
  real: Features;
  fake: Features;
  train: Features | undefined;
}

/**
 * Checks the spaces and brings the drawn members of each into its frame. Throws `ShapeError` where rows do not match the
 * sets, `NumericsError` for names that are taken, a feature that is not finite, or a space whose features are all constant.
 */
export function prepareSpaces(spaces: readonly DescribedSpace[], draws: SpaceDraws): PreparedSpace[] {
  checkNames(spaces);
  return spaces.map((space) => prepare(space, draws));
}

function prepare(given: DescribedSpace, draws: SpaceDraws): PreparedSpace {
  const { name, words } = given;
  checkSpace(given, draws.counts);
  const notes = [...(given.notes ?? [])];
  const constant = constantFeatures([given.real, given.fake, given.train]);
  const { dim } = given.real;
  const without = new Set(constant);
  const of = (set: Features, rows: Uint32Array): Features => {
    const picked = pickRows(set, rows);
    return without.size === 0 ? picked : dropFeatures(picked, without);
  };
  const drawn = new Set(draws.train);
  const every = Uint32Array.from({ length: given.train.count }, (_, i) => i);
  const rest = every.filter((i) => !drawn.has(i));
  const isApart = rest.length >= Math.max(20, draws.real.length);
  const fit = of(given.train, (isApart ? rest : every).subarray(0, FIT_CASES));
  if (constant.length === dim || (fit.count > 1 && totalVariance(fit) === 0))
    throw new NumericsError({
      found: `space ${name}: all ${dim} features are the same in ${constant.length === dim ? 'every shape of all sets' : `each of ${fit.count} training shapes`}`,
      expected: 'features that differ between shapes',
      todo: 'use another extractor or encoder: this one does not see what tells the shapes apart',
    });
  if (constant.length > 0)
    notes.push(
      `space ${name}: ${constant.length} of ${dim} features are the same in every shape and left out (${listed(constant)})`,
    );
  if (!isApart && draws.train !== undefined)
    notes.push(
      `space ${name}: its scale is fitted on training shapes that serve as the reference too: too few are left`,
    );
  const frame = frameOf(fit);
  return {
    name,
    words,
    notes,
    real: frame(of(given.real, draws.real)),
    fake: frame(of(given.fake, draws.fake)),
    train: draws.train && frame(of(given.train, draws.train)),
  };
}

/** Adds the metrics of one space, and what is to be told of it, to the table. */
export function addSpace(table: MetricTable, { name, words, notes, real, fake, train }: PreparedSpace): void {
  table.notes.push(...notes);
  addDistribution(table, name, words, { real, fake, train });
  if (real.count > Math.max(...Object.values(PRDC_DEFAULTS)))
    addPrdc(table, name, words, { real, fake, train });
}
