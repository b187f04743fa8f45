/** A training as it runs: its curves, how far it is, and stop and resume. */
import { useEffect, useMemo, useState } from 'react';
import type { Explanation } from '../../src/errors.ts';
import type { MetricsEvent, Project, RunDetail, RunItem, RunState } from '../../src/server/api.ts';
import { explained } from '../ui/bones.ts';
import { Fault } from '../ui/Fault.tsx';
import { nameOf } from './App.tsx';
import { Chart, type Series } from './Chart.tsx';
import { RunSampler } from './RunSampler.tsx';
import { get, post, useJson } from './server.ts';

type Line = MetricsEvent['lines'][number];

interface Live {
  lines: readonly Line[];
  state?: RunState;
  lost: boolean;
  /** The stream was refused: it does not come back by itself. */
  refused?: Explanation;
}

/** What the server tells while the page is open. */
function useEvents(id: string): Live {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [state, setState] = useState<RunState>();
  const [lost, setLost] = useState(false);
  const [refused, setRefused] = useState<Explanation>();
  useEffect(() => {
    const source = new EventSource(`api/runs/${id}/events`);
    source.addEventListener('metrics', ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as MetricsEvent;
      setLines((before) => (event.first ? event.lines : shortened([...before, ...event.lines])));
    });
    source.addEventListener('fault', ({ data }: MessageEvent<string>) => {
      source.close();
      setRefused(JSON.parse(data) as Explanation);
    });
    source.addEventListener('state', ({ data }: MessageEvent<string>) =>
      setState(JSON.parse(data) as RunState),
    );
    source.onopen = () => setLost(false);
    source.onerror = () => {
      setLost(source.readyState !== EventSource.CLOSED);
      // A stream tells nothing of why it was refused; a request does.
      if (source.readyState === EventSource.CLOSED)
        get(`api/runs/${id}`).catch((error) => setRefused(explained(error)));
    };
    return () => source.close();
  }, [id]);
  return { lines, state, lost, refused };
}

/** Most lines that are kept: a page may be left open for days. */
const KEPT = 10_000;

/** Every second of the usual lines goes where there are too many; measurements stay. */
function shortened(lines: readonly Line[]): readonly Line[] {
  if (lines.length <= KEPT) return lines;
  return lines.filter((line, i) => i % 2 === 0 || Object.keys(line).some((key) => !USUAL.has(key)));
}

const USUAL = new Set(['step', 'loss', 'gradientNorm']);

/** Titles of the usual keys of metrics.jsonl; others are shown under their own names. */
const TITLES: Record<string, string> = {
  loss: 'Loss',
  gradientNorm: 'Norm of the gradient',
  trainLoss: 'Loss on training cases',
  heldOutLoss: 'Loss on held-out cases',
  heldOutDice: 'Dice of held-out cases',
  heldOutImplantDice: 'Dice of implants, held-out cases',
  heldOutNothingDice: 'Dice of held-out cases if nothing were added',
  crossEntropy: 'Cross-entropy',
  softDice: 'Soft Dice loss',
  commitment: 'Commitment loss',
  perplexity: 'Perplexity of the codebook',
};

/** Each key of the log as a chart; an exponential mean lies over what scatters. */
function chartsOf(lines: readonly Line[]): { title: string; series: Series[] }[] {
  const keys = [...new Set(lines.flatMap((line) => Object.keys(line)))].filter((key) => key !== 'step');
  return keys
    .map((key) => {
      const points = lines
        .filter((line) => Number.isFinite(line[key]))
        .map((line) => ({ x: line.step, y: line[key] }));
      const series: Series[] = [{ name: 'each step', points: thin(points) }];
      if (points.length >= 40)
        series.push({ name: 'exponential mean', points: thin(exponentialMean(points)) });
      return { title: TITLES[key] ?? key, series, count: points.length };
    })
    .filter(({ count }) => count > 0);
}

/** Most points of a line: more than a chart has pixels show nothing. */
const MOST = 800;

