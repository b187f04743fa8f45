/** The plain shape features as a space: nothing learnt, so nothing that a training could have spoilt. */
import { requireSameGrid } from '../../volume/sameGrid.ts';
import { FEATURE_DEFAULTS, shapeFeatures } from '../features.ts';
import { type FeatureSpace, stackRows } from './space.ts';

/** Boxes' share of bone and mean clipped signed distance (features.ts), 2 . 8^3 numbers. Throws as `shapeFeatures`. */
export function plainSpace(): FeatureSpace {
  return {
    name: 'Features',
    words: 'plain shape features',
    notes: [`plain shape features: ${2 * FEATURE_DEFAULTS.cells ** 3} numbers, nothing learnt`],
    async describe(masks, onCase) {
      const rows = masks.map((mask, i) => {
        requireSameGrid(masks[0], mask, 'the first mask', `mask ${i}`);
        const row = shapeFeatures(mask);
        onCase?.();
        return row;
      });
      return stackRows(rows, 'the shape description');
    },
    async release() {},
  };
}
