import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { COMPLETER_PRESETS, completerSchema } from '../../src/config/completer.ts';
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

test('what a preset does without stands there as comments, which are settings once the # is gone', () => {
  const completer = settingsYaml(completerSchema, COMPLETER_PRESETS.tiny, 'x');
  expect(completer).toMatch(/^# Share of the examples .*\n# realShare:\n/m);
  const taken = completer
    .replace('  # share:', '  share: [0.1, 0.2]')
    .replace('# realShare:', 'realShare: 0.5');
  expect(completerSchema.parse(parse(taken))).toMatchObject({
    defects: { share: [0.1, 0.2] },
    realShare: 0.5,
  });
  const generator = settingsYaml(generatorSchema, {}, 'x');
  const own = generator
    .slice(generator.indexOf('# dp:'))
    .replaceAll(/^#( {3})? ?/gm, '$1')
    .replace('epsilon:', 'epsilon: 8');
  const { dp } = parse(own.replaceAll(/^ +# .*\n/gm, ''));
  expect(dp).toMatchObject({ epsilon: 8, clip: 0.1, multiplicity: 4, accountant: 'pld', delta: null });
});
