/**
 * The cases of a dataset, or the bones of a generated set: a gallery with filters, and one case large. Thousands of cases
 * are shown a screenful at a time. A and D accept and drop, the arrows go to the next case.
 */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Explanation } from '../../src/errors.ts';
import type { CaseRow, DatasetDetail, DatasetItem, Decision, Project } from '../../src/server/api.ts';
import { explained } from '../ui/bones.ts';
import { Fault } from '../ui/Fault.tsx';
import { nameOf } from './App.tsx';
import { CasePanel } from './CasePanel.tsx';
import { Picture } from './Picture.tsx';
import { go, link, type Route } from './route.ts';
import { post, useJson } from './server.ts';

/** Cards added whenever the end of the gallery comes into sight. */
const SCREENFUL = 120;

interface Filter {
  text: string;
  split: '' | 'train' | 'test';
  quality: string;
  decision: '' | 'undecided' | 'accept' | 'drop';
  sort: 'name' | 'quality' | 'voxels';
}

const NO_FILTER: Filter = { text: '', split: '', quality: '', decision: '', sort: 'name' };

function chosen(cases: readonly CaseRow[], f: Filter): CaseRow[] {
  const text = f.text.trim().toLowerCase();
  const kept = cases.filter(
    (c) =>
      (f.split === '' || c.split === f.split) &&
      (f.quality === '' || String(c.quality) === f.quality) &&
      (f.decision === '' || (c.decision ?? 'undecided') === f.decision) &&
      (text === '' || [c.id, c.subject, c.source].some((t) => t.toLowerCase().includes(text))),
  );
  if (f.sort === 'name') return kept;
  const key = f.sort;
  return kept.sort((a, b) => a[key] - b[key]);
}

export function DatasetPage({ item, project, route }: { item: DatasetItem; project: Project; route: Route }) {
  const base = `api/datasets/${item.id}`;
  const { value: detail, fault, set } = useJson<DatasetDetail>(base);
  const [filter, setFilter] = useState(NO_FILTER);
  const [refused, setRefused] = useState<Explanation>();
  const shown = useMemo(() => (detail ? chosen(detail.cases, filter) : []), [detail, filter]);
  const page = item.kind === 'set' ? 'generated' : 'dataset';
  const open = route.parts[1];
  const line = useRef<Promise<void>>(Promise.resolve());
  /** One after another, so that what a person decided last is noted last, and told last. */
  const send = (work: () => Promise<DatasetDetail>): void => {
    setRefused(undefined);
    line.current = line.current.then(work).then(set, (error) => setRefused(explained(error)));
  };
  const decide = (decision: Decision): void => send(() => post<DatasetDetail>(`${base}/decisions`, decision));
  const place = shown.findIndex((c) => c.id === open);
  const step = (by: number): void => {
    const to = shown[place + by];
    if (place >= 0 && to) go(link(page, item.id, to.id), true);
  };
  if (fault && !detail) return <Fault error={fault} />;
  if (!detail) return <p className="quiet">Reading the dataset…</p>;
  const one = open === undefined ? undefined : detail.cases.find((c) => c.id === open);
  return (
    <>
      <p className="crumbs">
        <a href={link(page, item.id)}>{nameOf(item, project)}</a>
        {item.phantom && <span className="stamp">PHANTOM</span>}
      </p>
      {fault && <Fault error={fault} />}
      {refused && <Fault error={refused} />}
      {detail.undecided && <Fault error={detail.undecided} />}
      {open !== undefined && !one && (
        <Fault
          error={{
            found: `no case ${open} in this dataset`,
            expected: 'one of the gallery',
            todo: 'go back to the gallery; a dropped case is no more part of the dataset',
          }}
        />
      )}
      {one ? (
        <CasePanel
          {...{ item, one, project, decide, step }}
          editable={detail.editable}
          place={`${place < 0 ? '–' : place + 1} of ${shown.length}`}
        />
      ) : (
        <Gallery
          {...{ item, detail, shown, filter, setFilter, page }}
          apply={() => {
            // The volumes go with them.
            if (
              window.confirm(
                `Take the dropped cases out of the dataset, with their volumes? Only ${item.phantom ? 'the command that made the phantoms' : 'another ingest'} brings them back.`,
              )
            )
              send(() => post(`${base}/decisions/apply`));
          }}
        />
      )}
    </>
  );
}

