/** A page of results as it was written, inside the viewer. */
import type { PageItem, Project } from '../../src/server/api.ts';
import { nameOf } from './App.tsx';

export function ResultPage({ item, project }: { item: PageItem; project: Project }) {
  const address = `api/pages/${item.id}`;
  return (
    <>
      <div className="tools">
        <h1>{item.title}</h1>
        <span className="quiet">{nameOf(item, project)}</span>
        <span className="grow" />
        <a className="button" href={address} target="_blank" rel="noreferrer">
          Open alone
        </a>
      </div>
      <iframe className="result" src={address} title={item.title} sandbox="allow-popups allow-downloads" />
    </>
  );
}
