/**
 * Random numbers that nobody may foresee: AES-256 in counter mode under a secret key. Everything else in this package is
 * drawn from a published seed so that it can be repeated; noise that can be repeated by a reader can be taken off again,
 * and with it goes the guarantee. So the noise of private training, and who takes part in a step, come from here: a pure
 * function of (key, purpose, index) as well, so that an interrupted training goes on bit for bit, but of a key that stays
 * in the run folder and is destroyed when the training is complete.
 *
 * A normal number is half the sum of four by Box-Muller from 53-bit uniforms, added in double precision: the pattern of
 * low bits that a single one leaves (Mironov 2012) is far harder to read in it (Holohan & Braghin 2021).
 */
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

/** 32 bytes. */
export type SecretKey = Uint8Array;

/** A fresh key from the system's own entropy. */
export function freshKey(): SecretKey {
  return randomBytes(32);
}

/** A key that anyone can make again: for tests. */
export function keyOfSeed(seed: number): SecretKey {
  return createHash('sha256').update(`cranioflow test key ${seed}`).digest();
}

/** Zeros, which the cipher turns into its key stream: a few numbers at first, then many at once. */
const ZEROS = new Uint8Array(2 ** 16);
const FIRST = 2 ** 9;

/** A sequence of secret random numbers; a pure function of its three keys. */
export class SecretStream {
  readonly #cipher;
  #size = FIRST;
  #words = new Uint32Array(0);
  #next = 0;

  constructor(key: SecretKey, purpose: string, index = 0) {
    const iv = Buffer.alloc(16);
    iv.writeBigUInt64BE(BigInt(index));
    this.#cipher = createCipheriv('aes-256-ctr', createHmac('sha256', key).update(purpose).digest(), iv);
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  uniform(): number {
    if (this.#next === this.#words.length) {
      const bytes = this.#cipher.update(ZEROS.subarray(0, this.#size));
      this.#size = ZEROS.length;
      this.#words = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      this.#next = 0;
    }
    const high = this.#words[this.#next++] >>> 5;
    const low = this.#words[this.#next++] >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /** Adds independent normal numbers of mean 0 and this deviation to each number of `out`. */
  addNormals(out: Float64Array, deviation: number): void {
    if (deviation === 0) return;
    for (let i = 0; i < out.length; i++) {
      const a = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const b = 2 * Math.PI * this.uniform();
      const c = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const d = 2 * Math.PI * this.uniform();
      // The cosine and the sine of one radius are independent normals: four in all.
      out[i] += (deviation / 2) * (a * (Math.cos(b) + Math.sin(b)) + c * (Math.cos(d) + Math.sin(d)));
    }
  }
}
