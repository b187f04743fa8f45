/**
 * From loose slices to a stack: their order, the step between them, and whether they stand straight on each other.
 *
 * With unit vectors r (along a row), c (down a column) and n = r x c, slice k lies at q_k = (p_k . r, p_k . c, p_k . n)
 * for its ImagePositionPatient p_k. Slices are sorted by p . n, so the grid's third axis is n: always right-handed,
 * whichever way the patient lay, and nothing is ever mirrored. The step is (last - first) / (count - 1) along n. A
 * gantry that was tilted shows as in-plane positions that drift in proportion to k: atan(drift / step) is the tilt. The
 * TAG of the tilt is not used: programs keep it after they have straightened a scan.
 */

import type { Vec3 } from '../volume.ts';
import { refusal } from './refuse.ts';

/** What a slice must tell for its place. */
export interface Placed {
  position: readonly number[];
  /** r and c. */
  orientation: readonly number[];
  /** mm between rows, mm between columns. */
  pixelSpacing: readonly number[];
}

export interface StackOptions {
  /** Fewest slices of a usable scan. Default 16. */
  minSlices?: number;
  /** Largest mm between slices, and largest slice thickness. Default 3. */
  maxSliceSpacing?: number;
  /** Largest gantry tilt in degrees that is corrected. Default 30. */
  maxTilt?: number;
  /** Where the spacing varies, take the longest run of even spacing instead of refusing. Default false. */
  longestRun?: boolean;
}

export const STACK_DEFAULTS = { minSlices: 16, maxSliceSpacing: 3, maxTilt: 30, longestRun: false } as const;

export interface Stack<T extends Placed> {
  /** Along n; more than one slice where several share a position (`pick` must then choose). */
  places: T[][];
  r: Vec3;
  c: Vec3;
  n: Vec3;
  /** mm along a row, down a column, along n. */
  spacing: Vec3;
  /** mm by which slice k lies off slice 0 along r and along c: [k * drift[0], k * drift[1]]. */
  drift: [number, number];
  /** Degrees. */
  tilt: number;
  notes: string[];
}

/** mm within which two positions are the same: DICOM's decimals are often cut at a hundredth. */
const SAME = 0.01;
/** mm a position may lie off the line through the stack. */
const OFF_LINE = 0.1;

/** Orders slices of one size. Throws `ScanError` for what makes no straight, even stack within the options. */
export function stackSlices<T extends Placed>(
  label: string,
  slices: readonly T[],
  options: StackOptions = {},
): Stack<T> {
  const { minSlices, maxSliceSpacing, maxTilt, longestRun } = { ...STACK_DEFAULTS, ...options };
  const first = slices[0];
  const { r, c, n } = axesOf(label, first);
  checkAlike(label, slices);
  const along = (slice: T, axis: Vec3) => dot(slice.position, axis);
  const sorted = [...slices].sort((a, b) => along(a, n) - along(b, n));
  let places: T[][] = [];
  for (const slice of sorted) {
    const last = places.at(-1);
    if (last && along(slice, n) - along(last[0], n) < SAME) last.push(slice);
    else places.push([slice]);
  }
  for (const place of places)
    if (
      place.some((s) => Math.hypot(along(s, r) - along(place[0], r), along(s, c) - along(place[0], c)) > SAME)
    )
      throw refusal(
        label,
        'slices at one level lie beside each other',
        'one stack of slices a series',
        'export the series that covers the head alone',
      );
  if (places.length < minSlices) throw tooFew(label, places.length, minSlices);
  const notes: string[] = [];
  const run = evenRun(places.map((place) => along(place[0], n)));
  if (run.end - run.start < places.length) {
    const where = describeSteps(places.map((place) => along(place[0], n)));
    const best = `the longest even run is slices ${run.start + 1} to ${run.end}, ${mm(run.step)} mm apart`;
    if (!longestRun)
      throw refusal(
        label,
        `${where}; ${best}`,
        'slices at one distance from each other (to 1 %)',
        'export the series again with all its slices, or take the longest even run: `cranioflow ingest --longest-run`',
      );
    // No colon: a record shows it as a warning, not as the note of a step.
    notes.push(
      `cut to slices ${run.start + 1} to ${run.end} of ${places.length}, the longest run of even steps (${where.replace(': ', ', ')})`,
    );
    places = places.slice(run.start, run.end);
    if (places.length < minSlices) throw tooFew(label, places.length, minSlices, ' in the longest even run');
  }
  const count = places.length;
  const [head, tail] = [places[0][0], places[count - 1][0]];
  const step = (axis: Vec3) => (along(tail, axis) - along(head, axis)) / Math.max(1, count - 1);
  // Of a single slice nothing can be said; callers ask for more.
  const height = step(n) || 1;
  const drift: [number, number] = [step(r), step(c)];
  places.forEach(([slice], k) => {
    const off = Math.hypot(
      along(slice, r) - along(head, r) - k * drift[0],
      along(slice, c) - along(head, c) - k * drift[1],
    );
    if (off > OFF_LINE)
      throw refusal(
        label,
        `slice ${k + 1} of ${count} lies ${mm(off)} mm beside the line through the others`,
        'slices that stand on each other in a straight line',
        'export one series of one acquisition',
      );
  });
  if (height > maxSliceSpacing * (1 + 1e-3))
    throw refusal(
      label,
      `slices lie ${mm(height)} mm apart`,
      `at most ${maxSliceSpacing} mm, so that thin bone is seen`,
      'use a thinner reconstruction of the scan, or allow more: --max-slice-spacing',
    );
  // A drift below the tolerance over the whole stack is rounding of the positions.
  const straight = Math.hypot(...drift) * (count - 1) < OFF_LINE;
  const tilt = straight ? 0 : (Math.atan2(Math.hypot(...drift), height) * 180) / Math.PI;
  if (tilt > maxTilt)
    throw refusal(
      label,
      `slices lean by ${tilt.toFixed(1)} degrees against their stack`,
      `a gantry tilt of at most ${maxTilt} degrees`,
      'export the scan straightened, or another series',
    );
  const spacing: Vec3 = [first.pixelSpacing[1], first.pixelSpacing[0], height];
  return { places, r, c, n, spacing, drift: straight ? [0, 0] : drift, tilt, notes };
}