function thin<T>(points: readonly T[]): readonly T[] {
  const every = Math.ceil(points.length / MOST);
  return every <= 1 ? points : points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

/**
 * `m_i = sum of (1 - a)^(i-k) y_k / sum of (1 - a)^(i-k)`, k <= i, a = 0.05: the first value weighs no more than others. Of what is
 * past alone: at the newest step, which is what is watched, the centred running mean of the reports (report/chartData.ts) would
 * be the last value itself.
 */
function exponentialMean(points: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  let [sum, weight] = [0, 0];
  return points.map(({ x, y }) => {
    sum = 0.95 * sum + y;
    weight = 0.95 * weight + 1;
    return { x, y: sum / weight };
  });
}

/** 75 -> `1 min 15 s`. */
function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  return minutes < 60 ? `${minutes} min ${s % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

interface TrainingPageProps {
  item: RunItem;
  project: Project;
  /** Told that the training began or ended. */
  onChange: () => void;
}

export function TrainingPage({ item, project, onChange }: TrainingPageProps) {
  const base = `api/runs/${item.id}`;
  const { value: detail, fault, again } = useJson<RunDetail>(base);
  const live = useEvents(item.id);
  const [refused, setRefused] = useState<Explanation>();
  const [asked, setAsked] = useState('');
  const { running } = live.state ?? {};
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was asked is answered when the training changes its state.
  useEffect(() => {
    setAsked('');
    if (running === undefined || running === item.running) return;
    onChange();
    again();
  }, [running]);
  const charts = useMemo(() => chartsOf(live.lines), [live.lines]);
  const rates = useMemo<Series[]>(
    () => [
      {
        name: 'learning rate',
        points: (detail?.learningRate ?? []).map(({ step, rate }) => ({ x: step, y: rate })),
      },
    ],
    [detail],
  );
  const state = live.state ?? detail?.state;
  const saved = detail?.checkpoints.at(-1);
  const isStopped = state && !state.running && state.steps !== null && state.step < state.steps;
  const act = (what: 'stop' | 'resume'): void => {
    setRefused(undefined);
    setAsked(what);
    // A training that was over at once is no change of state.
    const answered = (state: RunState): void => {
      if (what === 'resume' && !state.running) setAsked('');
    };
    post<RunState>(`${base}/${what}`).then(answered, (error) => {
      setAsked('');
      setRefused(explained(error));
    });
  };
  const left =
    state?.running && state.rate && state.steps && state.steps > state.step
      ? (state.steps - state.step) / state.rate
      : undefined;
  return (
    <>
      <div className="tools">
        <h1>{nameOf(item, project)}</h1>
        <span className="quiet">
          {item.network}
          {item.objective && `, ${item.objective}`}
        </span>
        <span className="grow" />
        {state?.running ? (
          <button type="button" disabled={!state.canStop || asked === 'stop'} onClick={() => act('stop')}>
            {asked === 'stop' ? 'Stopping at the next checkpoint…' : 'Stop'}
          </button>
        ) : (
          (state?.canResume || asked === 'resume') && (
            <button
              type="button"
              className="primary"
              disabled={asked === 'resume'}
              onClick={() => act('resume')}
            >
              {asked === 'resume' ? 'Starting…' : 'Resume'}
            </button>
          )
        )}
      </div>
      {fault && <Fault error={fault} />}
      {refused && <Fault error={refused} />}
      {live.refused && <Fault error={live.refused} />}
      {state?.running && !state.canStop && (
        <p className="notice">
          It cannot be stopped from here: it is written by another machine, or by a process that is not
          certain to be a training. Stop it where it was started, with Ctrl-C.
        </p>
      )}
      {state?.failed && (
        <div className="fault" role="alert">
          <strong>The training could not be resumed.</strong>
          <pre>{state.failed}</pre>
        </div>
      )}
      {live.lost && (
        <p className="notice">
          The server does not answer; trying again. Start <code>cranioflow view</code> if it was stopped.
        </p>
      )}
      {state && (
        <>
          <progress value={state.step} max={state.steps ?? Math.max(state.step, 1)} aria-label="Steps done" />
          <p className="number" role="status">
            {state.running
              ? 'Running'
              : state.steps !== null && state.step >= state.steps
                ? 'Finished'
                : 'Stopped'}
            : {progressText(state)}
            {state.running && state.rate ? ` · ${rateText(state.rate)}` : ''}
            {left !== undefined && ` · ${duration(left)} left`}
            {state.canResume &&
              saved !== state.step &&
              ` · goes on from step ${saved ?? 0}, the last checkpoint`}
          </p>
        </>
      )}
      {isStopped && !state.canResume && !asked && (
        <p className="notice">
          It cannot be resumed from here: its command is not known (of a study or the demo, run that again),
          or it ended early by itself.
        </p>
      )}
      {live.state && live.lines.length === 0 && <p className="quiet">No step is logged yet.</p>}
      <div className="charts">
        {charts.map(({ title, series }) => (
          <Chart key={title} title={title} series={series} log={title === TITLES.loss} />
        ))}
        {rates[0].points.length > 0 && <Chart title="Learning rate" series={rates} />}
      </div>
      {item.network === 'generator' && (
        <Samples run={item} step={detail?.checkpoints.at(-1)} onOpen={again} />
      )}
      {detail && (
        <details>
          <summary>Settings (config.yaml)</summary>
          <pre>{detail.config}</pre>
          <p className="quiet">
            Checkpoints: {detail.checkpoints.length === 0 ? 'none yet' : detail.checkpoints.join(', ')}
          </p>
        </details>
      )}
    </>
  );
}

/** Bones from the newest checkpoint, when they are asked for: they take the processor's time, which the training wants too. */
function Samples({ run, step, onOpen }: { run: RunItem; step: number | undefined; onOpen: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      onToggle={({ currentTarget }) => {
        setOpen(currentTarget.open);
        if (currentTarget.open) onOpen();
      }}
    >
      <summary>Samples{step === undefined ? '' : ` from the checkpoint of step ${step}`}</summary>
      {open && <RunSampler key={step} run={run} />}
    </details>
  );
}

/** A log may go past the end that the settings have now: the steps were lowered after it was written. */
function progressText({ step, steps }: RunState): string {
  if (steps === null) return `step ${step}`;
  return step > steps ? `step ${step}; its settings now end at step ${steps}` : `step ${step} of ${steps}`;
}

const rateText = (rate: number): string =>
  rate >= 1 ? `${rate.toFixed(1)} steps/s` : `${duration(1 / rate)} a step`;
