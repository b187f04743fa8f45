/** What a stated uncertainty of the aligner is worth, in words: that depends on what it was scaled by. */
import type { AlignerMeta } from '../../models/metadata.ts';
import type { PoseUncertainty } from './method.ts';

/** `uncertainty: 1.2 degrees, 0.8 mm (..)`, and a line on bones that are cut. */
export function uncertaintyWords(
  { rotationDeg, translationMm }: PoseUncertainty,
  calibration: Pick<NonNullable<AlignerMeta['calibration']>, 'subjects'> | undefined,
): string[] {
  const worth =
    calibration === undefined
      ? "the network's own guess: it was not calibrated, so how many bones lie within is not known"
      : calibration.subjects === 0
        ? 'scaled so that 68 % of its own training bones, turned and cut, lie within; of other bones fewer will'
        : `scaled so that 68 % of the bones of ${calibration.subjects} ${calibration.subjects === 1 ? 'subject' : 'subjects'} kept out of learning lie within`;
  return [
    `uncertainty: ${rotationDeg.toFixed(1)} degrees, ${translationMm.toFixed(1)} mm (${worth})`,
    'of bones that are cut or have large defects this is known to be too small: look at the result',
  ];
}
