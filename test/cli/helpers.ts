/** The command line in process, and a tiny pipeline on 16^3 phantoms that several tests share. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runCli } from '../../src/cli/program.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a command line and collects what it wrote. */
export async function run(argv: readonly string[], signal?: AbortSignal): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await runCli(argv, {
    stdout: { columns: 110, write: (text) => (out += text) },
    stderr: { columns: 110, write: (text) => (err += text) },
    signal,
  });
  return { code, out, err };
}

/** A temporary folder that goes when the test file is done. */
export function temporaryFolder(): { path: (...parts: string[]) => string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'cranioflow-cli-'));
  return {
    path: (...parts) => join(root, ...parts),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Lines in the log of a run. */
export function metricsLines(out: string): number {
  const log = join(out, 'metrics.jsonl');
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
}

/** Asks to stop once the log of a run has `lines` lines: exactly then, whatever the machine. */
export const stopAfter = (out: string, lines: number): AbortSignal =>
  ({
    get aborted() {
      return metricsLines(out) >= lines;
    },
  }) as AbortSignal;

/** Byte for byte the same settings, log and checkpoint at `step`, and `more` files. */
export function expectEqualRuns(a: string, b: string, step: number, ...more: string[]): void {
  const at = `checkpoints/step-${String(step).padStart(6, '0')}`;
  const kept = ['model.safetensors', 'optimizer.safetensors', 'state.json'].map((file) => `${at}/${file}`);
  for (const file of ['config.yaml', 'metrics.jsonl', ...kept, ...more])
    expect(readFileSync(join(a, file)).equals(readFileSync(join(b, file))), file).toBe(true);
}

/** A training notes its command line in the run folder, whether it was begun or resumed. */
export function expectCommand(out: string, argv: readonly string[]): void {
  const noted = JSON.parse(readFileSync(join(out, 'command.json'), 'utf8'));
  expect(noted).toEqual({ argv: [...argv], cwd: process.cwd() });
}

const sets = (...pairs: string[]): string[] => pairs.flatMap((pair) => ['--set', pair]);

/** The smallest autoencoder that runs on a 16^3 grid. */
export const TINY_AUTOENCODER = sets(
  'model.widths=[8,8,8]',
  'model.encoderBlocks=[1,0]',
  'model.decoderBlocks=[0,1,0]',
  'model.groups=4',
  'model.codes=32',
  'batch=2',
  'learningRate=0.005',
  'warmup=0',
);

/** The smallest generator over its latents; half of it on augmented copies, so that those are tested too. */
export const TINY_GENERATOR = sets(
  'model.width=8',
  'model.groups=4',
  'model.headChannels=8',
  'copies=1',
  'batch=2',
  'warmup=0',
);

/** What a command that must succeed says on stdout. */
export async function done(argv: string[]): Promise<string> {
  const { code, out, err } = await run(argv);
  expect([code, err]).toEqual([0, '']);
  return out;
}

/** A failure in words: exit code, no result, no stack. */
export async function fails(argv: string[], code: number): Promise<string> {
  const ran = await run(argv);
  expect(ran.code).toBe(code);
  expect(ran.out).toBe('');
  expect(ran.err).not.toMatch(/^\s+at .*:\d+/m);
  expect(ran.err).not.toContain('this is a bug');
  return ran.err;
}
