/**
 * A gantry tilt taken out. Slices of a tilted gantry are parallel, but each lies `drift` mm beside the one before it.
 * On the grid of perpendicular axes, slice k is slice k of the scan moved by k . drift within its own plane: linear
 * interpolation along rows and columns, no mixing of slices. The grid is widened so that nothing is cut away; what no
 * slice covers is air.
 */
import { AIR } from './hounsfield.ts';

export interface Sheared {
  data: Int16Array | Float32Array;
  columns: number;
  rows: number;
  /** mm from the first pixel of slice 0 to the first pixel of the new grid, along rows and along columns. */
  shift: [number, number];
}

/** How far the grid must grow, in pixels, on both sides of an axis for a total drift of `total` pixels. */
function growth(total: number): { before: number; after: number } {
  return { before: Math.ceil(Math.max(0, -total) - 1e-6), after: Math.ceil(Math.max(0, total) - 1e-6) };
}

/** Voxels of the widened grid. */
export function shearedVoxels(size: readonly number[], pixelDrift: readonly number[]): number {
  const [x, y] = [0, 1].map((a) => growth(pixelDrift[a] * (size[2] - 1)));
  return (size[0] + x.before + x.after) * (size[1] + y.before + y.after) * size[2];
}

/**
 * `data` of `size` (x fastest) whose slice k lies k . `drift` mm along rows and columns off slice 0, on a rectangular grid
 * of the same `spacing`.
 */
export function unshear(
  data: Int16Array | Float32Array,
  size: readonly [number, number, number],
  spacing: readonly number[],
  drift: readonly [number, number],
): Sheared {
  const [nx, ny, nz] = size;
  const step = [drift[0] / spacing[0], drift[1] / spacing[1]];
  const gx = growth(step[0] * (nz - 1));
  const gy = growth(step[1] * (nz - 1));
  const columns = nx + gx.before + gx.after;
  const rows = ny + gy.before + gy.after;
  const whole = data instanceof Int16Array;
  const out = whole ? new Int16Array(columns * rows * nz) : new Float32Array(columns * rows * nz);
  const air = AIR;
  const read = (x: number, y: number, base: number) =>
    x < 0 || y < 0 || x >= nx || y >= ny ? air : data[base + y * nx + x];
  for (let k = 0; k < nz; k++) {
    // New pixel (i, j) is the scan's pixel (i - before - k . step).
    const sx = -gx.before - k * step[0];
    const sy = -gy.before - k * step[1];
    const ix = Math.floor(sx + 1e-9);
    const iy = Math.floor(sy + 1e-9);
    const fx = Math.max(0, sx - ix);
    const fy = Math.max(0, sy - iy);
    const base = k * nx * ny;
    let at = k * columns * rows;
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++, at++) {
        const x = i + ix;
        const y = j + iy;
        const a = read(x, y, base);
        const b = fx > 0 ? read(x + 1, y, base) : a;
        let value = a + fx * (b - a);
        if (fy > 0) {
          const c = read(x, y + 1, base);
          const d = fx > 0 ? read(x + 1, y + 1, base) : c;
          value += fy * (c + fx * (d - c) - value);
        }
        out[at] = whole ? Math.round(value) : value;
      }
  }
  return { data: out, columns, rows, shift: [-gx.before * spacing[0], -gy.before * spacing[1]] };
}
