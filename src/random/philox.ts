/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
 *
 * A block of four 32-bit numbers is a pure function of (counter, key): no state, so number 17 of stream 5 is the same
 * whoever asks, in whatever order. Checked against the known-answer vectors of Random123.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of the product of two unsigned 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const low = al * bl;
  const mid1 = ah * bl + (low >>> 16);
  const mid2 = al * bh + (mid1 & 0xffff);
  return (ah * bh + Math.floor(mid1 / 65536) + Math.floor(mid2 / 65536)) >>> 0;
}

/** `out[0..3] = philox4x32_10(counter, key)`: ten rounds over a 128-bit counter with a 64-bit key, all words unsigned. */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  for (let round = 0; round < 10; round++) {
    const h0 = mulHigh(M0, c0);
    const l0 = Math.imul(M0, c0) >>> 0;
    const h1 = mulHigh(M1, c2);
    const l1 = Math.imul(M1, c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
