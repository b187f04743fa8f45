/** Analytic bones and poses for the tests of registration. */
import { applyTransform, invertTransform, type Transform } from '../../../src/skull/register/transform.ts';
import { centredGrid, type Mask, type Vec3, voxelCount, voxelToWorld } from '../../../src/volume/volume.ts';

/** A lopsided solid: an ellipsoid (30 x 40 x 25 mm), a beak at -y, a fin at +z, a knob at +x; no symmetry. */
export function solid(x: number, y: number, z: number): boolean {
  if ((x / 30) ** 2 + (y / 40) ** 2 + (z / 25) ** 2 < 1) return true;
  if (Math.hypot(x, z + 5) < 8 + (y + 60) * 0.1 && y > -60 && y < 0) return true;
  if (Math.abs(x + 4) < 4 && y > 0 && y < 32 && z > 0 && z < 40) return true;
  return Math.hypot(x - 28, y - 12, z + 4) < 11;
}

/** `shape` moved by `pose`, on n^3 voxels of `spacing` mm around `at`. */
export function maskOf(
  shape: (x: number, y: number, z: number) => boolean,
  pose: Transform,
  n: number,
  spacing: number,
): Mask {
  const straight = centredGrid([n, n, n], [spacing, spacing, spacing]);
  const t = pose.translation;
  const origin = straight.origin.map((o, c) => o + t[c]) as unknown as Vec3;
  const grid = { ...straight, origin };
  const back = invertTransform(pose);
  const data = new Uint8Array(voxelCount(grid.size));
  for (let k = 0, p = 0; k < n; k++)
    for (let j = 0; j < n; j++)
      for (let i = 0; i < n; i++, p++)
        data[p] = shape(...(applyTransform(back, voxelToWorld(grid, i, j, k)) as [number, number, number]))
          ? 1
          : 0;
  return { ...grid, data };
}
