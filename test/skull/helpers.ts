/** A test bone with no symmetry but (nearly) left-right: a cone with a ridge, and a bump on its left that shows mirroring. */
import { apply3, multiply3, transpose3 } from '../../src/volume/geometry.ts';
import {
  centredGrid,
  type Mask,
  type Mat3,
  type Vec3,
  voxelCount,
  voxelToWorld,
} from '../../src/volume/volume.ts';

/** Is the point, in the bone's own mm, bone? Long in y, thin at -y, a ridge at +z, a bump at +x. */
export function shape(x: number, y: number, z: number): boolean {
  if (y < -25 || y > 20) return false;
  const radius = 4 + (7 * (y + 25)) / 45;
  if (Math.hypot(x, z) < radius) return true;
  if (Math.abs(x) < 1.8 && z > 0 && z < radius + 7 && y > -5) return true;
  return Math.hypot(x - 10, y - 8, z) < 4;
}

function rotation(axis: 0 | 1 | 2, angle: number): Mat3 {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  if (axis === 0) return [1, 0, 0, 0, c, -s, 0, s, c];
  if (axis === 1) return [c, 0, s, 0, 1, 0, -s, 0, c];
  return [c, -s, 0, s, c, 0, 0, 0, 1];
}

/** Turns of all sizes, upside down among them. */
export const TURNS: Mat3[] = [
  rotation(2, 0.3),
  rotation(0, Math.PI),
  rotation(2, Math.PI),
  multiply3(rotation(2, 2.1), rotation(0, -1.2)),
  multiply3(rotation(1, 1.5), rotation(2, -2.6)),
];

/** The shape turned by `turn` and moved to `at` (LPS mm), on voxels of `spacing` mm; `boxed` centres its bounding box. */
export function shapeMask(turn: Mat3, at: Vec3, spacing: number, boxed = false, direction?: Mat3): Mask {
  const n = Math.ceil(72 / spacing);
  const grid = centredGrid(boxed ? [64, 64, 64] : [n, n, n], [spacing, spacing, spacing]);
  const axes = direction ?? grid.direction;
  const corner = apply3(axes, grid.origin);
  const placed = {
    ...grid,
    direction: axes,
    origin: [corner[0] + at[0], corner[1] + at[1], corner[2] + at[2]] as Vec3,
  };
  // The box of the shape is [-11, 14] x [-25, 20] x [-11, 18].
  const middle: Vec3 = boxed ? [1.5, -2.5, 3.5] : [0, 0, 0];
  const inverse = transpose3(turn);
  const data = new Uint8Array(voxelCount(placed.size));
  let p = 0;
  for (let k = 0; k < placed.size[2]; k++)
    for (let j = 0; j < placed.size[1]; j++)
      for (let i = 0; i < placed.size[0]; i++) {
        const w = voxelToWorld(placed, i, j, k);
        const [x, y, z] = apply3(inverse, [w[0] - at[0], w[1] - at[1], w[2] - at[2]]);
        data[p++] = shape(x + middle[0], y + middle[1], z + middle[2]) ? 1 : 0;
      }
  return { ...placed, data };
}

/** `2 |a and b| / (|a| + |b|)`. */
export function dice(a: Uint8Array, b: Uint8Array): number {
  let both = 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    both += a[i] & b[i];
    sum += a[i] + b[i];
  }
  return (2 * both) / sum;
}
