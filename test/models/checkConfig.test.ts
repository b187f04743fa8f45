import { expect, test } from 'vitest';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  GENERATOR_PRESETS,
  generatorSchema,
} from '../../src/config/schemas.ts';
import { ConfigError, GridError } from '../../src/errors.ts';
import { checkUNetConfig, checkVqVaeConfig, checkVqVaeGrid } from '../../src/models/checkConfig.ts';

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

test('a head that cannot have its scale, and masks that do not fit, are refused', () => {
  const two = { widths: [16, 32] };
  expect(() => checkVqVaeConfig(vqvae({ ...two, head: { kind: 'super', scale: 2.375 } }))).toThrow(
    /model\.head\.scale is 2\.375\n.*a whole scale.*\n.*up, up_conv and up_res_conv take any/,
  );
  checkVqVaeConfig(vqvae({ ...two, head: { kind: 'up_conv', scale: 2.375 } }));
  expect(() => vqvae({ head: { kind: 'up', scale: 1 } })).toThrow();

  const none = vqvae(two);
  checkVqVaeGrid(none, [32, 30, 28], 'data');
  expect(() => checkVqVaeGrid(none, [32, 31, 28], 'data')).toThrow(GridError);
  const zoom = vqvae({ ...two, head: { kind: 'super', scale: 3 } });
  checkVqVaeGrid(zoom, [48, 60, 54], 'data');
  expect(() => checkVqVaeGrid(zoom, [48, 60, 56], 'data')).toThrow(
    /data has a grid of 48x60x56 voxels\n.*multiples of 6, the scale 3 of the head super times the factor 2/,
  );
  const up = vqvae({ ...two, head: { kind: 'up', scale: 4 } });
  checkVqVaeGrid(up, [33, 35, 37], 'data');
  expect(() => checkVqVaeGrid(up, [33, 3, 37], 'data')).toThrow(/leaves the encoder 8x0x10/);
  const near = vqvae({ widths: [16, 16, 16], head: { kind: 'up', scale: 1.01 } });
  expect(() => checkVqVaeGrid(near, [9, 7, 9], 'data')).toThrow(/8x8x8\n.*no finer than the masks/);
});
