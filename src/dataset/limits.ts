/**
 * Limits decide which scans are let in, not what becomes of them: a case that was let in under narrower limits is the same
 * under wider ones and is kept, one that was let in under wider ones is made again.
 */
import { STACK_DEFAULTS } from '../volume/scan/index.ts';
import type { Provenance } from './manifest.ts';

export interface ScanLimits {
  /** Largest mm between slices, and largest slice thickness. Default 3 (for volume files 3.5). */
  maxSliceSpacing?: number;
  /** Fewest slices of a DICOM series. Default 16. */
  minSlices?: number;
  /** Of a DICOM series whose steps vary take the longest even run, instead of refusing it. */
  longestRun?: boolean;
}

type Limits = NonNullable<Provenance['limits']>;

export function limitsOf({ maxSliceSpacing, minSlices, longestRun }: ScanLimits): Limits {
  return {
    maxSliceSpacing: maxSliceSpacing ?? STACK_DEFAULTS.maxSliceSpacing,
    minSlices: minSlices ?? STACK_DEFAULTS.minSlices,
    longestRun: longestRun ?? STACK_DEFAULTS.longestRun,
  };
}

/** True when `now` lets in whatever `then` did. */
export function asWide(now: Limits, then: Limits = limitsOf({})): boolean {
  return (
    now.maxSliceSpacing >= then.maxSliceSpacing &&
    now.minSlices <= then.minSlices &&
    (now.longestRun || !then.longestRun)
  );
}
