/**
 * How much of the vault is missing. From the centre of the braincase, rays look in evenly spread directions over the upper
 * part of the sphere (80 degrees and more from down; orbits, nose and foramen lie below). A ray that meets no bone leaves
 * through a face of the field of view (the scan ends there: cut) or through a gap in the bone. Gaps count as holes when a
 * tube of 2 mm radius passes somewhere: sutures and emissary veins do not let it. A ray stands for `r^2 4 pi / n` of area,
 * r the distance at which the nearest ray meets bone; a hole in a wall that is looked at askance counts as it looks.
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
const LOWEST = 0.17;
/** mm: radius of a tube, length of a step, farthest bone. */
const TUBE = 2;
const STEP = 0.5;
const FAR = 140;

/** Holes and truncation of the vault, seen from inside; `down` is a direction in LPS. */
export function vaultOpenings(mask: Mask, braincase: Braincase, down: Vec3): VaultOpenings {
  const all = sphereDirections(DIRECTIONS);
  const { size, data } = mask;
  const [nx, ny, nz] = size;
  // From mm around the centre to voxels.
  const map = indexMap({ ...centredGrid([1, 1, 1], [1, 1, 1]), origin: braincase.centre }, mask);
  const middle = [map[3], map[7], map[11]];
  const toVoxels = (v: Vec3): number[] =>
    [0, 4, 8].map((r) => map[r] * v[0] + map[r + 1] * v[1] + map[r + 2] * v[2]);
  // mm to bone along `u` from `shift` voxels beside the centre; -1 where the field ends first, Infinity for a gap.
  const march = (u: Vec3, shift: readonly number[]): number => {
    const step = toVoxels(u).map((v) => v * STEP);
    for (let t = 0; t * STEP < FAR; t++) {
      const i = Math.round(middle[0] + shift[0] + t * step[0]);
      const j = Math.round(middle[1] + shift[1] + t * step[1]);
      const k = Math.round(middle[2] + shift[2] + t * step[2]);
      // Past the distance of the vault, the edge of the field is but the edge of the picture.
      if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz)
        return t * STEP < braincase.radius + 25 ? -1 : Infinity;
      if (data[i + nx * (j + ny * k)] !== 0) return t * STEP;
    }
    return Infinity;
  };

  const looked: Vec3[] = [];
  const reach: number[] = [];
  for (let n = 0; n < DIRECTIONS; n++) {
    const u: Vec3 = [all[3 * n], all[3 * n + 1], all[3 * n + 2]];
    if (dot(u, down) > LOWEST) continue;
    looked.push(u);
    reach.push(march(u, [0, 0, 0]));
  }
  const gaps = looked.map((_, n) => n).filter((n) => reach[n] === Infinity);
  const tube = (n: number): boolean =>
    around(looked[n]).every((v) => march(looked[n], toVoxels(v)) === Infinity);
  const holes = grow(gaps.filter(tube), gaps, looked);
  const area = (4 * Math.PI) / DIRECTIONS;
  return {
    open_mm2: holes.reduce((sum, n) => sum + area * nearestReach(looked[n], looked, reach) ** 2, 0),
    cutShare: reach.filter((r) => r < 0).length / Math.max(1, looked.length),
  };
}

const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** All of `members` that neighbours connect to `seeds`. */
function grow(seeds: number[], members: number[], directions: Vec3[]): number[] {
  const near = Math.cos(1.6 * Math.sqrt((4 * Math.PI) / DIRECTIONS));
  const found = new Set(seeds);
  const rest = new Set(members.filter((n) => !found.has(n)));
  for (const n of found)
    for (const m of rest)
      if (dot(directions[n], directions[m]) > near) {
        found.add(m);
        rest.delete(m);
      }
  return [...found];
}

/** mm to the bone that the ray nearest to `u` meets. */
function nearestReach(u: Vec3, directions: Vec3[], reach: number[]): number {
  let best = -1;
  let r = 0;
  directions.forEach((v, n) => {
    if (reach[n] < 0 || reach[n] === Infinity) return;
    const c = dot(u, v);
    if (c > best) {
      best = c;
      r = reach[n];
    }
  });
  return r;
}

/** Six points on a circle of TUBE mm across `u`. */
function around(u: Vec3): Vec3[] {
  const cross = (p: Vec3, q: Vec3): Vec3 => [
    p[1] * q[2] - p[2] * q[1],
    p[2] * q[0] - p[0] * q[2],
    p[0] * q[1] - p[1] * q[0],
  ];
  const a = cross(u, Math.abs(u[2]) < 0.8 ? [0, 0, 1] : [1, 0, 0]);
  const b = cross(u, a);
  const scale = TUBE / Math.hypot(...a);
  return [0, 1, 2, 3, 4, 5].map((q) => {
    const [c, s] = [Math.cos((q * Math.PI) / 3) * scale, Math.sin((q * Math.PI) / 3) * scale];
    return [c * a[0] + s * b[0], c * a[1] + s * b[1], c * a[2] + s * b[2]];
  });
}
