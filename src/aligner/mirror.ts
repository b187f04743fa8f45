/**
 * The plane across which a bone is the mirror image of itself, where it lies in the canonical frame, and mirroring across it:
 * `S y = y - 2 (n . y - d) n = H y + 2 d n`. Frames are not laid by symmetry (that of a reference bone has the tilt which that bone
 * happened to have), so mirroring x alone would put a mirrored bone into another frame, by twice that tilt.
 */
import { apply3 } from '../volume/geometry.ts';
import type { Mat3, Vec3 } from '../volume/volume.ts';

export interface MirrorPlane {
  /** n, of length 1. */
  normal: [number, number, number];
  /** d, mm: `n . y = d` on the plane. */
  offset: number;
}

/** An affine map `y -> h y + t`. */
export interface Affine {
  h: Mat3;
  t: Vec3;
}

/** Mirroring across a plane; its own inverse. */
export function mirroring({ normal: n, offset }: MirrorPlane): Affine {
  const h = Array.from({ length: 9 }, (_, i) => {
    const [r, c] = [Math.floor(i / 3), i % 3];
    return (r === c ? 1 : 0) - 2 * n[r] * n[c];
  });
  return { h: h as unknown as Mat3, t: n.map((v) => 2 * offset * v) as unknown as Vec3 };
}

/** `h y + t`. */
export function applyAffine({ h, t }: Affine, y: Vec3): Vec3 {
  const v = apply3(h, y);
  return [v[0] + t[0], v[1] + t[1], v[2] + t[2]];
}
