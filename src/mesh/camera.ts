/**
 * Where a picture is taken from. All views are orthographic, so that mm can be read off a figure. The conventions of
 * anatomy: 'front' looks at the face, so the patient's left (+x in LPS) is on the image's right; 'left' shows the left
 * side with the face to the image's left; 'top' and 'below' have the face up, 'top' with the patient's left on the
 * image's left, 'below' (the skull base) with it on the right.
 */
import type { Vec3 } from '../volume/volume.ts';

/** Azimuth turns the camera round the patient from the front (0) to the left (90) to the back (180); elevation lifts it. */
export interface Direction {
  azimuth_deg: number;
  elevation_deg: number;
}

export const VIEWS = {
  front: { azimuth_deg: 0, elevation_deg: 0 },
  left: { azimuth_deg: 90, elevation_deg: 0 },
  right: { azimuth_deg: -90, elevation_deg: 0 },
  back: { azimuth_deg: 180, elevation_deg: 0 },
  threeQuarter: { azimuth_deg: 38, elevation_deg: 12 },
  top: { azimuth_deg: 0, elevation_deg: 90 },
  below: { azimuth_deg: 0, elevation_deg: -90 },
} as const satisfies Record<string, Direction>;

export type View = keyof typeof VIEWS;

/** Three orthonormal LPS vectors: the image's right, the image's up, and the way the camera looks. */
export interface Camera {
  right: Vec3;
  up: Vec3;
  forward: Vec3;
}

/** The camera of a named or free view; at elevation +-90 the face is up. */
export function cameraOf(view: View | Direction): Camera {
  const { azimuth_deg, elevation_deg } = typeof view === 'string' ? VIEWS[view] : view;
  const a = (azimuth_deg * Math.PI) / 180;
  const e = (elevation_deg * Math.PI) / 180;
  const [ca, sa, ce, se] = [Math.cos(a), Math.sin(a), Math.cos(e), Math.sin(e)];
  // From the front (azimuth 0) the camera looks along +y; its right is +x, the patient's left. Looking straight up
  // (elevation -90) it keeps that right; looking down, its right is turned round below so that the face is up.
  const right: Vec3 = [ca, sa, 0];
  const forward: Vec3 = [-sa * ce, ca * ce, -se];
  const up: Vec3 = [-sa * se, ca * se, ce];
  if (elevation_deg === 90) {
    const turned = (v: Vec3): Vec3 => [-v[0], -v[1], -v[2]];
    return { right: turned(right), up: turned(up), forward };
  }
  return { right, up, forward };
}

/** What part of space fills the picture: its middle in LPS mm, and half of the picture's shorter side in mm. */
export interface Frame {
  centre: Vec3;
  halfWidth_mm: number;
}

/**
 * The smallest frame, `margin` larger on every side, that shows all `points` [n * 3] (LPS mm) in an image of
 * `aspect` = width / height.
 */
export function frameOf(points: ArrayLike<number>, camera: Camera, aspect = 1, margin = 0.06): Frame {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const axes = [camera.right, camera.up, camera.forward];
  for (let p = 0; p + 2 < points.length; p += 3) {
    for (let a = 0; a < 3; a++) {
      const d = points[p] * axes[a][0] + points[p + 1] * axes[a][1] + points[p + 2] * axes[a][2];
      if (d < low[a]) low[a] = d;
      if (d > high[a]) high[a] = d;
    }
  }
  if (low[0] > high[0]) return { centre: [0, 0, 0], halfWidth_mm: 1 };
  const middle = low.map((v, a) => (v + high[a]) / 2);
  const centre = [0, 1, 2].map((x) => axes.reduce((sum, axis, a) => sum + middle[a] * axis[x], 0));
  const halfX = (high[0] - low[0]) / 2;
  const halfY = (high[1] - low[1]) / 2;
  const half = aspect >= 1 ? Math.max(halfX / aspect, halfY) : Math.max(halfX, halfY * aspect);
  return { centre: [centre[0], centre[1], centre[2]], halfWidth_mm: half * (1 + 2 * margin) || 1 };
}
