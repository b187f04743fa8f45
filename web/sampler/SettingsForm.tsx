/** The settings of a sample, to be chosen; Enter generates. */
import { type FormEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';
import { evaluations } from '../../src/sampling/solverNames.ts';
import type { DeviceWish, Loaded } from './messages.ts';
import { CLASSES, guided, LIMITS, type Settings, type Showing } from './settings.ts';

const SOLVERS: Readonly<Record<string, string>> = {
  heun: 'Heun',
  euler: 'Euler',
  midpoint: 'midpoint',
  rk4: 'Runge-Kutta 4',
  dopri5: 'Dormand-Prince, adaptive',
  ddim: 'DDIM',
  ancestral: 'ancestral',
  consistency: 'consistency',
};

interface SettingsFormProps {
  settings: Settings;
  loaded: Loaded;
  sampling: boolean;
  onChange: (settings: Settings) => void;
  onGenerate: () => void;
  onCancel: () => void;
}

export function SettingsForm({
  settings,
  loaded,
  sampling,
  onChange,
  onGenerate,
  onCancel,
}: SettingsFormProps) {
  const set = <K extends keyof Settings>(key: K, value: Settings[K]): void =>
    onChange({ ...settings, [key]: value });
  const generate = useRef<HTMLButtonElement>(null);
  const stop = useRef<HTMLButtonElement>(null);
  // Who generates by the key of a button must not lose their place when it can no longer be pressed.
  useLayoutEffect(() => {
    const [before, after] = sampling ? [generate, stop] : [stop, generate];
    if (document.activeElement === before.current) after.current?.focus();
  }, [sampling]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!sampling) onGenerate();
  };
  const { meta, solvers, stepsMost } = loaded;
  const adaptive = settings.solver === 'dopri5';
  const canGuide = guided(loaded);
  return (
    <form className="settings" onSubmit={submit}>
      <Field label="Class">
        {(id) => (
          <select
            id={id}
            value={settings.quality ?? 'any'}
            onChange={({ target }) => set('quality', target.value === 'any' ? null : Number(target.value))}
          >
            <option value="any">any, as in the training set</option>
            {[...meta.qualities].reverse().map((q) => (
              <option key={q} value={q}>
                {q}: {CLASSES[q] ?? 'as graded'}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Seed">
        {(id) => (
          <span className="beside">
            <NumberInput
              id={id}
              value={settings.seed}
              limits={LIMITS.seed}
              onChange={(n) => set('seed', n)}
            />
            <button
              type="button"
              title="another seed by chance"
              onClick={() => set('seed', Math.floor(Math.random() * 1e6))}
            >
              Another
            </button>
          </span>
        )}
      </Field>
      <Field label="Index" half title="each seed has a row of bones: 0, 1, 2 ..">
        {(id) => (
          <NumberInput
            id={id}
            value={settings.index}
            limits={LIMITS.index}
            onChange={(n) => set('index', n)}
          />
        )}
      </Field>
      {solvers.length > 1 && (
        <Field label="Solver" half>
          {(id) => (
            <select
              id={id}
              value={settings.solver}
              onChange={({ target }) => set('solver', target.value as Settings['solver'])}
            >
              {solvers.map((name) => (
                <option key={name} value={name}>
                  {SOLVERS[name]}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {!adaptive && (
        <Field label="Steps" half>
          {(id) => (
            <NumberInput
              id={id}
              value={settings.steps}
              limits={[1, stepsMost]}
              onChange={(n) => set('steps', n)}
            />
          )}
        </Field>
      )}
      <Field
        half
        label="Guidance scale"
        title={
          canGuide ? '1: the class alone; above, pushed towards it' : 'part of the weights, cannot be chosen'
        }
      >
        {(id) => (
          <NumberInput
            id={id}
            value={settings.guidance}
            limits={LIMITS.guidance}
            step="any"
            disabled={!canGuide}
            onChange={(n) => set('guidance', n)}
          />
        )}
      </Field>
      {settings.solver === 'ddim' && (
        <Field label="Noise added again" half title="0: none, 1: as much as the chain itself adds">
          {(id) => (
            <NumberInput
              id={id}
              value={settings.eta}
              limits={LIMITS.eta}
              step="any"
              onChange={(n) => set('eta', n)}
            />
          )}
        </Field>
      )}
      <Field label="Show it forming" half>
        {(id) => (
          <select
            id={id}
            value={settings.showing}
            onChange={({ target }) => set('showing', target.value as Showing)}
          >
            <option value="some">eight times</option>
            <option value="each">after each step</option>
            <option value="none">not at all</option>
          </select>
        )}
      </Field>
      <Field label="Computed on" half>
        {(id) => (
          <select
            id={id}
            value={settings.device}
            disabled={sampling}
            onChange={({ target }) => set('device', target.value as DeviceWish)}
          >
            <option value="auto">GPU, if any</option>
            <option value="cpu">processor</option>
            <option value="gpu">GPU</option>
          </select>
        )}
      </Field>
      <p className="quiet small cost">{cost(settings)}</p>
      <div className="go">
        <button ref={generate} type="submit" className="primary" disabled={sampling}>
          Generate
        </button>
        <button ref={stop} type="button" disabled={!sampling} onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

/** Evaluations of the network, in words. */
function cost({ solver, steps, guidance }: Settings): string {
  const count = evaluations(solver, steps);
  const guided = guidance === 1 || guidance === 0 ? '' : ', each with and without the class';
  if (count === null) return `As many evaluations of the network as it needs${guided}.`;
  return `${count} evaluation${count === 1 ? '' : 's'} of the network${guided}.`;
}

interface FieldProps {
  label: string;
  /** Two beside each other. */
  half?: boolean;
  /** More in words. */
  title?: string;
  children: (id: string) => ReactNode;
}

function Field({ label, half, title, children }: FieldProps) {
  const id = useId();
  return (
    <div className={half ? 'field half' : 'field'} title={title}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

interface NumberInputProps {
  id: string;
  value: number;
  limits: readonly [number, number];
  /** 1: whole numbers alone. */
  step?: 1 | 'any';
  disabled?: boolean;
  onChange: (value: number) => void;
}

/** A number. What is being typed is let stand until the value changes otherwise; it counts once it may be. */
function NumberInput({ value, limits: [least, most], step = 1, onChange, ...rest }: NumberInputProps) {
  const [typed, setTyped] = useState<{ text: string; value: number }>();
  return (
    <input
      {...rest}
      type="number"
      required
      min={least}
      max={most}
      step={step}
      value={typed?.value === value ? typed.text : String(value)}
      onChange={({ target }) => {
        const { valid } = target.validity;
        setTyped({ text: target.value, value: valid ? target.valueAsNumber : value });
        if (valid) onChange(target.valueAsNumber);
      }}
      onBlur={({ target }) => target.validity.valid && setTyped(undefined)}
    />
  );
}
