/**
 * Cases that held-out and training shapes share: then every figure flatters, because the generator has seen what it is
 * judged by. Four signs, looked for before any metric:
 *
 *   the same subject           where the names of subjects are known
 *   the same voxels            by checksum, mirrored left to right too
 *   nearly the same voxels     1 - Dice below a limit calibrated on the training set: 0.4 of what 95 % of training
 *                              shapes keep from their nearest other; mirrored too
 *
 * Nearest-neighbour distances of different heads are alike, and that of a noisy copy is several times smaller: of 160
 * phantoms at 32^3 the limit is 0.049, of 120 others the nearest lies at 0.105, a copy with 6 % of its bone voxels flipped
 * at 0.03. A copy that was shifted by a voxel of 7.5 mm is not found: that is the privacy audit's matter. A pair is compared voxel by voxel only where the counts of bone in 8^3 boxes allow it:
 * |A xor B| >= sum |a_c - b_c|, so 1 - Dice >= sum |a_c - b_c| / (|A| + |B|), which costs 512 numbers a pair.
 */
import { createHash } from 'node:crypto';
import { DatasetError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import type { Mask } from '../volume/volume.ts';
import { diceDistance, type PackedMask, packMask } from './overlap.ts';
import { quantile } from './statistics.ts';

/** How the note begins of an evaluation whose held-out shapes were trained on. */
export const NOT_HELD_OUT = 'NOT HELD OUT';

/** What is known of the cases of a set beside their masks. */
export interface CaseNames {
  /** One a mask; 'case 0' and so on where absent. */
  ids?: readonly string[];
  /** Whose bone it is; undefined where not known. */
  subjects?: readonly (string | undefined)[];
}

export interface SharedCase {
  /** Indices into both sets. */
  real: number;
  train: number;
  how: 'the same subject' | 'the same voxels' | 'nearly the same voxels';
  mirrored: boolean;
  /** 1 - Dice; not measured for the same subject. */
  distance?: number;
}

export interface SharedCases {
  shared: SharedCase[];
  /** 1 - Dice below which two shapes are nearly the same; 0 where too few training shapes could calibrate it. */
  limit: number;
}

const CELLS = 8;
/** Training shapes that calibrate the limit, at most and at least. */
const MOST_CALIBRATE = 200;
const LEAST_CALIBRATE = 10;
const LIMIT_QUANTILE = 0.05;
const LIMIT_SHARE = 0.4;

interface Searched {
  packed: PackedMask;
  /** Bone voxels by box. */
  boxes: Float64Array;
}

function searched({ data, size: [nx, ny, nz] }: Pick<Mask, 'data' | 'size'>): Searched {
  const boxes = new Float64Array(CELLS ** 3);
  const cells = Uint16Array.from({ length: nx }, (_, i) => Math.floor((i * CELLS) / nx));
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = CELLS * (Math.floor((j * CELLS) / ny) + CELLS * Math.floor((k * CELLS) / nz));
      for (let i = 0; i < nx; i++, at++) if (data[at] !== 0) boxes[row + cells[i]]++;
    }
  return { packed: packMask(data), boxes };
}

/** The mask mirrored left to right: its rows reversed. */
export function mirroredMask(mask: Mask): Mask {
  const data = mask.data.slice();
  for (let row = 0; row < data.length; row += mask.size[0]) data.subarray(row, row + mask.size[0]).reverse();
  return { ...mask, data };
}

/** 1 - Dice, or nothing where it is surely not below `limit`. */
function distanceBelow(a: Searched, b: Searched, limit: number): number | undefined {
  const both = a.packed.count + b.packed.count;
  let bound = 0;
  for (let c = 0; c < a.boxes.length; c++) bound += Math.abs(a.boxes[c] - b.boxes[c]);
  if (bound >= limit * both) return undefined;
  const distance = diceDistance(a.packed, b.packed);
  return distance < limit ? distance : undefined;
}

