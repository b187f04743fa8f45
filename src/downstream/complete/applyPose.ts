/**
 * Where a patient's bone lies: the rigid move from the patient's space to the frame that a network knows. Two steps. First
 * the axes, by the way that was asked for (the patient's own, the bone's own, a reference, the human template, a trained
 * aligner). Then, where the network keeps its mean training bone, the bone is laid on that by shape (skull/align.ts): what
 * the bone lacks counts for nothing there, so a missing half pulls it nowhere, as it pulls the middle of its box.
 *
 * How well it lies is one number: the mean of the template over the bone's voxels. A network's own training bones, defects
 * and all, give what it should be.
 */
import { UsageError } from '../../errors.ts';
import { type AlignReference, alignedFrame, alignReference } from '../../skull/align.ts';
import { canonicalFrame } from '../../skull/canonical.ts';
import { boneFrame, type FrameKind } from '../../skull/orient.ts';
import { humanTemplate } from '../../skull/register/template.ts';
import {
  composeTransforms,
  frameTransform,
  IDENTITY_TRANSFORM,
  invertTransform,
  type Transform,
  transformGrid,
} from '../../skull/register/transform.ts';
import { type Grid, IDENTITY, type Mask } from '../../volume/volume.ts';
import { volumeLevel } from '../align/meanShape.ts';
import type { AlignMethod, PoseUncertainty } from '../align/method.ts';

/** How the axes of a bone are found. */
export type PoseWay =
  | { kind: 'aligned' }
  | { kind: 'frankfort' }
  | { kind: FrameKind }
  | { kind: 'reference'; reference: AlignReference }
  | { kind: 'aligner'; method: AlignMethod };

export interface Pose {
  /** From the patient's LPS mm to the network's frame; its scale is 1. */
  transform: Transform;
  /** How it was found, for a person. */
  words: string;
  /** Of the way that found the axes; it knows nothing of a refinement. */
  uncertainty?: PoseUncertainty;
  /** Of the same. */
  warnings?: readonly string[];
  /** Laid onto the mean training bone since. */
  refined?: boolean;
  /** Nothing but the bone itself says where its middle is. */
  ownMiddle?: boolean;
}

const WORDS: Record<PoseWay['kind'], string> = {
  aligned: 'taken as it lies',
  frankfort: 'by shape onto the human template (Frankfort frame)',
  patient: "by the patient's axes and the middle of the bone's box",
  principal: "by the bone's own axes",
  reference: 'by shape onto the reference bone',
  aligner: 'by the trained aligner',
};

async function firstPose(mask: Mask, way: PoseWay): Promise<Omit<Pose, 'words'>> {
  switch (way.kind) {
    case 'aligned':
      return { transform: IDENTITY_TRANSFORM };
    case 'frankfort':
      return { transform: frameTransform(canonicalFrame(mask, humanTemplate(), 'the bone').frame) };
    case 'reference':
      return { transform: frameTransform(alignedFrame(mask, way.reference)) };
    case 'aligner': {
      const { transform, uncertainty, warnings } = await way.method.align(mask);
      return { transform, uncertainty, warnings };
    }
    default:
      return { transform: frameTransform(boneFrame(mask, way.kind)), ownMiddle: true };
  }
}

/** The mean training bone of a network on its grid: share of bones with bone at each voxel, 0 to 255. */
export interface PoseTemplate {
  grid: Grid;
  data: Uint8Array;
}

/** The template as a bone: of its voxels the fullest, as many as a bone has on average (the sum of the shares). */
function templateBone({ grid, data }: PoseTemplate): Mask {
  const level = volumeLevel(data, 255, data.reduce((sum, v) => sum + v, 0) / 255);
  return { ...grid, data: data.map((v) => (v >= level ? 1 : 0)) };
}

/** Moves `mask`, near its place already, onto the template by shape. `turned`: its axes may also point the other ways. */
function ontoTemplate(mask: Mask, start: Transform, template: PoseTemplate, turned: boolean): Transform {
  const bone = templateBone(template);
  const moved = transformGrid(mask, start);
  const reference = alignReference(bone, 'patient');
  const onto = frameTransform(alignedFrame(moved, { ...reference, kind: turned ? 'principal' : 'patient' }));
  // The reference has its own box's middle at the origin, the template has it elsewhere on its grid.
  const back: Transform = { rotation: IDENTITY, translation: reference.frame.centre, scale: 1 };
  return composeTransforms(composeTransforms(back, onto), start);
}

/**
 * The pose of a bone. Throws `VolumeError` where the human template does not fit it, and what a trained aligner refuses with.
 */
export async function poseOf(mask: Mask, way: PoseWay, template?: PoseTemplate): Promise<Pose> {
  const first = await firstPose(mask, way);
  const words = WORDS[way.kind];
  if (way.kind === 'aligned' || template === undefined) return { ...first, words };
  // Shape is surer than a network's guess of a pose, but only near it.
  return {
    ...first,
    ownMiddle: false,
    refined: true,
    transform: ontoTemplate(mask, first.transform, template, way.kind === 'principal'),
    words: `${words}, then by shape onto the mean training bone`,
  };
}

/** The network's grid, where it lies in the patient's space. */
export function placedGrid(grid: Grid, { transform }: Pick<Pose, 'transform'>): Grid {
  return transformGrid(grid, invertTransform(transform));
}

/** Of `--frame`. */
export function wayOfFrame(name: string): PoseWay {
  if (name === 'patient' || name === 'principal' || name === 'frankfort') return { kind: name };
  throw new UsageError({
    found: `the frame ${name}`,
    expected: 'patient, principal or frankfort',
    todo: 'choose one of them, or give --align-to, --aligner or --aligned',
  });
}
