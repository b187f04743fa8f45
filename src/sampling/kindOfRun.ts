/** Which network a run folder holds, told from the metadata of its weights. */
import { readSafetensors } from '../files/safetensors.ts';
import { weightsFile } from './autoencoder.ts';

/** `autoencoder` or `generator`. Throws `CheckpointError` where there are no weights. */
export function kindOfRun(path: string): 'autoencoder' | 'generator' {
  const { metadata } = readSafetensors(weightsFile(path));
  return (metadata.cranioflow ?? '').includes('"kind":"autoencoder"') ? 'autoencoder' : 'generator';
}
