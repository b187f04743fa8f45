/** From noise to bone: any generator of the folder, and the way it goes. */
import type { Project, RunItem } from '../../src/server/api.ts';
import { Fault } from '../ui/Fault.tsx';
import { nameOf } from './App.tsx';
import { notHere } from './BonePicker.tsx';
import { RunSampler } from './RunSampler.tsx';
import { go, link, type Route } from './route.ts';

export function TrajectoryPage({ project, route }: { project: Project; route: Route }) {
  const runs = project.items.filter((i): i is RunItem => i.kind === 'run' && i.network === 'generator');
  const [named] = route.parts;
  const run = named ? runs.find((i) => i.id === named) : runs[0];
  if (runs.length === 0)
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
          value={run?.id ?? ''}
          onChange={({ target }) => go(link('trajectory', target.value), true)}
        >
          {!run && <option value="">choose a generator</option>}
          {runs.map((item) => (
            <option key={item.id} value={item.id}>
              {nameOf(item, project)}
              {item.objective ? ` (${item.objective})` : ''}, step {item.step}
            </option>
          ))}
        </select>
      </div>
      {run ? <RunSampler key={run.id} run={run} /> : <Fault error={notHere(named, 'a trained generator')} />}
    </>
  );
}
