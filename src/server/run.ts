/**
 * What a run folder, or a folder of exported weights, tells of itself: its network by the header of its newest weights (before
 * the first checkpoint by the settings that only one network has), its settings, and how far it is.
 */
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ConfigError } from '../errors.ts';
import { checkpointSteps, stepFolderName } from '../files/checkpoint.ts';
import { holderOf, type LockHolder } from '../files/lock.ts';
import { readMetadata } from '../files/safetensorsFile.ts';
import { kindOfWeights, type NetworkKind } from '../sampling/kindOfRun.ts';
import { learningRate, type RateConfig } from '../training/loop.ts';
import type { RunDetail, RunItem } from './api.ts';
import { fileOf, Kept, type Place, textOf } from './files.ts';
import { lastStep } from './metricsLog.ts';

export const MODEL = 'model.safetensors';
const CONFIG = 'config.yaml';
export const METRICS = 'metrics.jsonl';
const RUN_LOCK = 'run.lock';

/** Settings that only one network has. */
const TELLING: Record<string, NetworkKind> = {
  commitment: 'autoencoder',
  noise: 'autoencoder',
  coupling: 'generator',
  noiseEnd: 'generator',
  intervals: 'generator',
  hide: 'encoder',
  poses: 'aligner',
  defects: 'completer',
};

/** What a weights file says of itself, as far as it is shown. */
interface Weights {
  kind?: NetworkKind;
  objective?: string;
  step?: number;
  /** Everything, as YAML. */
  text: string;
}

const weights = new Kept<Weights>();
const configs = new Kept<Record<string, unknown>>();

/** The weights of the newest checkpoint, or of a folder of exported weights; undefined where there are none yet. */
export function modelOf({ root, dir }: Place): string | undefined {
  const newest = checkpointSteps(dir).pop();
  return newest === undefined
    ? fileOf({ root, dir }, MODEL)
    : fileOf({ root, dir: join(dir, 'checkpoints', stepFolderName(newest)) }, MODEL);
}

/** Throws `CheckpointError` where the header of the file is damaged. */
function describedBy(file: string): Weights {
  return weights.get(file, [file], () => {
    const metadata = readMetadata(file);
    try {
      const { objective, step, ...rest } = JSON.parse(metadata.cranioflow ?? '{}');
      const text = stringify({ ...rest, ...(objective && { objective }), step });
      return { kind: kindOfWeights(metadata), objective, step, text };
    } catch {
      return { text: '' };
    }
  });
}

/** Tells whether a folder is a run, or holds exported weights. */
export function looksLikeRun(
  place: Place,
  files: ReadonlySet<string>,
  folders: ReadonlySet<string>,
): boolean {
  if (files.has(CONFIG)) return files.has(METRICS) || files.has(RUN_LOCK) || folders.has('checkpoints');
  if (!files.has(MODEL)) return false;
  try {
    return describedBy(join(place.dir, MODEL)).kind !== undefined;
  } catch {
    // It has the name of ours and is damaged: to be told.
    return true;
  }
}

/** The settings of a run; none for exported weights. Throws `ConfigError` where config.yaml is damaged. */
export function settingsOf(place: Place): Record<string, unknown> {
  const file = fileOf(place, CONFIG);
  if (file === undefined) return {};
  return configs.get(file, [file], () => {
    let found: unknown;
    let problem = 'it is no map of settings';
    try {
      found = parse(textOf(place, CONFIG));
    } catch (error) {
      problem = (error as Error).message.split('\n')[0];
    }
    if (typeof found === 'object' && found !== null) return found as Record<string, unknown>;
    throw new ConfigError({
      found: `${file} cannot be used: ${problem}`,
      expected: 'the settings that a training wrote',
      todo: 'put the file back as it was, or train again in another folder',
    });
  });
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** Throws `ConfigError` or `CheckpointError` where settings or weights are damaged. */
export function runItem(place: Place, at: { id: string; path: string }): RunItem {
  const settings = settingsOf(place);
  const file = modelOf(place);
  const found = file === undefined ? undefined : describedBy(file);
  const told = Object.keys(TELLING).find((key) => settings[key] !== undefined);
  const network = found?.kind ?? (told === undefined ? undefined : TELLING[told]) ?? 'unknown';
  const objective = found?.objective ?? text(settings.objective);
  return {
    ...at,
    kind: 'run',
    network,
    ...(network === 'generator' && objective !== undefined && { objective }),
    step: stepOf(place),
    running: writerOf(place) !== undefined,
  };
}

/** The last step that was logged, or saved. */
export function stepOf(place: Place): number {
  const log = fileOf(place, METRICS);
  const logged = log === undefined ? undefined : lastStep(log);
  if (logged !== undefined) return logged;
  const file = modelOf(place);
  return checkpointSteps(place.dir).pop() ?? (file === undefined ? undefined : describedBy(file).step) ?? 0;
}

/** Length of the whole training; null where the settings do not say. */
export const stepsOf = (place: Place): number | null => number(settingsOf(place).steps);

/** The process that writes a run; undefined where none does. */
export function writerOf(place: Place): LockHolder | undefined {
  const lock = fileOf(place, RUN_LOCK);
  return lock === undefined ? undefined : holderOf(lock);
}

/** Points of the learning rate's curve. */
const POINTS = 200;

function ratesOf(settings: Record<string, unknown>): RunDetail['learningRate'] {
  const keys = ['learningRate', 'warmup', 'finalRate', 'steps'] as const;
  if (keys.some((key) => typeof settings[key] !== 'number')) return [];
  const config = settings as unknown as RateConfig;
  const every = Math.max(1, (config.steps - 1) / (POINTS - 1));
  const count = Math.min(POINTS, config.steps);
  return Array.from({ length: count }, (_, i) => Math.round(1 + i * every)).map((step) => ({
    step,
    rate: learningRate(step, config),
  }));
}

/** All of a run but its state. Throws as `runItem`. */
export function describeRun(place: Place, item: RunItem): Omit<RunDetail, 'state'> {
  const file = modelOf(place);
  const config =
    fileOf(place, CONFIG) === undefined
      ? file === undefined
        ? ''
        : describedBy(file).text
      : textOf(place, CONFIG);
  return {
    item: runItem(place, item),
    config,
    learningRate: ratesOf(settingsOf(place)),
    checkpoints: checkpointSteps(place.dir),
  };
}
