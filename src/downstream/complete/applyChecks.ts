/**
 * Whether a patient's bone, and the defect that was found in it, are like what the method was taught. What cannot be meant
 * is refused: another unit, another bone. What is only unlike is told in plain sentences, which go to the terminal and into
 * `implant.json`.
 */
import { GridError, VolumeError } from '../../errors.ts';
import { applyTransform } from '../../skull/register/transform.ts';
import { centroidOf } from '../../volume/centroid.ts';
import { resample } from '../../volume/resample.ts';
import type { Grid, Mask, Vec3 } from '../../volume/volume.ts';
import type { ImplantFacts } from './applyFacts.ts';
import type { Pose } from './applyPose.ts';
import type { OpenedMethod } from './methods.ts';
import { boneExtent, templateFit } from './trainTaught.ts';

/** A bone so many times larger or smaller than those of the training is in another unit, or another bone. */
const UNIT = 2.5;
/** Below this share of the usual fit to the template the bone is another, or lies wrong. */
const LEAST_FIT = 0.5;
/** Of the volume of the mean training bone: below, more is missing than is left, or it is another bone. */
const LEAST_LEFT = 0.3;
/** Share of a bone that the network's grid may cut off: with less to see, nothing can be said. */
const MOST_OUTSIDE = 0.5;
const WARN_OUTSIDE = 0.02;

const mm = (v: readonly number[]): string => v.map((x) => x.toFixed(0)).join(' x ');

/** Of the sides of a grid that a network learnt on, the least share that its bones fill: they were laid into it to fit. */
const LEAST_OF_GRID = 0.3;
/** Times the grid's diagonal that a bone may be long: one that is longer fits in no pose. */
const MOST_OF_GRID = 1.05;

/** Least and greatest longest side, mm, of the bones that a network of this grid may have learnt from. */
export function lengthOnGrid(grid: Grid): [number, number] {
  const sides = extentOfGrid(grid);
  return [LEAST_OF_GRID * Math.max(...sides), MOST_OF_GRID * Math.hypot(...sides)];
}

/** Throws `VolumeError` where the bone, along its own file's axes, cannot be one that the method was taught. */
export function checkExtent(mask: Mask, { taught, lengthMm, bone }: OpenedMethod, label: string): void {
  const extent = boneExtent(mask);
  if (extent === undefined || (taught === undefined && lengthMm === undefined)) return;
  const longest = Math.max(...extent);
  const [least, most] = taught?.extentMm.map((e) => Math.max(...e)) ?? lengthMm!;
  const slack = taught === undefined ? 1 : UNIT;
  if (longest >= least / slack && longest <= most * slack) return;
  throw new VolumeError({
    found: `${label}: its bone spans ${extent.map((x) => Number(x.toPrecision(3))).join(' x ')} mm`,
    expected: `${bone === undefined ? 'a bone' : `a ${bone} like those of the training`}, ${Number(least.toPrecision(3))} to ${Number(most.toPrecision(3))} mm long`,
    todo: 'check the unit of the spacing in its header (mm is meant), or use a network trained on such bones',
  });
}

/** How a placed bone fits the method. */
export interface Placement {
  /** Mean of the template over the bone; absent without a template. */
  fit?: number;
  /** Share of the bone that lies outside the method's grid. */
  outside: number;
}

/**
 * Holds the bone, placed on the method's grid, against the template and the grid. Throws `VolumeError` where it does not fit,
 * `GridError` where most of it lies outside. `mask` is the bone as read, `coarse` the same on the method's grid, which lies at
 * `placed` in the patient's space.
 */
export function checkPlacement(
  mask: Mask,
  coarse: Mask,
  placed: Grid,
  opened: OpenedMethod,
  pose: Pose,
  label: string,
): { placement: Placement; warnings: string[] } {
  const warnings: string[] = [];
  const outside = shareOutside(mask, placed);
  const name = opened.bone ?? 'bone';
  if (outside > MOST_OUTSIDE || !coarse.data.includes(1))
    throw new GridError({
      found: `${label}: ${percent(outside)} of its bone lies outside the grid of the method (${mm(extentOfGrid(opened.grid))} mm)`,
      expected: `a ${name} that lies in that grid`,
      todo: 'check the pose (--frame, --align-to, --aligner), or use a network with a larger grid',
    });
  if (outside > WARN_OUTSIDE)
    warnings.push(`${percent(outside)} of the bone lies outside the method's grid and was not looked at`);
  const since = pose.refined ? ' (before the bone was laid onto the mean training bone)' : '';
  for (const text of pose.warnings ?? []) warnings.push(`the aligner: ${text}${since}`);
  if (opened.template === undefined || opened.taught === undefined)
    return { placement: { outside }, warnings };
  const left = shareLeft(opened.template.data, coarse.data);
  if (left < LEAST_LEFT)
    throw new VolumeError({
      found: `${label}: its bone has ${percent(left)} of the volume of a mean ${name} of the training`,
      expected: `a ${name} of which more is left than is missing`,
      todo: 'check that the whole bone is in the mask, and that it is such a bone; use a network of this bone',
    });
  if (left < 0.7 * (1 - opened.taught.share[1]))
    warnings.push(
      `the bone has ${percent(left)} of the volume of a mean ${name} of the training: more is missing than was taught, or it is another bone`,
    );
  const fit = templateFit(opened.template.data, coarse.data);
  const [least, usual] = opened.taught.fit;
  if (fit < LEAST_FIT * usual)
    throw new VolumeError({
      found: `${label}: its bone does not lie where a ${name} of the training does (fit ${fit.toFixed(2)}, usual ${usual.toFixed(2)})`,
      expected: `a ${name} in a pose that was found: a fit of at least ${(LEAST_FIT * usual).toFixed(2)}`,
      todo: 'check that it is such a bone; give its pose (--frame, --align-to, --aligner), or --aligned where it lies right already',
    });
  if (fit < least)
    warnings.push(
      `the bone lies, or is, unlike those of the training (fit ${fit.toFixed(2)}, theirs from ${least.toFixed(2)}): the pose is uncertain, look at the picture`,
    );
  return { placement: { fit, outside }, warnings };
}

