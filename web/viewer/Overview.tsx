/** What is in the folder, in the order of the work, each with its few facts. */
import type { Item, Project } from '../../src/server/api.ts';
import { GROUPS, linkTo, nameOf } from './App.tsx';
import { Picture } from './Picture.tsx';

/** A line of facts about an item. */
function facts(item: Item): string {
  switch (item.kind) {
    case 'dataset':
    case 'set':
      return `${item.cases} ${item.cases === 1 ? 'bone' : 'bones'} (${item.bone}), ${item.size.join('×')} voxels of ${item.spacing} mm`;
    case 'run':
      return `${item.network}${item.objective ? ` (${item.objective})` : ''}, step ${item.step}${item.running ? ', running' : ''}`;
    case 'page':
      return item.title;
    case 'completion':
      return `implant by ${item.method}, ${item.answers} ${item.answers === 1 ? 'answer' : 'answers'}`;
    case 'broken':
      return item.error.found;
  }
}

const KINDS = {
  dataset: 'Dataset',
  set: 'Generated set',
  run: 'Training',
  page: 'Results',
  completion: 'Completion',
  broken: 'Cannot be read',
} as const;

export function Overview({ project }: { project: Project }) {
  return (
    <>
      <h1>{project.name}</h1>
      <p className="quiet">
        {project.items.length} {project.items.length === 1 ? 'entry' : 'entries'} in this folder. Nothing on
        these pages leaves this machine.
      </p>
      <ul className="cards wide">
        {GROUPS.flatMap(([, fits]) => project.items.filter(fits)).map((item) => (
          <li key={item.id}>
            <a className="card" href={linkTo(item)}>
              {'first' in item && <Picture item={item} id={item.first} size={120} />}
              <span>
                <small className="quiet">{KINDS[item.kind]}</small>
                <strong>{nameOf(item, project)}</strong>
                <span className="quiet">{facts(item)}</span>
                {'phantom' in item && item.phantom && <span className="stamp">PHANTOM</span>}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
