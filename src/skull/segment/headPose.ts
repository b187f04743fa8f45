/**
 * How a head lies in its scan, while the neck is still there. The bone near the braincase is aligned to the template as
 * alignment does it (`register/registerRigid.ts`), but a neck can mislead it: a head without its vault, say, fits upside
 * down about as well as it does upright. So of the best poses that differ, each is asked what it says of the neck: the
 * points of the surface that would lie in it are left out, the rest is followed on and scored, and the best of these is
 * the pose. The wrong ones leave the vertebrae in. It is known to a degree or so, which is enough to cut the neck; the
 * pose of the finished bone is found anew.
 */
import { squaredDistanceTransform } from '../../volume/distanceTransform.ts';
import { worldToVoxel } from '../../volume/geometry.ts';
import type { Mask, Vec3 } from '../../volume/volume.ts';
import type { Pose, Searchable } from '../register/icp.ts';
import { candidatePoses, followPose } from '../register/registerRigid.ts';
import { boneSurface, type Surface, selectPoints } from '../register/surface.ts';
import { searchable, type Template } from '../register/template.ts';
import { applyTransform, rotationAngle, type Transform } from '../register/transform.ts';
import type { Braincase } from './braincase.ts';
import { partAt, skullBase } from './skullBase.ts';

/** mm from the braincase's room: the face lies within, the lower neck and the shoulders do not. */
const NEAR = 100;
/**
 * The search: degrees between poses; a neck puts the middle of the bone lower, and so does a vault that is missing. Poses
 * that are asked.
 */
const SEARCH = { apart: 20, offsets: [[0, 0, -50] as Vec3] };
const CANDIDATES = 3;
/** Heads scored 0.35 (no vault) to 0.55; below this nothing can be said. */
const LEAST_SCORE = 0.3;

/**
 * The transform from LPS mm to the template's frame; undefined where the bone does not fit the template in any pose (score
 * below 0.3).
 */
export function headPose(mask: Mask, template: Template, braincase?: Braincase): Transform | undefined {
  const whole = boneSurface(mask);
  const bone = searchable(braincase === undefined ? whole : nearRoom(whole, braincase.room));
  let best: { rest: Searchable; pose: Pose } | undefined;
  const asked: Pose[] = [];
  for (const guess of candidatePoses(bone, template, SEARCH)) {
    if (asked.length === CANDIDATES) break;
    if (asked.some((pose) => rotationAngle(pose.rotation, guess.rotation) < SEARCH.apart)) continue;
    asked.push(guess);
    const points = withoutNeck(bone.surface, guess, skullBase(guess, braincase).level);
    // A pose that takes half of the head for neck is none.
    if (points.points.length < bone.surface.points.length / 2) continue;
    const rest = searchable(points);
    const pose = followPose(rest, template, guess);
    if (best === undefined || pose.score > best.pose.score) best = { rest, pose };
  }
  if (best === undefined || best.pose.score < LEAST_SCORE) return undefined;
  const { rotation, translation, scale } = followPose(best.rest, template, best.pose, true);
  return { rotation, translation, scale };
}

function nearRoom(surface: Surface, room: Mask): Surface {
  const { size, spacing, data } = room;
  const squared = squaredDistanceTransform(data, size, spacing);
  return selectPoints(surface, (point) => {
    const [i, j, k] = worldToVoxel(room, point).map((v, a) =>
      Math.min(size[a] - 1, Math.max(0, Math.round(v))),
    );
    return squared[i + size[0] * (j + size[1] * k)] <= NEAR * NEAR;
  });
}

function withoutNeck(surface: Surface, pose: Transform, level: number): Surface {
  return selectPoints(surface, (point) => {
    const [x, y, z] = applyTransform(pose, point);
    return partAt(x, y, z, level) !== 'neck';
  });
}