/** Voxels of bone over those of the mean training bone. */
function shareLeft(template: Uint8Array, bone: ArrayLike<number>): number {
  let [mean, own] = [0, 0];
  for (let p = 0; p < template.length; p++) {
    mean += template[p] / 255;
    if (bone[p] > 0) own++;
  }
  return own / mean;
}

/** Where the gap that was measured falls short of the one that was asked for. */
export function gapWarnings({ stl, nrrd, gapMm }: ImplantFacts, { spacing }: Grid): string[] {
  const { asked, surface, voxels } = gapMm;
  const voxel = Math.min(...spacing);
  const warnings: string[] = [];
  const told = (mm: number) => `${mm.toFixed(2)} mm`;
  if (surface < asked - 0.01 * voxel)
    warnings.push(
      `the surface in ${stl} comes as near as ${told(surface)} to the bone, where ${told(asked)} were asked for`,
    );
  // On voxels a gap is kept to half of one.
  if (voxels.least < asked - voxel * (0.5 + 1e-3))
    warnings.push(
      `the voxels of ${nrrd} come as near as ${told(voxels.least)} to those of the bone, where ${told(asked)} were asked for`,
    );
  return warnings;
}

/** What the warnings of a defect go by. */
export interface FoundDefect {
  /** The implant that fills it, on the patient's voxels. */
  implant: Mask;
  /** Of what the method would add, the share that was left out. */
  leftOut: number;
  /** It reaches the border of what the field of view shows. */
  atEdge: boolean;
}

/** What is unlike the training in the defect that was found, in sentences. */
export function defectWarnings(
  { implant, leftOut, atEdge }: FoundDefect,
  coarse: Mask,
  { transform }: Pose,
  { taught, phantom, grid }: OpenedMethod,
): string[] {
  const warnings: string[] = [];
  if (phantom)
    warnings.push(
      'the network learnt from phantoms, not from patients: its answer shows that the tool works, no anatomy',
    );
  if (atEdge)
    warnings.push(
      'the defect reaches the edge of the field of view: what lies beyond is not known, and the implant ends there',
    );
  if (leftOut > 0.5)
    warnings.push(
      `${percent(leftOut)} of what the method would add lies elsewhere and was left out; --region can say where the defect is`,
    );
  if (taught === undefined) return warnings;
  const volumeOf = ({ data, spacing: [x, y, z] }: Mask) => data.reduce((n, v) => n + v, 0) * x * y * z;
  const filled = volumeOf(implant);
  const share = filled / (volumeOf(coarse) + filled);
  const [least, most] = taught.share;
  if (share > 1.1 * most)
    warnings.push(
      `the defect is larger (${percent(share)} of the bone) than those of the training (up to ${percent(most)})`,
    );
  if (share < 0.5 * least)
    warnings.push(
      `the defect is smaller (${percent(share)} of the bone) than those of the training (from ${percent(least)}): it may be none`,
    );
  const at = applyTransform(transform, centroidOf(implant));
  const voxel = grid.spacing[0];
  const away = at.some((u, a) => u < taught.centre[0][a] - voxel || u > taught.centre[1][a] + voxel);
  if (away) warnings.push('the defect lies where none of the training did: another site');
  return warnings;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

const extentOfGrid = ({ size, spacing }: Grid): number[] => size.map((n, a) => n * spacing[a]);

/** Share of the bone's volume outside the grid, by resampling a map of the grid onto it is dear: bone voxels are counted. */
function shareOutside(mask: Mask, placed: Grid): number {
  const [nx, ny, nz] = mask.size;
  // Of a large mask every few voxels tell as much.
  const step = Math.max(1, Math.round(Math.cbrt((nx * ny * nz) / 4e6)));
  const all: Mask = {
    ...mask,
    size: mask.size.map((n) => Math.ceil(n / step)) as unknown as Vec3,
    spacing: mask.spacing.map((s) => s * step) as unknown as Vec3,
    data: new Uint8Array(0),
  };
  const ones: Mask = {
    ...placed,
    data: new Uint8Array(placed.size[0] * placed.size[1] * placed.size[2]).fill(1),
  };
  const within = resample(ones, all, { antialias: false });
  let [bone, out] = [0, 0];
  for (let k = 0, p = 0; k < all.size[2]; k++)
    for (let j = 0; j < all.size[1]; j++)
      for (let i = 0; i < all.size[0]; i++, p++) {
        if (mask.data[step * (i + nx * (j + ny * k))] === 0) continue;
        bone++;
        if (within.data[p] < 0.5) out++;
      }
  return bone === 0 ? 0 : out / bone;
}
