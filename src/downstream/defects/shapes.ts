/**
 * The shapes of defects as gauges. A gauge g gives each point the size in mm at which a growing defect reaches it, so the
 * defect of size t is {p : g(p) <= t}, and the size that takes a wanted share of the bone is a quantile of g over the
 * bone's voxels: no search, and the share is exact to a voxel. With c the centre, n(p) smooth noise, a the roughness:
 *
 *   spherical   |p - c| (1 + a n)
 *   cubic       max_i |(A^T (p - c))_i| / r_i . (1 + a n)        A a random rotation, r_i in [0.7, 1.3]
 *   polygonal   r / e(angle) . (1 + a n) in the plane across the line from the bone's middle through c, e a star polygon
 *               of 5 to 9 corners: a prism that goes through the near wall and not on to the far one
 *   bilateral   on the mid-sagittal plane x = 0: |p - c| with x shortened; beside it: min(g(p), g(mirrored p)), g spherical
 *   orbital     an ellipsoid |(p - c) / r| (1 + a n) with its centre at the rim of an orbit
 *   resection   max(m_1 . (p - c), -m_2 . (p - c)): between two saw planes across the bone's own direction at c, each
 *               tilted by up to 20 degrees; only near c across that direction, so the other side of a jaw stays
 *   half        depth from one side: all beyond a plane near the mid-sagittal one, tilted by up to 15 degrees
 */

import type { RandomStream } from '../../random/stream.ts';
import { fromQuaternion } from '../../skull/register/rotations.ts';
import { apply3, multiply3, rotationAbout, transpose3 } from '../../volume/geometry.ts';
import type { Mat3, Vec3 } from '../../volume/volume.ts';
import type { Noise } from './noise.ts';
import { type BoneFacts, type DefectKind, type DefectSite, fractionsOf, JAW_ZONE } from './sites.ts';

/** mm at which a defect that grows from its centre reaches a point; Infinity where it never does. */
export type Gauge = (x: number, y: number, z: number) => number;

export interface Shape {
  gauge: Gauge;
  /** How much noise moves the edge: a. */
  roughness: number;
  /** mm of diameter a mm of size: 2, or 1 where the size is a depth from one side. */
  diameters: 1 | 2;
}

export interface ShapeInput {
  facts: BoneFacts;
  centre: Vec3;
  site: DefectSite;
  stream: RandomStream;
}

const DEGREE = Math.PI / 180;

/** How rough each kind's edge is, before `DefectOptions.roughness`; saws cut straight. */
const ROUGHNESS: Readonly<Record<DefectKind, number>> = {
  spherical: 0.12,
  cubic: 0.1,
  polygonal: 0.25,
  bilateral: 0.15,
  orbital: 0.25,
  resection: 0.06,
  half: 0.04,
};

/** A shape of this kind with its centre in the bone. */
export function drawShape(kind: DefectKind, input: ShapeInput): Shape {
  return {
    gauge: DRAW[kind](input),
    roughness: ROUGHNESS[kind],
    diameters: kind === 'half' ? 1 : 2,
  };
}

/** However rough, an edge moves inward by at most this factor. */
const LEAST_SIZE = 0.25;

/** `gauge` with a rough edge: `g (1 + a n)`, never less than `LEAST_SIZE` g. */
export function roughened(gauge: Gauge, noise: Noise, amount: number): Gauge {
  if (amount === 0) return gauge;
  return (x, y, z) => {
    const g = gauge(x, y, z);
    return g === Infinity ? g : g * Math.max(LEAST_SIZE, 1 + amount * noise(x, y, z));
  };
}

