import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointError, DiskError, RunFolderError, ShapeError } from '../../src/errors.ts';
import { latestCheckpoint, readCheckpoint } from '../../src/files/checkpoint.ts';
import { openRunFolder, type RunFolderOptions } from '../../src/files/runFolder.ts';
import type { StoredTensor, StoredTensors } from '../../src/files/safetensors.ts';

let folder: string;
let run: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-'));
  run = join(folder, 'run');
});
afterEach(() => rmSync(folder, { recursive: true }));

const options: RunFolderOptions = { config: { model: { width: 32, mult: [1, 2] } }, configHash: 'abc' };
const resume = { ...options, resume: true };
const tensors = (value: number): StoredTensors =>
  new Map<string, StoredTensor>([
    ['w', { dtype: 'F32', shape: [100], data: new Float32Array(100).fill(value) }],
  ]);
const content = (step: number) => ({
  step,
  files: { model: tensors(step), optimizer: tensors(-step) },
  state: { epoch: 1, seen: [step] },
});
const checkpoints = () => readdirSync(join(run, 'checkpoints')).sort();
const metrics = () => readFileSync(join(run, 'metrics.jsonl'), 'utf8');

/** Trains: a metrics line a step, a checkpoint every 5; stops without warning after `last`. */
function train(from: number, last: number, how: RunFolderOptions): void {
  const opened = openRunFolder(run, how);
  for (let step = from + 1; step <= last; step++) {
    opened.appendMetrics({ step, loss: 1 / step });
    if (step % 5 === 0) opened.writeCheckpoint(content(step));
  }
  opened.close();
}

test('a new run: config.yaml, log, checkpoints of the names that the design gives', () => {
  train(0, 5, options);
  expect(readdirSync(run).sort()).toEqual(['checkpoints', 'config.yaml', 'metrics.jsonl']);
  expect(readFileSync(join(run, 'config.yaml'), 'utf8')).toBe(
    'model:\n  width: 32\n  mult:\n    - 1\n    - 2\n',
  );
  expect(checkpoints()).toEqual(['step-000005']);
  expect(readdirSync(join(run, 'checkpoints', 'step-000005')).sort()).toEqual([
    'model.safetensors',
    'optimizer.safetensors',
    'state.json',
  ]);
  const state = JSON.parse(readFileSync(join(run, 'checkpoints', 'step-000005', 'state.json'), 'utf8'));
  expect(state).toMatchObject({ step: 5, configHash: 'abc', state: { epoch: 1, seen: [5] } });
  expect(state.sha256['model.safetensors']).toMatch(/^[0-9a-f]{64}$/);
});

test('the command line that began it is noted, and stays out of what a resumed run must share', () => {
  const command = { argv: ['train', 'autoencoder', '--out', 'run'], cwd: folder };
  train(0, 5, { ...options, command });
  const noted = () => JSON.parse(readFileSync(join(run, 'command.json'), 'utf8'));
  expect(noted()).toEqual(command);
  train(5, 6, resume);
  expect(noted()).toEqual(command);
  const other = { argv: ['train', 'autoencoder', '--out', run], cwd: tmpdir() };
  train(6, 7, { ...resume, command: other });
  expect(noted()).toEqual(other);
});

test('the newest checkpoint comes back whole; only the newest two stay; sampling can read the model alone', () => {
  train(0, 20, options);
  expect(checkpoints()).toEqual(['step-000015', 'step-000020']);
  const newest = latestCheckpoint(run);
  expect(newest).toMatchObject({ step: 20, configHash: 'abc', state: { epoch: 1, seen: [20] } });
  expect(newest?.files).toEqual({ model: tensors(20), optimizer: tensors(-20) });
  expect(Object.keys(latestCheckpoint(run, ['model'])?.files ?? {})).toEqual(['model']);
  expect(() => latestCheckpoint(run, ['ema'])).toThrow(/no ema\.safetensors/);
  expect(latestCheckpoint(join(folder, 'none'))).toBeUndefined();
});

describe('who may open it', () => {
  test('a folder in use is refused, with or without resume; close lets go', () => {
    const first = openRunFolder(run, options);
    expect(() => openRunFolder(run, options)).toThrow(/in use/);
    expect(() => openRunFolder(run, resume)).toThrow(RunFolderError);
    first.close();
    openRunFolder(run, resume).close();
  });

  test('a folder that holds a run is refused without resume, and left as it is', () => {
    train(0, 5, options);
    expect(() => openRunFolder(run, { ...options, config: {} })).toThrow(/already holds a run.*--resume/s);
    expect(readFileSync(join(run, 'config.yaml'), 'utf8')).toContain('width: 32');
    expect(existsSync(join(run, 'run.lock'))).toBe(false);
  });

  test('where the settings are the same, the data are named; a longer run is no difference', () => {
    train(0, 10, options);
    const again = { ...resume, configHash: 'of other data' };
    expect(() => openRunFolder(run, again)).toThrow(/its data \(or autoencoder\) were others/);
  });

  test('another configuration is refused by the key that differs', () => {
    train(0, 5, options);
    const other = {
      ...resume,
      config: { model: { width: 64, mult: [1, 2] }, extra: 1 },
      configHash: 'other',
    };
    expect(() => openRunFolder(run, other)).toThrow(CheckpointError);
    expect(() => openRunFolder(run, other)).toThrow(
      'now model.width 64 (the run has 32), extra 1 (the run has none)',
    );
    expect(readFileSync(join(run, 'config.yaml'), 'utf8')).toContain('width: 32');
  });
});

