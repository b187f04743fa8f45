/**
 * safetensors (github.com/huggingface/safetensors): named tensors in one flat file that needs no code to read.
 *
 *   8 bytes   length of the header, unsigned, little-endian
 *   header    JSON {name: {dtype, shape, data_offsets: [begin, end]}, "__metadata__": {text: text}}, padded with spaces
 *   data      the tensors' little-endian bytes, row-major, without holes
 *
 * We write wider types first and names in order within a type, after a header of a multiple of 8 bytes: every tensor
 * then lies aligned, and equal tensors give equal files. F16 is a format of the disk alone: Float32Array on both sides.
 * Bytes alone, so that it works in a browser too; files are read and written by `safetensorsFile.ts`.
 */
import { CheckpointError, ShapeError } from '../errors.ts';
import { fromHalf, toHalf } from './half.ts';

/** A tensor in memory: `data.length` is the product of `shape`, last axis fastest. */
export type StoredTensor =
  | { dtype: 'F32' | 'F16'; shape: readonly number[]; data: Float32Array }
  | { dtype: 'I32'; shape: readonly number[]; data: Int32Array }
  | { dtype: 'I64'; shape: readonly number[]; data: BigInt64Array }
  | { dtype: 'U8'; shape: readonly number[]; data: Uint8Array };

export type StoredTensors = ReadonlyMap<string, StoredTensor>;
export type StoredMetadata = Readonly<Record<string, string>>;

/** What a safetensors file holds. */
export interface Safetensors {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

const ELEMENT_BYTES = { I64: 8, F32: 4, I32: 4, F16: 2, U8: 1 } as const;
const ARRAYS = {
  I64: BigInt64Array,
  F32: Float32Array,
  I32: Int32Array,
  F16: Float32Array,
  U8: Uint8Array,
} as const;
type Dtype = keyof typeof ELEMENT_BYTES;

/** Bytes of the header's length. */
export const PREFIX_BYTES = 8;
/** The safetensors project's own limit; a longer header is damage or an attack. */
const MAX_HEADER_BYTES = 100_000_000;

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * The bytes of a safetensors file, in chunks that share the tensors' memory. Throws `ShapeError` where a tensor's data
 * does not fill its shape or is not of its dtype's array.
 */
export function encodeSafetensors(tensors: StoredTensors, metadata: StoredMetadata = {}): Uint8Array[] {
  const order = [...tensors].sort(
    ([nameA, a], [nameB, b]) => ELEMENT_BYTES[b.dtype] - ELEMENT_BYTES[a.dtype] || (nameA < nameB ? -1 : 1),
  );
  const header: Record<string, unknown> = Object.create(null);
  const texts = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (texts.length > 0) header.__metadata__ = Object.fromEntries(texts);
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of order) {
    const { dtype, shape, data } = tensor;
    const count = product(shape);
    if (name === '__metadata__' || count !== data.length || !(data instanceof ARRAYS[dtype]))
      throw new ShapeError({
        found: `tensor "${name}" (${dtype}) of shape [${shape}] with ${data.length} numbers in a ${data.constructor.name}`,
        expected: `${count} numbers in a ${ARRAYS[dtype].name}, under a name other than "__metadata__"`,
        todo: 'give the tensor the shape, type and name of its data',
      });
    const stored = dtype === 'F16' ? toHalf(data as Float32Array) : data;
    header[name] = { dtype, shape, data_offsets: [offset, offset + stored.byteLength] };
    chunks.push(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
    offset += stored.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(PREFIX_BYTES + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - PREFIX_BYTES), true);
  head.set(json, PREFIX_BYTES);
  return [head, ...chunks];
}

/** The error of a file that is not what was written; `found` says where. */
export function damaged(path: string, found: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    {
      found: `${path} is not a whole safetensors file: ${found}`,
      expected: 'a file as it was written, neither cut short nor altered',
      todo: 'use an earlier checkpoint, or copy or make the file again',
    },
    { cause },
  );
}

/** One tensor of a header; its bytes lie from `begin` to `end` after the header. */
export interface Entry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

