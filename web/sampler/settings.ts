/**
 * The settings of a sample as a person sees them, and as the part of an address after #, so that a bone can be linked:
 *
 *   #seed=7&index=0&class=6&steps=16&solver=heun&guidance=1.5
 *
 * What a link asks for and this generator cannot do is set right, and told.
 */
import type { SolverName } from '../../src/sampling/solverNames.ts';
import type { DeviceWish, Loaded, SampleRequest } from './messages.ts';

/** How much of the way is shown: after each step, some eight times, not at all. */
export type Showing = 'each' | 'some' | 'none';

export interface Settings {
  seed: number;
  index: number;
  /** null: drawn as in the training set. */
  quality: number | null;
  steps: number;
  solver: SolverName;
  guidance: number;
  /** ddim alone. */
  eta: number;
  showing: Showing;
  device: DeviceWish;
}

/** Least and most of the numbers. */
export const LIMITS = {
  seed: [0, Number.MAX_SAFE_INTEGER],
  index: [0, 1_000_000_000],
  guidance: [0, 20],
  eta: [0, 1],
} as const;

/** Quality classes in words. */
export const CLASSES: Readonly<Record<number, string>> = {
  6: 'complete',
  5: 'small faults',
  4: 'a hole or a thin region',
  3: 'a part missing',
  2: 'much missing',
};

/** Pictures on the way, about. */
const SOME = 8;

/** What a generator is sampled with unless told otherwise. */
export function defaultSettings({ defaults }: Loaded, quality: number | null): Settings {
  return { seed: 1, index: 0, quality, ...defaults, eta: 0, showing: 'some', device: 'auto' };
}

/** What an address may give for a setting: how its text is read, undefined where it is no such value, and that in words. */
interface Accepted<T> {
  read: (text: string) => T | undefined;
  expected: string;
}

const oneOf = <T extends string | number>(values: readonly T[]): Accepted<T> => ({
  read: (text) => values.find((value) => String(value) === text),
  expected: `one of ${values.join(', ')}`,
});

/** In plain decimals, very small ones as they are written (1e-7): an address that was meant otherwise (0x10, 1e3) is told. */
const number = ([least, most]: readonly [number, number], form: 'whole' | 'any'): Accepted<number> => ({
  read: (text) => {
    const n = (form === 'whole' ? /^\d+$/ : /^(\d+\.?\d*|\.\d+)(e-\d+)?$/).test(text)
      ? Number(text)
      : Number.NaN;
    return n >= least && n <= most ? n : undefined;
  },
  expected: `a ${form === 'whole' ? 'whole number' : 'number'} from ${least} to ${most}, in decimals`,
});

const DEVICE = oneOf<DeviceWish>(['auto', 'gpu', 'cpu']);

/** Each setting under its name in an address. */
const acceptedBy = (loaded: Loaded) => ({
  seed: number(LIMITS.seed, 'whole'),
  index: number(LIMITS.index, 'whole'),
  class: oneOf<string | number>(['any', ...loaded.meta.qualities]),
  steps: number([1, loaded.stepsMost], 'whole'),
  solver: oneOf(loaded.solvers),
  guidance: guided(loaded)
    ? number(LIMITS.guidance, 'any')
    : { ...oneOf([1]), expected: '1, since it is part of the weights' },
  eta: number(LIMITS.eta, 'any'),
  show: oneOf<Showing>(['each', 'some', 'none']),
  device: DEVICE,
});

/** The device that an address asks for; the rest needs a generator to be judged. */
export const deviceIn = (hash: string): DeviceWish =>
  DEVICE.read(new URLSearchParams(hash.replace(/^#/, '')).get('device') ?? '') ?? 'auto';

/** The same address with another device. */
export function withDevice(hash: string, device: DeviceWish): string {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  parts.set('device', device);
  return `#${parts}`;
}

/** The settings of an address, over `base`, and in words what of it could not be taken. */
export function readSettings(
  hash: string,
  base: Settings,
  loaded: Loaded,
): { settings: Settings; refused: string[] } {
  const accepted = acceptedBy(loaded);
  const { quality, showing, ...same } = base;
  const values: Record<string, unknown> = {
    ...same,
    class: quality ?? 'any',
    show: showing,
    device: deviceIn(hash),
  };
  const refused: string[] = [];
  const met = new Set<string>();
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    const asked = `${name.slice(0, 40)}=${text.slice(0, 40)}`;
    if (!Object.hasOwn(accepted, name)) {
      refused.push(`${asked} (no such setting; expected one of ${Object.keys(accepted).join(', ')})`);
      continue;
    }
    if (met.has(name)) {
      refused.push(`${asked} (given twice): ${values[name]} was taken`);
      continue;
    }
    met.add(name);
    const { read, expected } = accepted[name as keyof typeof accepted];
    const value = read(text);
    if (value === undefined) refused.push(`${asked} (expected ${expected}): ${values[name]} was taken`);
    else values[name] = value;
  }
  const { class: of, show, ...rest } = values;
  return { settings: { ...rest, quality: of === 'any' ? null : of, showing: show } as Settings, refused };
}

/** Whether a guidance scale can be chosen. */
export const guided = ({ meta, bakedGuidance }: Loaded): boolean =>
  meta.objective !== 'consistency' && bakedGuidance === 1;

/** The part of an address that holds these settings; what is usual stays away. */
export function writeSettings(s: Settings): string {
  const parts = new URLSearchParams({
    seed: `${s.seed}`,
    index: `${s.index}`,
    class: s.quality === null ? 'any' : `${s.quality}`,
    ...(s.solver !== 'dopri5' && { steps: `${s.steps}` }),
    solver: s.solver,
    guidance: `${s.guidance}`,
    ...(s.solver === 'ddim' && s.eta !== 0 && { eta: `${s.eta}` }),
    ...(s.showing !== 'some' && { show: s.showing }),
    ...(s.device !== 'auto' && { device: s.device }),
  });
  return `#${parts}`;
}

/** What the sampler is asked for. */
export function requestOf({ quality, eta, showing, device: _, ...rest }: Settings): SampleRequest {
  const every = { each: 1, some: Math.max(1, Math.ceil(rest.steps / SOME)), none: 0 }[showing];
  return {
    ...rest,
    ...(quality !== null && { quality }),
    ...(rest.solver === 'ddim' && { eta }),
    showEvery: every,
  };
}
