import { expect, test } from 'vitest';
import { evaluations } from '../../src/sampling/solverNames.ts';
import { counted, type Velocity } from '../../src/sampling/solvers/solver.ts';
import { SOLVERS } from '../../src/sampling/solvers.ts';
import { FLOWS, start } from './solvers/flows.ts';

const names = Object.keys(SOLVERS) as (keyof typeof SOLVERS)[];
const { velocity } = FLOWS.rotation;

test.each(names)(
  '%s leaves x0 as it is, and does not mind a network that writes into one array',
  async (name) => {
    const x0 = start();
    const fresh = await SOLVERS[name](velocity, x0, { steps: 6 });
    expect(x0).toEqual(start());
    expect(fresh).not.toEqual(x0);
    const result = new Float32Array(x0.length);
    const reused: Velocity = async (x, t) => {
      result.set(await velocity(x, t));
      return result;
    };
    expect(await SOLVERS[name](reused, x0, { steps: 6 })).toEqual(fresh);
  },
);

test.each(names)('%s: evaluations as announced', async (name) => {
  const counter = counted(velocity);
  await SOLVERS[name](counter.velocity, start(), { steps: 6 });
  const announced = evaluations(name, 6);
  if (announced === null) expect(name).toBe('dopri5');
  else expect(counter.evaluations).toBe(announced);
});

test('evaluations of the fixed ones', () => {
  expect(names.map((name) => evaluations(name, 8))).toEqual([8, 16, 16, 32, null]);
});
