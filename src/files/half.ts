/**
 * IEEE 754 half precision (binary16: sign, 5 bits of exponent, 10 of fraction) in Uint16Array, to and from float32.
 *
 * Narrowing rounds to nearest, ties to even, from the float32 bits (never through a second rounding): values from 65520
 * up become infinity, values below 2^-24 denormals or zero, NaN stays NaN. Widening is exact.
 */

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** The binary16 bits of one float32 number (a double is rounded to float32 first). */
export function halfBits(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above round to infinity
  if (magnitude >= 0x38800000) {
    // Normal: move the exponent's bias from 127 to 15, then round the 13 bits that fall off. A carry out of the
    // fraction runs into the exponent, which is the right answer.
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  if (magnitude <= 0x33000000) return sign; // up to 2^-25, the tie that goes to the even number zero
  // Denormal: multiples of 2^-24. The fraction with its hidden bit, shifted right by `shift`, ties to even.
  const shift = 126 - (magnitude >>> 23);
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const kept = fraction >>> shift;
  const rest = fraction & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (rest > tie || (rest === tie && (kept & 1) === 1) ? kept + 1 : kept);
}

/** The float32 number of binary16 bits; exact. */
export function halfValue(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return (sign !== 0 ? -1 : 1) * fraction * 2 ** -24;
  bitsView[0] = sign | (exponent === 31 ? 0x7f800000 : (exponent + 112) << 23) | (fraction << 13);
  return floatView[0];
}

/** Rounds float32 numbers to binary16 bits. */
export function toHalf(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = halfBits(values[i]);
  return out;
}

/** Widens binary16 bits to float32 numbers. */
export function fromHalf(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = halfValue(bits[i]);
  return out;
}
