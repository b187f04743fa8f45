/**
 * Weights files as networks: what a file describes, whether it holds that, and whether not a byte of it was altered. Pure, for
 * Node and the browser alike; who reads the files also says what hashes them.
 */
import { CheckpointError } from '../errors.ts';
import type { Safetensors } from '../files/safetensors.ts';
import type { Hash } from '../files/sha256.ts';
import { elements } from '../graph/graph.ts';
import { autoencoderMetaSchema, decodeMeta, floats, generatorMetaSchema } from '../models/metadata.ts';
import { type AutoencoderWeights, autoencoderParameters } from './autoencoder.ts';
import type { GeneratorWeights } from './generator.ts';
import { MEAN_LATENT, type NetworkWeights, velocityGraph } from './network.ts';

/** A weights file that was read; `name` is what messages call it. */
export interface OpenedFile extends Safetensors {
  name: string;
}

/** Begins a SHA-256. */
export type NewHash = () => Hash;

const lengths = (specs: readonly { name: string; shape: readonly number[] }[]) =>
  specs.map(({ name, shape }) => ({ name, length: elements(shape) }));

function hashOf(begin: NewHash, first: string, parts: Iterable<Float32Array>): string {
  const hash = begin();
  if (first !== '') hash.update(first);
  for (const { buffer, byteOffset, byteLength } of parts)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

/** SHA-256 over the weights of a velocity network and of the autoencoder that it works with. */
export function generatorHash(
  { weights, meanLatent }: Pick<NetworkWeights, 'weights' | 'meanLatent'>,
  autoencoderHash: string,
  hash: NewHash,
): string {
  return hashOf(hash, autoencoderHash, [...weights.values(), ...(meanLatent ? [meanLatent] : [])]);
}

/** An autoencoder's weights. Throws `CheckpointError` when they are not those of the network they describe. */
export function openAutoencoder(
  { tensors, metadata, name }: OpenedFile,
  hash: NewHash,
): AutoencoderWeights & { hash: string } {
  const meta = decodeMeta(autoencoderMetaSchema, metadata, name);
  const weights = floats(tensors, lengths(autoencoderParameters(meta)), name);
  const { codes, latentChannels } = meta.config;
  const codebook = floats(tensors, [{ name: 'codebook', length: codes * latentChannels }], name);
  return {
    meta,
    weights,
    codebook: codebook.get('codebook')!,
    hash: hashOf(hash, '', [...weights.values(), ...codebook.values()]),
  };
}

/**
 * A generator from its velocity network and the autoencoder `beside` it, asked for once the first file is found sound. Throws `CheckpointError` when a file is not of the
 * network it describes, when the two do not belong together, and when the weights are not those that were exported.
 */
export function openGenerator(
  { tensors, metadata, name }: OpenedFile,
  beside: () => OpenedFile,
  hash: NewHash,
): GeneratorWeights {
  const meta = decodeMeta(generatorMetaSchema, metadata, name);
  const weights = floats(tensors, lengths(velocityGraph(meta, 1).graph.parameters), name);
  const other = beside();
  const autoencoder = openAutoencoder(other, hash);
  if (autoencoder.hash !== meta.autoencoderHash)
    throw new CheckpointError({
      found: `${other.name} is not the autoencoder that ${name} was trained with`,
      expected: `weights of SHA-256 ${meta.autoencoderHash.slice(0, 12)}..., not ${autoencoder.hash.slice(0, 12)}...`,
      todo: 'use the run folder as it was written',
    });
  const meanLatent = tensors.has(MEAN_LATENT)
    ? floats(tensors, lengths([{ name: MEAN_LATENT, shape: meta.latentShape }]), name).get(MEAN_LATENT)
    : undefined;
  const found = generatorHash({ weights, meanLatent }, autoencoder.hash, hash);
  if (meta.weightsHash !== undefined && meta.weightsHash !== found)
    throw new CheckpointError({
      found: `${name} holds other weights than it says: SHA-256 ${found.slice(0, 12)}...`,
      expected: `${meta.weightsHash.slice(0, 12)}...; a byte was altered since they were written`,
      todo: 'fetch or export the files again',
    });
  return { meta, weights, autoencoder, hash: found, ...(meanLatent && { meanLatent }) };
}
