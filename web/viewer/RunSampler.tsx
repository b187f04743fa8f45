/**
 * Bones from a run of the folder: its newest checkpoint, sampled in the browser by the very modules that sample on Node; a
 * slider goes over the way from noise to bone. Reading weights does not disturb a training that writes them.
 */
import { RUNTIME } from 'virtual:runtime';
import { useCallback, useMemo, useState } from 'react';
import { quoted } from '../../src/files/commandLine.ts';
import type { RunItem, WeightsList } from '../../src/server/api.ts';
import type { Loaded, WeightsBytes } from '../sampler/messages.ts';
import { SamplerPanel } from '../sampler/SamplerPanel.tsx';
import type { WeightsSource } from '../sampler/useSampler.ts';
import { ShownError } from '../ui/bones.ts';
import { bytes, get } from './server.ts';

/** The two files of a generator, through the server. Rejects with `ShownError` where one is missing. */
async function weightsOf({ id, path }: RunItem, say: (what: string) => void): Promise<WeightsBytes> {
  const base = `api/runs/${id}/weights`;
  const { files } = await get<WeightsList>(base);
  const one = async (name: string): Promise<WeightsBytes['model']> => {
    const file = files.find((f) => f.name === name);
    if (!file)
      throw new ShownError({
        found: `${path} holds no ${name} yet`,
        expected: 'a generator with a checkpoint and its autoencoder',
        todo: 'wait for the first checkpoint of the training, or choose another run',
      });
    say(`loading ${name}, ${(file.bytes / 1e6).toFixed(1)} MB`);
    const content = await bytes(`${base}/${name}`);
    return { name: `${path}/${name}`, bytes: content.buffer as ArrayBuffer };
  };
  return { model: await one('model.safetensors'), autoencoder: await one('autoencoder.safetensors') };
}

export function RunSampler({ run }: { run: RunItem }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is made anew at each look; the run is its id.
  const source = useMemo<WeightsSource>(() => (say) => weightsOf(run, say), [run.id]);
  const [phantom, setPhantom] = useState(false);
  const onLoaded = useCallback(({ meta }: Loaded) => setPhantom(meta.phantom), []);
  return (
    <>
      {phantom && (
        <p>
          <span className="stamp">PHANTOM</span> It learnt from phantoms: what it makes carries no anatomical
          truth.
        </p>
      )}
      <SamplerPanel
        source={source}
        builds={RUNTIME}
        quality={null}
        onLoaded={onLoaded}
        command={`cranioflow generate --run ${quoted(run.path)}`}
      />
    </>
  );
}
