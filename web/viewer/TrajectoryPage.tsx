/**
 * From noise to bone: a generator of the folder, or a training's newest checkpoint, sampled in the browser by the very
 * modules that sample on Node; a slider goes over the way. Training and sampling do not disturb each other's files.
 */
import { RUNTIME } from 'virtual:runtime';
import { useMemo } from 'react';
import type { Project, RunItem, WeightsList } from '../../src/server/api.ts';
import type { WeightsBytes } from '../sampler/messages.ts';
import { SamplerPanel } from '../sampler/SamplerPanel.tsx';
import type { WeightsSource } from '../sampler/useSampler.ts';
import { ShownError } from '../ui/bones.ts';
import { Fault } from '../ui/Fault.tsx';
import { nameOf } from './App.tsx';
import { go, link, type Route } from './route.ts';
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

export function TrajectoryPage({ project, route }: { project: Project; route: Route }) {
  const runs = project.items.filter((i): i is RunItem => i.kind === 'run' && i.network === 'generator');
  const run = runs.find((i) => i.id === route.parts[0]) ?? runs[0];
  const id = run?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is made anew at each look; the run is its id.
  const source = useMemo<WeightsSource | undefined>(() => run && ((say) => weightsOf(run, say)), [id]);
  if (!run || !source)
    return (
      <Fault
        error={{
          found: 'no trained generator in this folder',
          expected: 'the run of `cranioflow train generator`',
          todo: 'view a folder that holds one',
        }}
      />
    );
  return (
    <>
      <div className="tools">
        <h1>From noise to bone</h1>
        <select
          aria-label="Generator"
          value={run.id}
          onChange={({ target }) => go(link('trajectory', target.value), true)}
        >
          {runs.map((item) => (
            <option key={item.id} value={item.id}>
              {nameOf(item, project)}
              {item.objective ? ` (${item.objective})` : ''}, step {item.step}
            </option>
          ))}
        </select>
      </div>
      <SamplerPanel key={run.id} source={source} builds={RUNTIME} quality={null} />
    </>
  );
}
