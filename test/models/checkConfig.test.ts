import { expect, test } from 'vitest';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  GENERATOR_PRESETS,
  generatorSchema,
} from '../../src/config/schemas.ts';
import { ConfigError } from '../../src/errors.ts';
import { checkUNetConfig, checkVqVaeConfig } from '../../src/models/checkConfig.ts';

const vqvae = (model: object) =>
  autoencoderSchema.parse({ model: { encoderBlocks: [1], decoderBlocks: [1, 1], ...model } }).model;
const unet = (model: object) => generatorSchema.parse({ model }).model;

test('every preset passes', () => {
  for (const preset of Object.values(AUTOENCODER_PRESETS))
    checkVqVaeConfig(autoencoderSchema.parse(preset).model);
  for (const preset of Object.values(GENERATOR_PRESETS)) checkUNetConfig(generatorSchema.parse(preset).model);
});

test('channels that do not split are refused by the names of the settings', () => {
  expect(() => checkVqVaeConfig(vqvae({ widths: [16, 40], groups: 16 }))).toThrow(
    /model\.widths is 40, model\.groups is 16/,
  );
  checkVqVaeConfig(vqvae({ widths: [8, 16], groups: 16 })); // as many groups as channels, where there are fewer
  expect(() => checkUNetConfig(unet({ width: 12, groups: 8 }))).toThrow(ConfigError);
  const small = { width: 8, multipliers: [1, 2], groups: 4 };
  expect(() => checkUNetConfig(unet({ ...small, attention: [], headChannels: 32 }))).toThrow(
    /multipliers\[1\] is 16, model\.headChannels is 32/,
  );
  checkUNetConfig(unet({ ...small, attention: [], headChannels: 16 })); // level 0, of 8 channels, has no attention
  expect(() => checkUNetConfig(unet({ ...small, attention: [0], headChannels: 16 }))).toThrow(
    /multipliers\[0\] is 8/,
  );
});

test('lists that miss a level, or ask for one that is not there, are refused', () => {
  expect(() => checkVqVaeConfig(vqvae({ widths: [16, 32], encoderBlocks: [1, 1] }))).toThrow(
    /model\.encoderBlocks has 2 entries: \[1, 1\]\n.*expected: 1:/,
  );
  expect(() => checkVqVaeConfig(vqvae({ widths: [16, 32], decoderBlocks: [1] }))).toThrow(
    /model\.decoderBlocks has 1 entries/,
  );
  expect(() => checkUNetConfig(unet({ multipliers: [1, 2], attention: [2] }))).toThrow(
    /asks for level 2\n.*levels from 0 to 1/,
  );
});
