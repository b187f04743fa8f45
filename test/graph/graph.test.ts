import { expect, describe as group, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { describe, elements, Graph } from '../../src/graph/graph.ts';
import { spaceToDepth } from '../../src/graph/ops/conv3d.ts';

test('elements and describe', () => {
  expect(elements([])).toBe(1);
  expect(elements([2, 3, 4])).toBe(24);
  expect(describe({ dtype: 'int32', shape: [2, 8] })).toBe('int32 [2, 8]');
});

test('parameters lie one after the other in the flat vector, in the order of their names first use', () => {
  const g = new Graph();
  const a = g.parameter('a', [2, 3], { kind: 'zeros' });
  g.parameter('b', [4], { kind: 'uniform', bound: 0.5 });
  g.parameter('c', [], { kind: 'ones' });
  expect(g.parameter('a', [2, 3], { kind: 'ones' })).toBe(a);
  expect(g.parameters.map((p) => [p.name, p.offset, p.init.kind])).toEqual([
    ['a', 0, 'zeros'],
    ['b', 6, 'uniform'],
    ['c', 10, 'ones'],
  ]);
  expect(g.parameterCount).toBe(11);
  expect(g.flatParameters().shape).toEqual([11]);
  expect(g.flatParameters()).toBe(g.flatParameters());
  expect(g.parameterTensors[0]).toBe(a);
});

test('equal scalars are one constant', () => {
  const g = new Graph();
  expect(g.scalar(2)).toBe(g.scalar(2));
  expect(g.scalar(3)).not.toBe(g.scalar(2));
});

test('the type of a constant is that of its array', () => {
  const g = new Graph();
  const types = [new Float32Array(2), new Int32Array(2), new BigInt64Array(2), new Uint8Array(2)];
  expect(types.map((d) => g.constant(d, [2]).dtype)).toEqual(['float32', 'int32', 'int64', 'bool']);
});

group('refusals', () => {
  test('one name, two shapes', () => {
    const g = new Graph();
    g.parameter('w', [2], { kind: 'zeros' });
    expect(() => g.parameter('w', [3], { kind: 'zeros' })).toThrow(
      /parameter w\(float32 \[2\], float32 \[3\]\)\n.*one shape for one name/,
    );
  });
  test('a parameter after the flat vector was taken', () => {
    const g = new Graph();
    g.parameter('a', [1], { kind: 'zeros' });
    g.flatParameters();
    expect(() => g.parameter('late', [1], { kind: 'zeros' })).toThrow(
      /parameter late.*\n.*before flatParameters/,
    );
    expect(g.parameter('a', [1], { kind: 'zeros' }).shape).toEqual([1]);
  });
  test('an input twice', () => {
    const g = new Graph();
    g.input('x', [1]);
    expect(() => g.input('x', [1])).toThrow(ShapeError);
  });
  test('sizes that are no whole numbers, or none at all', () => {
    const g = new Graph();
    expect(() => g.input('half', [2.5])).toThrow(/input\(\)\n.*not \[2.5\]/);
    expect(() => g.input('empty', [3, 0])).toThrow(/not \[3, 0\]/);
    expect(() => spaceToDepth(g.input('odd', [1, 1, 2, 3, 2]))).toThrow(/whole sizes, 1 or more, not \[/);
  });
  test('a constant that does not fill its shape', () => {
    expect(() => new Graph().constant(new Float32Array(3), [2])).toThrow(
      /constant\(float32 \[2\]\)\n.*3 elements/,
    );
  });
});
