/** A generator's weights from the disk: its velocity network and the autoencoder beside it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { readSafetensors } from '../files/safetensorsFile.ts';
import { weightsFile } from '../files/weightsFile.ts';
import { AUTOENCODER_FILE } from './autoencoder.ts';
import type { GeneratorWeights } from './generator.ts';
import type { NetworkWeights } from './network.ts';
import * as open from './openWeights.ts';

const sha256 = () => createHash('sha256');

/** SHA-256 over the weights of a velocity network and of the autoencoder that it works with. */
export function generatorHash(
  network: Pick<NetworkWeights, 'weights' | 'meanLatent'>,
  autoencoderHash: string,
): string {
  return open.generatorHash(network, autoencoderHash, sha256);
}

/** Reads a generator from a run folder (newest checkpoint) or a folder of exported weights. Throws `CheckpointError`. */
export function readGenerator(path: string): GeneratorWeights {
  const name = weightsFile(path);
  const read = (file: string) => ({ ...readSafetensors(file), name: file });
  return open.openGenerator(read(name), () => read(besideOf(path, name)), sha256);
}

function besideOf(path: string, file: string): string {
  const places = [join(path, AUTOENCODER_FILE), join(dirname(file), AUTOENCODER_FILE)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new CheckpointError({
    found: `${path} holds no ${AUTOENCODER_FILE}`,
    expected: 'the autoencoder beside the generator, as `cranioflow train generator` leaves it',
    todo: 'copy the whole run folder, not single files',
  });
}