/** Unit vectors of the slices' plane and its normal, made exactly perpendicular. */
function axesOf(label: string, slice: Placed): { r: Vec3; c: Vec3; n: Vec3 } {
  const o = slice.orientation;
  const skew = Math.abs(dot(o.slice(0, 3), o.slice(3) as unknown as Vec3));
  const lengths = [Math.hypot(o[0], o[1], o[2]), Math.hypot(o[3], o[4], o[5])];
  if (!(skew < 1e-3 && lengths.every((l) => Math.abs(l - 1) < 1e-3)))
    throw refusal(
      label,
      'the directions of rows and columns are not two perpendicular unit vectors',
      'an ImageOrientationPatient that is one',
      'export the scan again: without it left and right cannot be told',
    );
  const r = unit([o[0], o[1], o[2]]);
  const along = dot(o.slice(3), r);
  const c = unit([o[3] - along * r[0], o[4] - along * r[1], o[5] - along * r[2]]);
  return { r, c, n: unit(cross(r, c)) };
}

function checkAlike(label: string, slices: readonly Placed[]): void {
  const { orientation: o, pixelSpacing: s } = slices[0];
  if (!s.every((x) => x > 0 && x < 100))
    throw refusal(
      label,
      'the distance between pixels is no sensible number',
      'a PixelSpacing above 0 mm',
      'export the scan again: without it no length can be trusted',
    );
  const turned = slices.filter((p) => p.orientation.some((x, i) => Math.abs(x - o[i]) > 1e-3)).length;
  if (turned > 0)
    throw refusal(
      label,
      `${turned} of ${slices.length} slices lie in another direction than the first`,
      'one direction in a series',
      'export the series that covers the head alone',
    );
  if (slices.some((p) => p.pixelSpacing.some((x, i) => Math.abs(x / s[i] - 1) > 1e-3)))
    throw refusal(
      label,
      'slices differ in the distance between their pixels',
      'one PixelSpacing in a series',
      'export one reconstruction alone',
    );
}

/** All slices, if every step agrees with the median to 1 % (or 0.01 mm); else the longest run [start, end) of steps like its first. */
function evenRun(at: readonly number[]): { start: number; end: number; step: number } {
  const steps = at.slice(1).map((x, i) => x - at[i]);
  const middle = median(steps);
  const even = (step: number, to: number) => Math.abs(step - to) <= Math.max(0.01 * to, SAME);
  if (steps.every((step) => even(step, middle))) return { start: 0, end: at.length, step: middle };
  let best = { start: 0, end: 1, step: 0 };
  for (let start = 0; start < steps.length; ) {
    let end = start + 1;
    while (end < steps.length && even(steps[end], steps[start])) end++;
    if (end + 1 - start > best.end - best.start) best = { start, end: end + 1, step: steps[start] };
    start = end;
  }
  return best;
}

/** What is wrong with uneven steps: slices missing, or a mixture. */
function describeSteps(at: readonly number[]): string {
  const steps = at.slice(1).map((x, i) => x - at[i]);
  const middle = median(steps);
  const odd = steps.flatMap((step, i) =>
    Math.abs(step - middle) > Math.max(0.01 * middle, SAME) ? [i] : [],
  );
  const gaps = odd.every((i) => {
    const ratio = steps[i] / middle;
    return ratio > 1.5 && Math.abs(ratio - Math.round(ratio)) < 0.05;
  });
  const shown = odd.slice(0, 3).map((i) => `${mm(steps[i])} mm after slice ${i + 1}`);
  const more = odd.length > 3 ? ` and ${odd.length - 3} more` : '';
  if (!gaps)
    return `the distance between slices varies (${mm(Math.min(...steps))} to ${mm(Math.max(...steps))} mm, median ${mm(middle)}): ${shown.join(', ')}${more}`;
  const missing = odd.reduce((sum, i) => sum + Math.round(steps[i] / middle) - 1, 0);
  return `${missing} slice${missing === 1 ? ' is' : 's are'} missing (${mm(middle)} mm apart, but ${shown.join(', ')}${more})`;
}

function tooFew(label: string, count: number, least: number, where = ''): Error {
  return refusal(
    label,
    `${count} slice${count === 1 ? '' : 's'}${where}`,
    `at least ${least}`,
    'leave it out: it is a localiser, a single image, or a part of a scan (or allow fewer: --min-slices)',
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[sorted.length >> 1];
}

const mm = (x: number): string => String(Number(x.toFixed(2)));
const dot = (a: readonly number[], b: readonly number[]): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

function unit(v: Vec3): Vec3 {
  const length = Math.hypot(v[0], v[1], v[2]);
  // + 0: no negative zeros, so that equal directions compare equal.
  return [v[0] / length + 0, v[1] / length + 0, v[2] / length + 0];
}