/** Checks every header entry, and that the data is covered once, without hole or overlap; entries in file order. */
function checkEntries(path: string, header: Record<string, unknown>, dataBytes: number): Entry[] {
  const whole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    const { dtype, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
    if (
      typeof dtype !== 'string' ||
      !Array.isArray(shape) ||
      !shape.every(whole) ||
      !Array.isArray(data_offsets)
    )
      throw damaged(path, `entry "${name}" of the header is malformed`);
    if (!Object.hasOwn(ELEMENT_BYTES, dtype))
      throw new CheckpointError({
        found: `tensor "${name}" in ${path} has type ${dtype}`,
        expected: `one of ${Object.keys(ELEMENT_BYTES).join(', ')}`,
        todo: 'convert the tensor to one of these types, for example F32',
      });
    const [begin, end] = data_offsets;
    const bytes = product(shape) * ELEMENT_BYTES[dtype as Dtype];
    if (data_offsets.length !== 2 || !whole(begin) || !whole(end) || end - begin !== bytes)
      throw damaged(
        path,
        `tensor "${name}" of shape [${shape}] needs ${bytes} bytes, its offsets are [${data_offsets}]`,
      );
    entries.push({ name, dtype: dtype as Dtype, shape, begin, end });
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered)
      throw damaged(path, `tensor "${name}" begins at byte ${begin}, expected ${covered}`);
    covered = end;
  }
  if (covered !== dataBytes)
    throw damaged(path, `${dataBytes} bytes of data, the header tells of ${covered}`);
  return entries;
}

/** The length of the header by the first bytes of a file of `fileBytes`. Throws `CheckpointError` where it cannot be. */
export function headerLength(path: string, prefix: Uint8Array, fileBytes: number): number {
  if (fileBytes < PREFIX_BYTES) throw damaged(path, `it has ${fileBytes} bytes, a header alone has more`);
  const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || PREFIX_BYTES + length > fileBytes)
    throw damaged(path, `a header of ${length} bytes in a file of ${fileBytes}`);
  return length;
}

/**
 * What a header (without its length) says, for a file that has `dataBytes` after it. Throws `CheckpointError` where it is
 * malformed, tells of an unknown type, or does not cover the data.
 */
export function decodeHeader(
  path: string,
  header: Uint8Array,
  dataBytes: number,
): { entries: Entry[]; metadata: Record<string, string> } {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(new TextDecoder().decode(header));
  } catch (cause) {
    throw damaged(path, 'its header is not JSON', cause);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw damaged(path, 'its header is not a JSON object');
  const { __metadata__: metadata = {}, ...rest } = parsed;
  if (
    typeof metadata !== 'object' ||
    metadata === null ||
    !Object.values(metadata).every((v) => typeof v === 'string')
  )
    throw damaged(path, 'its metadata is not a map from text to text');
  return { entries: checkEntries(path, rest, dataBytes), metadata: metadata as Record<string, string> };
}

/** The tensor of an entry and its bytes, which must have a buffer of their own. */
export function tensorOf({ dtype, shape }: Entry, bytes: Uint8Array<ArrayBuffer>): StoredTensor {
  const data = dtype === 'F16' ? fromHalf(new Uint16Array(bytes.buffer)) : new ARRAYS[dtype](bytes.buffer);
  return { dtype, shape, data } as StoredTensor;
}

/**
 * Every tensor of a file's bytes, in arrays of their own; F16 comes back widened to float32. `name` is what messages call the
 * file. Throws `CheckpointError` where it is cut short, overlapping, malformed or of an unknown type.
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const start = PREFIX_BYTES + headerLength(name, bytes, bytes.length);
  const { entries, metadata } = decodeHeader(name, bytes.subarray(PREFIX_BYTES, start), bytes.length - start);
  const tensors = new Map(
    entries.map((e) => [e.name, tensorOf(e, new Uint8Array(bytes.subarray(start + e.begin, start + e.end)))]),
  );
  return { tensors, metadata };
}
