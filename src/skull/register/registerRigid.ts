/**
 * Alignment of a bone to a template from any initial pose, by shape alone. A coarse search starts everywhere: 432
 * rotations spread evenly over SO(3), centroid on centroid, each followed for a few rounds of robust ICP (`icp.ts`) on
 * a few hundred points. The best that differ go on with more points and a narrower kernel, and again, until one is left:
 *
 *   level     poses  points  rounds  sigma / radius of the template
 *   everywhere  432     160       8  0.35 -> 0.2
 *   better       32     700      12  0.2  -> 0.1
 *   good          6    4000      20  0.1  -> 0.06
 *   best          1   16000      40  0.06, until the step is below 1e-5
 *
 * That is cheap enough that no symmetry plane or moments are needed to cut the starts down, and nothing that is missing
 * from the bone can mislead it. All of it is deterministic: points and starts are fixed.
 */
import type { Mask } from '../../volume/volume.ts';
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
  points: number;
  /** Sigmas in radii, each with its rounds. */
  sigmas: readonly (readonly [sigma: number, rounds: number])[];
  tolerance: number;
  /** Best poses that go on, and the degrees and radii under which two are one. */
  keep: number;
  apart: number;
}

const LEVELS: readonly Level[] = [
  {
    points: 160,
    sigmas: [
      [0.35, 4],
      [0.2, 4],
    ],
    tolerance: 0.02,
    keep: 32,
    apart: 12,
  },
  {
    points: 700,
    sigmas: [
      [0.2, 4],
      [0.14, 4],
      [0.1, 4],
    ],
    tolerance: 0.005,
    keep: 6,
    apart: 6,
  },
  {
    points: 4000,
    sigmas: [
      [0.1, 8],
      [0.06, 12],
    ],
    tolerance: 5e-4,
    keep: 6,
    apart: 1,
  },
];
const LAST: Level = { points: 16000, sigmas: [[0.06, 40]], tolerance: 1e-5, keep: 1, apart: 0 };

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
  let poses: Pose[] = starting(bone, template, starts, scale);
  for (const level of LEVELS)
    poses = distinct(
      poses.map((pose) => follow(icp, pose, level, template, scale)),
      level,
      template,
    );
  const best = follow(icp, poses[0], LAST, template, scale);
  const other = poses.find((p) => rotationAngle(p.rotation, best.rotation) > OTHER);
  const { rotation, translation, score } = best;
  return {
    rotation,
    translation,
    scale: best.scale,
    score,
    runnerUp: other === undefined ? 0 : other.score / poses[0].score,
    ...matched(bone, template, best),
  };
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

function follow(icp: Icp, start: Transform, level: Level, template: Template, scale: boolean): Pose {
  let pose: Pose = { ...start, score: 0 };
  let round: RoundOptions = { sigma: 0, points: level.points, scale };
  for (const [sigma, rounds] of level.sigmas) {
    round = { ...round, sigma: sigma * template.surface.radius };
    pose = icp.refine(pose, rounds, level.tolerance, round);
  }
  return { ...pose, score: icp.score(pose, round) };
}

/** The best poses first, without those that lie close to a better one. */
function distinct(poses: Pose[], { keep, apart }: Level, template: Template): Pose[] {
  const near = (apart * Math.PI * template.surface.radius) / 180;
  const kept: Pose[] = [];
  for (const pose of poses.sort((a, b) => b.score - a.score)) {
    if (kept.length === keep) break;
    const same = (other: Pose): boolean =>
      rotationAngle(pose.rotation, other.rotation) < apart &&
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
