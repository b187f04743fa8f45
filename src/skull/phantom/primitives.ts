/**
 * The bricks of the phantom: signed distances (mm, negative inside) of ellipsoids, tapered tubes and plates, and the
 * smooth unions that melt them together. Ellipsoids use the first-order estimate k0 (k0 - 1) / k1, which has the right
 * zero set and slope 1 at it; tubes and plates are exact up to their taper. The polynomial blend is that of
 * Inigo Quilez's public notes ("smooth minimum"); everything is plain numbers, because it is called per voxel.
 */

/** A signed distance in mm at an LPS point in mm; negative inside bone (or inside a cavity, for cavities). */
export type SignedDistance = (x: number, y: number, z: number) => number;

/** A node of a tube: centre, radius in mm and, for flattened tubes, the half height of a vertical strut. */
export interface TubeNode {
  at: readonly [number, number, number];
  radius: number;
  /** mm by which the round section is stretched up and down; 0 for a round tube. */
  half?: number;
}

/** Smooth minimum: `min(a, b) - h^2 k / 4` with `h = max(1 - |a - b| / k, 0)`; the blend reaches k mm. */
export function smoothMin(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  return h > 0 ? Math.min(a, b) - (h * h) / (4 * k) : Math.min(a, b);
}

/** Smooth maximum: `-smoothMin(-a, -b, k)`. */
export function smoothMax(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b);
  return h > 0 ? Math.max(a, b) + (h * h) / (4 * k) : Math.max(a, b);
}

/** Smooth step from 0 (at and below `low`) to 1 (at and above `high`): `3 t^2 - 2 t^3`. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = Math.min(Math.max((value - low) / (high - low), 0), 1);
  return t * t * (3 - 2 * t);
}

/** Distance estimate of an ellipsoid at offset (x, y, z) from its centre with radii (a, b, c) mm. */
export function ellipsoid(x: number, y: number, z: number, a: number, b: number, c: number): number {
  const u = x / a;
  const v = y / b;
  const w = z / c;
  const k0 = Math.sqrt(u * u + v * v + w * w);
  if (k0 < 1e-6) return -Math.min(a, b, c);
  const p = u / a;
  const q = v / b;
  const r = w / c;
  return (k0 * (k0 - 1)) / Math.sqrt(p * p + q * q + r * r);
}

/**
 * An ellipsoid with fuller corners: its norm is `0.76 |q|_2 + 0.24 |q|_4` of q = (x/a, y/b, z/c), between an ellipsoid's
 * and a box's (along a diagonal of a plane it reaches as far as a superellipse of exponent 2.27).
 */
export function squarishEllipsoid(x: number, y: number, z: number, a: number, b: number, c: number): number {
  const u = x / a;
  const v = y / b;
  const w = z / c;
  const [u2, v2, w2] = [u * u, v * v, w * w];
  const round = Math.sqrt(u2 + v2 + w2);
  if (round < 1e-6) return -Math.min(a, b, c);
  const k0 = 0.76 * round + 0.24 * Math.sqrt(Math.sqrt(u2 * u2 + v2 * v2 + w2 * w2));
  const p = u / a;
  const q = v / b;
  const r = w / c;
  return (round * (k0 - 1)) / Math.sqrt(p * p + q * q + r * r);
}

/** Distance to a chain of tapered tubes through `nodes`; a node's `half` flattens the tube into an upright strap. */
export function tube(nodes: readonly TubeNode[]): SignedDistance {
  const count = Math.max(nodes.length - 1, 1);
  const s = new Float64Array(count * 10);
  for (let i = 0; i < count; i++) {
    const a = nodes[i];
    const b = nodes[Math.min(i + 1, nodes.length - 1)];
    s.set([...a.at, b.at[0] - a.at[0], b.at[1] - a.at[1], b.at[2] - a.at[2]], i * 10);
    s.set([a.radius, b.radius - a.radius, a.half ?? 0, (b.half ?? 0) - (a.half ?? 0)], i * 10 + 6);
  }
  return (x, y, z) => {
    let best = Infinity;
    for (let o = 0; o < s.length; o += 10) {
      const px = x - s[o];
      const py = y - s[o + 1];
      const pz = z - s[o + 2];
      const dx = s[o + 3];
      const dy = s[o + 4];
      const dz = s[o + 5];
      const length2 = dx * dx + dy * dy + dz * dz;
      let t = length2 > 0 ? (px * dx + py * dy + pz * dz) / length2 : 0;
      t = t < 0 ? 0 : Math.min(t, 1);
      const qx = px - t * dx;
      const qy = py - t * dy;
      const qz = Math.max(Math.abs(pz - t * dz) - (s[o + 8] + t * s[o + 9]), 0);
      const d = Math.sqrt(qx * qx + qy * qy + qz * qz) - (s[o + 6] + t * s[o + 7]);
      if (d < best) best = d;
    }
    return best;
  };
}

/** Exact distance in a plane to a simple polygon given as [u0, v0, u1, v1, ...]; negative inside. */
export function polygon(vertices: readonly number[]): (u: number, v: number) => number {
  const p = Float64Array.from(vertices);
  const n = p.length / 2;
  return (u, v) => {
    let best = Infinity;
    let inside = false;
    for (let i = 0, j = n - 1; i < n; j = i++) {
      const ux = p[2 * i];
      const uy = p[2 * i + 1];
      const ex = p[2 * j] - ux;
      const ey = p[2 * j + 1] - uy;
      const wx = u - ux;
      const wy = v - uy;
      const t = Math.min(Math.max((wx * ex + wy * ey) / (ex * ex + ey * ey), 0), 1);
      const qx = wx - ex * t;
      const qy = wy - ey * t;
      const d = qx * qx + qy * qy;
      if (d < best) best = d;
      if (uy > v !== p[2 * j + 1] > v && u < ux + (ex * (v - uy)) / ey) inside = !inside;
    }
    return inside ? -Math.sqrt(best) : Math.sqrt(best);
  };
}

/** An axis-aligned box as [xmin, xmax, ymin, ymax, zmin, zmax] in mm. */
export type Box = readonly [number, number, number, number, number, number];

/** Distance from a point outside to a box; 0 inside. */
export function distanceToBox(box: Box, x: number, y: number, z: number): number {
  const dx = Math.max(box[0] - x, x - box[1], 0);
  const dy = Math.max(box[2] - y, y - box[3], 0);
  const dz = Math.max(box[4] - z, z - box[5], 0);
  return Math.sqrt(dx * dx + dy * dy + dz * dz);
}

/**
 * Skips `shape`, all of which lies within `box`, for points further than `reach` mm from the box: there the distance to
 * the box itself, a lower bound, is returned. `reach` must exceed the radius of any later blend.
 */
export function within(box: Box, reach: number, shape: SignedDistance): SignedDistance {
  return (x, y, z) => {
    const d = distanceToBox(box, x, y, z);
    return d > reach ? d : shape(x, y, z);
  };
}
