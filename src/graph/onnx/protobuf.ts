/**
 * The few lines of Protocol Buffers that writing an ONNX file needs: varints, length-delimited fields, packed numbers.
 * Fields are appended to one growing buffer; a nested message is encoded apart and then written with its length.
 * Wire format: https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const FIXED32 = 5;
const DELIMITED = 2;

const UTF8 = new TextEncoder();

/** An append-only protobuf message. */
export class Message {
  #buffer = new Uint8Array(256);
  #length = 0;

  #reserve(extra: number): void {
    const need = this.#length + extra;
    if (need <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(need, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    let v = BigInt.asUintN(64, BigInt(value));
    while (v > 0x7fn) {
      this.#buffer[this.#length++] = Number(v & 0x7fn) | 0x80;
      v >>= 7n;
    }
    this.#buffer[this.#length++] = Number(v);
  }

  #tag(field: number, wire: number): void {
    this.#varint((field << 3) | wire);
  }

  /** A signed or unsigned integer field. */
  int(field: number, value: number | bigint): this {
    this.#tag(field, VARINT);
    this.#varint(value);
    return this;
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    this.#tag(field, FIXED32);
    this.#reserve(4);
    new DataView(this.#buffer.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  /** A bytes field. */
  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, DELIMITED);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** A string field, UTF-8. */
  string(field: number, value: string): this {
    return this.bytes(field, UTF8.encode(value));
  }

  /** An embedded message field. */
  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  /** The bytes written so far. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
