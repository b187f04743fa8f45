/**
 * Local thickness of bone in mm (Hildebrand and Ruegsegger 1997): at each bone voxel, the diameter of the largest ball
 * inside the bone that covers it; here its mean over all bone voxels. Balls are centred on bone voxels, with the distance r
 * from the centre of the voxel to that of the nearest background voxel as radius (outside the grid is background too).
 * Those that lie inside the ball of a neighbour, r' >= r + distance, add nothing and are left out: what remains is the
 * ridge of the distance transform.
 *
 * A flat plate of w voxels has r = (w + 1) / 2 voxels where w is odd and w / 2 where it is even; 2 r less half a voxel is
 * w + 1/2 or w - 1/2, right on average. So thickness is good to half a voxel, and on grids coarser than bone it tells one
 * set from another, not mm: bone thinner than a voxel is either lost or a voxel thick.
 *
 * Time on one core (Zen 3): 10 ms for a skull at 64^3.
 */
import { VolumeError } from '../../errors.ts';
import { squaredDistanceTransform } from '../../volume/distanceTransform.ts';
import { type Mask, type Vec3, voxelCount } from '../../volume/volume.ts';

/** Radius in mm of the ball about each voxel of the grid with one layer of background around it; 0 in the background. */
function radii({ data, size, spacing }: Mask): { radius: Float32Array; padded: Vec3 } {
  const [nx, ny, nz] = size;
  const padded: Vec3 = [nx + 2, ny + 2, nz + 2];
  const background = new Uint8Array(voxelCount(padded)).fill(1);
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = 1 + padded[0] * (j + 1 + padded[1] * (k + 1));
      for (let i = 0; i < nx; i++, at++) if (data[at] !== 0) background[row + i] = 0;
    }
  const radius = squaredDistanceTransform(background, padded, spacing);
  for (let i = 0; i < radius.length; i++) radius[i] = Math.sqrt(radius[i]);
  return { radius, padded };
}

/** Centres of balls that no neighbour's ball holds, largest ball first. */
function ridge(radius: Float32Array, [nx, ny]: Vec3, spacing: Vec3): Uint32Array {
  const steps: [number, number][] = [];
  for (let dz = -1; dz <= 1; dz++)
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++)
        if (dx !== 0 || dy !== 0 || dz !== 0)
          steps.push([
            dx + nx * (dy + ny * dz),
            // The radii are float32: a shade less, so that exact containment is seen.
            Math.hypot(dx * spacing[0], dy * spacing[1], dz * spacing[2]) * (1 - 1e-5),
          ]);
  const kept: number[] = [];
  for (let at = 0; at < radius.length; at++)
    if (radius[at] > 0 && !steps.some(([step, far]) => radius[at + step] >= radius[at] + far)) kept.push(at);
  return Uint32Array.from(kept).sort((a, b) => radius[b] - radius[a] || a - b);
}

/** Local thickness in mm at each voxel of the grid, 0 in the background. Throws `VolumeError` for an empty mask. */
export function localThickness(mask: Mask): Float32Array {
  const { data, size, spacing } = mask;
  const { radius, padded } = radii(mask);
  const [px, py] = padded;
  const centres = ridge(radius, padded, spacing);
  if (centres.length === 0)
    throw new VolumeError({ found: 'an empty mask', expected: 'bone in it', todo: 'leave it out' });
  const half = Math.min(...spacing) / 2;
  const out = new Float32Array(data.length);
  const [nx, ny, nz] = size;
  // Largest balls first: a voxel keeps the first that covers it.
  for (const centre of centres) {
    const r = radius[centre];
    const thickness = 2 * r - half;
    const x = (centre % px) - 1;
    const y = (Math.floor(centre / px) % py) - 1;
    const z = Math.floor(centre / (px * py)) - 1;
    const r2 = r * r * (1 - 1e-5);
    const [rx, ry, rz] = spacing.map((s) => Math.floor(r / s));
    for (let k = Math.max(0, z - rz); k <= Math.min(nz - 1, z + rz); k++)
      for (let j = Math.max(0, y - ry); j <= Math.min(ny - 1, y + ry); j++) {
        const left = r2 - ((k - z) * spacing[2]) ** 2 - ((j - y) * spacing[1]) ** 2;
        if (left < 0) continue;
        const reach = Math.min(rx, Math.floor(Math.sqrt(left) / spacing[0]));
        const row = nx * (j + ny * k);
        const to = row + Math.min(nx - 1, x + reach);
        for (let at = row + Math.max(0, x - reach); at <= to; at++) if (out[at] === 0) out[at] = thickness;
      }
  }
  return out;
}

/** Mean local thickness over bone voxels, mm. Throws `VolumeError` for an empty mask. */
export function meanThickness(mask: Mask): number {
  const thickness = localThickness(mask);
  let [sum, count] = [0, 0];
  for (let at = 0; at < thickness.length; at++)
    if (mask.data[at] !== 0) {
      sum += thickness[at];
      count++;
    }
  return sum / count;
}