interface GalleryProps {
  item: DatasetItem;
  detail: DatasetDetail;
  shown: readonly CaseRow[];
  filter: Filter;
  setFilter: (filter: Filter) => void;
  page: string;
  apply: () => void;
}

function Gallery({ item, detail, shown, filter, setFilter, page, apply }: GalleryProps) {
  const [count, setCount] = useState(SCREENFUL);
  const end = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice of cases begins at the top.
  useEffect(() => setCount(SCREENFUL), [filter]);
  // The end moves with the cards; where all are there it is watched for nothing.
  useEffect(() => {
    if (count >= shown.length) return;
    const watch = new IntersectionObserver(
      ([entry]) => entry.isIntersecting && setCount((n) => n + SCREENFUL),
      { rootMargin: '600px' },
    );
    watch.observe(end.current!);
    return () => watch.disconnect();
  }, [count, shown.length]);
  const change = (part: Partial<Filter>): void => setFilter({ ...filter, ...part });
  const qualities = [...new Set(detail.cases.map((c) => c.quality))].sort();
  const dropped = detail.cases.filter((c) => c.decision === 'drop').length;
  const single = new Set(detail.cases.map((c) => c.split)).size === 1;
  return (
    <>
      <h1>{item.name}</h1>
      <p className="quiet">
        {item.size.join('×')} voxels of {item.spacing} mm. {detail.frame}
        {item.made &&
          ` Made by ${item.made.objective} generator ${item.made.generator.slice(0, 12)}: ${item.made.settings}.`}
      </p>
      <div className="tools">
        <input
          type="search"
          placeholder="Name or subject"
          aria-label="Name or subject"
          value={filter.text}
          onChange={({ target }) => change({ text: target.value })}
        />
        {!single && (
          <Choice
            label="Split"
            value={filter.split}
            of={['train', 'test']}
            on={(split) => change({ split: split as Filter['split'] })}
          />
        )}
        <Choice
          label="Quality"
          value={filter.quality}
          of={qualities.map(String)}
          on={(quality) => change({ quality })}
        />
        {detail.editable && (
          <Choice
            label="Decision"
            value={filter.decision}
            of={['undecided', 'accept', 'drop']}
            on={(decision) => change({ decision: decision as Filter['decision'] })}
          />
        )}
        <label>
          Sort{' '}
          <select
            value={filter.sort}
            onChange={({ target }) => change({ sort: target.value as Filter['sort'] })}
          >
            <option value="name">by name</option>
            <option value="quality">by quality</option>
            <option value="voxels">by amount of bone</option>
          </select>
        </label>
        <output className="quiet">
          {shown.length} of {detail.cases.length}
        </output>
        {dropped > 0 && (
          <button
            type="button"
            onClick={apply}
            title="The dataset is changed: training will not see these cases"
          >
            Take {dropped} dropped {dropped === 1 ? 'case' : 'cases'} out
          </button>
        )}
      </div>
      {shown.length === 0 && <p className="quiet">No case fits these filters.</p>}
      <ul className="cards">
        {shown.slice(0, count).map((c) => (
          <li key={c.id}>
            <a className={`card ${c.decision ?? ''}`} href={link(page, item.id, c.id)}>
              <Picture item={item} id={c.id} size={160} />
              <strong>{c.id}</strong>
              <span className="quiet">
                quality {c.quality}
                {single ? '' : `, ${c.split}`}
                {c.decision ? `, ${PAST[c.decision]}` : ''}
              </span>
            </a>
          </li>
        ))}
      </ul>
      <div ref={end} />
    </>
  );
}

/** What was decided, as it reads on a card. */
export const PAST: Record<Decision['decision'], string> = {
  accept: 'accepted',
  drop: 'to be dropped',
  undecided: 'undecided',
};

interface ChoiceProps {
  label: string;
  value: string;
  of: readonly string[];
  on: (value: string) => void;
}

function Choice({ label, value, of, on }: ChoiceProps) {
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={({ target }) => on(target.value)}>
        <option value="">all</option>
        {of.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
