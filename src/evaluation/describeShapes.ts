/** Both training-free descriptions of a set, from one distance transform a shape: they are most of the time. */
import type { Mask } from '../volume/volume.ts';
import { type Features, pickRows } from './featureSet.ts';
import { shapeFeatures } from './features.ts';
import { signedDistance, signedDistanceRow } from './signedDistance.ts';

export interface Descriptions {
  /** Boxes' occupancies and distances, features.ts. */
  plain: Features;
  /** Clipped signed distances, signedDistance.ts. */
  smooth: Features;
}

function stacked(rows: readonly Float32Array[]): Features {
  const dim = rows.length === 0 ? 0 : rows[0].length;
  const values = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => void values.set(row, i * dim));
  return { values, count: rows.length, dim };
}

/** Describes masks on one grid. Throws as `shapeFeatures` and `signedDistanceRow`. */
export function describeShapes(masks: readonly Mask[]): Descriptions {
  const rows = masks.map((mask) => {
    const signed = signedDistance(mask);
    return { plain: shapeFeatures(mask, {}, signed), smooth: signedDistanceRow(mask, signed) };
  });
  return { plain: stacked(rows.map((r) => r.plain)), smooth: stacked(rows.map((r) => r.smooth)) };
}

/** Those of some members. */
export function pickDescriptions({ plain, smooth }: Descriptions, indices: ArrayLike<number>): Descriptions {
  return { plain: pickRows(plain, indices), smooth: pickRows(smooth, indices) };
}
