import { describe, expect, test } from 'vitest';
import { emit } from '../../src/graph/emit.ts';
import { elements, Graph } from '../../src/graph/graph.ts';
import { ADAM_DEFAULTS, type AdamConfig, adam, adamSchedule } from '../../src/training/optimiser.ts';
import { relativeError, runModel } from '../graph/checks.ts';
import { evaluate } from '../graph/reference.ts';
import { fixture } from '../nn/torch.ts';

const torch = fixture('optimisers.safetensors');
const SHAPES = { a: [3, 4], b: [5] };
const STATE = ['parameters', 'moment1', 'moment2', 'ema'] as const;

/** Adam's step for given gradients, as a graph whose gradients are inputs. */
function optimiser(config: AdamConfig) {
  const graph = new Graph();
  for (const [name, shape] of Object.entries(SHAPES)) graph.parameter(name, shape, { kind: 'zeros' });
  const gradients = Object.entries(SHAPES).map(([name, shape]) => graph.input(`gradient ${name}`, shape));
  return { graph, step: adam(graph, gradients, config) };
}

const flat = (prefix: string, suffix = '') =>
  Float32Array.from(Object.keys(SHAPES).flatMap((k) => [...torch.get(`${prefix}${k}${suffix}`).data]));

describe.each([
  ['adam', 0],
  ['adamw', Number(torch.metadata.decay)],
])('%s with clipping and the moving average', (name, weightDecay) => {
  test('follows PyTorch over five steps', async () => {
    const config = { ...ADAM_DEFAULTS, weightDecay };
    const { graph, step } = optimiser(config);
    const after = Object.fromEntries(STATE.map((k) => [`next ${k}`, step.after[k]]));
    const emitted = emit(graph, { outputs: { ...after, norm: step.gradientNorm } });
    const start = flat('start/');
    let state: Record<string, Float32Array> = {
      parameters: start,
      ema: start,
      moment1: new Float32Array(17),
      moment2: new Float32Array(17),
    };
    const norms: number[] = [];
    for (let t = 1; t <= 5; t++) {
      const feeds = Object.fromEntries(STATE.map((k) => [k, { data: state[k], shape: [17] }]));
      for (const [k, shape] of Object.entries(SHAPES))
        feeds[`gradient ${k}`] = { data: torch.get(`gradient${t}/${k}`).data as Float32Array, shape };
      feeds.schedule = { data: adamSchedule(t, Number(torch.metadata.rate), config), shape: [4] };
      const results = await runModel(emitted, feeds);
      norms.push(results.norm[0]);
      expect(relativeError(results.norm, torch.get(`${name}/norm${t}`).data)).toBeLessThan(1e-6);
      expect(relativeError(results['next parameters'], flat(`${name}/`, `${t}`))).toBeLessThan(1e-6);
      state = Object.fromEntries(STATE.map((k) => [k, results[`next ${k}`]]));
    }
    expect(relativeError(state.ema, flat(`${name}/ema/`))).toBeLessThan(1e-6);
    expect(Math.min(...norms)).toBeLessThan(1);
    expect(Math.max(...norms)).toBeGreaterThan(1);
  });
});

describe('in double precision', () => {
  const zero = { moment1: new Float32Array(17), moment2: new Float32Array(17) };
  const run = (config: AdamConfig, gradient: number, t: number, before = { ...zero }) => {
    const { step } = optimiser(config);
    const feeds = {
      ...before,
      ema: new Float32Array(17).fill(1),
      schedule: adamSchedule(t, 0.1, config),
      'gradient a': new Float32Array(12).fill(gradient),
      'gradient b': new Float32Array(5).fill(gradient),
    };
    const { parameters, ema } = step.after;
    const ones = { a: new Float32Array(12).fill(1), b: new Float32Array(5).fill(1) };
    return evaluate([parameters, ema, step.gradientNorm], feeds, ones).map((v) => v[0]);
  };

  test('the first step has the length of the learning rate, whatever the gradient', () => {
    for (const g of [3, -0.01]) expect(run(ADAM_DEFAULTS, g, 1)[0]).toBeCloseTo(1 - 0.1 * Math.sign(g), 5);
  });
  test('weight decay pulls towards zero by rate . decay', () => {
    expect(run({ ...ADAM_DEFAULTS, weightDecay: 0.5 }, 0, 1)[0]).toBeCloseTo(1 - 0.1 * 0.5, 6);
  });
  test('the norm is that before clipping; no clipping with Infinity', () => {
    expect(run(ADAM_DEFAULTS, 2, 1)[2]).toBeCloseTo(2 * Math.sqrt(17), 12);
    const free = { ...ADAM_DEFAULTS, clip: Number.POSITIVE_INFINITY, epsilon: 10 };
    // m / (|g| + 10): clipping would show through the large epsilon.
    expect(run(free, 2, 1)[0]).toBeCloseTo(1 - (0.1 * 2) / 12, 6);
  });
  test('the average’s decay warms up: 2/11 at the first step, `ema` in the end', () => {
    expect(adamSchedule(1, 1e-3, ADAM_DEFAULTS)[3]).toBeCloseTo(2 / 11, 7);
    expect(adamSchedule(1e6, 1e-3, ADAM_DEFAULTS)[3]).toBeCloseTo(0.995, 7);
    const [p, ema] = run(ADAM_DEFAULTS, 3, 1);
    expect(ema).toBeCloseTo((2 / 11) * 1 + (9 / 11) * p, 6);
  });
});

test('a gradient that is not there counts as zero', () => {
  const graph = new Graph();
  for (const [name, shape] of Object.entries(SHAPES)) graph.parameter(name, shape, { kind: 'zeros' });
  const step = adam(graph, [undefined, graph.input('gradient b', [5])], ADAM_DEFAULTS);
  const zeros = new Float32Array(17);
  const [p, norm] = evaluate(
    [step.after.parameters, step.gradientNorm],
    {
      moment1: zeros,
      moment2: zeros,
      ema: zeros,
      schedule: adamSchedule(1, 0.1, ADAM_DEFAULTS),
      'gradient b': [0, 0, 3, 0, 4],
    },
    { a: new Float32Array(elements(SHAPES.a)), b: new Float32Array(5) },
  );
  expect(norm[0]).toBeCloseTo(5, 12);
  expect([...p.slice(0, 14)]).toEqual(Array(14).fill(0));
  expect(p[14]).toBeCloseTo(-0.1, 6);
});
