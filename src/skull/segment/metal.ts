/**
 * Metal: fillings, crowns, implants. Above 3000 HU nothing is bone (enamel ends near 2800). Metal throws bright and dark
 * rays within the slices it lies in, far above the bone threshold, a star through tongue, cheeks and air. Rays cannot be
 * told from thin bone by value, so near metal less is believed: in the slices with metal and their neighbours, within
 * `reach` of it, bone is only what holds a ball of `ball` mm of voxels half as dense as dense bone, and what lies within
 * `regrow` of that. Jaws and roots are that massive; rays are thinner or fainter. Thin walls in those slices are lost, and
 * that is the price. Slices are those of the grid's third axis, in which CT is acquired.
 */
import { dilate, open } from '../../volume/morphology.ts';
import { labelRuns, paintRuns } from '../../volume/runs.ts';
import type { Mask, Vec3, Volume } from '../../volume/volume.ts';
import type { Levels } from './levels.ts';
import { type SegmentStep, voxelVolume } from './step.ts';
import type { BoneThreshold } from './threshold.ts';

export const METAL_DEFAULTS = {
  /** HU: denser is metal. */
  metal: 3000,
  /** mm^3: smaller specks throw no rays worth the loss. */
  least: 8,
  /** mm in the slice. */
  reach: 60,
  /** mm. */
  ball: 1.2,
  regrow: 1.5,
};

/** Bounds the rays of metal in a bone mask of `volume`; `volume_mm3` of metal found. */
export function limitMetal(
  volume: Volume,
  mask: Mask,
  levels: Levels,
  threshold: BoneThreshold,
  options = METAL_DEFAULTS,
): { mask: Mask; metal_mm3: number; step: SegmentStep } {
  const { size, spacing } = mask;
  const metal = findMetal(volume, levels, options);
  if (metal === undefined)
    return { mask, metal_mm3: 0, step: { name: 'metal', count: 0, note: 'no metal above 3000 HU' } };
  const slab = slices(metal, size);
  const [first, last] = slab;
  const thick = last - first;
  const plane = size[0] * size[1];
  // Only the slices with metal and one beside them are touched, so only they are worked on, with room for the ball.
  const margin = Math.ceil((options.ball + options.regrow) / spacing[2]) + 1;
  const from = Math.max(0, first - 1 - margin);
  const to = Math.min(size[2], last + 1 + margin);
  const part: Vec3 = [size[0], size[1], to - from];
  const hard = new Uint8Array(plane * part[2]);
  const level = (levels.tissue + threshold.dense) / 2 - levels.offset;
  const own = mask.data.subarray(plane * from, plane * to);
  for (let p = 0; p < hard.length; p++) hard[p] = own[p] & (volume.data[plane * from + p] >= level ? 1 : 0);
  const believed = dilate(open(hard, part, spacing, options.ball), part, spacing, options.regrow);
  const out = mask.data.slice();
  let removed = 0;
  let slicesTouched = 0;
  for (let k = Math.max(0, first - 1); k < Math.min(size[2], last + 1); k++) {
    const near = inSlice(metal, size, spacing, k, options.reach);
    if (near === undefined) continue;
    slicesTouched++;
    for (let q = 0; q < plane; q++) {
      const p = plane * k + q;
      if (out[p] === 0 || near[q] === 0 || believed[plane * (k - from) + q] !== 0) continue;
      out[p] = 0;
      removed++;
    }
  }
  const metal_mm3 = metal.reduce((n, v) => n + v, 0) * voxelVolume(mask);
  return {
    mask: { ...mask, data: out },
    metal_mm3,
    step: {
      name: 'metal',
      count: removed,
      note: `${metal_mm3.toFixed(0)} mm^3 of metal over ${thick} slices; in ${slicesTouched} slices ${removed} voxels of rays taken away`,
    },
  };
}

function findMetal(volume: Volume, levels: Levels, options: typeof METAL_DEFAULTS): Uint8Array | undefined {
  const { data, size } = volume;
  const level = options.metal - levels.offset;
  const metal = new Uint8Array(data.length);
  let any = false;
  for (let p = 0; p < data.length; p++)
    if (data[p] >= level) {
      metal[p] = 1;
      any = true;
    }
  if (!any) return undefined;
  const runs = labelRuns(metal, size);
  const keep = runs.sizes.map((n) => (n * voxelVolume(volume) >= options.least ? 1 : 0));
  return keep.some((k) => k === 1) ? paintRuns(runs, keep) : undefined;
}

/** First slice with metal, and the one past the last. */
function slices(metal: Uint8Array, size: Vec3): [number, number] {
  const plane = size[0] * size[1];
  return [Math.floor(metal.indexOf(1) / plane), Math.floor(metal.lastIndexOf(1) / plane) + 1];
}

/** Pixels of slice k within `reach` mm of metal in it or in its two neighbours; undefined where there is none. */
function inSlice(
  metal: Uint8Array,
  size: Vec3,
  spacing: Vec3,
  k: number,
  reach: number,
): Uint8Array | undefined {
  const plane = size[0] * size[1];
  const seen = new Uint8Array(plane);
  let any = false;
  for (let c = Math.max(0, k - 1); c <= Math.min(size[2] - 1, k + 1); c++)
    for (let q = 0; q < plane; q++)
      if (metal[plane * c + q] !== 0) {
        seen[q] = 1;
        any = true;
      }
  return any ? dilate(seen, [size[0], size[1], 1], spacing, reach) : undefined;
}