const DRAW: Readonly<Record<DefectKind, (input: ShapeInput) => Gauge>> = {
  spherical: ({ centre }) => ball(centre, [1, 1, 1]),
  cubic({ centre: [cx, cy, cz], stream }) {
    const [a, b, c, d, e, f, g, h, k] = transpose3(anyRotation(stream));
    const [r, s, t] = [0, 1, 2].map(() => 1 / stream.between(0.7, 1.3));
    return (px, py, pz) => {
      const [x, y, z] = [px - cx, py - cy, pz - cz];
      const u = Math.abs(a * x + b * y + c * z) * r;
      const v = Math.abs(d * x + e * y + f * z) * s;
      const w = Math.abs(g * x + h * y + k * z) * t;
      return Math.max(u, v, w);
    };
  },
  polygonal: prism,
  bilateral({ centre, stream, facts }) {
    // Near the middle one defect crosses; farther out there are two, mirrored.
    if (Math.abs(centre[0]) < 0.12 * facts.extent[0])
      return ball([0, centre[1], centre[2]], [stream.between(1.3, 2), 1, stream.between(0.8, 1.2)]);
    const one = ball(centre, [1, stream.between(0.75, 1.3), stream.between(0.75, 1.3)]);
    const side = Math.sign(centre[0]);
    return (x, y, z) => one(side * Math.abs(x), y, z);
  },
  orbital: ({ centre, stream }) =>
    ball(centre, [0, 1, 2].map(() => stream.between(0.75, 1.3)) as unknown as Vec3),
  resection,
  half({ facts, centre, site, stream }) {
    const side = centre[0] < 0 ? -1 : 1;
    const turn = multiply3(
      rotationAbout(2, stream.between(-15, 15) * DEGREE),
      rotationAbout(1, stream.between(-15, 15) * DEGREE),
    );
    const [nx, ny, nz] = apply3(turn, [side, 0, 0]);
    const { points } = facts;
    const inZone = zoneOf(facts, site);
    let most = -Infinity;
    for (let p = 0; p < points.length; p += 3)
      if (inZone(points[p], points[p + 1], points[p + 2]))
        most = Math.max(most, nx * points[p] + ny * points[p + 1] + nz * points[p + 2]);
    // Half, not all: the other side is never reached.
    const beyond = -0.08 * facts.extent[0];
    return (x, y, z) =>
      side * x > beyond && inZone(x, y, z) ? Math.max(0, most - nx * x - ny * y - nz * z) : Infinity;
  },
};

/** Where a resection may cut: of a skull its jaw alone, of a mandible anything. */
function zoneOf(facts: BoneFacts, site: DefectSite): (x: number, y: number, z: number) => boolean {
  if (site !== 'jaw') return () => true;
  return (x, y, z) => JAW_ZONE(...(fractionsOf(facts, x, y, z) as [number, number, number]));
}

/** `|(p - c) / r|`. */
function ball([cx, cy, cz]: Vec3, [rx, ry, rz]: Vec3): Gauge {
  const [ix, iy, iz] = [1 / rx, 1 / ry, 1 / rz];
  return (x, y, z) => {
    const u = (x - cx) * ix;
    const v = (y - cy) * iy;
    const w = (z - cz) * iz;
    return Math.sqrt(u * u + v * v + w * w);
  };
}

/** Directions in which a star polygon's edge is tabled. */
const ANGLES = 720;

function prism({ centre, facts, stream }: ShapeInput): Gauge {
  // The vault's middle: of the box, but no lower than its half, so that a side wall is met from within.
  const middle = facts.low.map((l, c) => l + facts.extent[c] / 2) as unknown as Vec3;
  const out = difference(centre, middle);
  const reach = Math.hypot(...out) || 1;
  const axis = out.map((v) => v / reach) as unknown as Vec3;
  const [u, v] = across(axis);
  const edge = starPolygon(stream);
  // Deep enough for a wall that curves away, not so deep as to reach the orbits, the base or the far wall.
  const depth = 0.35 * reach;
  const [cx, cy, cz] = centre;
  return (px, py, pz) => {
    const x = px - cx;
    const y = py - cy;
    const z = pz - cz;
    if (axis[0] * x + axis[1] * y + axis[2] * z < -depth) return Infinity;
    const a = u[0] * x + u[1] * y + u[2] * z;
    const b = v[0] * x + v[1] * y + v[2] * z;
    const turn = Math.floor(((Math.atan2(b, a) + Math.PI) / (2 * Math.PI)) * ANGLES) % ANGLES;
    return Math.sqrt(a * a + b * b) / edge[turn];
  };
}

