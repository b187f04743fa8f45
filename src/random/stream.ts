/**
 * Random streams keyed by (seed, purpose, index): `new RandomStream(7, 'generate/noise', 17)` gives the same numbers on
 * any machine, in any order, for any batch size or number of workers. Every random number of cranioflow comes from here.
 *
 * The 64-bit key is the seed; the 128-bit counter is (block, index, hash of the purpose), so two purposes never share a
 * block except by a collision of a 32-bit FNV-1a hash between the few purposes that exist (a test lists them).
 */
import { UsageError } from '../errors.ts';
import { philox4x32 } from './philox.ts';

/** 32-bit FNV-1a hash of a string's UTF-16 code units. */
function fnv1a(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** A sequence of random numbers; a pure function of its three keys. */
export class RandomStream {
  readonly #k0: number;
  readonly #k1: number;
  readonly #index0: number;
  readonly #index1: number;
  readonly #purpose: number;
  readonly #buffer = new Uint32Array(4);
  #block = 0;
  #used = 4;
  #spareNormal: number | undefined;

  /** `seed` and `index` are non-negative safe integers (else `UsageError`); `purpose` names what the numbers are for. */
  constructor(seed: number, purpose: string, index = 0) {
    for (const [name, value] of [
      ['seed', seed],
      ['stream index', index],
    ] as const)
      if (!Number.isSafeInteger(value) || value < 0)
        throw new UsageError({
          found: `the ${name} is ${value}`,
          expected: 'a whole number from 0 to 2^53 - 1',
          todo: `give another ${name}`,
        });
    this.#k0 = seed >>> 0;
    this.#k1 = Math.floor(seed / 2 ** 32) >>> 0;
    this.#index0 = index >>> 0;
    this.#index1 = Math.floor(index / 2 ** 32) >>> 0;
    this.#purpose = fnv1a(purpose);
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    if (this.#used === 4) {
      philox4x32(this.#block++, this.#index0, this.#index1, this.#purpose, this.#k0, this.#k1, this.#buffer);
      this.#used = 0;
    }
    return this.#buffer[this.#used++];
  }

  /** A uniform number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.uint32() * 2 ** -32;
  }

  /** A uniform number in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** A uniform integer in [0, n), n <= 2^32, without modulo bias (rejection). */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw new RangeError(`no whole number in [0, ${n})`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const u = this.uint32();
      if (u < limit) return u % n;
    }
  }

  /** A standard normal number by Box-Muller: `sqrt(-2 ln u1) cos(2 pi u2)`; the sine is kept for the next call. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 0.5) * 2 ** -32));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Fills `out` with standard normal numbers and returns it. */
  fillNormal<T extends Float32Array | Float64Array>(out: T): T {
    for (let i = 0; i < out.length; i++) out[i] = this.normal();
    return out;
  }

  /** A uniform permutation of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    return order;
  }
}
