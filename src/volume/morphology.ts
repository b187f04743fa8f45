/**
 * Morphology with a ball of r mm on voxels of any spacing: an offset (a, b, c) in voxels belongs to the ball when
 * (a sx)^2 + (b sy)^2 + (c sz)^2 <= r^2. Dilation is a union over the ball's x-rows: row (b, c) reaches w(b, c) voxels to
 * either side, so the mask is widened along x one voxel at a time, and each widening is OR-ed into the rows that its
 * offsets (b, c) point to; all on bits, 32 voxels an operation. What lies outside the grid neither adds nor takes away:
 * dilation sees background there and erosion bone, so a skull that the field of view cuts is not eaten from the cut.
 */
import { type BitMask, clearPadding, invertBits, packBits, unpackBits } from './bits.ts';
import type { Vec3 } from './volume.ts';

/** Voxels within `radius` mm of the mask: `{p : exists q in mask, |p - q| <= radius}`. */
export function dilate(mask: Uint8Array, size: Vec3, spacing: Vec3, radius: number): Uint8Array {
  return unpackBits(dilateBits(packBits(mask, size), spacing, radius));
}

/** Voxels whose ball of `radius` mm lies in the mask (or outside the grid): `{p : |p - q| <= radius => q in mask}`. */
export function erode(mask: Uint8Array, size: Vec3, spacing: Vec3, radius: number): Uint8Array {
  return unpackBits(erodeBits(packBits(mask, size), spacing, radius));
}

/** Erosion, then dilation: what holds a ball of `radius` mm stays, thinner parts go. */
export function open(mask: Uint8Array, size: Vec3, spacing: Vec3, radius: number): Uint8Array {
  return unpackBits(dilateBits(erodeBits(packBits(mask, size), spacing, radius), spacing, radius));
}

/** Dilation, then erosion: gaps that no ball of `radius` mm passes are filled. */
export function close(mask: Uint8Array, size: Vec3, spacing: Vec3, radius: number): Uint8Array {
  return unpackBits(erodeBits(dilateBits(packBits(mask, size), spacing, radius), spacing, radius));
}

export function erodeBits(mask: BitMask, spacing: Vec3, radius: number): BitMask {
  return invertBits(dilateBits(invertBits(mask), spacing, radius));
}

export function dilateBits(mask: BitMask, spacing: Vec3, radius: number): BitMask {
  const { size, words } = mask;
  const [nx, ny, nz] = size;
  const out: BitMask = { size, words, data: new Uint32Array(mask.data.length) };
  // A margin for rounding: a radius of exactly three voxels reaches three voxels.
  const reach = radius * (1 + 1e-9);
  const offsets: [number, number][][] = [];
  const by = Math.floor(reach / spacing[1]);
  const bz = Math.floor(reach / spacing[2]);
  for (let c = -bz; c <= bz; c++)
    for (let b = -by; b <= by; b++) {
      const rest = reach * reach - (b * spacing[1]) ** 2 - (c * spacing[2]) ** 2;
      if (rest < 0) continue;
      const w = Math.min(nx, Math.floor(Math.sqrt(rest) / spacing[0]));
      offsets[w] ??= [];
      offsets[w].push([b, c]);
    }
  let wide = mask.data;
  const filled = filledRows(mask);
  for (let w = 0; w < offsets.length; w++) {
    if (w > 0) {
      if (w === 1) wide = wide.slice();
      widen(wide, nx, words, filled);
    }
    for (const [b, c] of offsets[w] ?? [])
      for (let k = Math.max(0, -c); k < Math.min(nz, nz - c); k++)
        for (let j = Math.max(0, -b); j < Math.min(ny, ny - b); j++) {
          const row = j + ny * k;
          if (filled[row] === 0) continue;
          const to = (row + b + ny * c) * words;
          const from = row * words;
          for (let n = 0; n < words; n++) out.data[to + n] |= wide[from + n];
        }
  }
  return out;
}

/** Each row with any bit set. */
function filledRows({ data, words }: BitMask): Uint8Array {
  const rows = new Uint8Array(data.length / words);
  for (let w = 0; w < data.length; w++) if (data[w] !== 0) rows[Math.floor(w / words)] = 1;
  return rows;
}

/** Every bit set that has a set neighbour along x, in place. */
function widen(data: Uint32Array, nx: number, words: number, filled: Uint8Array): void {
  for (let row = 0; row < filled.length; row++) {
    if (filled[row] === 0) continue;
    let before = 0;
    const start = row * words;
    for (let w = start; w < start + words; w++) {
      const word = data[w];
      const after = w + 1 < start + words ? data[w + 1] : 0;
      data[w] = word | (word << 1) | (before >>> 31) | (word >>> 1) | (after << 31);
      before = word;
    }
  }
  clearPadding(data, nx, words);
}
