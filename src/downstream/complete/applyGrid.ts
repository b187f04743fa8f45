/**
 * The grid for a method that takes any: as fine as the bone is known, about 128 voxels along its longest side, and as wide
 * about the middle of the frame as the bone reaches to either side, so that its mirror image has room too. A head at 0.5 mm
 * gets voxels of 1.9 mm, a mouse skull those of its scan.
 */
import { boxFrame } from '../../skull/orient.ts';
import { type Transform, transformGrid } from '../../skull/register/transform.ts';
import { centredGrid, type Grid, IDENTITY, type Mask, type Vec3 } from '../../volume/volume.ts';

/** Voxels along the longest side, without the margins. */
const VOXELS = 128;
/** A plane of symmetry may lie aslant: room of this share of a side, and some voxels. */
const ROOM = 1.1;
const MARGIN = 4;

/** The grid, its middle at the origin of the frame that `move` leads to. Throws `VolumeError` for a mask without bone. */
export function gridAround(bone: Mask, move: Transform): Grid {
  const { low, high } = boxFrame(transformGrid(bone, move), IDENTITY, [0, 0, 0]);
  const longest = Math.max(...high.map((h, a) => h - low[a]));
  // A bone that lies elsewhere altogether is not followed there: it is refused for lying outside.
  const sides = high.map((h, a) => 2 * Math.min(Math.max(h, -low[a]), longest));
  const step = Math.max(Math.max(...sides) / VOXELS, Math.min(...bone.spacing));
  const size = sides.map((side) => Math.ceil((ROOM * side) / step) + MARGIN) as unknown as Vec3;
  return centredGrid(size, [step, step, step]);
}
