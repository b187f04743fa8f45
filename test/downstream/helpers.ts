/** Small bones made of boxes and balls, on centred grids. */
import { centredGrid, type Mask, type Vec3, voxelToWorld } from '../../src/volume/volume.ts';

/** A mask of the points (LPS mm) for which `inside` holds. */
export function shaped(
  size: Vec3,
  spacing: number,
  inside: (x: number, y: number, z: number) => boolean,
): Mask {
  const grid = centredGrid(size, [spacing, spacing, spacing]);
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let p = 0; p < data.length; p++) {
    const [i, j, k] = [p % size[0], Math.floor(p / size[0]) % size[1], Math.floor(p / (size[0] * size[1]))];
    data[p] = inside(...voxelToWorld(grid, i, j, k)) ? 1 : 0;
  }
  return { ...grid, data };
}

/** A hollow egg, longer to the back: 2 voxels of wall. */
export const egg = (n = 30): Mask =>
  shaped([n, n + 6, n], 1, (x, y, z) => {
    const r = Math.hypot(x / (n / 2 - 2), y / (n / 2 + 1), z / (n / 2 - 2));
    return r <= 1 && r > 1 - 5 / n;
  });

/** A horseshoe with upright ends, like a mandible: open to the back. */
export const horseshoe = (): Mask =>
  shaped([36, 30, 26], 3, (x, y, z) => {
    const r = Math.hypot(x, (y - 30) * 0.75);
    const body = Math.abs(r - 45) < 6 && y < 30 && Math.abs(z + 18) < 12;
    const ramus = Math.abs(Math.abs(x) - 45) < 6 && y >= 15 && y < 36 && z > -30 && z < 33;
    return body || ramus;
  });

export const countOf = (data: ArrayLike<number>): number => {
  let n = 0;
  for (let p = 0; p < data.length; p++) if (data[p] !== 0) n++;
  return n;
};

/** `mask` without the voxels for which `gone` holds, mm. */
export function without(mask: Mask, gone: (x: number, y: number, z: number) => boolean): Mask {
  const hole = shaped(mask.size, mask.spacing[0], gone).data;
  return { ...mask, data: mask.data.map((v, p) => (v !== 0 && hole[p] === 0 ? 1 : 0)) };
}
