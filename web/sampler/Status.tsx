/** What is going on, in words: loading, ready, how far a bone is, what it took. */
import type { Loaded } from './messages.ts';
import type { Run } from './useSampler.ts';

const seconds = (s: number): string =>
  s >= 90 ? `${Math.round(s / 60)} min` : `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;

const where = ({ device, threads }: Loaded): string =>
  device === 'gpu' ? 'the GPU' : `the processor, ${threads === 1 ? '1 thread' : `${threads} threads`}`;

interface StatusProps {
  doing: string;
  loaded?: Loaded;
  run?: Run;
  sampling: boolean;
}

export function Status({ doing, loaded, run, sampling }: StatusProps) {
  const busy = !loaded || doing !== '';
  const going = !busy && sampling && run;
  // Steps are not read out by screen readers, the end is: the place where it is told is always there.
  return (
    <>
      {busy && <p className="status">{doing && `${doing[0].toUpperCase()}${doing.slice(1)} …`}</p>}
      {going && <Going run={going} />}
      <div role="status">{!busy && !going && <p className="status">{ending(loaded, run)}</p>}</div>
    </>
  );
}

const ending = (loaded: Loaded, run?: Run) =>
  run?.sampled ? (
    <>
      Made in <strong>{seconds(run.sampled.seconds)}</strong> on {where(loaded)}: {run.sampled.evaluations}{' '}
      evaluations of the network
      {run.sampled.showing > 0 && `; of it ${seconds(run.sampled.showing)} for the pictures on the way`}.
    </>
  ) : run?.cancelled ? (
    'Stopped.'
  ) : (
    `Ready, on ${where(loaded)}.`
  );

function Going({ run: { settings, progress, left } }: { run: Run }) {
  const { done = 0, total = settings.solver === 'dopri5' ? null : settings.steps, t = 0 } = progress ?? {};
  return (
    <div className="status">
      <progress value={total === null ? t : done / total} aria-label="Progress" />
      <p className="number">
        {total === null ? `t = ${t.toFixed(2)}` : `Step ${done} of ${total}`}
        {left !== undefined && `, ${seconds(left)} left`}
      </p>
    </div>
  );
}
