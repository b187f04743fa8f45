/**
 * How much of the vault is missing. From the centre of the braincase, tubes of 2 mm radius look in evenly spread
 * directions over the upper part of the sphere (more than 100 degrees from down; orbits, nose and foramen lie below). A
 * tube that meets no bone leaves either through a face of the field of view (the scan ends there: `cut`) or through a hole
 * in the bone (`open`). A direction stands for `r^2 4 pi / n` of the vault's area, r the mean distance of the bone that is
 * met.
 */
import { indexMap } from '../../volume/geometry.ts';
import { centredGrid, type Mask, type Vec3 } from '../../volume/volume.ts';
import type { Braincase } from './braincase.ts';
import { sphereDirections } from './directions.ts';

export interface VaultOpenings {
  /** mm^2 of holes in the bone. */
  open_mm2: number;
  /** Share of the looked-at vault that the field of view cuts off. */
  cutShare: number;
}

const DIRECTIONS = 8000;
/** Cosine of the least angle from down. */
const UPPER = -0.17;
/** mm: radius of a tube, length of a step, farthest bone. */
const TUBE = 2;
const STEP = 0.5;
const FAR = 140;

/** Holes and truncation of the vault, seen from inside; `down` is a direction in LPS. */
export function vaultOpenings(mask: Mask, braincase: Braincase, down: Vec3): VaultOpenings {
  const directions = sphereDirections(DIRECTIONS);
  const { size, data } = mask;
  const [nx, ny, nz] = size;
  // From mm around the centre to voxels.
  const map = indexMap({ ...centredGrid([1, 1, 1], [1, 1, 1]), origin: braincase.centre }, mask);
  const voxels = (v: number[]): number[] =>
    [0, 4, 8].map((r) => map[r] * v[0] + map[r + 1] * v[1] + map[r + 2] * v[2]);
  const middle = [map[3], map[7], map[11]];
  let looked = 0;
  let open = 0;
  let cut = 0;
  let met = 0;
  let distance = 0;
  for (let n = 0; n < DIRECTIONS; n++) {
    const u = [directions[3 * n], directions[3 * n + 1], directions[3 * n + 2]];
    if (u[0] * down[0] + u[1] * down[1] + u[2] * down[2] > UPPER) continue;
    looked++;
    const [a, b] = acrossOf(u);
    const tube = [u.map(() => 0)];
    for (let q = 0; q < 6; q++) {
      const [c, s] = [Math.cos((q * Math.PI) / 3) * TUBE, Math.sin((q * Math.PI) / 3) * TUBE];
      tube.push(voxels(a.map((v, k) => c * v + s * b[k])));
    }
    const step = voxels(u.map((v) => v * STEP));
    let end: 'bone' | 'cut' | 'open' = 'open';
    for (let t = 0; t * STEP < FAR && end === 'open'; t++) {
      const [x, y, z] = [0, 1, 2].map((k) => middle[k] + t * step[k]);
      if (x < -0.5 || y < -0.5 || z < -0.5 || x > nx - 0.5 || y > ny - 0.5 || z > nz - 0.5) {
        // Past the distance of the vault, the edge of the field is but the edge of the picture.
        end = t * STEP < braincase.radius + 25 ? 'cut' : 'open';
        break;
      }
      for (const [dx, dy, dz] of tube) {
        const [i, j, k] = [Math.round(x + dx), Math.round(y + dy), Math.round(z + dz)];
        if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) continue;
        if (data[i + nx * (j + ny * k)] === 0) continue;
        end = 'bone';
        distance += t * STEP;
        met++;
        break;
      }
    }
    if (end === 'open') open++;
    else if (end === 'cut') cut++;
  }
  const r = met > 0 ? distance / met : 0;
  return { open_mm2: (open * 4 * Math.PI * r * r) / DIRECTIONS, cutShare: looked > 0 ? cut / looked : 0 };
}

/** Two unit vectors across `u`. */
function acrossOf(u: number[]): [number[], number[]] {
  const axis = Math.abs(u[2]) < 0.8 ? [0, 0, 1] : [1, 0, 0];
  const cross = (p: number[], q: number[]): number[] => [
    p[1] * q[2] - p[2] * q[1],
    p[2] * q[0] - p[0] * q[2],
    p[0] * q[1] - p[1] * q[0],
  ];
  const a = cross(u, axis);
  const n = Math.hypot(...a);
  const first = a.map((v) => v / n);
  return [first, cross(u, first)];
}
