import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { weightsFile } from '../../src/files/weightsFile.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-weights-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a file, a folder of exported weights; what is not there is told', () => {
  expect(() => weightsFile(root)).toThrow(CheckpointError);
  expect(() => weightsFile(root)).toThrow(/no checkpoints\/ and no model\.safetensors/);
  const file = join(root, 'model.safetensors');
  expect(() => weightsFile(file)).toThrow(/there is no such file/);
  writeFileSync(file, '');
  expect([weightsFile(file), weightsFile(root)]).toEqual([file, file]);
  mkdirSync(join(root, 'other'));
  expect(() => weightsFile(root, 'other.safetensors')).toThrow(/no other\.safetensors/);
});
