import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CheckpointError, FileError, ShapeError } from '../../src/errors.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type StoredTensor,
} from '../../src/files/safetensors.ts';
import {
  readSafetensors as readFile,
  readMetadata,
  writeSafetensors,
} from '../../src/files/safetensorsFile.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const example = (): Map<string, StoredTensor> =>
  new Map<string, StoredTensor>([
    ['u', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) }],
    ['b', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(0.1, -3) }],
    ['a', { dtype: 'F32', shape: [], data: Float32Array.of(7) }],
    ['h', { dtype: 'F16', shape: [3], data: Float32Array.of(1 / 3, 1e6, -1e-7) }],
    ['i', { dtype: 'I32', shape: [1], data: Int32Array.of(-5) }],
    ['l', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 60n)) }],
  ]);

/** The file as Node reads it, tensor by tensor, and as a browser does, from its bytes: the same result, the same refusal. */
function readSafetensors(path: string): Safetensors {
  let found: Safetensors;
  try {
    found = readFile(path);
  } catch (error) {
    if (existsSync(path))
      expect(() => decodeSafetensors(readFileSync(path), path)).toThrow((error as Error).message);
    throw error;
  }
  expect(decodeSafetensors(readFileSync(path), path)).toEqual(found);
  expect(readMetadata(path)).toEqual(found.metadata);
  return found;
}

const bytesOf = (tensors: Map<string, StoredTensor>, metadata = {}) =>
  Buffer.concat(encodeSafetensors(tensors, metadata));

describe('against numpy', () => {
  test('reads a file that json, struct and numpy wrote', () => {
    const path = new URL('fixtures/independent.safetensors', import.meta.url).pathname;
    const { tensors, metadata } = readSafetensors(path);
    expect(metadata).toEqual({ 'made by': 'numpy', ü: 'ß' });
    expect(tensors.get('u8')).toEqual({ dtype: 'U8', shape: [1, 3], data: Uint8Array.of(0, 1, 255) });
    expect(tensors.get('bias')?.data).toEqual(Float32Array.of(0.5, -1.25, 3e38));
    expect(tensors.get('conv.weight')?.shape).toEqual([2, 2, 2]);
    expect(tensors.get('conv.weight')?.data[0]).toBe(-1.3330078125);
    expect(tensors.get('index')?.data).toEqual(BigInt64Array.of(-(2n ** 53n) - 1n, 7n));
    expect(tensors.get('count')).toEqual({ dtype: 'I32', shape: [], data: Int32Array.of(-(2 ** 31)) });
    expect(tensors.get('empty')).toEqual({ dtype: 'F32', shape: [0, 3], data: new Float32Array(0) });
  });

  test.skipIf(!existsSync('/usr/bin/python3'))(
    'numpy reads what we wrote, every tensor aligned',
    (context) => {
      const path = join(folder, 'ours.safetensors');
      writeSafetensors(path, example(), { z: '1', a: 'ü' });
      let text: string;
      try {
        text = execFileSync('/usr/bin/python3', ['scripts/make-files-fixtures.py', 'read', path], {
          encoding: 'utf8',
          stdio: 'pipe',
        });
      } catch (error) {
        if (String((error as { stderr?: unknown }).stderr).includes("No module named 'numpy'"))
          return context.skip('numpy is missing');
        throw error;
      }
      const seen = JSON.parse(text);
      expect(seen.headerBytes % 8).toBe(0);
      expect(seen.names).toEqual(['l', 'a', 'b', 'i', 'h', 'u']);
      expect(seen.metadata).toEqual({ a: 'ü', z: '1' });
      expect(seen.tensors.b).toEqual({
        dtype: 'F32',
        shape: [2, 1],
        aligned: true,
        values: [Math.fround(0.1), -3],
      });
      expect(seen.tensors.a.shape).toEqual([]);
      expect(seen.tensors.h.values).toEqual([0.333251953125, 'inf', -1.1920928955078125e-7]);
      expect(seen.tensors.l.values).toEqual([String(-(2n ** 60n))]);
      expect(seen.tensors.u).toEqual({ dtype: 'U8', shape: [3], aligned: true, values: ['1', '2', '255'] });
    },
  );
});

