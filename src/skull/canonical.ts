/**
 * The frame of a bone that was aligned to a template: the canonical axes and, as the grid's centre, the middle of the
 * template's box, the same point for every bone. So all skulls of a dataset lie alike, and a scan that misses the vault
 * leaves the top of the grid empty instead of moving down into it.
 */
import { VolumeError } from '../errors.ts';
import { transpose3 } from '../volume/geometry.ts';
import type { Mask } from '../volume/volume.ts';
import { boxFrame, type Frame } from './orient.ts';
import { type Registration, registerRigid } from './register/registerRigid.ts';
import { type Template, templateCentre } from './register/template.ts';
import { applyTransform, invertTransform, rotationAngle, type Transform } from './register/transform.ts';

export interface Canonical {
  frame: Frame;
  /** From the original LPS mm to the canonical frame. */
  transform: Transform;
  /** How the pose was found; absent where landmarks gave it. */
  registration?: Registration;
}

/**
 * Below this score the bone is not what the template shows. Real heads scored 0.50 to 0.53, one without its vault 0.35; lone
 * jaws 0.23 to 0.28, mouse skulls 0.14.
 */
const LEAST_SCORE = 0.3;
/** Above this share a second, different pose fits as well: the pose is a guess. Heads 0 to 0.89, lone jaws 0.98 to 1. */
const MOST_RUNNER_UP = 0.95;

/** Aligns a bone to the template. Throws `VolumeError` when it does not fit, or fits two poses alike. */
export function canonicalFrame(mask: Mask, template: Template, label: string): Canonical {
  const registration = registerRigid(mask, template);
  const { score, runnerUp } = registration;
  if (score < LEAST_SCORE || runnerUp > MOST_RUNNER_UP)
    throw new VolumeError({
      found:
        score < LEAST_SCORE
          ? `${label}: its bone does not fit the template (score ${score.toFixed(2)})`
          : `${label}: its bone fits the template in two poses alike (${runnerUp.toFixed(2)})`,
      expected: `a skull, most of it: a score of at least ${LEAST_SCORE}, a second pose below ${MOST_RUNNER_UP} of it`,
      todo: 'look at the case; give --landmarks for it, or leave it out',
    });
  return { ...placed(mask, template, registration), registration };
}

/** Landmarks and shape disagree above these: on heads, whose template is another's, they differ by a few degrees and mm. */
const MOST_TURN_degrees = 30;
const MOST_SHIFT_mm = 40;

/**
 * The frame that landmarks put a bone in, held against the pose that its shape has: left and right exchanged, or points
 * of another scan, would put it upside down or nowhere. Throws `VolumeError` when the two are far apart; a bone whose
 * shape does not tell its pose is where the landmarks say.
 */
export function landmarkFrame(mask: Mask, template: Template, given: Transform, label: string): Canonical {
  const frame = placed(mask, template, given);
  const registration = registerRigid(mask, template);
  if (registration.score < LEAST_SCORE || registration.runnerUp > MOST_RUNNER_UP) return frame;
  const turn = rotationAngle(given.rotation, registration.rotation);
  const middle = placed(mask, template, registration).frame.centre;
  const shift = Math.hypot(...frame.frame.centre.map((x, a) => x - middle[a]));
  if (turn <= MOST_TURN_degrees && shift <= MOST_SHIFT_mm) return frame;
  throw new VolumeError({
    found: `${label}: its landmarks put the skull ${turn.toFixed(0)} degrees and ${shift.toFixed(0)} mm from where its shape does`,
    expected: `a difference of at most ${MOST_TURN_degrees} degrees and ${MOST_SHIFT_mm} mm`,
    todo: 'check that left and right are not exchanged, that no porion is named orbitale, and that the landmarks are of this scan',
  });
}

/** The frame that a transform (from landmarks, say) puts a bone in. */
function placed(mask: Mask, template: Template, transform: Transform): Canonical {
  const centre = applyTransform(invertTransform(transform), templateCentre(template));
  return { frame: boxFrame(mask, transpose3(transform.rotation), centre), transform };
}
