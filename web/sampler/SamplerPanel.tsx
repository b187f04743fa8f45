/**
 * Generation on a page: settings on the left, the bone on the right, seen as it forms; afterwards a slider goes back over the
 * way from noise to bone, and what it shows can be downloaded.
 */
import { useEffect, useRef, useState } from 'react';
import { Fault } from '../ui/Fault.tsx';
import { Made } from './Made.tsx';
import type { Loaded, RuntimeBuilds } from './messages.ts';
import { SettingsForm } from './SettingsForm.tsx';
import { Status } from './Status.tsx';
import {
  defaultSettings,
  deviceIn,
  readSettings,
  type Settings,
  withDevice,
  writeSettings,
} from './settings.ts';
import { useSampler, type WeightsSource } from './useSampler.ts';
import './sampler.css';

interface SamplerPanelProps {
  source: WeightsSource;
  builds: RuntimeBuilds;
  /** Class at first; null: drawn as in the training set. */
  quality: number | null;
  /** The command line that generates with these weights, to which the settings are added. */
  command?: string;
  /** The part of the address after # holds the settings. */
  linked?: boolean;
  onLoaded?: (loaded: Loaded) => void;
}

export function SamplerPanel({
  source,
  builds,
  quality,
  command = 'cranioflow generate --run RUN',
  linked = false,
  onLoaded,
}: SamplerPanelProps) {
  const [device, setDevice] = useState(() => (linked ? deviceIn(location.hash) : 'auto'));
  const { loaded, doing, fault, run, sampling, sample, cancel } = useSampler(source, builds, device);
  const [settings, setSettings] = useState<Settings>();
  const [refused, setRefused] = useState<string[]>([]);

  useEffect(() => {
    if (!loaded) return;
    onLoaded?.(loaded);
    const take = (): void => {
      const base = defaultSettings(loaded, loaded.meta.qualities.includes(quality ?? -1) ? quality : null);
      const read = readSettings(linked ? location.hash : '', { ...base, device }, loaded);
      setSettings((now) => (linked || now === undefined ? read.settings : { ...now, device }));
      setRefused(read.refused);
    };
    take();
    if (!linked) return;
    window.addEventListener('hashchange', take);
    return () => window.removeEventListener('hashchange', take);
  }, [loaded, quality, linked, device, onLoaded]);

  useEffect(() => {
    if (!linked) return;
    // Also where nothing could be loaded: another device may do.
    const follow = (): void => setDevice(deviceIn(location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, [linked]);

  const bone = useRef<HTMLElement>(null);
  // What stands above the picture grows: its tools come with the first state, the slider with the second, words at the end.
  const states = run && (run.sampled ? 3 : Math.min(run.frames.length, 2));
  useEffect(() => {
    // On a phone the picture lies below the settings.
    if (states !== undefined) bone.current?.querySelector('.stage')?.scrollIntoView({ block: 'nearest' });
  }, [states]);

  useEffect(() => {
    if (!sampling) return;
    const onKey = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') cancel();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [sampling, cancel]);

  const change = (next: Settings): void => {
    setSettings(next);
    setRefused([]);
    if (linked) history.replaceState(null, '', writeSettings(next));
    setDevice(next.device);
  };
  const toProcessor = (): void => {
    if (linked) history.replaceState(null, '', withDevice(location.hash, 'cpu'));
    setDevice('cpu');
  };
  return (
    <div className="sampler">
      <section aria-label="Settings">
        {settings && loaded ? (
          <SettingsForm
            settings={settings}
            loaded={loaded}
            sampling={sampling}
            onChange={change}
            onGenerate={() => {
              if (linked) history.replaceState(null, '', writeSettings(settings));
              sample(settings);
            }}
            onCancel={cancel}
          />
        ) : null}
        {refused.length > 0 && (
          <div className="notice" role="status">
            This link asks for what cannot be had here:
            <ul>
              {refused.map((what) => (
                <li key={what}>{what}</li>
              ))}
            </ul>
          </div>
        )}
        <Status doing={doing} loaded={loaded} run={run} sampling={sampling} />
        {loaded?.notes.map((note) => (
          <p className="quiet small" key={note}>
            {note}
          </p>
        ))}
      </section>
      <section className="made" aria-label="The bone" ref={bone}>
        {fault && <Fault error={fault} />}
        {fault?.ofGpuBuild && (
          <button type="button" className="primary" onClick={toProcessor}>
            Use the processor
          </button>
        )}
        {run && loaded && run.frames.length > 0 ? (
          <Made run={run} loaded={loaded} command={command} />
        ) : (
          <div className="stage empty">
            <p>{doing ? ' ' : run && sampling ? 'Forming …' : loaded ? 'Press Generate.' : ' '}</p>
          </div>
        )}
      </section>
    </div>
  );
}
