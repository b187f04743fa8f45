/**
 * The methods that `task complete` knows, opened by name, each with what it brings along: the grid it works on, the
 * mean bone that a patient's is laid onto, and what it was taught. A method is loaded when it is asked for.
 */
import { CheckpointError, UsageError } from '../../errors.ts';
import type { CompleterMeta } from '../../models/metadata.ts';
import type { Transform } from '../../skull/register/transform.ts';
import { centredGrid, type Grid, type Mask } from '../../volume/volume.ts';
import { lengthOnGrid } from './applyChecks.ts';
import { gridAround } from './applyGrid.ts';
import type { PoseTemplate } from './applyPose.ts';
import { type CompletionMethod, METHOD_NAMES, type MethodName } from './method.ts';
import { completerGrid, openUnet, readCompleter } from './unet.ts';

export interface OpenOptions {
  /** Run folder of the network: a completer, or for the prior a generator. */
  run?: string;
  /** The option that named it. Default `run`. */
  flag?: string;
  threads?: number;
}

export interface OpenedMethod {
  method: CompletionMethod;
  /** Axis-aligned, its middle at the origin of the method's frame; where `gridFor` is, no more than a guess. */
  grid: Grid;
  /** Of a method that takes any grid: the one for a bone that `move` brings into its frame. */
  gridFor?: (bone: Mask, move: Transform) => Grid;
  /** What it completes: `skull`, `mandible`; undefined for any. */
  bone?: string;
  /** Of a network that learnt from phantoms alone. */
  phantom?: boolean;
  template?: PoseTemplate;
  taught?: CompleterMeta['taught'];
  /** Least and greatest length of a bone, mm, where that alone is known of what it was taught. */
  lengthMm?: readonly [number, number];
  /** Which network: its training data in words, and the SHA-256 of its weights. */
  network?: { dataset: string; step: number; hash: string };
}

/** mm: from the skull of a shrew to two thigh bones; what is shorter or longer is in another unit. */
const ANY_BONE_MM = [5, 1000] as const;

/** How a method is opened. */
const OPENERS: Record<MethodName, (options: OpenOptions) => Promise<OpenedMethod>> = {
  async unet({ run, threads }) {
    if (run === undefined) throw needsRun('unet');
    const method = await openUnet(run, { threads });
    const { meta, template, hash } = method.weights;
    const grid = completerGrid(meta);
    const { bone, phantom, taught, dataset, step } = meta;
    return {
      method,
      grid,
      bone,
      phantom,
      taught,
      template: { grid, data: template },
      network: { dataset, step, hash },
    };
  },
  // The mirror takes any grid: that of a completer, where one is named, else one around the bone.
  async mirror({ run }) {
    const { mirrorMethod } = await import('./mirror.ts');
    const method = mirrorMethod();
    if (run === undefined) return { method, grid: HEAD, gridFor: gridAround, lengthMm: ANY_BONE_MM };
    const { meta, template } = readCompleter(run);
    const grid = completerGrid(meta);
    const { bone, taught } = meta;
    return { method, grid, bone, taught, template: { grid, data: template } };
  },
  async prior({ run, threads }) {
    if (run === undefined) throw needsRun('prior', 'train generator');
    const { openPrior } = await import('./prior.ts');
    const method = await openPrior(run, { threads });
    const { bone, phantom, dataset, step } = method.source.meta;
    const { grid } = method;
    const network = { dataset, step, hash: method.source.hash };
    return { method, grid, bone, phantom, lengthMm: lengthOnGrid(grid), network };
  },
};

/** 256 mm: any head. */
const HEAD = centredGrid([128, 128, 128], [2, 2, 2]);

function needsRun(name: MethodName, command = 'task complete train'): UsageError {
  return new UsageError({
    found: `--method ${name} without --run`,
    expected: 'the run folder of its network',
    todo: `give --run, made by \`cranioflow ${command}\``,
  });
}

/** Opens a method. Throws `UsageError` for a name that is none, or a network without a run; `CheckpointError` for another's run. */
export async function openMethod(name: string, options: OpenOptions): Promise<OpenedMethod> {
  const open = OPENERS[name as MethodName];
  if (open === undefined || !METHOD_NAMES.includes(name as MethodName))
    throw new UsageError({
      found: `the method ${name}`,
      expected: `one of ${METHOD_NAMES.join(', ')}`,
      todo: 'choose one of them',
    });
  try {
    return await open(options);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const { found, expected } = error.explanation;
    throw new CheckpointError(
      {
        found,
        expected,
        todo: `--${options.flag ?? 'run'} must name a run of \`cranioflow ${name === 'prior' ? 'train generator' : 'task complete train'}\` (for ${name}) with a whole checkpoint`,
      },
      { cause: error },
    );
  }
}
