/** A sampler and what it has made, as a page shows it. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Explanation } from '../../src/errors.ts';
import { explained } from '../ui/bones.ts';
import type { PackedMask } from '../ui/mask.ts';
import type { DeviceWish, Loaded, Progress, RuntimeBuilds, Sampled, WeightsBytes } from './messages.ts';
import { GpuBuildFault, Sampler } from './sampler.ts';
import { requestOf, type Settings } from './settings.ts';

/** One state on the way from noise to bone. */
export interface Frame {
  done: number;
  t: number;
  mask: PackedMask;
}

/** A bone that was made, or is being made. */
export interface Run {
  settings: Settings;
  frames: Frame[];
  progress?: Progress;
  /** Seconds that are left, once they can be told. */
  left?: number;
  sampled?: Sampled;
  cancelled?: boolean;
}

/** What failed; `ofGpuBuild`: the processor may still do. */
export interface Fault extends Explanation {
  ofGpuBuild: boolean;
}

const faultOf = (error: unknown): Fault => ({
  ...explained(error),
  ofGpuBuild: error instanceof GpuBuildFault,
});

export interface SamplerState {
  loaded?: Loaded;
  /** What is being done before there is something to sample with: at first, and after a worker was dropped; else ''. */
  doing: string;
  fault?: Fault;
  run?: Run;
  sampling: boolean;
  sample: (settings: Settings) => Promise<void>;
  cancel: () => void;
}

/** Gives the weights; `say` is told how far it is. */
export type WeightsSource = (say: (what: string) => void) => Promise<WeightsBytes>;

/** Loads a generator for a device, and samples with it. Another `source` or device makes another sampler. */
export function useSampler(source: WeightsSource, builds: RuntimeBuilds, device: DeviceWish): SamplerState {
  const [loaded, setLoaded] = useState<Loaded>();
  const [doing, setDoing] = useState('');
  const [fault, setFault] = useState<Fault>();
  const [run, setRun] = useState<Run>();
  const [sampling, setSampling] = useState(false);
  const sampler = useRef<Sampler>(undefined);
  const abort = useRef<AbortController>(undefined);

  useEffect(() => {
    let over = false;
    let made: Sampler | undefined;
    setLoaded(undefined);
    setFault(undefined);
    const say = (what: string): void => {
      if (!over) setDoing(what);
    };
    const begin = async (): Promise<void> => {
      const weights = await source(say);
      if (over) return;
      made = new Sampler({ weights, builds, device, onDoing: say });
      sampler.current = made;
      const ready = await made.load();
      if (!over) setLoaded(ready);
    };
    begin()
      .catch((error) => !over && setFault(faultOf(error)))
      .finally(() => say(''));
    return () => {
      over = true;
      abort.current?.abort();
      made?.close();
      sampler.current = undefined;
    };
  }, [source, builds, device]);

  const sample = useCallback(async (settings: Settings): Promise<void> => {
    const used = sampler.current;
    if (used === undefined) return;
    const control = new AbortController();
    abort.current = control;
    setFault(undefined);
    setSampling(true);
    setRun({ settings, frames: [] });
    let begun = performance.now();
    /** What comes late of a sampler that another has replaced concerns nobody. */
    const isCurrent = (): boolean => sampler.current === used;
    const onProgress = (progress: Progress): void => {
      const share = progress.total === null ? progress.t : progress.done / progress.total;
      const left = share > 0 ? ((performance.now() - begun) / 1000) * (1 / share - 1) : undefined;
      const frame = progress.shown && { done: progress.done, t: progress.t, mask: progress.shown };
      setRun((now) => now && { ...now, progress, left, frames: frame ? [...now.frames, frame] : now.frames });
    };
    try {
      // After a worker was dropped the networks are compiled anew first, which is told by `doing`.
      const ready = await used.load();
      if (isCurrent()) {
        setLoaded(ready);
        setDoing('');
      }
      begun = performance.now();
      const sampled = await used.sample(requestOf(settings), { onProgress, signal: control.signal });
      setRun((now) => now && finished(now, sampled));
    } catch (error) {
      if (isCurrent()) setFault(faultOf(error));
      setRun((now) => now && { ...now, cancelled: true });
    } finally {
      if (isCurrent()) setDoing('');
      setSampling(false);
    }
  }, []);

  const cancel = useCallback(() => abort.current?.abort(), []);
  return { loaded, doing, fault, run, sampling, sample, cancel };
}

function finished(run: Run, sampled: Sampled | null): Run {
  if (sampled === null) return { ...run, cancelled: true, left: undefined };
  const done = run.progress?.done ?? run.settings.steps;
  return { ...run, sampled, left: undefined, frames: [...run.frames, { done, t: 1, mask: sampled.mask }] };
}
