/**
 * Alignment of a bone to a template from any initial pose, by shape alone. A coarse search starts everywhere: 432
 * rotations spread evenly over SO(3), centroid on centroid, each followed for a few rounds of robust ICP (`icp.ts`) on
 * a few hundred points. The best that differ go on with more points and a narrower kernel, and again, until one is left:
 *
 *                poses  points  rounds  sigma / radius of the template
 *   everywhere     432     160     2x4  0.35, 0.2
 *   better          32     700     3x4  0.2, 0.14, 0.1
 *   good             6    4000      20  0.1
 *   best             1   32000      40  0.1, until a step is below 1e-5
 *
 * The last width is a choice: 0.04 lies tighter on a bone that is like the template (mice: landmarks 1 % nearer), but
 * when the template is not much like the bone (a real skull with its jaw cut off, on the phantom) it leaves the same skull
 * up to 3.3 degrees apart in two poses; 0.1 leaves 0.4 in the median and 2.2 at worst of 18, 0.14 1.1 of 10 (and no nearer
 * landmarks). What differs then are the surfaces that two grids give, not how far the search has come.
 *
 * That is cheap enough that no symmetry plane or moments are needed to cut the starts down, and nothing that is missing
 * from the bone can mislead it. All of it is deterministic: points and starts are fixed.
 */
import type { Mask, Vec3 } from '../../volume/volume.ts';
import { Icp, type Pose, type RoundOptions, type Searchable } from './icp.ts';
import { lookUp } from './nearestGrid.ts';
import { spreadRotations } from './rotations.ts';
import { boneSurface, moveSurface } from './surface.ts';
import { searchable, type Template } from './template.ts';
import { applyTransform, invertTransform, rotationAngle, type Transform } from './transform.ts';

export interface RegisterOptions {
  /** Let the size follow too; else a large bone stays large. */
  scale: boolean;
  /** Rotations at which the search starts. */
  starts: number;
  /** Key of the random choice of points. */
  seed: number;
}

export const REGISTER_DEFAULTS: RegisterOptions = { scale: false, starts: 432, seed: 0 };

export interface Registration extends Transform {
  /** Root mean square distance, mm in the frame, between the surfaces where they match (both ways). */
  rms_mm: number;
  /** How well the best pose fits, 0 .. 1: the mean over both surfaces of how near and how parallel the other one is. */
  score: number;
  /** Share of the bone's surface that finds the template, and of the template's that finds the bone. */
  overlap: { bone: number; template: number };
  /** Score of the best pose more than 20 degrees away, over the best: near 1 means that either may be right. */
  runnerUp: number;
}

interface Level {
  /** Points of each surface. */
  points: number;
  /** Widths of the kernel in radii of the template, each with so many rounds at most. */
  sigmas: readonly number[];
  rounds: number;
  /** Radii and radians of a step below which a pose is left. */
  tolerance: number;
}

const EVERYWHERE: Level = { points: 160, sigmas: [0.35, 0.2], rounds: 4, tolerance: 0.02 };
const BETTER: Level = { points: 700, sigmas: [0.2, 0.14, 0.1], rounds: 4, tolerance: 0.005 };
const GOOD: Level = { points: 4000, sigmas: [0.1], rounds: 20, tolerance: 5e-4 };
const BEST: Level = { points: 32000, sigmas: [0.1], rounds: 40, tolerance: 1e-5 };
/** Poses that go on to `BETTER` and to `GOOD`. */
const MANY = 32;
const FEW = 6;

/** Degrees from which another pose counts as another answer. */
const OTHER = 20;

/**
 * The transform from the mask's LPS space to the template's frame. Throws `VolumeError` when the mask has no bone, or
 * too little to have a surface.
 */
export function registerRigid(
  mask: Mask,
  template: Template,
  options: Partial<RegisterOptions> = {},
): Registration {
  const { scale, starts, seed } = { ...REGISTER_DEFAULTS, ...options };
  const bone = searchable(boneSurface(mask, seed));
  const icp = new Icp(bone, template);
  const climb = (poses: Pose[], level: Level): Pose[] =>
    poses.map((pose) => follow(icp, pose, level, template, scale)).sort((a, b) => b.score - a.score);
  const first = distinct(climb(starting(bone, template, starts, scale), EVERYWHERE), OTHER, template);
  const second = distinct(climb(first.slice(0, MANY), BETTER), 6, template);
  const third = climb(second.slice(0, FEW), GOOD);
  const best = follow(icp, third[0], BEST, template, scale);
  // An answer that differs goes as far as the best did, or their scores could not be compared.
  const far = (pose: Pose): boolean => rotationAngle(pose.rotation, best.rotation) > OTHER;
  const rivals = third.concat(climb(second.slice(FEW).filter(far).slice(0, 2), GOOD)).filter(far);
  const { rotation, translation, score } = best;
  return {
    rotation,
    translation,
    scale: best.scale,
    score,
    runnerUp: Math.max(0, ...rivals.map((pose) => pose.score)) / third[0].score,
    ...matched(bone, template, best),
  };
}

