/**
 * What the networks ask of their sizes, told in the words of the configuration before a run folder is made: group norms
 * split channels into `groups`, attention into heads of `headChannels`.
 */
import { ConfigError } from '../errors.ts';
import type { UNetConfig } from './unet.ts';
import type { VqVaeConfig } from './vqvae.ts';

/** Throws `ConfigError` when a level's channels do not split into the groups. */
export function checkVqVaeConfig({ widths, groups }: VqVaeConfig): void {
  for (const width of widths)
    if (width % Math.min(groups, width) !== 0) throw uneven('model.widths', width, 'model.groups', groups);
}

/** Throws `ConfigError` when a level's channels do not split into the groups, or those with attention into heads. */
export function checkUNetConfig(config: UNetConfig): void {
  const { width, multipliers, groups, headChannels, attention } = config;
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

function uneven(name: string, channels: number, divisor: string, by: number): ConfigError {
  return new ConfigError({
    found: `${name} is ${channels}, ${divisor} is ${by}`,
    expected: `channels that are a multiple of ${divisor}`,
    todo: `choose another ${divisor} (--set ${divisor}=...) or other widths`,
  });
}
