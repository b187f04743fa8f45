/** Where the weights of a network lie. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { latestCheckpointPath } from './checkpoint.ts';

/**
 * The weights file of a run folder (its newest checkpoint) or of a folder of exported weights; a file is taken as it is. Throws
 * `CheckpointError` where there is none.
 */
export function weightsFile(path: string, name = 'model.safetensors'): string {
  const isFile = path.endsWith('.safetensors');
  const file = isFile ? path : join(latestCheckpointPath(path) ?? path, name);
  if (existsSync(file)) return file;
  throw new CheckpointError({
    found: `${path} holds no trained network (${isFile ? 'there is no such file' : `no checkpoints/ and no ${name}`})`,
    expected: 'a run folder with at least one checkpoint, or a weights file',
    todo: 'check the path, or train first: `cranioflow train --help`, `cranioflow task --help`',
  });
}
