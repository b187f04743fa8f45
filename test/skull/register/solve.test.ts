import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/random/stream.ts';
import { solveSymmetric } from '../../../src/skull/register/solve.ts';

describe('solveSymmetric', () => {
  it('solves the leading part of a larger system', () => {
    const stream = new RandomStream(2, 'test/solve');
    const n = 4;
    const stride = 6;
    const b = stream.fillNormal(new Float64Array(n * n));
    const a = new Float64Array(stride * stride).fill(Number.NaN);
    for (let i = 0; i < n; i++)
      for (let j = i; j < n; j++) {
        let sum = i === j ? 1 : 0;
        for (let k = 0; k < n; k++) sum += b[n * i + k] * b[n * j + k];
        a[stride * i + j] = sum;
      }
    const truth = [1, -2, 3, 0.5];
    const right = Float64Array.from({ length: n }, (_, i) =>
      truth.reduce((sum, x, j) => sum + x * a[i <= j ? stride * i + j : stride * j + i], 0),
    );
    solveSymmetric(a, right, n, stride).forEach((x, i) => void expect(x).toBeCloseTo(truth[i], 6));
  });

  it('gives no step where the system says nothing', () => {
    expect([...solveSymmetric(new Float64Array(9), new Float64Array(3), 3, 3)]).toEqual([0, 0, 0]);
    const x = solveSymmetric(Float64Array.of(2, 0, 0, 0), Float64Array.of(4, 0), 2, 2);
    expect(x[0]).toBeCloseTo(2, 7);
    expect(x[1]).toBe(0);
  });
});
