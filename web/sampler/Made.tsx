/** A bone as it forms and when it is made: its way from noise, to be gone over; its surface and slices; its files. */
import { useEffect, useMemo, useState } from 'react';
import { boneId } from '../../src/sampling/boneId.ts';
import { useSurface } from '../ui/BonePanel.tsx';
import { Downloads } from '../ui/Downloads.tsx';
import { Fault } from '../ui/Fault.tsx';
import { unpack } from '../ui/mask.ts';
import { SkullView } from '../ui/SkullView.tsx';
import { Slices } from '../ui/Slices.tsx';
import type { Loaded } from './messages.ts';
import { CLASSES, type Settings } from './settings.ts';
import type { Frame, Run } from './useSampler.ts';

interface MadeProps {
  run: Run;
  loaded: Loaded;
  command: string;
}

export function Made({ run, loaded, command }: MadeProps) {
  const { frames, settings, sampled } = run;
  const last = frames.length - 1;
  const [chosen, setChosen] = useState<number>();
  const [slices, setSlices] = useState(false);
  // A new bone is followed as it forms, until a person goes back on the way.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each run has settings of its own.
  useEffect(() => setChosen(undefined), [settings]);
  const at = Math.min(chosen ?? last, last);
  const { mask, t, done } = frames[at];
  const whole = at === last && sampled !== undefined;
  const { surface, fault } = useSurface(mask);
  const shown = useMemo(() => (surface ? [{ surface }] : []), [surface]);
  const voxels = useMemo(() => (slices ? unpack(mask) : undefined), [mask, slices]);
  const { bone, phantom } = loaded.meta;
  const label = `Generated ${bone}${phantom ? ', of a generator of phantoms' : ''}, seed ${settings.seed}, index ${settings.index}${whole ? '' : `, on the way at t = ${t.toFixed(2)}`}`;
  const id = boneId(bone, settings.seed, settings.index);
  return (
    <>
      <div className="over">
        <fieldset className="segments">
          <legend className="hidden">Way of looking</legend>
          <button type="button" aria-pressed={!slices} onClick={() => setSlices(false)}>
            Surface
          </button>
          <button type="button" aria-pressed={slices} onClick={() => setSlices(true)}>
            Slices
          </button>
        </fieldset>
        {frames.length > 1 && (
          <Way frames={frames} at={at} onChange={(to) => setChosen(to === last ? undefined : to)} />
        )}
      </div>
      {fault && <Fault error={fault} />}
      {/* Noise fills the whole grid: when the bone is made, the camera goes nearer to it. */}
      {voxels ? (
        <Slices mask={voxels} />
      ) : (
        <SkullView key={sampled ? 'made' : 'forming'} label={label} shown={shown} />
      )}
      <Downloads mask={mask} name={whole ? id : `${id}-step${String(done).padStart(3, '0')}`} />
      {whole && sampled.empty && (
        <p className="notice">The generator made no bone voxel: try another seed or guidance scale.</p>
      )}
      {whole && (
        <p className="quiet small">
          {id}, class {sampled.quality}
          {CLASSES[sampled.quality] && ` (${CLASSES[sampled.quality]})`}
          {settings.quality === null && ', drawn'}. The same bone on the command line:{' '}
          <code>{commandOf(command, settings, sampled.quality)}</code>
        </p>
      )}
    </>
  );
}

interface WayProps {
  frames: readonly Frame[];
  at: number;
  onChange: (at: number) => void;
}

/** A slider over the states that were kept. */
function Way({ frames, at, onChange }: WayProps) {
  const { done, t } = frames[at];
  const place = `step ${done}, t = ${t.toFixed(2)}`;
  return (
    <label className="way">
      <span>Noise to bone</span>
      <input
        type="range"
        min={0}
        max={frames.length - 1}
        step={1}
        value={at}
        aria-valuetext={place}
        onChange={({ target }) => onChange(Number(target.value))}
      />
      <span className="number">{place}</span>
    </label>
  );
}

/** The command that makes the same bone on Node. */
function commandOf(
  command: string,
  { seed, index, steps, solver, guidance, eta }: Settings,
  quality: number,
): string {
  return [
    `${command} --seed ${seed}`,
    index > 0 && `--start ${index}`,
    `--quality ${quality}`,
    solver !== 'dopri5' && `--steps ${steps}`,
    `--solver ${solver} --guidance ${guidance}`,
    solver === 'ddim' && eta > 0 && `--eta ${eta}`,
    '--out DIR',
  ]
    .filter((part) => part)
    .join(' ');
}
