/**
 * Otsu's threshold (IEEE Trans. SMC 9, 1979): the cut of a histogram into two classes whose means lie farthest apart,
 * `max_t w0(t) w1(t) (m0(t) - m1(t))^2`.
 */
import { VolumeError } from '../errors.ts';
import type { VoxelArray } from './volume.ts';

const BINS = 1024;

/**
 * The threshold t that separates `value > t` from the rest, over 1024 equal bins (a bin a value for bytes). Throws
 * `VolumeError` when all values are equal or one is not finite.
 */
export function otsuThreshold(data: VoxelArray): number {
  let low = Infinity;
  let high = -Infinity;
  for (const v of data) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new VolumeError({
      found: `a volume whose values all lie in [${low}, ${high}]`,
      expected: 'at least two different finite values to separate',
      todo: 'check the volume, or give the threshold as a number',
    });
  const integers = !(data instanceof Float32Array || data instanceof Float64Array) && high - low < BINS;
  const bins = integers ? high - low + 1 : BINS;
  const width = integers ? 1 : (high - low) / BINS;
  const histogram = new Float64Array(bins);
  for (const v of data) histogram[Math.min(bins - 1, Math.floor((v - low) / width))]++;

  let total = 0;
  for (let b = 0; b < bins; b++) total += b * histogram[b];
  const n = data.length;
  let below = 0;
  let sumBelow = 0;
  let best = -1;
  let cut = 0;
  for (let b = 0; b < bins - 1; b++) {
    below += histogram[b];
    sumBelow += b * histogram[b];
    if (below === 0 || below === n) continue;
    const apart = sumBelow / below - (total - sumBelow) / (n - below);
    const between = below * (n - below) * apart * apart;
    if (between > best) {
      best = between;
      cut = b;
    }
  }
  // Integers: the last value of the lower class; reals: the edge between two bins.
  return integers ? low + cut : low + (cut + 1) * width;
}
