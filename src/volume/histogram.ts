/**
 * Histograms over equal bins, and what segmentation reads from them: where a peak is and how wide it stands.
 */
import type { VoxelArray } from './volume.ts';

export interface Histogram {
  /** Lower edge of bin 0. */
  low: number;
  /** Width of a bin. */
  width: number;
  counts: Float64Array;
  /** Values under the first bin, and above the last. */
  below: number;
  above: number;
  /** NaN and infinities, counted nowhere else. */
  notFinite: number;
}

/** Counts of `data` in bins of `width` on [low, high); bin b holds `low + b width <= v < low + (b + 1) width`. */
export function histogramOf(data: VoxelArray, low: number, high: number, width: number): Histogram {
  const bins = Math.round((high - low) / width);
  const counts = new Float64Array(bins);
  let below = 0;
  let above = 0;
  let notFinite = 0;
  const scale = 1 / width;
  for (let p = 0; p < data.length; p++) {
    const b = Math.floor((data[p] - low) * scale);
    if (b >= 0 && b < bins) counts[b]++;
    else if (!Number.isFinite(data[p])) notFinite++;
    else if (b < 0) below++;
    else above++;
  }
  return { low, width, counts, below, above, notFinite };
}

/** Values counted in bins whose centre lies in [from, to]; values outside the bins belong to the open ends. */
export function countBetween(h: Histogram, from: number, to: number): number {
  let sum = 0;
  if (from <= h.low) sum += h.below;
  if (to >= h.low + h.width * h.counts.length) sum += h.above;
  for (let b = 0; b < h.counts.length; b++) {
    const centre = h.low + (b + 0.5) * h.width;
    if (centre >= from && centre <= to) sum += h.counts[b];
  }
  return sum;
}

export interface Peak {
  /** Centre of the highest bin, after averaging over three. */
  at: number;
  /** Half of the width at half of the height, divided by sqrt(2 ln 2): the deviation of a Gaussian peak. */
  deviation: number;
}

/** The highest peak with its centre in [from, to]. */
export function peakBetween(h: Histogram, from: number, to: number): Peak {
  const { counts, low, width } = h;
  const n = counts.length;
  const smooth = counts.map((c, b) => (c + (counts[b - 1] ?? 0) + (counts[b + 1] ?? 0)) / 3);
  let best = -1;
  for (let b = 0; b < n; b++) {
    const centre = low + (b + 0.5) * width;
    if (centre >= from && centre <= to && (best < 0 || smooth[b] > smooth[best])) best = b;
  }
  if (best < 0) return { at: Number.NaN, deviation: Number.NaN };
  const half = smooth[best] / 2;
  // Bins from the peak to where the height falls to half, between two bins by a straight line.
  const reach = (step: 1 | -1): number => {
    let b = best;
    while (b + step >= 0 && b + step < n && smooth[b + step] > half) b += step;
    const after = smooth[b + step] ?? 0;
    return Math.abs(b - best) + (smooth[b] - half) / (smooth[b] - after);
  };
  const measured = ((reach(1) + reach(-1)) * width) / 2 / Math.sqrt(2 * Math.LN2);
  // Binning and the average over three have widened the peak by these variances: w^2 / 12 and 2 w^2 / 3.
  return {
    at: low + (best + 0.5) * width,
    deviation: Math.sqrt(Math.max(0, measured * measured - 0.75 * width * width)),
  };
}

/** Otsu's threshold (see threshold.ts) on the part of a histogram in [from, to]; undefined where it holds one bin or none. */
export function otsuBetween(h: Histogram, from: number, to: number): number | undefined {
  const bins: [number, number][] = [];
  h.counts.forEach((count, b) => {
    const centre = h.low + (b + 0.5) * h.width;
    if (count > 0 && centre >= from && centre <= to) bins.push([centre, count]);
  });
  let n = 0;
  let total = 0;
  for (const [centre, count] of bins) {
    n += count;
    total += centre * count;
  }
  let best = -1;
  let cut: number | undefined;
  let below = 0;
  let sum = 0;
  for (const [centre, count] of bins.slice(0, -1)) {
    below += count;
    sum += centre * count;
    const apart = sum / below - (total - sum) / (n - below);
    const between = below * (n - below) * apart * apart;
    if (between > best) {
      best = between;
      cut = centre + h.width / 2;
    }
  }
  return cut;
}
