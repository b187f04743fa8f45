/**
 * Rays through the voxel centres of a grid, all those of one lattice direction at once. A direction d with entries -1, 0
 * or 1 runs through voxel centres from neighbour to neighbour; in the sheared coordinates (u, v, t) = (p_b - d_b p_a,
 * p_c - d_c p_a, p_a), with p in voxels and d_a = 1, every such ray is a line of constant whole u and v, and t counts its
 * voxels. So one rule draws all 13 directions: triangles are projected along t and scan-converted at whole (u, v), and each
 * ray keeps the signed crossings it meets.
 *
 * No ray slips through the seam of two triangles: an edge's crossing with a scan line is computed from its two ends ordered
 * by v, the same for both triangles, and intervals are half open. For a closed mesh the crossings of every ray therefore
 * add up to exactly 0, whatever the rounding.
 */
import { VolumeError } from '../errors.ts';
import type { Vec3 } from '../volume/volume.ts';

/** A surface prepared for rays: points in voxels of the grid. */
export interface RaySurface {
  /** [V * 3] voxel indices, fractional. */
  points: Float64Array;
  indices: Uint32Array;
  /** 1 for each triangle to be taken as facing the other way. */
  turned: Uint8Array;
}

/** Crossings of one direction beyond which a surface is refused: 1,000 layers over the reference grid. */
const MOST_CROSSINGS = 2e8;

/** Crossings at one voxel of one sign, which 16 bits must hold. */
const DEEPEST = 16000;

/**
 * Casts every ray of direction `d` through a grid of `size` voxels. `visit(base, step, n, total)` is called for each ray
 * that meets the surface: its n voxels are `base + i step`, `crossings[base + i step]` holds the crossings between it and
 * the voxel before it (+1 into the solid, -1 out of it; a crossing exactly at a centre counts as before it), and `total`
 * their sum along the whole ray. `visit` must set the crossings it has read back to 0. With `count` every crossing
 * counts +1. Throws `VolumeError` for a surface of absurd depth.
 */
export function castRays(
  surface: RaySurface,
  size: Vec3,
  d: Vec3,
  crossings: Int16Array,
  visit: (base: number, step: number, n: number, total: number) => void,
  count = false,
): void {
  const { points, indices, turned } = surface;
  const a = d.findIndex((x) => x !== 0);
  const b = (a + 1) % 3;
  const c = (a + 2) % 3;
  const strides = [1, size[0], size[0] * size[1]];
  const [na, nb, nc] = [size[a], size[b], size[c]];
  const [db, dc] = [d[b], d[c]];
  const uLow = db === 1 ? 1 - na : 0;
  const uHigh = db === -1 ? nb + na - 2 : nb - 1;
  const vLow = dc === 1 ? 1 - na : 0;
  const vHigh = dc === -1 ? nc + na - 2 : nc - 1;
  const width = uHigh - uLow + 1;
  const totals = new Int32Array(width * (vHigh - vLow + 1));
  const met = new Uint8Array(totals.length);
  const [sb, sc] = [strides[b], strides[c]];
  const step = strides[a] + db * sb + dc * sc;
  const firstOf = (u: number, v: number): number => {
    let t = 0;
    if (db === 1) t = Math.max(t, -u);
    else if (db === -1) t = Math.max(t, u - nb + 1);
    if (dc === 1) t = Math.max(t, -v);
    else if (dc === -1) t = Math.max(t, v - nc + 1);
    return t;
  };
  const lastOf = (u: number, v: number): number => {
    let t = na - 1;
    if (db === 1) t = Math.min(t, nb - 1 - u);
    else if (db === -1) t = Math.min(t, u);
    if (dc === 1) t = Math.min(t, nc - 1 - v);
    else if (dc === -1) t = Math.min(t, v);
    return t;
  };

  let seen = 0;
  for (let h = 0; h < indices.length; h += 3) {
    // Corners by rising v: low, middle, high.
    let p = 3 * indices[h];
    let q = 3 * indices[h + 1];
    let r = 3 * indices[h + 2];
    let vp = points[p + c] - dc * points[p + a];
    let vq = points[q + c] - dc * points[q + a];
    let vr = points[r + c] - dc * points[r + a];
    let sign = turned[h / 3] ? 1 : -1;
    if (vq < vp) {
      [p, q] = [q, p];
      [vp, vq] = [vq, vp];
      sign = -sign;
    }
    if (vr < vq) {
      [q, r] = [r, q];
      [vq, vr] = [vr, vq];
      sign = -sign;
      if (vq < vp) {
        [p, q] = [q, p];
        [vp, vq] = [vq, vp];
        sign = -sign;
      }
    }
    const from = Math.max(Math.ceil(vp), vLow);
    const to = Math.min(Math.ceil(vr) - 1, vHigh);
    if (from > to) continue;
    const [tp, tq, tr] = [points[p + a], points[q + a], points[r + a]];
    const up = points[p + b] - db * tp;
    const uq = points[q + b] - db * tq;
    const ur = points[r + b] - db * tr;
    if ((up < uLow && uq < uLow && ur < uLow) || (up > uHigh && uq > uHigh && ur > uHigh)) continue;
    for (let v = from; v <= to; v++) {
      // The long edge is always active; of the two short ones the one whose half-open range of v holds v.
      const f = (v - vp) / (vr - vp);
      const uLong = up + f * (ur - up);
      const tLong = tp + f * (tr - tp);
      let uShort: number;
      let tShort: number;
      if (v < vq) {
        const g = (v - vp) / (vq - vp);
        uShort = up + g * (uq - up);
        tShort = tp + g * (tq - tp);
      } else {
        const g = (v - vq) / (vr - vq);
        uShort = uq + g * (ur - uq);
        tShort = tq + g * (tr - tq);
      }
      const straight = uLong < uShort;
      const s = count ? 1 : straight ? sign : -sign;
      const u0 = straight ? uLong : uShort;
      const u1 = straight ? uShort : uLong;
      const slope = (tShort - tLong) / (uShort - uLong);
      const last = Math.min(Math.ceil(u1) - 1, uHigh);
      for (let u = Math.max(Math.ceil(u0), uLow); u <= last; u++) {
        const first = firstOf(u, v);
        const end = lastOf(u, v);
        if (first > end) continue;
        const row = u - uLow + width * (v - vLow);
        totals[row] += s;
        met[row] = 1;
        if (++seen > MOST_CROSSINGS) throw tooDeep();
        let t = Math.ceil(tLong + (u - uLong) * slope);
        if (t > end) continue;
        if (!(t >= first)) t = first;
        const deep = (crossings[u * sb + v * sc + t * step] += s);
        if (deep > DEEPEST || deep < -DEEPEST) throw tooDeep();
      }
    }
  }
  for (let v = vLow, row = 0; v <= vHigh; v++)
    for (let u = uLow; u <= uHigh; u++, row++) {
      if (!met[row]) continue;
      const first = firstOf(u, v);
      visit(u * sb + v * sc + first * step, step, lastOf(u, v) - first + 1, totals[row]);
    }
}

const tooDeep = (): VolumeError =>
  new VolumeError({
    found: 'a surface of more than a thousand layers over the whole grid, or in one voxel',
    expected: 'the surface of a bone',
    todo: 'remove repeated triangles from the mesh, or give another file',
  });
