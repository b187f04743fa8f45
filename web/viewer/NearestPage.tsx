/** A generated bone beside the cases of a dataset that are most like it: is it new, or one it has seen? */
import type { Nearest, Project } from '../../src/server/api.ts';
import { Fault } from '../ui/Fault.tsx';
import { nameOf } from './App.tsx';
import {
  BonePicker,
  type Chosen,
  chosenFrom,
  isBones,
  isSameGrid,
  notHere,
  writeChosen,
} from './BonePicker.tsx';
import { Picture } from './Picture.tsx';
import { go, link, type Route } from './route.ts';
import { useJson } from './server.ts';

export function NearestPage({ project, route }: { project: Project; route: Route }) {
  const bones = project.items.filter(isBones);
  const first = bones.find((i) => i.kind === 'set') ?? bones[0];
  const { chosen, fault: lost } = chosenFrom(route.query.get('of'), project);
  const of = chosen ?? (first && !lost ? { item: first, id: first.first } : undefined);
  const datasets = bones.filter((i) => i.kind === 'dataset');
  const named = route.query.get('in');
  const among = named
    ? datasets.find((i) => i.id === named)
    : datasets.find((i) => of && isSameGrid(i, of.item));
  const { value: nearest, fault } = useJson<Nearest>(
    of && among && `api/datasets/${of.item.id}/cases/${encodeURIComponent(of.id)}/nearest?in=${among.id}`,
  );
  if (!first || datasets.length === 0)
    return (
      <Fault
        error={{
          found: 'no generated bone and dataset to compare in this folder',
          expected: 'a generated set, and the dataset that its generator learnt from',
          todo: 'view the folder that holds both',
        }}
      />
    );
  /** What is not chosen anew stays as the address has it. */
  const choose = (to: Chosen | undefined, dataset: string | null | undefined): void => {
    const bone = to ? writeChosen(to) : encodeURIComponent(route.query.get('of') ?? '');
    go(`${link('nearest')}?of=${bone}&in=${encodeURIComponent(dataset ?? '')}`, true);
  };
  return (
    <>
      <h1>Nearest in training</h1>
      <div className="pair">
        <BonePicker
          label="Bone"
          project={project}
          chosen={of}
          onChoose={(to) => choose(to, among?.id ?? named)}
        />
        <fieldset className="picker">
          <legend>Looked for in</legend>
          <select
            aria-label="Dataset"
            value={among?.id ?? ''}
            onChange={({ target }) => choose(of, target.value)}
          >
            {!among && (
              <option value="">{of && !named ? 'no dataset of the same grid' : 'choose a dataset'}</option>
            )}
            {datasets.map((d) => (
              <option key={d.id} value={d.id}>
                {nameOf(d, project)}
              </option>
            ))}
          </select>
        </fieldset>
      </div>
      {lost && <Fault error={lost} />}
      {named && !among && <Fault error={notHere(named, 'a dataset')} />}
      {fault && <Fault error={fault} />}
      {!nearest && !fault && of && among && <p className="quiet">Looking through {among.cases} cases…</p>}
      {nearest && of && among && (
        <>
          <ul className="cards nearest">
            <li>
              <div className="card">
                <Picture item={of.item} id={of.id} size={240} />
                <strong>{of.id}</strong>
                <span className="quiet">the bone itself</span>
              </div>
            </li>
            {nearest.cases.map(({ id, dice, assd_mm }) => (
              <li key={id}>
                <a
                  className="card"
                  href={`${link('compare')}?a=${writeChosen(of)}&b=${writeChosen({ item: among, id })}`}
                >
                  <Picture item={among} id={id} size={240} />
                  <strong>{id}</strong>
                  <span className="quiet number">
                    Dice {dice.toFixed(3)}, surfaces {assd_mm.toFixed(2)} mm apart
                  </span>
                </a>
              </li>
            ))}
          </ul>
          {nearest.unreadable && nearest.unreadable.length > 0 && (
            <p className="notice">
              Not compared, for their volumes are missing or damaged: {nearest.unreadable.join(', ')}.
            </p>
          )}
          <p className="quiet">
            {nearest.compared} cases compared on the grid as they lie. A copy that was mirrored, moved or
            blended is found by `cranioflow audit`, not here.
          </p>
        </>
      )}
    </>
  );
}
