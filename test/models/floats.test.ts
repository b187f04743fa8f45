import { expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import type { StoredTensor } from '../../src/files/safetensors.ts';
import { floats } from '../../src/models/metadata.ts';

const tensors = (data: number[]) =>
  new Map<string, StoredTensor>([
    ['w', { dtype: 'F32', shape: [data.length], data: Float32Array.from(data) }],
  ]);

test('weights that are missing, of another size, or no finite numbers are refused', () => {
  const names = [{ name: 'w', length: 2 }];
  expect(floats(tensors([1, 2]), names, 'file').get('w')).toEqual(Float32Array.of(1, 2));
  for (const [data, words] of [
    [[1], /has 1 elements/],
    [[1, Number.NaN], /no finite number/],
    [[1, Number.POSITIVE_INFINITY], /no finite number/],
  ] as const) {
    expect(() => floats(tensors([...data]), names, 'file')).toThrow(words);
    expect(() => floats(tensors([...data]), names, 'file')).toThrow(CheckpointError);
  }
  expect(() => floats(new Map(), names, 'file')).toThrow(/is missing/);
});
