import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { pathPoint, pathVelocity } from '../../src/flow/path.ts';

const x0 = Float32Array.of(1, -2, 10, 4);
const x1 = Float32Array.of(3, 2, -10, 4);

test('closed form, one time a sample: the ends are exact, the quarter lies a quarter of the way', () => {
  expect(pathPoint(x0, x1, Float32Array.of(0.25, 0.5), new Float32Array(4))).toEqual(
    Float32Array.of(1.5, -1, 0, 4),
  );
  expect(pathPoint(x0, x1, Float32Array.of(0, 1), new Float32Array(4))).toEqual(
    Float32Array.of(1, -2, -10, 4),
  );
  expect(pathVelocity(x0, x1, new Float32Array(4))).toEqual(Float32Array.of(2, 4, -20, 0));
});

test('outputs may lie over inputs', () => {
  const a = x0.slice();
  expect(pathPoint(a, x1, Float32Array.of(0.25, 0.5), a)).toEqual(Float32Array.of(1.5, -1, 0, 4));
  const b = x1.slice();
  expect(pathVelocity(x0, b, b)).toEqual(Float32Array.of(2, 4, -20, 0));
});

test('the velocity is the derivative in time, and leads from any point of the path to the data', () => {
  const number = fc.float({ min: -4, max: 4, noNaN: true });
  fc.assert(
    fc.property(number, number, fc.float({ min: 0, max: Math.fround(0.875), noNaN: true }), (a, b, time) => {
      const at = (t: number) =>
        pathPoint(Float32Array.of(a), Float32Array.of(b), Float32Array.of(t), new Float32Array(1))[0];
      const v = pathVelocity(Float32Array.of(a), Float32Array.of(b), new Float32Array(1));
      expect((at(time + 0.125) - at(time)) / 0.125).toBeCloseTo(v[0], 4);
      expect(at(time) + (1 - time) * v[0]).toBeCloseTo(b, 4);
    }),
  );
});

test('lengths that do not fit', () => {
  expect(() => pathPoint(x0, x1.subarray(1), Float32Array.of(0), new Float32Array(4))).toThrow(ShapeError);
  expect(() => pathPoint(x0, x1, new Float32Array(3), new Float32Array(4))).toThrow(ShapeError);
  expect(() => pathVelocity(x0, x1, new Float32Array(5))).toThrow(ShapeError);
});
