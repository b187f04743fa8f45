/**
 * Measuring an aligner on bones it did not learn from (or, where there are too few, on its own bones turned and cut anew), the
 * whole search and not the bare network: how far its poses are off, and by how much its deviations must be multiplied so that
 * 68 % of the errors lie within. One factor for turns and one for shifts.
 */
import type { Aligner } from '../../aligner/aligner.ts';
import type { AlignerConfig } from '../../config/aligner.ts';
import { quantile } from '../../evaluation/statistics.ts';
import { interruptedError, nextTurn } from '../../files/interrupt.ts';
import type { AlignerMeta } from '../../models/metadata.ts';
import { RandomStream } from '../../random/stream.ts';
import { cropToBone } from '../../skull/orient.ts';
import { randomRotation } from '../../skull/register/rotations.ts';
import {
  applyTransform,
  invertTransform,
  rotationAngle,
  type Transform,
  transformGrid,
} from '../../skull/register/transform.ts';
import { centroidOf } from '../../volume/centroid.ts';
import { resampleMask } from '../../volume/resample.ts';
import { IDENTITY, type Mask, type Vec3, voxelCount, voxelToWorld } from '../../volume/volume.ts';
import { bonePoints, drawCuts } from './trainExample.ts';

/** A bone in a pose drawn for it, and the way back to the canonical frame. */
export interface PosedBone {
  mask: Mask;
  truth: Transform;
}

/** mm, largest shift along each axis. */
const SHIFT = 60;

/**
 * A canonical mask as another scan might show it: cut, turned any way, shifted, on an upright grid of its own. A pure function of
 * the stream.
 */
export function poseBone(
  canonical: Mask,
  stream: RandomStream,
  disturb: AlignerConfig['disturb'],
): PosedBone {
  const cut = cutBone(cropToBone(canonical, 1), stream, disturb);
  const rotation = randomRotation(stream);
  const translation = [0, 1, 2].map(() => stream.between(-SHIFT, SHIFT)) as unknown as Vec3;
  const pose: Transform = { rotation, translation, scale: 1 };
  const turned = transformGrid(cut, pose);
  return { mask: resampleMask(turned, gridAround(turned)), truth: invertTransform(pose) };
}

function cutBone(mask: Mask, stream: RandomStream, disturb: AlignerConfig['disturb']): Mask {
  const { points, reach } = bonePoints(mask);
  const cuts = drawCuts(points, reach, stream, disturb);
  const data = mask.data.slice();
  for (let p = 0, q = 0; p < data.length; p++) {
    if (data[p] === 0) continue;
    const [x, y, z] = [points[q++], points[q++], points[q++]];
    if (cuts.some((cut) => cut(x, y, z) > 0)) data[p] = 0;
  }
  return { ...mask, data };
}

/** The upright grid of the same spacing that holds a turned one. */
function gridAround(mask: Mask): Omit<Mask, 'data'> {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const [i, j, k] = [0, 1, 2].map((a) => ((corner >> a) & 1) * (mask.size[a] - 1));
    voxelToWorld(mask, i, j, k).forEach((v, a) => {
      low[a] = Math.min(low[a], v);
      high[a] = Math.max(high[a], v);
    });
  }
  const { spacing } = mask;
  const size = low.map((l, a) => Math.ceil((high[a] - l) / spacing[a]) + 1) as unknown as Vec3;
  return { size, spacing, origin: low as unknown as Vec3, direction: IDENTITY };
}

/** How far a pose is off: degrees, and mm at the point `at` of the canonical frame. */
export function poseOff(
  found: Transform,
  truth: Transform,
  at: Vec3,
): { rotationDeg: number; translationMm: number } {
  const put = applyTransform(found, applyTransform(invertTransform(truth), at));
  return {
    rotationDeg: rotationAngle(found.rotation, truth.rotation),
    translationMm: Math.hypot(put[0] - at[0], put[1] - at[1], put[2] - at[2]),
  };
}

export interface Measured {
  rotation: { error: number; stated: number }[];
  translation: { error: number; stated: number }[];
}

export interface MeasureOptions {
  seed: number;
  poses: number;
  disturb: AlignerConfig['disturb'];
  signal?: AbortSignal;
}

/**
 * Errors of an aligner on `poses` poses of masks, which are asked for one at a time, each beside what it stated; a mask without
 * bone left is not asked about. Throws `InterruptedError` when `signal` is aborted.
 */
export async function measure(
  aligner: Aligner,
  masks: readonly (() => Mask)[],
  { seed, poses, disturb, signal }: MeasureOptions,
): Promise<Measured> {
  const out: Measured = { rotation: [], translation: [] };
  for (let i = 0; i < poses; i++) {
    if (signal?.aborted) throw interruptedError(`${i} of ${poses} poses of the calibration were measured`);
    const whole = masks[i % masks.length]();
    const { mask, truth } = poseBone(whole, new RandomStream(seed, 'align/calibrate', i), disturb);
    if (voxelCount(mask.size) === 0 || !mask.data.includes(1)) continue;
    const { transform, uncertainty } = await aligner.align(mask);
    const error = poseOff(transform, truth, centroidOf(whole));
    out.rotation.push({ error: error.rotationDeg, stated: uncertainty.rotationDeg });
    out.translation.push({ error: error.translationMm, stated: uncertainty.translationMm });
    // Runs block the event loop; give signals a chance to be heard.
    await nextTurn();
  }
  return out;
}

/** The calibration that `measured`, by an aligner that has none, asks for. */
export function calibrationOf(
  { rotation, translation }: Measured,
  subjects: number,
): NonNullable<AlignerMeta['calibration']> {
  const factor = (rows: Measured['rotation']) =>
    Math.max(
      1e-3,
      quantile(
        rows.map((r) => r.error / r.stated),
        0.68,
      ),
    );
  const [r, t] = [factor(rotation), factor(translation)];
  const stated = (rows: Measured['rotation'], by: number) =>
    quantile(
      rows.map((x) => by * x.stated),
      0.95,
    );
  const median = (rows: Measured['rotation']) =>
    quantile(
      rows.map((x) => x.error),
      0.5,
    );
  return {
    rotation: r,
    translation: t,
    usual: { rotationDeg: stated(rotation, r), translationMm: stated(translation, t) },
    median: { rotationDeg: median(rotation), translationMm: median(translation) },
    poses: rotation.length,
    subjects,
  };
}
