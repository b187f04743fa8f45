/** The frame of the viewer: what there is on the left, what is looked at on the right. */
import { useCallback, useEffect, useRef } from 'react';
import type { Item, Project } from '../../src/server/api.ts';
import { Fault } from '../ui/Fault.tsx';
import { Guard } from '../ui/Guard.tsx';
import { Theme } from '../ui/Theme.tsx';
import { ComparePage } from './ComparePage.tsx';
import { CompletionPage } from './CompletionPage.tsx';
import { DatasetPage } from './DatasetPage.tsx';
import { NearestPage } from './NearestPage.tsx';
import { Overview } from './Overview.tsx';
import { ResultPage } from './ResultPage.tsx';
import { link, type Route, useRoute } from './route.ts';
import { forgetBones, useJson } from './server.ts';
import { TrainingPage } from './TrainingPage.tsx';
import { TrajectoryPage } from './TrajectoryPage.tsx';

/** Groups of the navigation, in the order of the work. */
export const GROUPS: readonly [string, (item: Item) => boolean][] = [
  ['Dataset', (i) => i.kind === 'dataset'],
  ['Training', (i) => i.kind === 'run'],
  ['Generated', (i) => i.kind === 'set'],
  ['Evaluation', (i) => i.kind === 'page' && ['evaluation', 'report', 'comparison'].includes(i.topic)],
  ['Audit', (i) => i.kind === 'page' && i.topic === 'audit'],
  ['Tasks', (i) => i.kind === 'completion' || (i.kind === 'page' && ['task', 'study'].includes(i.topic))],
  ['Cases', (i) => i.kind === 'page' && i.topic === 'cases'],
  ['Cannot be read', (i) => i.kind === 'broken'],
];

const PAGE_OF = {
  dataset: 'dataset',
  set: 'generated',
  run: 'training',
  page: 'result',
  completion: 'completion',
  broken: 'broken',
} as const;

/** Where an item is looked at. */
export const linkTo = (item: Item): string => link(PAGE_OF[item.kind], item.id);

/** What an item is called in lists: its path; of a page the folder, and the file where the folder does not say it. */
export function nameOf(item: Item, project: Project): string {
  const path = item.path === '.' ? project.name : item.path;
  if (item.kind !== 'page') return path;
  const [, folder, file] = /^(?:(.*)\/)?([^/]*)\.html$/.exec(path) ?? [undefined, undefined, path];
  if (folder === undefined) return file;
  return folder.split('/').at(-1) === file ? folder : `${folder}: ${file}`;
}

export function App() {
  const route = useRoute();
  const { value: project, fault, again: load } = useJson<Project>('api/project');
  // What was made anew under the same names is to be seen.
  const again = useCallback(() => {
    forgetBones();
    load();
  }, [load]);
  // Trainings and generations add to the folder; a page that is looked at again shows what is new.
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === 'visible') again();
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [again]);
  const title = project?.name ?? 'cranioflow';
  useEffect(() => {
    document.title = route.page === '' ? `${title} · cranioflow` : `${route.page} · ${title} · cranioflow`;
  }, [title, route.page]);
  useArrival(`${route.page}/${route.parts.join('/')}`);
  return (
    <div className="frame">
      <button type="button" className="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <header className="top">
        <a href="#/" className="brand">
          cranioflow
        </a>
        <span className="quiet project">{project?.name}</span>
        <span className="quiet use">Research use only. Not a medical device.</span>
        <Theme />
      </header>
      <nav className="side" aria-label="What there is">
        {project && <Side project={project} route={route} onLook={again} />}
      </nav>
      <main id="main" tabIndex={-1}>
        {fault && <Fault error={fault} />}
        {project && (
          <Guard place={window.location.hash}>
            <Page project={project} route={route} onChange={again} />
          </Guard>
        )}
      </main>
    </div>
  );
}

/** A place that is come to begins at its top, and keys at its content where the link that led there is gone. */
function useArrival(place: string): void {
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) {
      if (window.history.state === null) window.history.replaceState('seen', '');
      return;
    }
    before.current = place;
    // Where one goes back to, the browser knows how far it was scrolled.
    if (window.history.state === null) {
      window.history.replaceState('seen', '');
      window.scrollTo(0, 0);
    }
    if (document.activeElement === document.body)
      document.getElementById('main')?.focus({ preventScroll: true });
  }, [place]);
}

function Side({ project, route, onLook }: { project: Project; route: Route; onLook: () => void }) {
  const tools = [
    ['compare', 'Compare two'],
    ['nearest', 'Nearest in training'],
    ['trajectory', 'From noise to bone'],
  ];
  // Where the list is low, on small screens, it is moved to the place where one is.
  useEffect(() => {
    const here = document.querySelector<HTMLElement>(`.side a[href="${link(route.page, route.parts[0])}"]`);
    const list = here?.closest('nav');
    if (here && list) list.scrollTop = here.offsetTop - list.offsetTop - list.clientHeight / 2;
  }, [route.page, route.parts[0]]);
  return (
    <>
      <ul>
        {tools.map(([page, name]) => (
          <li key={page}>
            <a href={link(page)} aria-current={route.page === page ? 'page' : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
      {GROUPS.map(([title, fits]) => {
        const items = project.items.filter(fits);
        if (items.length === 0) return null;
        return (
          <section key={title}>
            <h2>{title}</h2>
            <ul>
              {items.map((item) => (
                <li key={item.id}>
                  <a
                    href={linkTo(item)}
                    title={item.path}
                    aria-current={route.parts[0] === item.id ? 'page' : undefined}
                  >
                    {nameOf(item, project)}
                    {item.kind === 'run' && item.running && <b className="live"> running</b>}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
      <button type="button" className="again" onClick={onLook}>
        Look again
      </button>
    </>
  );
}

function Page({ project, route, onChange }: { project: Project; route: Route; onChange: () => void }) {
  const item = project.items.find((i) => i.id === route.parts[0]);
  switch (route.page) {
    case '':
      return <Overview project={project} />;
    case 'compare':
      return <ComparePage project={project} route={route} />;
    case 'nearest':
      return <NearestPage project={project} route={route} />;
    case 'trajectory':
      return <TrajectoryPage project={project} route={route} />;
  }
  if (item === undefined)
    return (
      <Fault
        error={{
          found: 'nothing of that address is in the folder',
          expected: 'an entry of the list of what there is',
          todo: 'choose one; what was moved or deleted has another address or none',
        }}
      />
    );
  switch (item.kind) {
    case 'dataset':
    case 'set':
      return <DatasetPage key={item.id} item={item} project={project} route={route} />;
    case 'run':
      return <TrainingPage key={item.id} item={item} project={project} onChange={onChange} />;
    case 'page':
      return <ResultPage key={item.id} item={item} project={project} />;
    case 'completion':
      return <CompletionPage key={item.id} item={item} />;
    case 'broken':
      return <Fault error={item.error} />;
  }
}
