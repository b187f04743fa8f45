/** A training that is interrupted and resumed ends byte for byte as one that was not; for both networks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectCommand,
  expectEqualRuns,
  metricsLines,
  run,
  stopAfter,
  TINY_AUTOENCODER,
  TINY_GENERATOR,
  temporaryFolder,
} from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const data = folder.path('data');
const STEPS = ['--set', 'steps=6', '--set', 'evaluateEvery=2', '--quiet', '--no-report'];

beforeAll(async () => {
  await run(['phantom', '--out', data, '--count', '8', '--grid', '16', '--quiet']);
});

describe('resuming is exact', () => {
  const autoencoder = folder.path('ae');

  async function compare(name: string, command: string[]): Promise<void> {
    const [whole, parts] = [folder.path(name), folder.path(`${name}-resumed`)];
    const trained = await run([...command, '--out', whole]);
    expect(trained).toEqual({ code: 0, out: '', err: '' });

    const stopped = await run([...command, '--out', parts], stopAfter(parts, 3));
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain('3 of 6 steps are saved');
    expect(stopped.err).toContain('--resume');
    expect(readdirSync(join(parts, 'checkpoints'))).toEqual(['step-000003']);
    expect(existsSync(join(parts, 'run.lock'))).toBe(false);
    expectCommand(parts, [...command, '--out', parts]);

    const resumed = await run([...command, '--out', parts, '--resume']);
    expect(resumed).toEqual({ code: 0, out: '', err: '' });
    expectEqualRuns(whole, parts, 6);
    expectCommand(parts, [...command, '--out', parts]);
    expect(metricsLines(whole)).toBe(6);
  }

  test('autoencoder', async () => {
    await compare('ae', ['train', 'autoencoder', '--data', data, ...TINY_AUTOENCODER, ...STEPS]);
  });

  test('generator', async () => {
    const inputs = ['--data', data, '--autoencoder', autoencoder];
    await compare('gen', ['train', 'generator', ...inputs, ...TINY_GENERATOR, ...STEPS]);
  });

  test('--resume alone takes the configuration of the run, and --set goes on top', async () => {
    const command = [
      'train',
      'autoencoder',
      '--data',
      data,
      '--out',
      autoencoder,
      '--resume',
      '--json',
      '--quiet',
    ];
    const before = readFileSync(join(autoencoder, 'config.yaml'), 'utf8');
    const same = await run(command);
    expect([same.code, same.err]).toEqual([0, '']);
    expect(readFileSync(join(autoencoder, 'config.yaml'), 'utf8')).toBe(before);
    const longer = await run([...command, '--set', 'steps=7']);
    expect([longer.code, JSON.parse(longer.out).steps]).toEqual([0, 7]);
    expect(metricsLines(autoencoder)).toBe(7);
    const shorter = await run([...command, '--set', 'steps=2']);
    expect([shorter.code, shorter.err]).toEqual([1, expect.stringContaining('at least 7 steps')]);
  });

  test('a complete run that is resumed is measured again, and is not shortened', async () => {
    const generator = folder.path('gen');
    // The autoencoder of the test above has trained on; its twin has not.
    const inputs = ['--data', data, '--autoencoder', folder.path('ae-resumed'), '--out', generator];
    const command = ['train', 'generator', ...inputs, '--resume', '--json', '--quiet', '--no-report'];
    const held = readFileSync(join(generator, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    const own = await run(command);
    expect([own.code, own.err]).toEqual([0, '']);
    expect(JSON.parse(own.out).heldOutLoss).toBeCloseTo(held[5].heldOutLoss, 5);
    const before = readFileSync(join(generator, 'config.yaml'), 'utf8');
    const shorter = await run([...command, '--set', 'steps=2']);
    expect(shorter.code).toBe(1);
    expect(shorter.err).toContain('at least 6 steps');
    expect(readFileSync(join(generator, 'config.yaml'), 'utf8')).toBe(before);
  });

  test('resuming with another configuration is refused with the keys that differ', async () => {
    const other = ['--resume', '--set', 'learningRate=0.1'];
    const { code, err } = await run(['train', 'autoencoder', '--data', data, '--out', autoencoder, ...other]);
    expect(code).toBe(1);
    expect(err).toContain('learningRate 0.1 (the run has 0.005)');
  });
});
