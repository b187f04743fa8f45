/** The two types that a scan's values have. */
import type { VoxelArray } from '../volume.ts';

/** Int16 where every value is whole and fits, else Float32; undefined where one is not finite. */
export function asScan(values: VoxelArray): Int16Array | Float32Array | undefined {
  if (values instanceof Int16Array) return values;
  let short = true;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (short && (v << 16) >> 16 !== v) short = false;
    if (v - v !== 0) return undefined;
  }
  // Constructed, not `from`, which goes through an iterator.
  if (short) return new Int16Array(values);
  return values instanceof Float32Array ? values : new Float32Array(values);
}
