/**
 * How well a defect was filled, in mm and shares. Four masks on one grid: the true bone, the
 * defective one, the true implant (true and not defective), and the implant that was made. Each figure is given for the
 * implants, and for the skulls: the true bone against the defective one with the implant in place, for every method alike.
 *
 *   border Dice (bDSC)   Dice of the two implants' voxels within `borderMm` (10) of the defective bone, centre to centre
 *   surface Dice         share of both surfaces within `toleranceMm` of the other
 *   HD95                 pooled, and directed-max: see `evaluation/surfaceDistance.ts`
 */
import { z } from 'zod';
import { diceOf, overlap } from '../../evaluation/overlap.ts';
import {
  assd,
  hd95DirectedMax,
  hd95Pooled,
  surfaceDice,
  surfaceDistances,
} from '../../evaluation/surfaceDistance.ts';
import { squaredDistanceTransform } from '../../volume/distanceTransform.ts';
import { requireSameGrid } from '../../volume/sameGrid.ts';
import type { Mask } from '../../volume/volume.ts';

export const surfaceFiguresSchema = z.strictObject({
  dice: z.number(),
  hd95PooledMm: z.number(),
  hd95DirectedMaxMm: z.number(),
  assdMm: z.number(),
  surfaceDice: z.number(),
});
export const completionFiguresSchema = z.strictObject({
  skull: surfaceFiguresSchema,
  implant: surfaceFiguresSchema.extend({ borderDice: z.number() }),
});

export type SurfaceFigures = z.infer<typeof surfaceFiguresSchema>;
export type CompletionFigures = z.infer<typeof completionFiguresSchema>;

export interface MeasureOptions {
  /** mm around the defective bone in which border Dice looks. */
  borderMm: number;
  /** mm of surface Dice. */
  toleranceMm: number;
}

/** Border Dice looks within 10 mm; the tolerance is one voxel unless told. */
export const BORDER_MM = 10;

/** Voxels of `whole` that `defective` lacks: the true implant. Throws `GridError` where the grids differ. */
export function missingPart(whole: Mask, defective: Mask): Mask {
  requireSameGrid(whole, defective, 'the whole bone', 'the defective one');
  return { ...whole, data: whole.data.map((v, p) => (v !== 0 && defective.data[p] === 0 ? 1 : 0)) };
}

/** Bone and implant together. */
export function withImplant(defective: Mask, implant: Mask): Mask {
  return { ...defective, data: defective.data.map((v, p) => (v !== 0 || implant.data[p] !== 0 ? 1 : 0)) };
}

/** Figures of an implant. Throws `GridError` where grids differ and `VolumeError` where an implant is empty. */
export function measureCompletion(
  truth: Mask,
  defective: Mask,
  implant: Mask,
  { borderMm, toleranceMm }: MeasureOptions,
): CompletionFigures {
  const wanted = missingPart(truth, defective);
  return {
    skull: compare(truth, withImplant(defective, implant), toleranceMm),
    implant: {
      ...compare(wanted, implant, toleranceMm),
      borderDice: borderDice(wanted, implant, defective, borderMm),
    },
  };
}

function compare(a: Mask, b: Mask, toleranceMm: number): SurfaceFigures {
  const d = surfaceDistances(a, b);
  return {
    dice: diceOf(overlap(a.data, b.data)),
    hd95PooledMm: hd95Pooled(d),
    hd95DirectedMaxMm: hd95DirectedMax(d),
    assdMm: assd(d),
    surfaceDice: surfaceDice(d, toleranceMm),
  };
}

/** Dice of two implants within `borderMm` of the bone; 1 where neither reaches there. */
export function borderDice(a: Mask, b: Mask, bone: Mask, borderMm = BORDER_MM): number {
  requireSameGrid(a, b, 'the true implant', 'the implant');
  requireSameGrid(a, bone, 'the true implant', 'the bone');
  const squared = squaredDistanceTransform(bone.data, bone.size, bone.spacing);
  const limit = borderMm * borderMm * (1 + 1e-6);
  let [inA, inB, both] = [0, 0, 0];
  for (let p = 0; p < squared.length; p++) {
    if (squared[p] > limit) continue;
    const [x, y] = [a.data[p] !== 0, b.data[p] !== 0];
    if (x) inA++;
    if (y) inB++;
    if (x && y) both++;
  }
  return diceOf({ a: inA, b: inB, both });
}
