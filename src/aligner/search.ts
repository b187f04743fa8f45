/**
 * From one bone to its pose: many rough guesses, of which the network itself says how good they are, then refinement. The bone is
 * looked at along its principal axes in each of the 24 ways in which a cube can be laid, so that one view lies within about 60
 * degrees of the canonical frame, far less where the whole bone is there. The surest guesses are followed: turn the bone as
 * guessed, look again. The best is then refined by the mean of several slightly different views, some of them mirrored, which
 * takes out what depends on how the voxels happen to lie.
 */
import type { AlignerMeta } from '../models/metadata.ts';
import { RandomStream } from '../random/stream.ts';
import { rotationVector } from '../skull/register/rotations.ts';
import { rotationAngle } from '../skull/register/transform.ts';
import { multiply3, transpose3 } from '../volume/geometry.ts';
import { principalMoments } from '../volume/principalAxes.ts';
import { IDENTITY, type Mat3, type Vec3 } from '../volume/volume.ts';
import { cubeMap } from './cube.ts';
import { type Affine, applyAffine, mirroring } from './mirror.ts';
import type { NetworkPose, PoseNetwork } from './network.ts';
import type { SoftBone } from './softBone.ts';
import { cubeTurns, meanRotation } from './turns.ts';

/** The pose of a bone: `y = R (x - centroid) + m`, with the network's own deviations. */
export type FoundPose = NetworkPose;

/** Guesses nearer than this to a surer one are the same guess. */
const SAME_degrees = 12;
/** Times that each followed guess is looked at again. */
const FOLLOWED = 2;

/** Finds the pose of a bone. */
export async function searchPose(
  bone: SoftBone,
  network: PoseNetwork,
  { search, mirror }: Pick<AlignerMeta, 'search' | 'mirror'>,
): Promise<FoundPose> {
  const { axes } = principalMoments({ ...bone, spacing: [bone.spacing, bone.spacing, bone.spacing] });
  const starts = cubeTurns().map((turn) => multiply3(axes, turn));
  let found = distinct(await look(bone, network, starts.map(view)), search.keep);
  for (let round = 0; round < FOLLOWED; round++)
    found = await look(
      bone,
      network,
      found.map((pose) => view(transpose3(pose.rotation))),
    );
  let best = distinct(found, 1)[0];
  for (let round = 0; round < search.rounds; round++) {
    const back = transpose3(best.rotation);
    const views = jitters(search.views, search.jitter).map((turn, i) => ({
      axes: multiply3(back, turn),
      ...(mirror && i % 2 === 1 && { mirror: mirroring(mirror) }),
    }));
    best = average(await look(bone, network, views));
  }
  return best;
}

interface View {
  /** Columns: the axes of the cube, LPS. */
  axes: Mat3;
  /** Of the canonical frame, where the bone is looked at in a mirror. */
  mirror?: Affine;
}

const view = (axes: Mat3): View => ({ axes });

/** Of the cube. */
const MIRROR: Mat3 = [-1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Poses of the bone itself, by what the network says of each view of it. */
async function look(bone: SoftBone, network: PoseNetwork, views: readonly View[]): Promise<FoundPose[]> {
  const maps = views.map(({ axes, mirror }) =>
    cubeMap(bone, bone.centroid, mirror ? multiply3(axes, MIRROR) : axes),
  );
  const poses = await network.look(bone, maps);
  return poses.map((pose, i) => {
    const { axes, mirror } = views[i];
    const back = transpose3(axes);
    if (mirror === undefined) return { ...pose, rotation: multiply3(pose.rotation, back) };
    // What is seen is the bone's mirror image; mirroring the canonical frame gives the bone's own pose.
    const seen = multiply3(multiply3(mirror.h, pose.rotation), MIRROR);
    return { ...pose, rotation: multiply3(seen, back), centre: applyAffine(mirror, pose.centre) };
  });
}

/** The `most` surest of poses that are not alike, surest first. */
function distinct(poses: readonly FoundPose[], most: number): FoundPose[] {
  const kept: FoundPose[] = [];
  for (const pose of [...poses].sort((a, b) => a.turn - b.turn)) {
    if (kept.length === most) break;
    if (kept.every((k) => rotationAngle(k.rotation, pose.rotation) > SAME_degrees)) kept.push(pose);
  }
  return kept;
}

/** The mean of poses that lie close; its deviations are theirs, and what they differ by. */
function average(poses: readonly FoundPose[]): FoundPose {
  const n = poses.length;
  const rotation = meanRotation(poses.map((p) => p.rotation));
  const centre = [0, 1, 2].map((c) => poses.reduce((sum, p) => sum + p.centre[c] / n, 0));
  let [turn, shift] = [0, 0];
  for (const p of poses) {
    const apart = (rotationAngle(p.rotation, rotation) * Math.PI) / 180;
    turn += (p.turn ** 2 + apart ** 2) / n;
    shift += (p.shift ** 2 + p.centre.reduce((sum, v, c) => sum + (v - centre[c]) ** 2, 0)) / n;
  }
  return {
    rotation,
    centre: centre as unknown as Vec3,
    turn: Math.sqrt(turn),
    shift: Math.sqrt(shift),
  };
}

/** The same `n` small turns for every bone; the first is none. */
function jitters(n: number, degrees: number): Mat3[] {
  const stream = new RandomStream(0, 'aligner/jitter');
  const draw = () => (stream.between(-1, 1) * degrees * Math.PI) / 180;
  return Array.from({ length: n }, (_, i) => (i === 0 ? IDENTITY : rotationVector(draw(), draw(), draw())));
}
