/** 32-bit numbers whose count is not known beforehand: a plain array of a million entries is slow, this one doubles. */
export class Growing<T extends Float32Array | Uint32Array> {
  #data: T;
  #length = 0;
  readonly #make: (n: number) => T;

  constructor(make: (n: number) => T) {
    this.#make = make;
    this.#data = make(1 << 12);
  }

  push3(a: number, b: number, c: number): void {
    if (this.#length + 3 > this.#data.length) {
      const wider = this.#make(this.#data.length * 2);
      wider.set(this.#data);
      this.#data = wider;
    }
    this.#data[this.#length++] = a;
    this.#data[this.#length++] = b;
    this.#data[this.#length++] = c;
  }

  get length(): number {
    return this.#length;
  }

  /** The numbers so far, in an array of their own. */
  taken(): T {
    return this.#data.slice(0, this.#length) as T;
  }
}
