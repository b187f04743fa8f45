/** A quality that was given stands in place of the measured one, which is kept beside it. */
import type { Quality, QualityScore } from '../skull/quality.ts';
import type { Provenance } from './manifest.ts';

/** In place of the reasons that were measured. */
const GIVEN = 'given, not measured';

type Graded = Pick<Provenance, 'qualityReasons' | 'measured'>;

/** The quality of a case and what its provenance says of it. */
export function graded(measured: Quality, given?: QualityScore): { quality: Quality; graded: Graded } {
  if (given === undefined) return { quality: measured, graded: { qualityReasons: measured.reasons } };
  const { score, reasons } = measured;
  return {
    quality: { score: given, reasons: [GIVEN] },
    graded: { qualityReasons: [GIVEN], measured: { score, reasons } },
  };
}

/** The same for a case that is finished: `score` is the quality it has. */
export function regraded(
  { provenance, quality: score }: { provenance?: Provenance; quality: number },
  given: QualityScore,
): { quality: Quality; provenance?: Provenance } {
  const measured = provenance?.measured ?? { score, reasons: provenance?.qualityReasons ?? [] };
  const now = graded(measured as Quality, given);
  return { quality: now.quality, provenance: provenance && { ...provenance, ...now.graded } };
}