describe('resume', () => {
  test('13 steps, then 7 more from the checkpoint of 10, leave what 20 at once leave', () => {
    train(0, 20, options);
    const expected = { log: metrics(), checkpoints: checkpoints() };
    rmSync(run, { recursive: true });
    train(0, 13, options);
    writeFileSync(join(run, 'metrics.jsonl'), `${metrics()}{"step":14,"lo`); // killed in the middle of a line
    train(10, 20, resume);
    expect({ log: metrics(), checkpoints: checkpoints() }).toEqual(expected);
  });

  test('without a checkpoint the log starts again; without a run one starts', () => {
    train(0, 3, options);
    train(0, 2, resume);
    expect(metrics()).toBe('{"step":1,"loss":1}\n{"step":2,"loss":0.5}\n');
    run = join(folder, 'fresh');
    train(0, 1, resume);
    expect(metrics()).toBe('{"step":1,"loss":1}\n');
  });

  test('half-written checkpoints of a killed process are cleared, one about to be replaced is put back', () => {
    train(0, 10, options);
    const at = (name: string) => join(run, 'checkpoints', name);
    const opened = openRunFolder(run, resume);
    opened.writeCheckpoint(content(10)); // the same step again
    expect(checkpoints()).toEqual(['step-000005', 'step-000010']);
    opened.close();
    writeFileSync(at('step-000015.123.tmp'), '');
    renameSync(at('step-000010'), at('step-000010.replaced'));
    openRunFolder(run, resume).close();
    expect(checkpoints()).toEqual(['step-000005', 'step-000010']);
    expect(latestCheckpoint(run)?.step).toBe(10);
  });
});

describe('damage', () => {
  const file = (step: string, name: string) => join(run, 'checkpoints', step, name);

  test.each(['model.safetensors', 'optimizer.safetensors', 'state.json'])('%s cut short', (name) => {
    train(0, 12, options);
    truncateSync(file('step-000010', name), 60);
    expect(() => latestCheckpoint(run)).toThrow(CheckpointError);
    expect(() => latestCheckpoint(run)).toThrow(file('step-000010', name));
    expect(() => latestCheckpoint(run)).toThrow(
      /delete .*step-000010 to go on from .* step-000005, which is whole/,
    );
    const before = metrics();
    expect(() => openRunFolder(run, resume)).toThrow(CheckpointError);
    expect(metrics()).toBe(before); // nothing was rolled back
    rmSync(join(run, 'checkpoints', 'step-000010'), { recursive: true });
    train(5, 6, resume);
    expect(metrics().trim().split('\n')).toHaveLength(6);
  });

  test('one flipped bit is seen; with no whole checkpoint the message says so', () => {
    train(0, 5, options);
    const path = file('step-000005', 'model.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    expect(() => latestCheckpoint(run)).toThrow(/model\.safetensors: cut short or altered/);
    expect(() => latestCheckpoint(run)).toThrow(/no earlier checkpoint is whole/);
    rmSync(path);
    expect(() => readCheckpoint(join(run, 'checkpoints', 'step-000005'))).toThrow(/ENOENT/);
  });

  test('a checkpoint that cannot be written leaves the earlier ones and no debris', () => {
    train(0, 10, options);
    const opened = openRunFolder(run, resume);
    const wrong = new Map<string, StoredTensor>([
      ['w', { dtype: 'F32', shape: [3], data: new Float32Array(2) }],
    ]);
    expect(() =>
      opened.writeCheckpoint({ step: 15, files: { model: tensors(15), optimizer: wrong } }),
    ).toThrow(ShapeError);
    writeFileSync(join(folder, 'plain'), '');
    expect(() => openRunFolder(join(folder, 'plain'), options)).toThrow(DiskError);
    expect(checkpoints()).toEqual(['step-000005', 'step-000010']);
    expect(latestCheckpoint(run)?.step).toBe(10);
    opened.close();
  });

  test.skipIf(process.platform !== 'linux')(
    'a disk that refuses: DiskError, the earlier checkpoints whole, the run goes on',
    () => {
      train(0, 10, options);
      const opened = openRunFolder(run, resume);
      const limit = (bytes: string) =>
        execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
      limit('300'); // below the size of one safetensors file
      try {
        expect(() => opened.writeCheckpoint(content(15))).toThrow(DiskError);
        expect(() => {
          for (let step = 11; step < 30; step++) opened.appendMetrics({ step, loss: 1 / 3 });
        }).toThrow(DiskError);
      } finally {
        limit('unlimited');
      }
      expect(checkpoints()).toEqual(['step-000005', 'step-000010']);
      expect(latestCheckpoint(run)?.step).toBe(10);
      opened.close();
      train(10, 15, resume);
      expect(checkpoints()).toEqual(['step-000010', 'step-000015']);
      expect(metrics().trim().split('\n')).toHaveLength(15);
    },
  );
});
