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

/** The device that an address asks for; the rest needs a generator to be judged. */
export const deviceIn = (hash: string): DeviceWish => {
  const wish = new URLSearchParams(hash.replace(/^#/, '')).get('device');
  return wish === 'gpu' || wish === 'cpu' ? wish : 'auto';
};

/** The settings of an address, over `base`, and in words what of it could not be taken. */
export function readSettings(
  hash: string,
  base: Settings,
  loaded: Loaded,
): { settings: Settings; refused: string[] } {
  const settings = { ...base, device: deviceIn(hash) };
  const refused: string[] = [];
  const put = <K extends keyof Settings>(
    key: K,
    value: Settings[K] | undefined,
    name: string,
    text: string,
  ) => {
    if (value === undefined) refused.push(`${name} ${text.slice(0, 40)}`);
    else settings[key] = value;
  };
  const number = (text: string, [least, most]: readonly [number, number], whole: boolean) => {
    const n = text.trim() === '' ? Number.NaN : Number(text);
    return n >= least && n <= most && (!whole || Number.isSafeInteger(n)) ? n : undefined;
  };
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    if (name === 'seed' || name === 'index') put(name, number(text, LIMITS[name], true), name, text);
    else if (name === 'steps') put('steps', number(text, [1, loaded.stepsMost], true), name, text);
    else if (name === 'guidance') {
      const scale = number(text, LIMITS.guidance, false);
      put('guidance', guided(loaded) || scale === 1 ? scale : undefined, name, text);
    } else if (name === 'eta') put('eta', number(text, LIMITS.eta, false), name, text);
    else if (name === 'solver')
      put(
        'solver',
        loaded.solvers.find((s) => s === text),
        name,
        text,
      );
    else if (name === 'class')
      put(
        'quality',
        text === 'any' ? null : loaded.meta.qualities.find((q) => String(q) === text),
        name,
        text,
      );
    else if (name === 'show')
      put(
        'showing',
        (['each', 'some', 'none'] as const).find((s) => s === text),
        name,
        text,
      );
    else if (name !== 'device') refused.push(`${name.slice(0, 40)}`);
  }
  return { settings, refused };
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
