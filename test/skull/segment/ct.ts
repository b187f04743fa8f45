/**
 * A CT whose bone is known: a phantom skull (true thin walls, jaw and teeth) in a head of soft tissue, on a table and in a
 * headrest, with noise and, on request, a metal crown and its rays. Partial volume is honoured: a voxel is filled by
 * `clamp(1/2 - d / h)` of bone at the signed distance d, h the voxel's size.
 */
import { RandomStream } from '../../../src/random/stream.ts';
import { placeLandmarks } from '../../../src/skull/phantom/landmarks.ts';
import { meanPhantomParameters } from '../../../src/skull/phantom/parameters.ts';
import { phantomSignedDistance } from '../../../src/skull/phantom/sdf.ts';
import { centredGrid, type Mask, type Vec3, type Volume, voxelToWorld } from '../../../src/volume/volume.ts';

export interface CtOptions {
  spacing: Vec3;
  size: Vec3;
  /** HU. */
  noise?: number;
  metal?: boolean;
  spine?: boolean;
  /** Bone above this z in mm is outside the field of view (the volume ends there when it is below its top). */
  bone?: number;
}

export interface SyntheticCt {
  volume: Volume<Int16Array>;
  /** The skull without spine: `distance <= 0` at the voxel's centre. */
  truth: Mask;
  /** Rays of metal outside bone, the voxels set. */
  rays: Uint8Array;
}

const AIR = -1000;
const TISSUE = 40;

export function syntheticCt(options: CtOptions): SyntheticCt {
  const { size, spacing, noise = 20, metal = false, spine = true, bone = 1200 } = options;
  const grid = centredGrid(size, spacing);
  const parameters = meanPhantomParameters();
  const at = placeLandmarks(parameters);
  const skull = phantomSignedDistance(parameters, { minimumThickness: 0 });
  const h = Math.cbrt(spacing[0] * spacing[1] * spacing[2]);
  const n = size[0] * size[1] * size[2];
  const data = new Int16Array(n);
  const truth = new Uint8Array(n);
  const rays = new Uint8Array(n);
  const stream = new RandomStream(5, 'test/ct');
  const [, cy, cz] = at.centre;
  // Foramen magnum in the centred frame; the spine hangs under it, joints of 3 mm between the vertebrae.
  const spineY = 18 - cy;
  const baseZ = -30 - cz;
  const crown: Vec3 = [24, at.prosthionY + 18 - cy, at.occlusionZ - cz];
  for (let k = 0, p = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, p++) {
        const [x, y, z] = voxelToWorld(grid, i, j, k);
        const d = skull(x, y, z);
        const head = Math.hypot((x - 0) / 84, (y - 2) / 108, (z - 12) / 104) - 1;
        const jaw = Math.hypot(x / 66, (y + 20) / 72, (z + 60) / 60) - 1;
        const neck = z < -20 ? Math.hypot(x, y - 15) / 58 - 1 : 1;
        const inHead = d < 4 || head < 0 || jaw < 0 || neck < 0;
        let hu = inHead ? TISSUE : AIR;
        // Table below (y > 0 is the back), headrest a shell around the head's back, foam between.
        if (y > 128 && y < 140) hu = -150;
        const rest = Math.hypot(x / 112, (y - 6) / 121);
        if (y > 20 && rest > 0.97 && rest < 1.02 && z > -30 && z < 70) hu = 220;
        let filled = Math.min(1, Math.max(0, 0.5 - d / h));
        if (spine && z < baseZ - 8) {
          const level = (((baseZ - 8 - z) % 19) + 19) % 19;
          const ring = Math.hypot(x / 1.3, y - spineY - 4);
          const v = level > 3 && ((ring > 9 && ring < 15) || Math.hypot(x, y - spineY + 14) < 9) ? 1 : 0;
          filled = Math.max(filled, v * 0.7);
        }
        if (metal) {
          const [dx, dy, dz] = [x - crown[0], y - crown[1], z - crown[2]];
          const r = Math.hypot(dx, dy);
          if (r < 4 && Math.abs(dz) < 4) hu = Math.max(hu, 3071);
          else if (Math.abs(dz) < 4.5 && r < 55) {
            const ray = Math.cos(8 * Math.atan2(dy, dx));
            const strength = 1400 * Math.exp(-r / 45);
            if (ray > 0.93) {
              hu += strength;
              if (d > 0.5 * h) rays[p] = 1;
            } else if (ray < -0.93 && inHead) hu -= 0.6 * strength;
          }
        }
        const value = hu >= 3071 ? 3071 : hu + filled * (Math.max(bone, hu) - hu) + noise * stream.normal();
        data[p] = Math.round(Math.min(3071, Math.max(-1024, value)));
        truth[p] = d <= 0 ? 1 : 0;
      }
  return { volume: { ...grid, data }, truth: { ...grid, data: truth }, rays };
}

/** A mask on the grid of another that holds it, both of one spacing and direction. */
export function onto(mask: Mask, grid: Mask): Uint8Array {
  const out = new Uint8Array(grid.data.length);
  const from = [0, 1, 2].map((a) => Math.round((mask.origin[a] - grid.origin[a]) / grid.spacing[a]));
  for (let k = 0; k < mask.size[2]; k++)
    for (let j = 0; j < mask.size[1]; j++) {
      const row = mask.size[0] * (j + mask.size[1] * k);
      const to = from[0] + grid.size[0] * (j + from[1] + grid.size[1] * (k + from[2]));
      out.set(mask.data.subarray(row, row + mask.size[0]), to);
    }
  return out;
}
