/** Trilinear values and gradients of a field between its voxels; beyond the border the field goes on as at the border. */
import type { FieldGrid } from './shapeField.ts';

export class FieldSampler {
  readonly #data: ArrayLike<number>;
  readonly #nx: number;
  readonly #ny: number;
  readonly #nz: number;
  /** The gradient at the last point of `withGradient`, per voxel. */
  gx = 0;
  gy = 0;
  gz = 0;

  constructor({ size }: FieldGrid, data: ArrayLike<number>) {
    [this.#nx, this.#ny, this.#nz] = size;
    this.#data = data;
  }

  /** The field at a voxel index. */
  value(x: number, y: number, z: number): number {
    const d = this.#data;
    const nx = this.#nx;
    const ny = this.#ny;
    const nz = this.#nz;
    const cx = x < 0 ? 0 : Math.min(x, nx - 1);
    const cy = y < 0 ? 0 : Math.min(y, ny - 1);
    const cz = z < 0 ? 0 : Math.min(z, nz - 1);
    // The last voxel of an axis is reached as 'one before, weight 1', so that no neighbour lies outside.
    const i = cx >= nx - 1 ? nx - 2 : cx | 0;
    const j = cy >= ny - 1 ? ny - 2 : cy | 0;
    const k = cz >= nz - 1 ? nz - 2 : cz | 0;
    const fx = cx - i;
    const fy = cy - j;
    const p = i + nx * (j + ny * k);
    const q = p + nx * ny;
    const a0 = d[p] + fx * (d[p + 1] - d[p]);
    const a1 = d[p + nx] + fx * (d[p + nx + 1] - d[p + nx]);
    const b0 = d[q] + fx * (d[q + 1] - d[q]);
    const b1 = d[q + nx] + fx * (d[q + nx + 1] - d[q + nx]);
    const a = a0 + fy * (a1 - a0);
    return a + (cz - k) * (b0 + fy * (b1 - b0) - a);
  }

  /** The same, leaving the gradient in `gx`, `gy`, `gz`. */
  withGradient(x: number, y: number, z: number): number {
    const d = this.#data;
    const nx = this.#nx;
    const ny = this.#ny;
    const nz = this.#nz;
    const cx = x < 0 ? 0 : Math.min(x, nx - 1);
    const cy = y < 0 ? 0 : Math.min(y, ny - 1);
    const cz = z < 0 ? 0 : Math.min(z, nz - 1);
    const i = cx >= nx - 1 ? nx - 2 : cx | 0;
    const j = cy >= ny - 1 ? ny - 2 : cy | 0;
    const k = cz >= nz - 1 ? nz - 2 : cz | 0;
    const fx = cx - i;
    const fy = cy - j;
    const fz = cz - k;
    const p = i + nx * (j + ny * k);
    const q = p + nx * ny;
    const ax0 = d[p + 1] - d[p];
    const ax1 = d[p + nx + 1] - d[p + nx];
    const bx0 = d[q + 1] - d[q];
    const bx1 = d[q + nx + 1] - d[q + nx];
    const a0 = d[p] + fx * ax0;
    const a1 = d[p + nx] + fx * ax1;
    const b0 = d[q] + fx * bx0;
    const b1 = d[q + nx] + fx * bx1;
    const a = a0 + fy * (a1 - a0);
    const b = b0 + fy * (b1 - b0);
    const ax = ax0 + fy * (ax1 - ax0);
    const bx = bx0 + fy * (bx1 - bx0);
    this.gx = ax + fz * (bx - ax);
    this.gy = a1 - a0 + fz * (b1 - b0 - a1 + a0);
    this.gz = b - a;
    return a + fz * (b - a);
  }
}
