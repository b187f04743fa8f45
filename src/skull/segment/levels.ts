/**
 * Are these Hounsfield units of a head, and where are its tissues? Air is -1000 HU and water 0 by definition, so a CT of
 * a head has much air below -850, a narrow tall peak of soft tissue near 40, and some bone above 300. Magnetic resonance
 * has no such fixed places. Files without the rescale of DICOM hold HU + 1024; the same three marks, found 1024 higher,
 * tell them, and the shift is reported, not hidden.
 */
import { countBetween, type Histogram, histogramOf, peakBetween } from '../../volume/histogram.ts';
import type { Volume } from '../../volume/volume.ts';
import { refuse } from './step.ts';

/** The gray levels of a scan. HU = value + offset. */
export interface Levels {
  /** 0, or -1024 for files stored without rescale. */
  offset: number;
  /** HU of the soft tissue peak. */
  tissue: number;
  /** Deviation of the soft tissue peak in HU: noise and mixture together. */
  noise: number;
  /** Share of all voxels below -850 HU. */
  airShare: number;
  /** Share of the body (above -500 HU) within 100 HU of the tissue peak. */
  tissueShare: number;
  /** Share of the body above 300 HU. */
  boneShare: number;
  /** Histogram of the values, bins of 10, and its offset as above. */
  histogram: Histogram;
}

/** Limits that a CT of a head must keep; measured heads have air .5-.9, tissue .4-.75, bone .12-.35. */
export const LEVEL_LIMITS = {
  /** Least shares. */
  air: 0.02,
  tissue: 0.3,
  boneLeast: 0.02,
  boneMost: 0.6,
  /** HU: where the soft tissue peak may lie, and how wide it may be. */
  tissueLeast: -30,
  tissueMost: 120,
  noise: 100,
} as const;

/** A scan with noise fills dozens of bins of 10 HU; a mask one or two, a map of labels a few. */
const FEWEST_BINS = 12;
const OFFSETS = [0, -1024];

/**
 * The levels of a scan. Throws `VolumeError` when a value is not finite, when the volume is a mask or map of labels, or
 * when its histogram is not that of a head CT in HU (or HU + 1024).
 */
export function hounsfieldLevels(volume: Volume): Levels {
  const histogram = histogramOf(volume.data, -3100, 5200, 10);
  if (histogram.notFinite > 0)
    throw refuse(
      `the scan holds ${histogram.notFinite} voxels that are NaN or infinite`,
      'finite numbers only',
      'mend the file: replace NaN with -1000, the value of air',
    );
  const occupied = histogram.counts.reduce((n, c) => n + (c > 0 ? 1 : 0), 0);
  if (occupied < FEWEST_BINS)
    throw refuse(
      `the volume holds values in ${occupied} of 830 bins of 10 HU: it is a mask or a map of labels`,
      'a scan in Hounsfield units',
      'take masks in as masks: they need no segmentation',
    );
  const found = OFFSETS.map((offset) => levelsAt(histogram, offset, volume.data.length));
  const best = found.filter(plausible).sort((a, b) => b.tissueShare - a.tissueShare)[0];
  if (best !== undefined) return best;
  const [l] = found;
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  throw refuse(
    `the values are not those of a head CT: ${percent(l.airShare)} air below -850, ${percent(l.tissueShare)} of the rest within 100 of ${l.tissue.toFixed(0)} (soft tissue), ${percent(l.boneShare)} above 300 (bone)`,
    `at least ${percent(LEVEL_LIMITS.air)} air, ${percent(LEVEL_LIMITS.tissue)} soft tissue, ${percent(LEVEL_LIMITS.boneLeast)} to ${percent(LEVEL_LIMITS.boneMost)} bone, in Hounsfield units`,
    'leave the file out if it is MR or another part of the body; apply the rescale slope and intercept if it is CT',
  );
}

function levelsAt(histogram: Histogram, offset: number, voxels: number): Levels {
  const count = (from: number, to: number): number => countBetween(histogram, from - offset, to - offset);
  const peak = peakBetween(histogram, LEVEL_LIMITS.tissueLeast - offset, LEVEL_LIMITS.tissueMost - offset);
  const tissue = peak.at + offset;
  const body = Math.max(1, count(-500, Infinity));
  return {
    offset,
    tissue,
    noise: peak.deviation,
    airShare: count(-Infinity, -850) / voxels,
    tissueShare: count(tissue - 100, tissue + 100) / body,
    boneShare: count(300, Infinity) / body,
    histogram,
  };
}

function plausible(l: Levels): boolean {
  return (
    l.airShare >= LEVEL_LIMITS.air &&
    l.tissueShare >= LEVEL_LIMITS.tissue &&
    l.noise <= LEVEL_LIMITS.noise &&
    l.boneShare >= LEVEL_LIMITS.boneLeast &&
    l.boneShare <= LEVEL_LIMITS.boneMost
  );
}
