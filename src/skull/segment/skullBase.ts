/**
 * Cutting off the neck, in the Frankfort frame (`register/frame.ts`: x left, y back, z up, from the middle of the porions,
 * mm), so that it does not matter how the head lay in the scan. The plane runs under the foramen magnum, tipped by 6
 * degrees (lower at the back, as the foramen is), and behind the foramen's middle 4 mm lower, to spare the occiput:
 *
 *     h(y, z) = z cos 6 + (y - 18) sin 6          depth t = level - h (- 4 where y > 20); the neck lies where t > 0
 *     level   = least h of the braincase's room over the foramen, less 1 mm; -27 where that is not known
 *
 * A ball of 20 mm rests in the foramen as deep as the condyles reach: on four real heads the plane passes within some 2 mm
 * of the lowest points of theirs, through the joint with the atlas. The jaw hangs below it too, so what is below is told
 * apart by where it lies:
 *
 *     the column   |x| <= 42 and y >= 2, or |x| <= 27 and y >= -23 - min(t / 2, 17): vertebrae, the atlas' arch; taken away
 *     the body     |x| > 80, or y > 48, or t > 120: shoulders, ribs; taken away
 *     the face     the rest: jaw, pterygoid, mastoid and styloid processes; kept
 *
 * and of the pieces that are left, those that reach nowhere higher than 14 mm above the plane and lie mostly within |x| <= 42,
 * y >= -30 go as well: the tip of the dens, the tops of the atlas' arches, ends of transverse processes.
 */
import { forEachRun, labelRuns, paintRuns } from '../../volume/runs.ts';
import { type Mask, voxelToWorld } from '../../volume/volume.ts';
import { type Transform, transformGrid } from '../register/transform.ts';
import type { Braincase } from './braincase.ts';
import type { SegmentStep } from './step.ts';

export interface SkullBase {
  /** From LPS mm to the Frankfort frame, as well as it is known while the neck is there. */
  pose: Transform;
  /** mm: the h of the plane. */
  level: number;
}

const TILT = (6 * Math.PI) / 180;
const [COS, SIN] = [Math.cos(TILT), Math.sin(TILT)];
const MIDDLE_Y = 18;
/** mm from the lowest point of the room to the plane. */
const BELOW = 1;
/** mm: the level where the room does not tell it, and where it is not believed. */
const LEVEL = { usual: -27, least: -38, most: -17 };
/** mm: where in the frame the foramen is. */
const FORAMEN = { side: 20, front: -10, back: 48 };
/** mm: behind `from` the plane lies `drop` lower. */
const BACK = { from: 20, drop: 4 };
const COLUMN = { side: 42, front: 2, coreSide: 27, coreFront: -23, slope: 0.5, most: 17 };
const BODY = { side: 80, back: 48, down: 120 };
const PIECE = { side: 42, front: -30, high: 14 };

const heightOf = (y: number, z: number): number => z * COS + (y - MIDDLE_Y) * SIN;

/** The plane under the skull base of a bone that `pose` brings into the frame, by its braincase where there is one. */
export function skullBase(pose: Transform, braincase?: Braincase): SkullBase {
  let least = Infinity;
  if (braincase !== undefined)
    eachBone(transformGrid(braincase.room, pose), (_, x, y, z) => {
      if (Math.abs(x) > FORAMEN.side || y < FORAMEN.front || y > FORAMEN.back) return;
      least = Math.min(least, heightOf(y, z));
    });
  const level = least - BELOW;
  return { pose, level: level >= LEVEL.least && level <= LEVEL.most ? level : LEVEL.usual };
}

/** Whether a point of the frame, mm, lies above the plane, in the neck below it, or in the face. */
export function partAt(x: number, y: number, z: number, level: number): 'above' | 'neck' | 'face' {
  const depth = level - heightOf(y, z) - (y > BACK.from ? BACK.drop : 0);
  if (depth <= 0) return 'above';
  const side = Math.abs(x);
  if (side > BODY.side || y > BODY.back || depth > BODY.down) return 'neck';
  if (side <= COLUMN.side && y >= COLUMN.front) return 'neck';
  const front = COLUMN.coreFront - Math.min(COLUMN.slope * depth, COLUMN.most);
  return side <= COLUMN.coreSide && y >= front ? 'neck' : 'face';
}

/** The mask without the neck below the plane, as described above. */
export function cutNeck(mask: Mask, { pose, level }: SkullBase): { mask: Mask; step: SegmentStep } {
  const { size, data } = mask;
  const placed = transformGrid(mask, pose);
  const out = data.slice();
  let removed = 0;
  let under = 0;
  eachBone(placed, (p, x, y, z) => {
    const part = partAt(x, y, z, level);
    if (part === 'above') return;
    under++;
    if (part === 'face') return;
    out[p] = 0;
    removed++;
  });
  const runs = labelRuns(out, size);
  const high = new Uint8Array(runs.sizes.length);
  const inside = new Float64Array(runs.sizes.length);
  forEachRun(runs, (at, length, label) => {
    const [j, k] = [Math.floor(at / size[0]) % size[1], Math.floor(at / (size[0] * size[1]))];
    for (let p = at; high[label] === 0 && p < at + length; p++) {
      const [x, y, z] = voxelToWorld(placed, p % size[0], j, k);
      if (heightOf(y, z) > level + PIECE.high) high[label] = 1;
      if (Math.abs(x) <= PIECE.side && y >= PIECE.front) inside[label]++;
    }
  });
  const pieces = paintRuns(
    runs,
    runs.sizes.map((n, c) => (high[c] === 0 && inside[c] > n / 2 ? 1 : 0)),
  );
  for (let p = 0; p < out.length; p++)
    if (pieces[p]) {
      out[p] = 0;
      removed++;
    }
  return {
    mask: { ...mask, data: out },
    step: {
      name: 'neck',
      count: removed,
      note: `of ${under} voxels below the plane under the foramen magnum (${(-level).toFixed(0)} mm below the Frankfort plane), ${removed} of the neck are cut off`,
    },
  };
}

/** Calls `visit(voxel, x, y, z)` for every bone voxel, mm in the mask's space. */
function eachBone(mask: Mask, visit: (p: number, x: number, y: number, z: number) => void): void {
  const { size, data, direction: m, spacing: s, origin: o } = mask;
  const [nx, ny, nz] = size;
  for (let k = 0, p = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const [y, z] = [j * s[1], k * s[2]];
      const ox = o[0] + m[1] * y + m[2] * z;
      const oy = o[1] + m[4] * y + m[5] * z;
      const oz = o[2] + m[7] * y + m[8] * z;
      for (let i = 0; i < nx; i++, p++)
        if (data[p] !== 0) {
          const x = i * s[0];
          visit(p, ox + m[0] * x, oy + m[3] * x, oz + m[6] * x);
        }
    }
}
