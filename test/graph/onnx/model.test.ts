import { expect, test } from 'vitest';
import { IR_VERSION, OnnxBuilder, OPSET_VERSION } from '../../../src/graph/onnx/model.ts';
import { all, operators, text } from './decode.ts';

const first = (bytes: Uint8Array, field: number) => all(bytes, field)[0] as Uint8Array;

test('a model declares its versions, inputs and outputs as onnx.proto3 numbers them', () => {
  const b = new OnnxBuilder();
  b.input('x', 'int32', [2, 3]);
  b.nodeInto(['y'], 'Cast', ['x'], { to: 1 });
  b.output('y', 'float32', [2, 3]);
  const model = b.finish('test');
  expect(all(model, 1)).toEqual([BigInt(IR_VERSION)]);
  const opsets = all(model, 8).map((o) => [text(all(o as Uint8Array, 1)[0]), all(o as Uint8Array, 2)[0]]);
  expect(opsets).toEqual([
    ['', BigInt(OPSET_VERSION)],
    ['com.microsoft', 1n],
  ]);
  const graph = first(model, 7);
  expect(text(first(graph, 2))).toBe('test');
  const input = first(graph, 11);
  expect(text(first(input, 1))).toBe('x');
  const tensor = first(first(input, 2), 1);
  expect(all(tensor, 1)).toEqual([6n]);
  expect(all(first(tensor, 2), 1).map((d) => all(d as Uint8Array, 1)[0])).toEqual([2n, 3n]);
});

test('attributes: whole numbers, lists, text, floats', () => {
  const b = new OnnxBuilder();
  b.nodeInto(['y'], 'Any', ['x'], {
    i: -1,
    is: [2, 3],
    s: 'edge',
    f: { float: 1 },
    fs: { floats: [0.5, 2] },
  });
  const node = first(first(b.finish('test'), 7), 1);
  const attributes = all(node, 5).map((a) => a as Uint8Array);
  // name, type: INT 2, INTS 7, STRING 3, FLOAT 1, FLOATS 6.
  expect(attributes.map((a) => [text(first(a, 1)), all(a, 20)[0]])).toEqual([
    ['i', 2n],
    ['is', 7n],
    ['s', 3n],
    ['f', 1n],
    ['fs', 6n],
  ]);
  expect(all(attributes[0], 3)).toEqual([2n ** 64n - 1n]);
  expect(all(attributes[1], 8)).toEqual([2n, 3n]);
  expect(text(all(attributes[2], 4)[0])).toBe('edge');
  expect([...first(attributes[3], 2)]).toEqual([...new Uint8Array(Float32Array.of(1).buffer)]);
  expect(all(attributes[4], 7)).toHaveLength(2);
});

test('equal constants are written once; a scalar and a list of one differ', () => {
  const b = new OnnxBuilder();
  expect(b.int64([1, 2])).toBe(b.int64([1, 2]));
  expect(b.int64([1])).not.toBe(b.int64([1], true));
  expect(b.int64([12])).not.toBe(b.int64([1, 2]));
  expect(b.float(0.5)).toBe(b.float(0.5));
  expect(b.float(0.5)).not.toBe(b.float(1));
  expect(all(first(b.finish('test'), 7), 5)).toHaveLength(6);
});

test('a view into a larger buffer is written as the view alone', () => {
  const b = new OnnxBuilder();
  b.initializer('w', 'float32', [2], Float32Array.of(9, 1, 2, 9).subarray(1, 3));
  const tensor = first(first(b.finish('test'), 7), 5);
  expect([...first(tensor, 9)]).toEqual([...new Uint8Array(Float32Array.of(1, 2).buffer)]);
});

test('fresh names keep clear of reserved ones', () => {
  const b = new OnnxBuilder();
  expect(b.reserve('add_0')).toBe(true);
  expect(b.reserve('add_0')).toBe(false);
  expect(b.fresh('add')).not.toBe('add_0');
  const names = Array.from({ length: 50 }, () => b.node('Add', ['x', 'y']));
  expect(new Set(names).size).toBe(50);
  expect(b.nodeCount).toBe(50);
  expect(operators(b.finish('test'))).toEqual({ Add: 50 });
});
