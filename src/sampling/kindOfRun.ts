/** Which network a run folder holds, told from the metadata of its weights. */
import { readSafetensors } from '../files/safetensorsFile.ts';
import { weightsFile } from '../files/weightsFile.ts';

const KINDS = ['autoencoder', 'encoder', 'generator', 'aligner', 'completer'] as const;

/** What a run is of; `generator` where its weights do not say. Throws `CheckpointError` where there are no weights. */
export function kindOfRun(path: string): (typeof KINDS)[number] {
  const { metadata } = readSafetensors(weightsFile(path));
  const text = metadata.cranioflow ?? '';
  return KINDS.find((kind) => text.includes(`"kind":"${kind}"`)) ?? 'generator';
}