/** Distance from the middle to the edge of a polygon of 5 to 9 corners, by direction; corners lie 0.7 to 1.3 out. */
function starPolygon(stream: RandomStream): Float64Array {
  const corners = 5 + stream.integer(5);
  const first = stream.uniform();
  const at = Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * (i + first + stream.between(-0.3, 0.3))) / corners;
    const radius = stream.between(0.7, 1.3);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  return Float64Array.from({ length: ANGLES }, (_, n) => {
    const angle = (2 * Math.PI * (n + 0.5)) / ANGLES - Math.PI;
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    for (let i = 0; i < corners; i++) {
      const [ax, ay] = at[i];
      const [bx, by] = at[(i + 1) % corners];
      const [ex, ey] = [bx - ax, by - ay];
      // r d = a + s e: the crossing lies on this edge where 0 <= s <= 1 and r > 0.
      const cross = dx * ey - dy * ex;
      if (Math.abs(cross) < 1e-12) continue;
      const r = (ax * ey - ay * ex) / cross;
      const s = (ax * dy - ay * dx) / cross;
      if (r > 0 && s >= -1e-9 && s <= 1 + 1e-9) return r;
    }
    return 0.7;
  });
}

/** Share of the bone's size that a resection reaches across the bone's direction. */
const ACROSS = 0.34;
/** Share of the bone's size around the centre that tells its direction. */
const LOCAL = 0.18;

function resection({ centre, facts, site, stream }: ShapeInput): Gauge {
  const axis = localDirection(facts, centre, site);
  const tilt = (): Vec3 => {
    const [u, v] = across(axis);
    const turn = stream.between(0, 2 * Math.PI);
    const slope = Math.tan(stream.between(0, 20) * DEGREE);
    const m = axis.map(
      (a, c) => a + slope * (Math.cos(turn) * u[c] + Math.sin(turn) * v[c]),
    ) as unknown as Vec3;
    const length = Math.hypot(...m);
    return m.map((x) => x / length) as unknown as Vec3;
  };
  const one = tilt();
  const two = tilt();
  const [cx, cy, cz] = centre;
  const reach = (ACROSS * facts.sizeMm) ** 2;
  const inZone = zoneOf(facts, site);
  return (px, py, pz) => {
    const x = px - cx;
    const y = py - cy;
    const z = pz - cz;
    const along = axis[0] * x + axis[1] * y + axis[2] * z;
    if (x * x + y * y + z * z - along * along > reach || !inZone(px, py, pz)) return Infinity;
    return Math.max(0, one[0] * x + one[1] * y + one[2] * z, -(two[0] * x + two[1] * y + two[2] * z));
  };
}

/** The direction in which the bone near `centre` is longest: power iteration on its scatter. */
function localDirection(facts: BoneFacts, centre: Vec3, site: DefectSite): Vec3 {
  const { points, sizeMm } = facts;
  const inZone = zoneOf(facts, site);
  const near = (LOCAL * sizeMm) ** 2;
  const s = new Float64Array(9);
  const mean = [0, 0, 0];
  let count = 0;
  const close: number[] = [];
  for (let p = 0; p < points.length; p += 3) {
    const [x, y, z] = [points[p], points[p + 1], points[p + 2]];
    if ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 > near || !inZone(x, y, z))
      continue;
    close.push(p);
    mean[0] += x;
    mean[1] += y;
    mean[2] += z;
    count++;
  }
  if (count < 3) return [1, 0, 0];
  for (const p of close)
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++)
        s[3 * a + b] += (points[p + a] - mean[a] / count) * (points[p + b] - mean[b] / count);
  let v: Vec3 = [1, 0.7, 0.4];
  for (let round = 0; round < 40; round++) {
    const w = apply3(s as unknown as Mat3, v);
    const length = Math.hypot(...w);
    if (!(length > 0)) return [1, 0, 0];
    v = [w[0] / length, w[1] / length, w[2] / length];
  }
  return v;
}

const difference = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** Two unit vectors that with `axis` make a right-handed set. */
function across(axis: Vec3): [Vec3, Vec3] {
  const other: Vec3 = Math.abs(axis[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
  const u = cross(other, axis);
  const length = Math.hypot(...u);
  const unit: Vec3 = [u[0] / length, u[1] / length, u[2] / length];
  return [unit, cross(axis, unit)];
}

const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** A rotation drawn evenly from all: a unit quaternion of four normal numbers. */
function anyRotation(stream: RandomStream): Mat3 {
  const q = [stream.normal(), stream.normal(), stream.normal(), stream.normal()];
  const length = Math.hypot(...q) || 1;
  const [w, x, y, z] = q.map((v) => v / length);
  return fromQuaternion(x, y, z, w);
}
