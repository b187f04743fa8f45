/**
 * Which voxels of a file are bone. A segmentation holds two values, whatever they are (0 and 1, 0 and 255, -1200 and
 * -1199): the higher is bone. Anything with more values is a scan or a map of labels, where guessing would be silently
 * wrong: there a threshold or a label must be given.
 */
import { VolumeError } from '../errors.ts';
import { otsuThreshold } from '../volume/threshold.ts';
import type { Mask, Volume, VoxelArray } from '../volume/volume.ts';

export interface BoneMaskOptions {
  /** Bone is `value > threshold`; 'otsu' finds the threshold from the histogram. */
  threshold?: number | 'otsu';
  /** Bone is `value === label`. */
  label?: number;
}

/** Above this share of the faces of the volume, bone is taken to be background. */
const INVERTED = 0.5;

/**
 * The bone of a volume as 0 and 1. Throws `VolumeError`, naming the file, when a value is not finite, when there is no
 * bone or nothing but bone, when more than two values come without a threshold or label, or when the bone covers more
 * than half of the volume's faces (an inverted mask).
 */
export function boneMask(volume: Volume, path: string, options: BoneMaskOptions = {}): Mask {
  const { data } = volume;
  const { values, notFinite } = distinct(data);
  if (notFinite > 0)
    throw refuse(
      `${path} holds ${notFinite} voxels that are NaN or infinite`,
      'finite numbers only',
      'mend the file: replace NaN with the value of the background',
    );
  let isBone: (v: number) => boolean;
  if (options.label !== undefined) {
    const { label } = options;
    isBone = (v) => v === label;
  } else if (options.threshold !== undefined) {
    if (values.length < 2) throw constant(path, values[0]);
    const level = options.threshold === 'otsu' ? otsuThreshold(data) : options.threshold;
    isBone = (v) => v > level;
  } else {
    if (values.length < 2) throw constant(path, values[0]);
    if (values.length > 2)
      throw refuse(
        `${path} holds more than two values (${values.slice(0, 3).join(', ')}, ..)`,
        'a mask of two values, background and bone',
        'a scan needs --threshold VALUE (bone is what is above; or --threshold otsu), a label map needs --label VALUE',
      );
    const low = Math.min(...values);
    isBone = (v) => v > low;
  }
  const out = new Uint8Array(data.length);
  let count = 0;
  for (let i = 0; i < out.length; i++) if (isBone(data[i])) count += out[i] = 1;
  if (count === 0) throw refuse(`${path} has no bone: its mask is empty`, ...WHAT);
  if (count === out.length) throw refuse(`${path} is bone in every voxel: its mask is full`, ...WHAT);
  const mask: Mask = { ...volume, data: out };
  const share = shareOfFaces(mask);
  if (share > INVERTED)
    throw refuse(
      `${path} has bone on ${Math.round(100 * share)} % of its faces: bone and background seem exchanged`,
      'background around the bone',
      'invert the mask, or give --label VALUE or --threshold VALUE',
    );
  return mask;
}

const WHAT = [
  'some bone with background around it',
  'check the segmentation and the threshold or label, or leave the file out',
] as const;

function refuse(found: string, expected: string, todo: string): VolumeError {
  return new VolumeError({ found, expected, todo });
}

function constant(path: string, value: number): VolumeError {
  return value > 0
    ? refuse(`${path} is ${value} in every voxel: its mask is full`, ...WHAT)
    : refuse(`${path} is ${value} in every voxel: its mask is empty`, ...WHAT);
}

/** The first three distinct values, and how many are not finite. */
function distinct(data: VoxelArray): { values: number[]; notFinite: number } {
  const values: number[] = [];
  let notFinite = 0;
  let last = Number.NaN;
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (v === last) continue;
    if (!Number.isFinite(v)) {
      notFinite++;
      continue;
    }
    last = v;
    if (values.length < 3 && !values.includes(v)) values.push(v);
  }
  return { values, notFinite };
}

function shareOfFaces(mask: Mask): number {
  const [nx, ny, nz] = mask.size;
  let seen = 0;
  let bone = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const inside = k > 0 && k < nz - 1 && j > 0 && j < ny - 1;
      for (let i = 0; i < nx; i += inside ? Math.max(1, nx - 1) : 1) {
        seen++;
        bone += mask.data[i + nx * (j + ny * k)];
      }
    }
  return bone / seen;
}
