import { expect, test } from 'vitest';
import * as errors from '../src/errors.ts';

const explanation = { found: 'mask.nrrd has no voxel above 0', expected: 'bone', todo: 'leave the file out' };
type Concrete = new (e: typeof explanation, o?: ErrorOptions) => errors.CranioflowError;
const classes = Object.entries(errors).filter(([name]) => name !== 'CranioflowError') as unknown as [
  string,
  Concrete,
][];

test('the public names and tags', () => {
  expect(Object.fromEntries(classes.map(([name, Class]) => [name, new Class(explanation).tag]))).toEqual({
    CheckpointError: 'checkpoint',
    ConfigError: 'config',
    DatasetError: 'dataset',
    DiskError: 'disk',
    FileError: 'file',
    GridError: 'grid',
    InterruptedError: 'interrupted',
    NumericsError: 'numerics',
    RunFolderError: 'run-folder',
    ScanError: 'scan',
    ShapeError: 'shape',
    UsageError: 'usage',
    VolumeError: 'volume',
  });
});

test.each(classes)('%s carries its three parts, its name and its cause', (name, Class) => {
  const cause = new Error('below');
  const error = new Class(explanation, { cause });
  expect(error).toBeInstanceOf(errors.CranioflowError);
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe(name);
  expect(error.cause).toBe(cause);
  expect(error.explanation).toEqual(explanation);
  expect(error.message).toBe(
    'mask.nrrd has no voxel above 0\n  expected: bone\n  to mend:  leave the file out',
  );
});

test('exit codes: 2 for the command line, 130 for Ctrl-C, else 1', () => {
  const codes = Object.fromEntries(classes.map(([name, Class]) => [name, new Class(explanation).exitCode]));
  expect(codes.UsageError).toBe(2);
  expect(codes.InterruptedError).toBe(130);
  expect(codes.FileError).toBe(1);
  expect(new Set(Object.values(codes))).toEqual(new Set([1, 2, 130]));
});
