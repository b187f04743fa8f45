/** Which network a run folder holds, told from the metadata of its weights. */
import type { StoredMetadata } from '../files/safetensors.ts';
import { readMetadata } from '../files/safetensorsFile.ts';
import { weightsFile } from '../files/weightsFile.ts';

const KINDS = ['autoencoder', 'encoder', 'generator', 'aligner', 'completer'] as const;

export type NetworkKind = (typeof KINDS)[number];

/** What the metadata of a weights file says that it is of; undefined where it does not. */
export function kindOfWeights(metadata: StoredMetadata): NetworkKind | undefined {
  const text = metadata.cranioflow ?? '';
  return KINDS.find((kind) => text.includes(`"kind":"${kind}"`));
}

/** What a run is of; `generator` where its weights do not say. Throws `CheckpointError` where there are no weights. */
export function kindOfRun(path: string): NetworkKind {
  return kindOfWeights(readMetadata(weightsFile(path))) ?? 'generator';
}
