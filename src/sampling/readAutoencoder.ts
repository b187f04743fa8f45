/** An autoencoder's weights from the disk. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { latestCheckpointPath } from '../files/checkpoint.ts';
import { readSafetensors } from '../files/safetensorsFile.ts';
import { weightsFile } from '../files/weightsFile.ts';
import { AUTOENCODER_FILE, type AutoencoderWeights } from './autoencoder.ts';
import { openAutoencoder } from './openWeights.ts';

/**
 * Reads an autoencoder's weights from its run or file, or from a folder of exported weights of a generator. Throws
 * `CheckpointError` when they are not those of the network they describe.
 */
export function readAutoencoder(path: string): AutoencoderWeights & { hash: string } {
  const exported = join(path, AUTOENCODER_FILE);
  const isExported = existsSync(exported) && latestCheckpointPath(path) === undefined;
  const name = isExported ? exported : weightsFile(path);
  return openAutoencoder({ ...readSafetensors(name), name }, () => createHash('sha256'));
}