/** Distance of each training shape of a seeded draw to its nearest other, as a limit for near copies. */
function calibrate(train: readonly Searched[], seed: number): number {
  if (train.length < LEAST_CALIBRATE) return 0;
  const order = new RandomStream(seed, 'evaluation/near-copies').permutation(train.length);
  const drawn = Array.from(order.subarray(0, MOST_CALIBRATE), (i) => train[i]);
  const nearest = drawn.map((a, i) => {
    let least = 1;
    drawn.forEach((b, j) => {
      if (i !== j) least = distanceBelow(a, b, least) ?? least;
    });
    return least;
  });
  return LIMIT_SHARE * quantile(nearest, LIMIT_QUANTILE);
}

const checksum = ({ packed }: Searched): string =>
  createHash('sha256').update(new Uint8Array(packed.words.buffer)).digest('base64');

/** Which held-out shapes are training shapes too; at most one sign a pair, the surest first. Masks on one grid, with bone. */
export function findSharedCases(
  real: readonly Mask[],
  train: readonly Mask[],
  names: { real?: CaseNames; train?: CaseNames } = {},
  seed = 0,
): SharedCases {
  const trains = train.map(searched);
  const limit = calibrate(trains, seed);
  const bySum = new Map<string, number>();
  trains.forEach((t, j) => {
    const sum = checksum(t);
    if (!bySum.has(sum)) bySum.set(sum, j);
  });
  const bySubject = new Map<string, number>();
  names.train?.subjects?.forEach((subject, j) => {
    if (subject !== undefined && !bySubject.has(subject)) bySubject.set(subject, j);
  });
  const shared = real.flatMap((mask, i): SharedCase[] => {
    const forms = [searched(mask), searched(mirroredMask(mask))];
    for (const [m, form] of forms.entries()) {
      const same = bySum.get(checksum(form));
      if (same !== undefined)
        return [{ real: i, train: same, how: 'the same voxels', mirrored: m === 1, distance: 0 }];
    }
    const subject = names.real?.subjects?.[i];
    const own = subject === undefined ? undefined : bySubject.get(subject);
    if (own !== undefined) return [{ real: i, train: own, how: 'the same subject', mirrored: false }];
    let found: SharedCase | undefined;
    for (const [m, form] of forms.entries())
      trains.forEach((t, j) => {
        const distance = distanceBelow(form, t, found?.distance ?? limit);
        if (distance !== undefined)
          found = { real: i, train: j, how: 'nearly the same voxels', mirrored: m === 1, distance };
      });
    return found === undefined ? [] : [found];
  });
  return { shared, limit };
}

/** Cases listed in a message. */
const LISTED = 8;

/** What is shared, in words, with the cases named. */
export function sharedText(
  { shared, limit }: SharedCases,
  names: { real?: CaseNames; train?: CaseNames } = {},
): string {
  const name = (set: 'real' | 'train', i: number): string => names[set]?.ids?.[i] ?? `case ${i}`;
  const lines = shared.slice(0, LISTED).map(({ real, train, how, mirrored, distance }) => {
    const dice = distance === undefined || distance === 0 ? '' : `, Dice ${(1 - distance).toFixed(3)}`;
    return `held-out ${name('real', real)} is training ${name('train', train)}: ${how}${mirrored ? ', mirrored' : ''}${dice}`;
  });
  const rest = shared.length - lines.length;
  if (rest > 0) lines.push(`and ${rest} more`);
  const near = shared.some((s) => s.how === 'nearly the same voxels');
  return `${lines.join('; ')}${near ? ` (nearly the same: Dice above ${(1 - limit).toFixed(3)}, calibrated on the training set)` : ''}`;
}

/** Throws `DatasetError` naming the cases that held-out and training shapes share, if any. */
export function requireNoSharedCases(
  found: SharedCases,
  names: { real?: CaseNames; train?: CaseNames } = {},
): void {
  if (found.shared.length === 0) return;
  throw new DatasetError({
    found: `${found.shared.length} held-out case${found.shared.length === 1 ? ' was' : 's were'} trained on: ${sharedText(found, names)}`,
    expected: 'held-out cases that no training case shows, mirrored or from another scan of the same subject',
    todo: 'split again by subject and train again; --allow-overlap (allowOverlap) evaluates all the same and says so in the result',
  });
}
