/**
 * The whole phantom as one signed distance: braincase, base and face are melted together, the rooms (brain, orbits,
 * nose, mouth, sinuses, foramen magnum, ear canals) are cut out, the mandible is turned open about its condyles and set
 * below with a joint gap, and a few long waves bend the symmetric result into a mildly asymmetric one. The value is
 * exact in sign and within a factor of about two in size, enough to step along a ray or to skip empty blocks.
 */
import { baseHoles, skullBase } from './base.ts';
import { faceBone, jawRooms, upperArch } from './face.ts';
import { type Landmarks, placeLandmarks } from './landmarks.ts';
import { lowerArch, mandibleBone } from './mandible.ts';
import { nasalRoom, orbitRimY, orbitRoom } from './orbit.ts';
import type { PhantomParameters } from './parameters.ts';
import { type SignedDistance, smoothMax, smoothMin, within } from './primitives.ts';
import { TOOTH_COUNT, toothRow } from './teeth.ts';
import { brainRoom, vaultThickness } from './vault.ts';

/** What the same skull looks like to a coarse grid, and which teeth it has. */
export interface PhantomOptions {
  /** mm: no bone is thinner than this (0, its true thickness). A grid passes about 1.2 times its spacing. */
  minimumThickness?: number;
  /** mm: bone of the cranium nearer to the mandible than this is cut away (1, the joint's own gap). */
  jointGap?: number;
  /** 32 flags by the tooth index of `teeth.ts`; all 1 when absent. */
  teeth?: Uint8Array;
}

/**
 * `phantomSignedDistance(parameters)` returns `(x, y, z) => mm`: the signed distance to bone, negative inside, at a
 * point in LPS mm of the centred frame (`landmarks.ts`).
 */
export function phantomSignedDistance(p: PhantomParameters, options: PhantomOptions = {}): SignedDistance {
  const minimum = options.minimumThickness ?? 0;
  const at = placeLandmarks(p);
  const bone = symmetricSkull(p, at, minimum, options.jointGap ?? 1, options.teeth);
  const [ox, oy, oz] = at.centre;
  const a = p.asymmetry;
  return (lx, ly, lz) => {
    const x = lx + ox;
    const y = ly + oy;
    const z = lz + oz;
    const side = Math.sin(x / 40);
    const sy = Math.sin(y / 48);
    const sz = Math.sin(z / 48);
    const cy = Math.cos(y / 55);
    const cz = Math.cos(z / 55);
    return bone(
      x + a[0] * sz + a[1] * cy + a[2] * sy * sz + a[3] * cy * cz,
      y + side * (a[4] + a[5] * cz + a[6] * sy + a[7] * sz),
      z + side * (a[8] + a[9] * cy + a[10] * sz + a[11] * sy),
    );
  };
}

/** The skull before asymmetry, in the anatomical frame. */
function symmetricSkull(
  p: PhantomParameters,
  at: Landmarks,
  minimum: number,
  jointGap: number,
  teeth: Uint8Array = new Uint8Array(TOOTH_COUNT).fill(1),
): SignedDistance {
  const brain = brainRoom(p, at);
  const thickness = vaultThickness(p, at, minimum);
  const base = skullBase(p, at, minimum);
  const face = faceBone(p, at, minimum);
  const holes = baseHoles(p);
  const wall = Math.max(2.2, minimum);
  const orbit = orbitRoom(p, at);
  const nose = nasalRoom(p, at);
  // The septum divides the nose behind the aperture; beyond a thickness of 3.3 mm it would leave no passage open.
  const septum = minimum < 3.3 ? Math.max(0.8, minimum / 2) : 0;
  const septumY = at.nasionY + 14;
  const jaw = jawRooms(p, at, wall);
  const upper = upperArch(p, at);
  const upperTeeth = within(
    [
      -upper.halfBreadth - 8,
      upper.halfBreadth + 8,
      upper.frontY - 8,
      upper.frontY + upper.depth + 8,
      upper.neckZ - 16,
      upper.neckZ + 16,
    ],
    8,
    toothRow(upper, teeth, minimum),
  );
  const lower = lowerArch(p, at);
  const lowerTeeth = within(
    [
      -lower.halfBreadth - 8,
      lower.halfBreadth + 8,
      lower.frontY - 8,
      lower.frontY + lower.depth + 8,
      lower.neckZ - 16,
      lower.neckZ + 20,
    ],
    8,
    toothRow(lower, teeth, minimum),
  );
  const jawBone = mandibleBone(p, at, minimum);
  const angle = (p.jawOpening * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const [, hingeY, hingeZ] = at.condyle;
  const mandible = within([-75, 75, at.prosthionY - 10, 25, at.mentonZ - 25, 8], 12, (x, y, z) => {
    const dy = y - hingeY;
    const dz = z - hingeZ;
    const my = hingeY + dy * cos + dz * sin;
    const mz = hingeZ + dz * cos - dy * sin;
    return Math.min(jawBone(Math.abs(x), my, mz), lowerTeeth(x, my, mz));
  });
  return (sx, y, z) => {
    const x = Math.abs(sx);
    const room = brain(x, y, z);
    let bone = room - thickness(x, y, z);
    bone = smoothMin(bone, base(x, y, z), 6);
    const inFace = y < 10 && z < 70;
    let rooms = room;
    if (inFace) {
      bone = smoothMin(bone, face(x, y, z), 7);
      const eye = orbit(x, y, z);
      bone = smoothMin(bone, Math.max(eye - wall, orbitRimY(p, at, x) - y), 3);
      // Orbit and nose keep their walls against the brain.
      rooms = Math.max(room, wall - eye);
      const nasal = nose(x, y, z);
      const divide = septum > 0 ? Math.max(x - septum, septumY - y, nasal - 1) : Infinity;
      bone = Math.min(bone, divide);
      rooms = Math.min(Math.max(rooms, wall - nasal), eye, Math.max(nasal, -divide));
      rooms = Math.min(rooms, Math.max(jaw(x, y, z), wall - eye, wall - nasal));
    }
    bone = smoothMax(bone, -Math.min(rooms, holes(x, y, z)), 1);
    bone = Math.min(bone, upperTeeth(sx, y, z));
    const free = mandible(sx, y, z);
    return Math.min(Math.max(bone, jointGap - free), free);
  };
}
