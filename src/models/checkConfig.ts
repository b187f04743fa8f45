/**
 * What the networks ask of their sizes, told in the words of the configuration before a run folder is made: group norms
 * split channels into `groups`, attention into heads of `headChannels`; lists have as many entries as there are levels.
 */
import { ConfigError, GridError } from '../errors.ts';
import type { UNetConfig } from './unet.ts';
import { encoderSize, latentFactor, type VqVaeConfig } from './vqvae.ts';

/**
 * Throws `ConfigError` when a level's channels do not split into the groups, a list of blocks misses a level, or the head
 * cannot have its scale.
 */
export function checkVqVaeConfig({ widths, groups, encoderBlocks, decoderBlocks, head }: VqVaeConfig): void {
  requireLength(
    'model.encoderBlocks',
    encoderBlocks,
    widths.length - 1,
    'one number for each halving of the grid',
  );
  requireLength(
    'model.decoderBlocks',
    decoderBlocks,
    widths.length,
    'one number for each entry of model.widths',
  );
  checkGroups({ widths, groups });
  if (head.kind === 'super' && !Number.isInteger(head.scale))
    throw new ConfigError({
      found: `model.head.kind is super, model.head.scale is ${head.scale}`,
      expected: 'a whole scale: super makes that many voxels of each cell along each axis',
      todo: 'choose a whole model.head.scale, or another head: up, up_conv and up_res_conv take any scale',
    });
}

/**
 * Throws `GridError` when masks of `size` voxels do not fit the halvings of the autoencoder (or, with a head, its scale);
 * `source` says whose masks they are, as the user named them.
 */
export function checkVqVaeGrid(config: VqVaeConfig, size: readonly number[], source: string): void {
  const factor = latentFactor(config);
  const { kind, scale } = config.head;
  const found = `${source} has a grid of ${size.join('x')} voxels`;
  if (kind === 'none' || kind === 'super') {
    const step = kind === 'super' ? scale * factor : factor;
    if (size.every((side) => side % step === 0)) return;
    throw new GridError({
      found,
      expected: `sides that are multiples of ${step}, ${kind === 'super' ? `the scale ${scale} of the head super times the factor ${factor}` : 'the factor'} of this autoencoder`,
      todo: `ingest again with such a --grid, or choose ${kind === 'super' ? 'another model.head.kind' : 'fewer widths (--set model.widths=[...])'}`,
    });
  }
  const coarse = encoderSize(config, size);
  if (coarse.every((side, axis) => side >= factor && side <= size[axis])) return;
  throw new GridError({
    found: `${found}, of which a head of scale ${scale} leaves the encoder ${coarse.join('x')}`,
    expected: `an encoder's grid of sides from ${factor} on that is no finer than the masks`,
    todo: 'choose another model.head.scale, fewer model.widths, or a finer --grid',
  });
}

/**
 * Throws `ConfigError` when a level's channels do not split into the groups, or those with attention into heads, and when
 * attention is asked for at a level that is not there.
 */
export function checkUNetConfig(config: UNetConfig): void {
  const { width, multipliers, groups, headChannels, attention } = config;
  for (const level of attention)
    if (level >= multipliers.length)
      throw new ConfigError({
        found: `model.attention asks for level ${level}`,
        expected: `levels from 0 to ${multipliers.length - 1}, as model.multipliers has them`,
        todo: 'correct one of the two lists',
      });
  // The middle, at the channels of the last level, always has attention.
  const last = multipliers.length - 1;
  for (const [level, m] of multipliers.entries()) {
    const channels = width * m;
    const name = `model.width times model.multipliers[${level}]`;
    if (channels % groups !== 0) throw uneven(name, channels, 'model.groups', groups);
    if ((level === last || attention.includes(level)) && channels % headChannels !== 0)
      throw uneven(name, channels, 'model.headChannels', headChannels);
  }
}

/** Throws `ConfigError` when the channels of a level do not split into the groups. */
export function checkGroups({ widths, groups }: { widths: readonly number[]; groups: number }): void {
  for (const width of widths)
    if (width % Math.min(groups, width) !== 0) throw uneven('model.widths', width, 'model.groups', groups);
}

function requireLength(name: string, list: readonly number[], length: number, rule: string): void {
  if (list.length === length) return;
  throw new ConfigError({
    found: `${name} has ${list.length} entries: [${list.join(', ')}]`,
    expected: `${length}: ${rule}`,
    todo: length === 0 ? `leave it empty (--set ${name}=[])` : `give it ${length} (--set ${name}=[...])`,
  });
}

function uneven(name: string, channels: number, divisor: string, by: number): ConfigError {
  return new ConfigError({
    found: `${name} is ${channels}, ${divisor} is ${by}`,
    expected: `channels that are a multiple of ${divisor}`,
    todo: `choose another ${divisor} (--set ${divisor}=...) or other widths`,
  });
}
