/** A completed bone: what is left of it, and each implant in a colour of its own, with the gap between them in mm. */
import { useMemo, useState } from 'react';
import type { Mesh } from '../../src/mesh/mesh.ts';
import type { CompletionDetail, CompletionItem } from '../../src/server/api.ts';
import { bone } from '../ui/bones.ts';
import { Fault } from '../ui/Fault.tsx';
import { SkullView } from '../ui/SkullView.tsx';
import { bytes, useJson, useLoaded } from './server.ts';

/** Implants, one answer after another. */
const COLOURS = ['#2f7fd0', '#d3691c', '#2f8f5b', '#9a4fa8', '#b03a48', '#6b7280'];

interface Part {
  name: string;
  rest: boolean;
  colour?: string;
  label: string;
  surface: Mesh;
}

async function load(base: string, { meshes }: CompletionDetail, signal: AbortSignal): Promise<Part[]> {
  const parts: Part[] = [];
  for (const { name, role, answer, label } of meshes) {
    const file = await bytes(`${base}/meshes/${encodeURIComponent(name)}`, signal);
    const surface = await bone('stl', { bytes: file, name }, signal);
    const rest = role === 'rest';
    parts.push({ name, rest, label, surface, colour: rest ? undefined : COLOURS[answer % COLOURS.length] });
  }
  return parts;
}

export function CompletionPage({ item }: { item: CompletionItem }) {
  const base = `api/completions/${item.id}`;
  const { value: detail, fault } = useJson<CompletionDetail>(base);
  const parts = useLoaded(detail && base, (_, signal) => load(base, detail!, signal));
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [clear, setClear] = useState(false);
  const shown = useMemo(
    () =>
      (parts.value ?? [])
        .filter((p) => !hidden.has(p.name))
        .map((p) => ({ surface: p.surface, colour: p.colour, opacity: p.rest && clear ? 0.35 : 1 })),
    [parts.value, hidden, clear],
  );
  const toggle = (name: string): void => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    setHidden(next);
  };
  if (fault) return <Fault error={fault} />;
  if (!detail) return <p className="quiet">Reading the completion…</p>;
  const hasRest = detail.meshes.some((m) => m.role === 'rest');
  return (
    <>
      <div className="tools">
        <h1>{item.path}</h1>
        {item.phantom && <span className="stamp">PHANTOM</span>}
      </div>
      <p className="quiet">
        Implant by {item.method}, {item.answers} {item.answers === 1 ? 'answer' : 'answers'}; gap asked for{' '}
        {Number(detail.gap_mm.toFixed(3))} mm. Research use only: not for planning or treatment.
      </p>
      {detail.warnings.map((text) => (
        <p key={text} className="notice">
          {text}
        </p>
      ))}
      {!hasRest && (
        <p className="notice">
          This folder holds no bone.stl: it was written by an earlier version. Complete again to see the
          implant on the bone.
        </p>
      )}
      {parts.fault && <Fault error={parts.fault} />}
      <div className="case">
        <SkullView label={`Bone with ${item.answers === 1 ? 'its implant' : 'its implants'}`} shown={shown} />
        <aside>
          <fieldset>
            <legend>Shown</legend>
            {(parts.value ?? []).map(({ name, label, colour }) => (
              <label key={name} className="line">
                <input type="checkbox" checked={!hidden.has(name)} onChange={() => toggle(name)} />
                <i className="swatch" style={{ background: colour ?? '#e4d9c3' }} />
                {label}
              </label>
            ))}
            {hasRest && (
              <label className="line">
                <input type="checkbox" checked={clear} onChange={() => setClear(!clear)} />
                see through the bone
              </label>
            )}
          </fieldset>
          <dl>
            {detail.facts.map(({ label, value }) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </aside>
      </div>
    </>
  );
}