/**
 * Poses in falling score, at least `apart` degrees from each other, to which a bone's surface can be aligned: guesses to be
 * judged. The search starts with the bone's centroid on the template's, and again with it at each of `offsets`, mm in the
 * template's frame from there (a neck lowers it).
 */
export function candidatePoses(
  bone: Searchable,
  template: Template,
  { apart, offsets }: { apart: number; offsets: readonly Vec3[] },
): Pose[] {
  const icp = new Icp(bone, template);
  const climb = (poses: Pose[], level: Level): Pose[] =>
    poses.map((pose) => follow(icp, pose, level, template, false)).sort((a, b) => b.score - a.score);
  const starts = starting(bone, template, REGISTER_DEFAULTS.starts, false);
  const shifted = offsets.flatMap((by) =>
    starts.map((pose) => ({
      ...pose,
      translation: pose.translation.map((t, c) => t + by[c]) as unknown as Vec3,
    })),
  );
  const first = distinct(climb([...starts, ...shifted], EVERYWHERE), OTHER, template);
  return distinct(climb(first.slice(0, MANY), BETTER), apart, template);
}

/** A pose after it has been followed on with another surface of the same bone, and its score there; `fine` as far as alignment goes. */
export function followPose(bone: Searchable, template: Template, pose: Transform, fine = false): Pose {
  return follow(new Icp(bone, template), pose, fine ? BEST : GOOD, template, false);
}

/** The starting poses: every rotation, centroid on centroid, at the template's size when scaling. */
function starting(bone: Searchable, template: Template, n: number, scaling: boolean): Pose[] {
  const scale = scaling ? template.surface.radius / bone.surface.radius : 1;
  const [cx, cy, cz] = template.surface.centroid;
  return spreadRotations(n).map((rotation) => {
    const at = applyTransform({ rotation, translation: [0, 0, 0], scale }, bone.surface.centroid);
    return { rotation, translation: [cx - at[0], cy - at[1], cz - at[2]], scale, score: 0 };
  });
}

/** A pose after the rounds of a level, with its score under the narrowest kernel. */
function follow(icp: Icp, start: Transform, level: Level, template: Template, scale: boolean): Pose {
  let pose: Pose = { ...start, score: 0 };
  let round: RoundOptions = { sigma: 0, points: level.points, scale };
  for (const sigma of level.sigmas) {
    round = { ...round, sigma: sigma * template.surface.radius };
    pose = icp.refine(pose, level.rounds, level.tolerance, round);
  }
  return { ...pose, score: icp.score(pose, round) };
}

/** Of poses in falling order, those that do not lie within `degrees` (and as many radians in radii) of a better one. */
function distinct(poses: Pose[], degrees: number, template: Template): Pose[] {
  const near = (degrees * Math.PI * template.surface.radius) / 180;
  const kept: Pose[] = [];
  for (const pose of poses) {
    const same = (other: Pose): boolean =>
      rotationAngle(pose.rotation, other.rotation) < degrees &&
      Math.hypot(...pose.translation.map((t, c) => t - other.translation[c])) < near;
    if (!kept.some(same)) kept.push(pose);
  }
  return kept;
}

/** Points within this many radii of the other surface, whose normals agree within 60 degrees, match. */
const MATCH = 0.1;

function matched(
  bone: Searchable,
  template: Template,
  pose: Transform,
): Pick<Registration, 'rms_mm' | 'overlap'> {
  const moved = moveSurface(bone.surface, pose);
  const back = moveSurface(template.surface, invertTransform(pose));
  const reach = MATCH * template.surface.radius;
  let square = 0;
  let n = 0;
  const count = (
    from: Searchable,
    to: Searchable,
    image: Float32Array,
    turned: Float32Array,
    unit: number,
  ) => {
    let hits = 0;
    const { points, normals } = to.surface;
    for (let p = 0; p < image.length; p += 3) {
      const q = 3 * lookUp(to.grid, image[p], image[p + 1], image[p + 2]);
      const facing = turned[p] * normals[q] + turned[p + 1] * normals[q + 1] + turned[p + 2] * normals[q + 2];
      if (facing < 0.5) continue;
      const e = [image[p] - points[q], image[p + 1] - points[q + 1], image[p + 2] - points[q + 2]];
      if (unit * Math.hypot(...e) > reach) continue;
      hits++;
      n++;
      square += (unit * (e[0] * normals[q] + e[1] * normals[q + 1] + e[2] * normals[q + 2])) ** 2;
    }
    return hits / (from.surface.points.length / 3);
  };
  const overlap = {
    bone: count(bone, template, moved.points, moved.normals, 1),
    template: count(template, bone, back.points, back.normals, pose.scale),
  };
  return { rms_mm: n === 0 ? Infinity : Math.sqrt(square / n), overlap };
}
