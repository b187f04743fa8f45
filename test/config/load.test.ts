import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/errors.ts';

const schema = z.strictObject({
  seed: z.int().min(0).default(0),
  model: z
    .strictObject({
      width: z.int().positive().default(32),
      multipliers: z.array(z.int()).default([1, 2, 4]),
      attention: z.boolean().default(false),
    })
    .prefault({}),
  time: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('uniform') }),
      z.strictObject({ kind: z.literal('logit-normal'), mean: z.number(), deviation: z.number() }),
    ])
    .prefault({ kind: 'uniform' }),
  optimizer: z.object({ rate: z.number().default(1e-4), name: z.string().optional() }).prefault({}), // not strict
  notes: z.record(z.string(), z.string()).default({}),
});

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
  file = join(folder, 'train.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));
const yaml = (text: string) => {
  writeFileSync(file, text);
  return file;
};
const preset = { name: 'tiny', values: { seed: 3, model: { width: 8, multipliers: [1, 2] } } };

describe('layers', () => {
  test('defaults alone', () => {
    expect(loadConfig(schema)).toEqual({
      seed: 0,
      model: { width: 32, multipliers: [1, 2, 4], attention: false },
      time: { kind: 'uniform' },
      optimizer: { rate: 1e-4 },
      notes: {},
    });
  });

  test('defaults < preset < file < set, key by key; lists are replaced whole; sources stay untouched', () => {
    const before = structuredClone(preset);
    const config = loadConfig(schema, {
      preset,
      file: yaml('model:\n  width: 16\n  attention: true\n'),
      set: ['model.width=64', 'model.multipliers=[3]', 'optimizer.rate=1e-3', 'notes.why=because it is'],
    });
    expect(config.seed).toBe(3);
    expect(config.model).toEqual({ width: 64, multipliers: [3], attention: true });
    expect(config.optimizer.rate).toBe(0.001);
    expect(config.notes).toEqual({ why: 'because it is' });
    expect(preset).toEqual(before);
  });

  test('values read as YAML: numbers, booleans, text, maps; the last --set wins; an empty file is no layer', () => {
    const config = loadConfig(schema, {
      file: yaml('# nothing\n'),
      set: [
        'seed=1',
        'seed=2',
        'model.attention=true',
        'optimizer.name="12"',
        'time={kind: logit-normal, mean: 0, deviation: 1}',
      ],
    });
    expect(config.seed).toBe(2);
    expect(config.optimizer.name).toBe('12');
    expect(config.time).toEqual({ kind: 'logit-normal', mean: 0, deviation: 1 });
  });
});

describe('refusals', () => {
  const failing = (sources: Parameters<typeof loadConfig>[1]): string => {
    try {
      loadConfig(schema, sources);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return (error as ConfigError).explanation.found;
    }
    throw new Error('was accepted');
  };

  test.each([
    [
      'model.witdh=1',
      'unknown key "model.witdh" (--set model.witdh=1); the nearest known key is "model.width"',
    ],
    ['width=1', 'unknown key "width" (--set width=1); the nearest known key is "model.width"'],
    ['seeed=1', 'unknown key "seeed" (--set seeed=1); the nearest known key is "seed"'],
    [
      'optimizer.rat=1',
      'unknown key "optimizer.rat" (--set optimizer.rat=1); the nearest known key is "optimizer.rate"',
    ],
    [
      'time.deviatoin=1',
      'unknown key "time.deviatoin" (--set time.deviatoin=1); the nearest known key is "time.deviation"',
    ],
    ['__proto__.x=1', 'unknown key "__proto__"'],
    ['model.constructor.x=1', 'unknown key "model.constructor"'],
  ])('--set %s', (text, message) => {
    expect(failing({ set: [text] })).toContain(message);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('every unknown key of a file is named, with the file', () => {
    const told = failing({ file: yaml('seeds: 1\nmodel:\n  widths: 2\n__proto__:\n  x: 1\n') });
    expect(told).toContain(`unknown key "seeds" (${file}); the nearest known key is "seed"`);
    expect(told).toContain(`unknown key "model.widths" (${file})`);
    expect(told).toContain('unknown key "__proto__"');
  });

  test('a wrong type or range names the key, the rule and the layer that set it', () => {
    expect(failing({ set: ['model.width=wide'] })).toMatch(
      /^model\.width: "wide", where a number is expected \(--set model\.width=wide\)$/,
    );
    expect(failing({ preset, set: ['seed=-1'] })).toMatch(
      /^seed: -1, where a number of at least 0 is expected \(--set seed=-1\)$/,
    );
    expect(failing({ preset: { name: 'bad', values: { seed: 0.5 } } })).toMatch(/\(preset bad\)$/);
    expect(failing({ set: ['model=3'] })).toMatch(/^model: 3, where a group of keys is expected/);
    expect(failing({ set: ['model.multipliers=[1, x]'] })).toMatch(/^model\.multipliers\.1: .*\(--set/);
    expect(failing({ set: ['time.kind=cosine'] })).toMatch(/^time\.kind: /);
  });

  test.each(['seed', '=1', 'model.=1', '.seed=1', 'seed=', 'model..width=1'])(
    '--set %s is not an override',
    (text) => {
      expect(failing({ set: [text] })).toBe(`--set ${text}`);
    },
  );

  test('files that are missing, broken, repeat a key, or hold a list', () => {
    expect(failing({ file: join(folder, 'none.yaml') })).toContain('ENOENT');
    expect(failing({ file: yaml('a: [1\nb: 2') })).toMatch(/not YAML.*line/s);
    expect(failing({ file: yaml('seed: 1\nseed: 2\n') })).toMatch(/unique/);
    expect(failing({ file: yaml('- 1\n') })).toContain('holds a list');
  });

  test('aliases are refused: unresolved, unfolding without end, or a tree that holds itself', () => {
    const bomb = [
      'a: &a [1, 1]',
      ...[...'bcdefghij'].map((n, i) => `${n}: &${n} [*${'abcdefghi'[i]}, *${'abcdefghi'[i]}]`),
    ];
    for (const text of ['seed: *nothing', 'model: &m\n  model: *m', bomb.join('\n')])
      expect(failing({ file: yaml(text) })).toContain('has an alias');
    expect(failing({ set: ['seed=*x'] })).toBe('--set seed=*x has an alias (*name)');
  });
});
