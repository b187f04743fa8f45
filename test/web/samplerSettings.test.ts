/** Settings in an address: what is written is read again, and what a generator cannot do is refused by name. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Loaded } from '../../web/sampler/messages.ts';
import {
  defaultSettings,
  deviceIn,
  guided,
  readSettings,
  requestOf,
  type Settings,
  withDevice,
  writeSettings,
} from '../../web/sampler/settings.ts';

const otfm = {
  meta: { objective: 'otfm', qualities: [2, 3, 4, 5, 6] },
  solvers: ['heun', 'euler', 'midpoint', 'rk4', 'dopri5'],
  defaults: { steps: 16, solver: 'heun', guidance: 1.5 },
  stepsMost: 1000,
  bakedGuidance: 1,
} as unknown as Loaded;
const ddpm = {
  meta: { objective: 'ddpm', qualities: [6] },
  solvers: ['ddim', 'ancestral'],
  defaults: { steps: 50, solver: 'ddim', guidance: 1.5 },
  stepsMost: 300,
  bakedGuidance: 1,
} as unknown as Loaded;
const distilled = {
  ...otfm,
  meta: { objective: 'consistency', qualities: [6] },
  solvers: ['consistency'],
  bakedGuidance: 3,
} as unknown as Loaded;

test('what is written is read again', () => {
  const settings = fc.record<Settings>({
    seed: fc.nat(2 ** 31 - 1),
    index: fc.nat(1_000_000_000),
    quality: fc.constantFrom(null, 2, 6),
    steps: fc.integer({ min: 1, max: 1000 }),
    solver: fc.constantFrom('heun', 'euler', 'rk4'),
    guidance: fc.double({ min: 0, max: 20, noNaN: true }),
    eta: fc.constant(0),
    showing: fc.constantFrom('each', 'some', 'none'),
    device: fc.constantFrom('auto', 'gpu', 'cpu'),
  });
  fc.assert(
    fc.property(settings, (s) => {
      const read = readSettings(writeSettings(s), defaultSettings(otfm, 6), otfm);
      expect(read).toEqual({ settings: s, refused: [] });
      expect(deviceIn(writeSettings(s))).toBe(s.device);
    }),
  );
});

const WHOLE = 'a whole number from 0 to';
test.each([
  ['#seed=-1', otfm, [`seed=-1 (expected ${WHOLE} 9007199254740991, in decimals): 1 was taken`]],
  [
    '#seed=1.5&index=1e20',
    otfm,
    [
      `seed=1.5 (expected ${WHOLE} 9007199254740991, in decimals): 1 was taken`,
      `index=1e20 (expected ${WHOLE} 1000000000, in decimals): 0 was taken`,
    ],
  ],
  ['#index=0x10', otfm, [`index=0x10 (expected ${WHOLE} 1000000000, in decimals): 0 was taken`]],
  ['#index=1e3', otfm, [`index=1e3 (expected ${WHOLE} 1000000000, in decimals): 0 was taken`]],
  ['#seed=', otfm, [`seed= (expected ${WHOLE} 9007199254740991, in decimals): 1 was taken`]],
  ['#steps=1001', otfm, ['steps=1001 (expected a whole number from 1 to 1000, in decimals): 16 was taken']],
  [
    '#steps=301&solver=heun',
    ddpm,
    [
      'steps=301 (expected a whole number from 1 to 300, in decimals): 50 was taken',
      'solver=heun (expected one of ddim, ancestral): ddim was taken',
    ],
  ],
  ['#guidance=21', otfm, ['guidance=21 (expected a number from 0 to 20, in decimals): 1.5 was taken']],
  ['#guidance=0x2', otfm, ['guidance=0x2 (expected a number from 0 to 20, in decimals): 1.5 was taken']],
  ['#guidance=2', distilled, ['guidance=2 (expected 1, since it is part of the weights): 1.5 was taken']],
  ['#guidance=1', distilled, []],
  ['#class=1', otfm, ['class=1 (expected one of any, 2, 3, 4, 5, 6): any was taken']],
  ['#class=any', otfm, []],
  ['#eta=0.5', ddpm, []],
  ['#eta=2', ddpm, ['eta=2 (expected a number from 0 to 1, in decimals): 0 was taken']],
  ['#show=always', otfm, ['show=always (expected one of each, some, none): some was taken']],
  ['#device=quantum', otfm, ['device=quantum (expected one of auto, gpu, cpu): auto was taken']],
  ['#device=auto', otfm, []],
  [
    '#toString=1',
    otfm,
    [
      'toString=1 (no such setting; expected one of seed, index, class, steps, solver, guidance, eta, show, device)',
    ],
  ],
  ['', otfm, []],
])('%s', (hash, loaded, refused) => {
  const base = defaultSettings(loaded, null);
  const read = readSettings(hash, base, loaded);
  expect(read.refused).toEqual(refused);
  // What is refused leaves what is usual.
  if (refused.length > 0) expect(read.settings).toEqual(base);
});

test('another device in an address leaves the rest of it', () => {
  expect(withDevice('#seed=7&device=gpu&steps=4', 'cpu')).toBe('#seed=7&device=cpu&steps=4');
  expect(withDevice('', 'cpu')).toBe('#device=cpu');
});

test('the states shown are some eight, whatever the steps', () => {
  const base = defaultSettings(otfm, 6);
  const every = (steps: number, showing: Settings['showing']) =>
    requestOf({ ...base, steps, showing }).showEvery;
  expect([1, 8, 16, 100].map((steps) => every(steps, 'some'))).toEqual([1, 1, 2, 13]);
  expect(every(100, 'each')).toBe(1);
  expect(every(100, 'none')).toBe(0);
});

test('the sampler is asked for what it has: a class only where one is chosen, eta only of ddim', () => {
  const base = { ...defaultSettings(otfm, null), eta: 0.5 };
  expect(requestOf(base)).toEqual({
    seed: 1,
    index: 0,
    steps: 16,
    solver: 'heun',
    guidance: 1.5,
    showEvery: 2,
  });
  expect(requestOf({ ...base, quality: 4, solver: 'ddim' })).toMatchObject({ quality: 4, eta: 0.5 });
  expect([otfm, ddpm, distilled].map(guided)).toEqual([true, true, false]);
});