describe('round trip', () => {
  test('every type, subarray views and metadata come back', () => {
    const path = join(folder, 'round.safetensors');
    const tensors = example();
    tensors.set('view', { dtype: 'F32', shape: [2], data: Float32Array.of(9, 1, 2, 9).subarray(1, 3) });
    writeSafetensors(path, tensors, { step: '12' });
    const back = readSafetensors(path);
    expect(back.metadata).toEqual({ step: '12' });
    expect(back.tensors.get('view')?.data).toEqual(Float32Array.of(1, 2));
    for (const name of ['u', 'a', 'b', 'i', 'l']) expect(back.tensors.get(name)).toEqual(tensors.get(name));
    expect(back.tensors.get('h')?.data).toEqual(
      Float32Array.of(0.333251953125, Infinity, -1.1920928955078125e-7),
    );
  });

  test('the bytes do not depend on the order of insertion', () => {
    const reversed = new Map([...example()].reverse());
    expect(bytesOf(reversed, { b: '2', a: '1' })).toEqual(bytesOf(example(), { a: '1', b: '2' }));
  });

  test('any names, shapes and bit patterns', () => {
    const path = join(folder, 'any.safetensors');
    const tensor = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }).chain((shape) => {
      const n = shape.reduce((a, b) => a * b, 1);
      return fc
        .array(fc.float({ noNaN: true }), { minLength: n, maxLength: n })
        .map((values): StoredTensor => ({ dtype: 'F32', shape, data: Float32Array.from(values) }));
    });
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((s) => s !== '__metadata__'),
          tensor,
          { maxKeys: 6 },
        ),
        (dictionary) => {
          const tensors = new Map(Object.entries(dictionary));
          writeSafetensors(path, tensors);
          expect(readSafetensors(path).tensors).toEqual(tensors);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('bad input', () => {
  const put = (bytes: Uint8Array): string => {
    const path = join(folder, 'bad.safetensors');
    writeFileSync(path, bytes);
    return path;
  };
  const withHeader = (header: unknown, data: Uint8Array): string => {
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return put(Buffer.concat([length, text, data]));
  };
  const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });

  test('a file cut anywhere is a CheckpointError that names it', () => {
    const whole = bytesOf(example());
    for (let length = 0; length < whole.length; length++) {
      const path = put(whole.subarray(0, length));
      expect(() => readSafetensors(path), `cut to ${length}`).toThrow(CheckpointError);
      if (length === 100) expect(() => readSafetensors(path)).toThrow(path);
    }
    const path = put(Buffer.concat([whole, Buffer.of(0)]));
    expect(() => readSafetensors(path)).toThrow(/bytes of data, the header tells of/);
  });

  test.each([
    ['overlap', { a: f32(0, 8), b: f32(4, 12) }, /begins at byte 4, expected 8/],
    ['hole', { a: f32(0, 4), b: f32(8, 12) }, /begins at byte 8, expected 4/],
    ['shape and offsets apart', { a: f32(0, 12, [2]) }, /needs 8 bytes/],
    ['backward offsets', { a: f32(12, 0, [3]) }, /needs 12 bytes/],
    ['beyond the end', { a: f32(0, 16) }, /12 bytes of data/],
    ['negative side', { a: f32(0, 12, [-3]) }, /malformed/],
    ['null entry', { a: null }, /malformed/],
    ['metadata of numbers', { __metadata__: { a: 1 } }, /metadata/],
    ['a list', [1], /not a JSON object/],
    ['not JSON', '{"a": ', /not JSON/],
    ['unknown type', { a: { dtype: 'BF16', shape: [6], data_offsets: [0, 12] } }, /type BF16/],
  ])('%s', (_, header, message) => {
    const path = withHeader(header, new Uint8Array(12));
    expect(() => readSafetensors(path)).toThrow(CheckpointError);
    expect(() => readSafetensors(path)).toThrow(message);
  });

  test('an absurd header length', () => {
    expect(() => readSafetensors(put(Buffer.alloc(64, 0xff)))).toThrow(CheckpointError);
  });

  test('a missing file', () => {
    expect(() => readSafetensors(join(folder, 'none'))).toThrow(FileError);
  });

  test('data that does not fill its shape, or of another type, is refused by the writer', () => {
    const one = (tensor: unknown) => () => encodeSafetensors(new Map([['w', tensor as StoredTensor]]));
    expect(one({ dtype: 'F32', shape: [2, 2], data: new Float32Array(3) })).toThrow(ShapeError);
    expect(one({ dtype: 'F32', shape: [3], data: new Float64Array(3) })).toThrow(/Float64Array/);
  });
});
