/**
 * The dental arches: a superelliptic curve seen from below, and eight teeth a side on it, each a rounded block whose
 * width, depth and height are those of its kind (incisors thin at the edge, molars square). Sizes in mm are the usual
 * textbook means, scaled so that the eight just fill the curve.
 */
import type { SignedDistance, TubeNode } from './primitives.ts';

/** Number of teeth in a complete dentition; tooth index = 16 * lower + 8 * left + place (0 central incisor .. 7). */
export const TOOTH_COUNT = 32;

/** Width along the arch, depth across it, crown height, of the eight teeth of one side. */
const UPPER = {
  width: [8.5, 6.6, 7.6, 7, 6.8, 10, 9.8, 8.5],
  depth: [7, 6, 8, 9, 9, 11, 11, 10],
  crown: [10.5, 9.3, 10.2, 8.6, 8.2, 7.5, 7, 6.5],
};
const LOWER = {
  width: [5.4, 6, 6.9, 7, 7.1, 11, 10.5, 10],
  depth: [6, 6.4, 7.6, 7.8, 8.2, 10.3, 10, 9.5],
  crown: [9, 9.4, 10.8, 8.8, 8.2, 7.6, 7.2, 7],
};

/** Rise of the row of teeth towards the back, mm a mm. */
const OCCLUSAL_TILT = 0.1;

/** One dental arch in the anatomical frame: half breadth and depth in mm between tooth centres, y and z of its front. */
export interface DentalArch {
  halfBreadth: number;
  depth: number;
  frontY: number;
  /** z where crowns leave the bone at the front. */
  neckZ: number;
  lower: boolean;
}

/** The point at angle phi (0 front .. pi/2 back) of an arch, for x >= 0: a superellipse of exponent 2.3. */
function archPoint(arch: DentalArch, phi: number): [number, number, number] {
  const e = 2 / 2.3;
  const x = arch.halfBreadth * Math.sin(phi) ** e;
  const back = arch.depth * (1 - Math.max(Math.cos(phi), 0) ** e);
  return [x, arch.frontY + back, arch.neckZ + OCCLUSAL_TILT * back];
}

/** Nodes of an upright strap of bone along the arch, from the necks of the teeth `height` mm into the jaw. */
export function alveolarRidge(arch: DentalArch, radius: number, height: number): TubeNode[] {
  const half = Math.max(height / 2 - radius, 0);
  const into = arch.lower ? -height / 2 : height / 2;
  return Array.from({ length: 9 }, (_, i) => {
    const [x, y, z] = archPoint(arch, (i / 8) * (Math.PI / 2));
    return { at: [x, y, z + into] as const, radius: radius * (0.85 + (0.3 * i) / 8), half };
  });
}

/**
 * Distance to the teeth of one arch at signed x; `present[tooth]` (0 or 1, by the index of `TOOTH_COUNT`) leaves teeth
 * out; crowns are at least `minimum` mm thick.
 */
export function toothRow(arch: DentalArch, present: Uint8Array, minimum: number): SignedDistance {
  const kind = arch.lower ? LOWER : UPPER;
  const steps = 400;
  const curve = Array.from({ length: steps + 1 }, (_, i) => archPoint(arch, (i / steps) * (Math.PI / 2)));
  const along = new Float64Array(steps + 1);
  for (let i = 1; i <= steps; i++)
    along[i] = along[i - 1] + Math.hypot(curve[i][0] - curve[i - 1][0], curve[i][1] - curve[i - 1][1]);
  const scale = along[steps] / kind.width.reduce((sum, w) => sum + w, 0);
  // Per tooth: centre x, y, neck z, tangent x, y, half width, half depth, height, thinning of the edge, reach.
  const t = new Float64Array(80);
  let start = 0;
  for (let i = 0; i < 8; i++) {
    const middle = start + (kind.width[i] * scale) / 2;
    start += kind.width[i] * scale;
    const at = Math.min(
      Math.max(
        along.findIndex((s) => s >= middle),
        1,
      ),
      steps - 1,
    );
    const dx = curve[at + 1][0] - curve[at - 1][0];
    const dy = curve[at + 1][1] - curve[at - 1][1];
    const norm = Math.hypot(dx, dy);
    const halfWidth = Math.max((kind.width[i] * scale) / 2 - 0.12, minimum / 2);
    const halfDepth = Math.max(kind.depth[i] / 2, minimum / 2);
    const thin = i < 2 ? 0.55 : i === 2 ? 0.45 : 0.12;
    const reach = Math.hypot(halfWidth, halfDepth, kind.crown[i]);
    t.set([...curve[at], dx / norm, dy / norm, halfWidth, halfDepth, kind.crown[i], thin, reach], i * 10);
  }
  const sign = arch.lower ? 1 : -1;
  const first = arch.lower ? 16 : 0;
  return (x, y, z) => {
    const side = first + (x >= 0 ? 8 : 0);
    const ax = Math.abs(x);
    let best = Infinity;
    for (let i = 0; i < 8; i++) {
      if (present[side + i] === 0) continue;
      const o = i * 10;
      const px = ax - t[o];
      const py = y - t[o + 1];
      const h = sign * (z - t[o + 2]);
      const near = Math.sqrt(px * px + py * py + h * h) - t[o + 9];
      if (near >= best) continue;
      const u = px * t[o + 3] + py * t[o + 4];
      const v = px * t[o + 4] - py * t[o + 3];
      const rise = Math.min(Math.max(h / t[o + 7], 0), 1);
      const halfWidth = t[o + 5] * (0.9 + 0.1 * Math.min(2 * rise, 1));
      const halfDepth = Math.max(t[o + 6] * (1 - t[o + 8] * rise), minimum / 2);
      // A rounded block from 4 mm inside the bone to the crown's edge.
      const round = 1.6;
      const qu = Math.max(Math.abs(u) - halfWidth + round, 0);
      const qv = Math.max(Math.abs(v) - halfDepth + round, 0);
      const mid = (t[o + 7] - 4) / 2;
      const qh = Math.max(Math.abs(h - mid) - (t[o + 7] + 4) / 2 + round, 0);
      const d = Math.sqrt(qu * qu + qv * qv + qh * qh) - round;
      if (d < best) best = d;
    }
    return best;
  };
}
