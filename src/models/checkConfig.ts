/**
 * What the networks ask of their sizes, told in the words of the configuration before a run folder is made: group norms
 * split channels into `groups`, attention into heads of `headChannels`; lists have as many entries as there are levels.
 */
import { ConfigError } from '../errors.ts';
import type { UNetConfig } from './unet.ts';
import type { VqVaeConfig } from './vqvae.ts';

/** Throws `ConfigError` when a level's channels do not split into the groups, or a list of blocks misses a level. */
export function checkVqVaeConfig({ widths, groups, encoderBlocks, decoderBlocks }: VqVaeConfig): void {
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
  for (const width of widths)
    if (width % Math.min(groups, width) !== 0) throw uneven('model.widths', width, 'model.groups', groups);
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
