/** Test helper: sizes of the 6-connected components of `value` in a mask, largest first, by flood fill. */
import type { Mask } from '../../../src/volume/volume.ts';

export function componentSizes(mask: Mask, value: 0 | 1): number[] {
  const [nx, ny, nz] = mask.size;
  const seen = new Uint8Array(mask.data.length);
  const stack = new Int32Array(mask.data.length);
  const sizes: number[] = [];
  for (let start = 0; start < seen.length; start++) {
    if (seen[start] || mask.data[start] !== value) continue;
    let top = 0;
    let size = 0;
    stack[top++] = start;
    seen[start] = 1;
    const push = (o: number): void => {
      if (seen[o] || mask.data[o] !== value) return;
      seen[o] = 1;
      stack[top++] = o;
    };
    while (top > 0) {
      const o = stack[--top];
      size++;
      const i = o % nx;
      const j = Math.floor(o / nx) % ny;
      const k = Math.floor(o / (nx * ny));
      if (i > 0) push(o - 1);
      if (i < nx - 1) push(o + 1);
      if (j > 0) push(o - nx);
      if (j < ny - 1) push(o + nx);
      if (k > 0) push(o - nx * ny);
      if (k < nz - 1) push(o + nx * ny);
    }
    sizes.push(size);
  }
  return sizes.sort((a, b) => b - a);
}
