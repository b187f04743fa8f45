import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  DECODER_PRESETS,
  decoderSchema,
  GENERATOR_PRESETS,
  generatorSchema,
} from '../../src/config/schemas.ts';
import { settingsYaml } from '../../src/config/settings.ts';

describe.each([
  ['autoencoder', autoencoderSchema, AUTOENCODER_PRESETS],
  ['decoder', decoderSchema, DECODER_PRESETS],
  ['generator', generatorSchema, GENERATOR_PRESETS],
] as const)('%s', (_, schema, presets) => {
  test.each(['tiny', 'small', 'reference'] as const)(
    '%s is a configuration file of the same values',
    (name) => {
      expect(schema.parse(parse(settingsYaml(schema, presets[name], 'x')))).toEqual(
        schema.parse(presets[name]),
      );
    },
  );

  test('every setting is told in words', () => {
    const lines = settingsYaml(schema, {}, 'x').split('\n');
    for (const [i, line] of lines.entries())
      if (/^ *\w+: ./.test(line)) expect(lines[i - 1], line).toMatch(/^ *# \S/);
    expect(lines[0]).toBe('# x');
  });
});

test('lists stay on a line, choices are named', () => {
  const text = settingsYaml(generatorSchema, {}, 'x');
  expect(text).toMatch(/\n {2}# Channels of each level, .*\n {2}multipliers: \[1, 2, 4, 8\]\n/);
  expect(text).toMatch(/# Mean absolute or squared error of the prediction \(l1, l2\)\nloss: l2\n/);
});
