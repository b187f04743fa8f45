/** One case large, where it comes from, and what is decided of it. */
import { useEffect } from 'react';
import type { CaseRow, DatasetItem, Decision, Project } from '../../src/server/api.ts';
import { BonePanel } from '../ui/BonePanel.tsx';
import { Fault } from '../ui/Fault.tsx';
import { isSameGrid } from './BonePicker.tsx';
import { PAST } from './DatasetPage.tsx';
import { link } from './route.ts';
import { useCase } from './server.ts';

interface CasePanelProps {
  item: DatasetItem;
  one: CaseRow;
  project: Project;
  editable: boolean;
  place: string;
  decide: (decision: Decision) => void;
  step: (by: number) => void;
}

const KEYS: Record<string, Decision['decision']> = { a: 'accept', d: 'drop', u: 'undecided' };

/** Whether keys are meant for a field, not for the page. */
const isTyping = ({ target }: Event): boolean =>
  target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA|CANVAS)$/.test(target.tagName);

export function CasePanel({ item, one, project, editable, place, decide, step }: CasePanelProps) {
  const { value: mask, fault } = useCase(item, one.id);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const decision = editable ? KEYS[event.key.toLowerCase()] : undefined;
      // A key that is held down decides once.
      if (decision && event.repeat) return;
      if (decision) decide({ case: one.id, decision });
      else if (event.key === 'ArrowRight') step(1);
      else if (event.key === 'ArrowLeft') step(-1);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  });
  const others = project.items.filter((i): i is DatasetItem => i.kind === 'dataset' && isSameGrid(i, item));
  const rows: [string, string | number][] = [
    ['Subject', one.subject],
    ['Source', one.source],
    ['Made by', one.attribution],
    ['Licence', one.licence],
    ['Quality', `${one.quality} of 6`],
    ['Bone', `${((one.voxels * item.spacing ** 3) / 1000).toFixed(1)} cm³`],
    ...(item.kind === 'dataset' ? [['Split', one.split] as [string, string]] : []),
  ];
  return (
    <div className="case">
      <div>
        <div className="tools">
          <h1>{one.id}</h1>
          <span className="grow" />
          <span className="steps">
            <button type="button" onClick={() => step(-1)} aria-label="Case before" title="key: left">
              ←
            </button>
            <span className="quiet number">{place}</span>
            <button type="button" onClick={() => step(1)} aria-label="Next case" title="key: right">
              →
            </button>
          </span>
        </div>
        {fault && <Fault error={fault} />}
        {/* It stays while the next case comes, with its camera and its cut. */}
        {!fault && <BonePanel mask={mask} label={`${item.bone} ${one.id}`} fileName={one.id} />}
      </div>
      <aside>
        {editable && (
          <fieldset className="decision">
            <legend>{one.decision ? PAST[one.decision] : 'Not decided'}</legend>
            <button
              type="button"
              aria-pressed={one.decision === 'accept'}
              onClick={() => decide({ case: one.id, decision: 'accept' })}
            >
              Accept <kbd>A</kbd>
            </button>
            <button
              type="button"
              aria-pressed={one.decision === 'drop'}
              onClick={() => decide({ case: one.id, decision: 'drop' })}
            >
              Drop <kbd>D</kbd>
            </button>
            <button
              type="button"
              onClick={() => decide({ case: one.id, decision: 'undecided' })}
              disabled={!one.decision}
            >
              Undo <kbd>U</kbd>
            </button>
          </fieldset>
        )}
        <dl>
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <List title="Why not a higher quality" of={one.reasons} />
        <List title="How it was made" of={one.notes} />
        <p>
          <a href={`${link('compare')}?a=${item.id}/${encodeURIComponent(one.id)}`}>Compare with another</a>
        </p>
        {item.kind === 'set' &&
          others.map((d) => (
            <p key={d.id}>
              <a href={`${link('nearest')}?of=${item.id}/${encodeURIComponent(one.id)}&in=${d.id}`}>
                Nearest cases in {d.path}
              </a>
            </p>
          ))}
      </aside>
    </div>
  );
}

function List({ title, of }: { title: string; of: readonly string[] }) {
  if (of.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <ul className="plain">
        {of.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </>
  );
}
