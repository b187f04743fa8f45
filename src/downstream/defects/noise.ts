/**
 * Smooth noise in space: numbers drawn evenly from [-1, 1] at the corners of a cubic lattice, blended inside a cell with
 * weights that start and end flat (value noise, `3 t^2 - 2 t^3`), in two octaves of which the finer counts half. It
 * roughens the edges of defects: a pure function of the stream and of the place, so one edge is the same on every grid.
 */
import type { RandomStream } from '../../random/stream.ts';
import type { Vec3 } from '../../volume/volume.ts';

/** Noise of mean 0 at a point in mm, within +-1.5. */
export type Noise = (x: number, y: number, z: number) => number;

/** Lattice cells of the coarse octave along the longest side of the box. */
const CELLS = 12;

/** Noise over the box of `extent` mm from `low`; beyond it the values of its border go on. */
export function smoothNoise(stream: RandomStream, low: Vec3, extent: Vec3): Noise {
  const cell = Math.max(...extent, 1e-6) / CELLS;
  const coarse = octave(stream, low, extent, cell);
  const fine = octave(stream, low, extent, cell / 2);
  return (x, y, z) => coarse(x, y, z) + 0.5 * fine(x, y, z);
}

/** `3 t^2 - 2 t^3`. */
const flat = (t: number): number => t * t * (3 - 2 * t);

function octave(stream: RandomStream, low: Vec3, extent: Vec3, cell: number): Noise {
  const [nx, ny, nz] = extent.map((e) => Math.max(2, Math.ceil(e / cell) + 1));
  const values = new Float32Array(nx * ny * nz);
  for (let p = 0; p < values.length; p++) values[p] = stream.between(-1, 1);
  const [x0, y0, z0] = low;
  const inverse = 1 / cell;
  const plane = nx * ny;
  return (x, y, z) => {
    const u = Math.min(Math.max((x - x0) * inverse, 0), nx - 1.001);
    const v = Math.min(Math.max((y - y0) * inverse, 0), ny - 1.001);
    const w = Math.min(Math.max((z - z0) * inverse, 0), nz - 1.001);
    const i = Math.floor(u);
    const j = Math.floor(v);
    const k = Math.floor(w);
    const fx = flat(u - i);
    const fy = flat(v - j);
    const fz = flat(w - k);
    const p = i + nx * j + plane * k;
    const q = p + plane;
    const a = values[p] + fx * (values[p + 1] - values[p]);
    const b = values[p + nx] + fx * (values[p + nx + 1] - values[p + nx]);
    const c = values[q] + fx * (values[q + 1] - values[q]);
    const d = values[q + nx] + fx * (values[q + nx + 1] - values[q + nx]);
    const near = a + fy * (b - a);
    return near + fz * (c + fy * (d - c) - near);
  };
}
