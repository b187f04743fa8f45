/**
 * The mandible, closed: the lower border from the chin to the angle, the alveolar ridge on the dental arch, the chin's
 * protuberance, the ramus (a plate with the outline of angle, neck, notch, coronoid process and front border), and the
 * condyle. For x >= 0 in the anatomical frame, mm; `sdf.ts` opens it about the condyles.
 */
import type { Landmarks } from './landmarks.ts';
import type { PhantomParameters } from './parameters.ts';
import { ellipsoid, polygon, type SignedDistance, smoothMin, tube } from './primitives.ts';
import { alveolarRidge, type DentalArch } from './teeth.ts';

/** The lower dental arch: inside the upper one. */
export function lowerArch(p: PhantomParameters, at: Landmarks): DentalArch {
  return {
    halfBreadth: p.dentalArchBreadth / 2 - 6.5,
    depth: 48 * (0.6 + (0.4 * p.dentalArchBreadth) / 62),
    frontY: at.prosthionY + 6.5,
    neckZ: at.infradentaleZ,
    lower: true,
  };
}

/** Distance to the closed mandible without its teeth; nothing of it thinner than `minimum` mm. */
export function mandibleBone(p: PhantomParameters, at: Landmarks, minimum: number): SignedDistance {
  const least = minimum / 2;
  const r = (radius: number): number => Math.max(radius, least);
  const { mentonY: my, mentonZ: mz, gonionX: gx, gonionY: gy, gonionZ: gz } = at;
  const [cx, cy, cz] = at.condyle;
  const lerp = (a: number, b: number, t: number): number => a + (b - a) * t;
  const border = tube([
    { at: [0, my - 1, mz + 6.5], radius: r(6.5) },
    { at: [10, my + 0.5, mz + 6.3], radius: r(6.3) },
    { at: [lerp(10, gx, 0.36), lerp(my, gy, 0.2), lerp(mz, gz, 0.1) + 6], radius: r(5.6) },
    { at: [lerp(10, gx, 0.68), lerp(my, gy, 0.5), lerp(mz, gz, 0.34) + 6], radius: r(5) },
    { at: [gx - 1, lerp(my, gy, 0.86), lerp(mz, gz, 0.8) + 6], radius: r(4.4) },
    { at: [gx + 0.5, gy - 6, gz + 7], radius: r(3.8) },
  ]);
  const arch = lowerArch(p, at);
  const ridge = tube(alveolarRidge(arch, r(4.6), 0.55 * p.chinHeight));
  // Outline of the ramus in the sagittal plane, from the angle up the back, round the notch, down the front.
  const breadth = p.ramusBreadth;
  const midBackY = lerp(gy, cy + 4, 0.5);
  const midZ = lerp(gz, cz, 0.5);
  const frontY = midBackY - breadth;
  const outline = polygon([
    ...[gy - 5, gz + 1.5, gy - 0.5, gz + 7, midBackY, midZ, cy + 3.5, cz - 8, cy - 3, cz - 7],
    ...[cy - 0.36 * breadth, cz - 15, cy - 0.66 * breadth, cz - 10, cy - 0.86 * breadth, cz + 3],
    ...[
      cy - 0.98 * breadth,
      cz - 3,
      frontY - 0.5,
      midZ + 4,
      frontY - 3,
      midZ - 8,
      frontY - 10,
      arch.neckZ + 1,
    ],
    ...[frontY - 6, lerp(mz, gz, 0.6) + 3],
  ]);
  const obliqueLine = tube([
    { at: [lerp(gx, cx, 0.3) - 2.5, frontY + 2, midZ - 6], radius: r(3.4) },
    { at: [lerp(gx, cx, 0.1) - 4.5, frontY - 11, arch.neckZ - 4], radius: r(4.6), half: 4 },
    { at: [arch.halfBreadth + 4, arch.frontY + 0.5 * arch.depth, arch.neckZ - 11], radius: r(4.4), half: 3 },
  ]);
  const plate = r(3);
  const head = Math.max(0.15 * cx, 6.5);
  const neck = tube([
    { at: [cx - 1, cy - 0.5, cz - 14], radius: r(3.4) },
    { at: [cx - 0.5, cy, cz - 3], radius: r(4.4) },
  ]);
  return (x, y, z) => {
    let d = smoothMin(border(x, y, z), ridge(x, y, z), 9);
    const chin = ellipsoid(x - 4, y - my + 4 + p.chinProjection, z - mz - 8.5, 11, 5.5, 8.5);
    d = smoothMin(d, chin, 7);
    d = smoothMin(d, obliqueLine(x, y, z), 7);
    const u = Math.min(Math.max((z - gz) / (cz - gz), 0), 1.1);
    const plane = lerp(gx, cx, u) - 1.2 * Math.sin(Math.PI * u) - 0.06 * (midBackY - y);
    const across = Math.abs(x - plane) - plate + 2;
    const round = outline(y, z) + 2;
    const qa = Math.max(across, 0);
    const qb = Math.max(round, 0);
    const ramus = Math.sqrt(qa * qa + qb * qb) + Math.min(Math.max(across, round), 0) - 2;
    d = smoothMin(d, ramus, 6);
    d = smoothMin(d, neck(x, y, z), 3);
    // The head of the condyle lies across, its inner pole a little further back.
    const hx = x - cx;
    return smoothMin(d, ellipsoid(hx, y - cy + 0.25 * hx, z - cz + 0.5, r(head + 1.4), r(4.8), r(5.4)), 2);
  };
}
