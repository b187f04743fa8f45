/**
 * What real scans lack. `truncated`: the field of view ends in the bone. At the top or the bottom of the scanner the grid
 * itself is cut, so that bone touches its last slice; an oblique cut (a scan that was reformatted, a mask cut off by hand)
 * takes the bone beyond a plane. `defect`: one to three balls or boxes of bone are gone, as after surgery or an injury.
 *
 * All of it happens in the scan's own space: planes lie as the scanner does, and tell nothing of how the bone lies in it.
 * The share that is gone is exact to a slice (top, bottom) or to a voxel: the voxels farthest along the plane's normal, or
 * nearest to a defect's centre, are taken until there are enough.
 */
import { VolumeError } from '../../errors.ts';
import type { RandomStream } from '../../random/stream.ts';
import { boneVoxels } from '../../skull/orient.ts';
import { randomRotation } from '../../skull/register/rotations.ts';
import { type Mask, type Vec3, voxelToWorld } from '../../volume/volume.ts';

export const CONDITIONS = ['whole', 'truncated', 'defect'] as const;
export type Condition = (typeof CONDITIONS)[number];

export interface DisturbOptions {
  condition: Condition;
  /** Share of the bone that is beyond the field of view: least and most. */
  truncated: readonly [number, number];
  /** Share of the bone that each defect takes: least and most. */
  defect: readonly [number, number];
  /** Most defects. */
  defects: number;
}

export const DISTURB_DEFAULTS: DisturbOptions = {
  condition: 'whole',
  truncated: [0.1, 0.4],
  defect: [0.02, 0.1],
  defects: 3,
};

export interface Disturbed {
  mask: Mask;
  /** Bone that is gone over bone that was. */
  removedShare: number;
  /** `whole`, `top`, `bottom`, `oblique`, `2 defects` .. */
  what: string;
}

/** Bone voxels below which nothing can be aligned. */
const FEWEST = 20;

/** A function of the stream alone. Throws `VolumeError` where fewer than 20 bone voxels are left. */
export function disturb(mask: Mask, stream: RandomStream, options: Partial<DisturbOptions> = {}): Disturbed {
  const { condition, truncated, defect, defects } = { ...DISTURB_DEFAULTS, ...options };
  const voxels = boneVoxels(mask);
  const count = voxels.length / 3;
  const done =
    condition === 'truncated'
      ? truncate(mask, voxels, stream, truncated)
      : condition === 'defect'
        ? pierce(mask, voxels, stream, defect, defects)
        : { mask, what: 'whole' };
  let left = 0;
  for (const v of done.mask.data) left += v;
  if (left < FEWEST)
    throw new VolumeError({
      found: `${left} of ${count} bone voxels left (${condition})`,
      expected: `at least ${FEWEST}: less cannot be aligned`,
      todo: 'take away less, or leave the case out',
    });
  return { ...done, removedShare: 1 - left / count };
}

type Step = Pick<Disturbed, 'mask' | 'what'>;

function truncate(
  mask: Mask,
  voxels: Float64Array,
  stream: RandomStream,
  range: readonly [number, number],
): Step {
  const what = (['top', 'bottom', 'oblique'] as const)[stream.integer(3)];
  const share = stream.between(...range);
  const turn = randomRotation(stream);
  if (what !== 'oblique') return { what, mask: cutSlices(mask, what === 'top' ? 1 : -1, share) };
  const normal: Vec3 = [turn[2], turn[5], turn[8]];
  const far = (p: number) => -(normal[0] * voxels[p] + normal[1] * voxels[p + 1] + normal[2] * voxels[p + 2]);
  return { what, mask: without(mask, voxels, far, share) };
}

function pierce(
  mask: Mask,
  voxels: Float64Array,
  stream: RandomStream,
  range: readonly [number, number],
  most: number,
): Step {
  const count = 1 + stream.integer(most);
  let out = mask;
  let left = voxels;
  for (let d = 0; d < count; d++) {
    const share = stream.between(...range);
    const at = 3 * stream.integer(left.length / 3);
    const [cx, cy, cz] = [left[at], left[at + 1], left[at + 2]];
    const a = randomRotation(stream);
    const box = stream.uniform() < 0.5;
    const from = left;
    const distance = (p: number): number => {
      const x = from[p] - cx;
      const y = from[p + 1] - cy;
      const z = from[p + 2] - cz;
      if (!box) return x * x + y * y + z * z;
      return Math.max(
        Math.abs(a[0] * x + a[1] * y + a[2] * z),
        Math.abs(a[3] * x + a[4] * y + a[5] * z),
        Math.abs(a[6] * x + a[7] * y + a[8] * z),
      );
    };
    out = without(out, left, distance, (share * voxels.length) / left.length);
    left = boneVoxels(out);
    if (left.length === 0) break;
  }
  return { what: `${count} ${count === 1 ? 'defect' : 'defects'}`, mask: out };
}

/** The mask without the `share` of its bone voxels for which `rank`, of an index into `voxels`, is least. */
function without(mask: Mask, voxels: Float64Array, rank: (p: number) => number, share: number): Mask {
  const n = voxels.length / 3;
  const ranks = Float64Array.from({ length: n }, (_, v) => rank(3 * v));
  const limit = Float64Array.from(ranks).sort()[Math.min(n, Math.round(share * n))] ?? Infinity;
  const data = Uint8Array.from(mask.data);
  // `boneVoxels` lists voxels in memory order.
  for (let at = 0, v = 0; at < data.length; at++) if (data[at] !== 0 && ranks[v++] < limit) data[at] = 0;
  return { ...mask, data };
}

/** The grid cut on the side toward the head (`sign` 1) or the feet (-1) until at least `share` of the bone is outside. */
function cutSlices(mask: Mask, sign: 1 | -1, share: number): Mask {
  const { size, direction: d } = mask;
  const axis = [6, 7, 8].reduce((best, m) => (Math.abs(d[m]) > Math.abs(d[best]) ? m : best)) - 6;
  const perSlice = new Float64Array(size[axis]);
  const inner = axis === 0 ? 1 : axis === 1 ? size[0] : size[0] * size[1];
  let total = 0;
  for (let v = 0; v < mask.data.length; v++) {
    if (mask.data[v] === 0) continue;
    perSlice[Math.floor(v / inner) % size[axis]]++;
    total++;
  }
  const fromEnd = Math.sign(d[6 + axis]) * sign > 0;
  let [low, high, gone] = [0, size[axis], 0];
  while (high - low > 1 && gone < share * total) gone += perSlice[fromEnd ? --high : low++];
  const start = [0, 0, 0];
  start[axis] = low;
  const cut = [...size] as [number, number, number];
  cut[axis] = high - low;
  const data = new Uint8Array(cut[0] * cut[1] * cut[2]);
  for (let k = 0; k < cut[2]; k++)
    for (let j = 0; j < cut[1]; j++) {
      const from = start[0] + size[0] * (j + start[1] + size[1] * (k + start[2]));
      data.set(mask.data.subarray(from, from + cut[0]), cut[0] * (j + cut[1] * k));
    }
  return { ...mask, size: cut, data, origin: voxelToWorld(mask, start[0], start[1], start[2]) };
}
