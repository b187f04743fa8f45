/**
 * The trained generator that reflow and distillation start from, with everything that speaks against it said before any
 * work: it must have learnt a velocity (otfm), its weights must be averaged ones, and a guidance scale that is already part
 * of it cannot be chosen again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CheckpointError, ConfigError } from '../errors.ts';
import type { GeneratorWeights } from '../sampling/generator.ts';
import { readGenerator } from '../sampling/readGenerator.ts';
import { bakedGuidance } from '../sampling/solverNames.ts';

/** What a training wants of its source. */
export interface SourceUse {
  guidance: number;
  batch: number;
  pairs: { count: number };
}

/** Reads the generator in the run folder `path`. Throws `CheckpointError` and `ConfigError`. */
export function readSource(path: string, { guidance, batch, pairs }: SourceUse): GeneratorWeights {
  const source = readGenerator(path);
  const { objective } = source.meta;
  if (objective !== 'otfm')
    throw new ConfigError({
      found: `${path} learnt ${objective}`,
      expected: 'a generator that learnt otfm: its samples lie at the ends of the paths of a velocity',
      todo: 'give --run the run of `cranioflow train generator --objective otfm`, or of `train reflow`',
    });
  requireAveraged(path);
  const baked = bakedGuidance(source.meta);
  if (baked !== 1 && guidance !== 1)
    throw new ConfigError({
      found: `guidance ${guidance} over ${path}, which has a guidance scale of ${baked} in it already`,
      expected: 'guidance 1 for such a source',
      todo: 'add --set guidance=1, or give --run the run that it was made from',
    });
  if (pairs.count < batch)
    throw new ConfigError({
      found: `pairs.count ${pairs.count} and batch ${batch}`,
      expected: 'at least as many pairs as a batch takes',
      todo: 'raise pairs.count (thousands are usual), or lower batch',
    });
  return source;
}

/** Whether the weights are averaged stands in the run's own configuration alone. */
function requireAveraged(path: string): void {
  const file = join(path, 'config.yaml');
  if (!existsSync(file))
    throw new CheckpointError({
      found: `${path} has no config.yaml, which says whether its weights are averaged ones`,
      expected: 'a whole run folder; exported weights do not tell how they were made',
      todo: 'give --run the run folder that `cranioflow train` wrote',
    });
  let ema: unknown;
  try {
    ema = (parse(readFileSync(file, 'utf8'), { maxAliasCount: 0 }) as { ema?: unknown } | null)?.ema;
  } catch (cause) {
    throw new CheckpointError(
      {
        found: `${file} is not YAML`,
        expected: 'the configuration as `cranioflow train` wrote it',
        todo: 'restore it, or give --run another run',
      },
      { cause },
    );
  }
  if (typeof ema === 'number' && ema > 0) return;
  throw new CheckpointError({
    found: `a source without EMA weights: ${file} has ema ${ema ?? 'unset'}`,
    expected:
      'ema above 0: the weights of a single late step make noisier paths, and the result would copy them',
    todo: 'train the source with --set ema=0.995 (the default), and give --run that run',
  });
}

/** The guidance scale in a generator made from `source` with this one. */
export const guidanceWithin = ({ meta }: GeneratorWeights, guidance: number): number => {
  const baked = bakedGuidance(meta);
  return baked === 1 ? guidance : baked;
};
