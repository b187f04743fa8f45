/** A generated bone beside the cases of a dataset that are most like it: is it new, or one it has seen? */
import type { DatasetItem, Nearest, Project } from '../../src/server/api.ts';
import { Fault } from '../ui/Fault.tsx';
import { nameOf } from './App.tsx';
import { BonePicker, type Chosen, chosenFrom, isBones, isSameGrid, writeChosen } from './BonePicker.tsx';
import { Picture } from './Picture.tsx';
import { go, link, type Route } from './route.ts';
import { useJson } from './server.ts';

export function NearestPage({ project, route }: { project: Project; route: Route }) {
  const bones = project.items.filter(isBones);
  const first = bones.find((i) => i.kind === 'set') ?? bones[0];
  const of = chosenFrom(route.query.get('of'), project) ?? (first && { item: first, id: first.first });
  const datasets = bones.filter((i) => i.kind === 'dataset');
  const among =
    datasets.find((i) => i.id === route.query.get('in')) ??
    datasets.find((i) => of && isSameGrid(i, of.item));
  const { value: nearest, fault } = useJson<Nearest>(
    of && among && `api/datasets/${of.item.id}/cases/${encodeURIComponent(of.id)}/nearest?in=${among.id}`,
  );
  if (!of || datasets.length === 0)
    return (
      <Fault
        error={{
          found: 'no generated bone and dataset to compare in this folder',
          expected: 'a generated set, and the dataset that its generator learnt from',
          todo: 'view the folder that holds both',
        }}
      />
    );
  const address = (to: Chosen, dataset?: DatasetItem): string =>
    `${link('nearest')}?of=${writeChosen(to)}${dataset ? `&in=${dataset.id}` : ''}`;
  return (
    <>
      <h1>Nearest in training</h1>
      <div className="pair">
        <BonePicker
          label="Bone"
          project={project}
          chosen={of}
          onChoose={(to) => go(address(to, among), true)}
        />
        <fieldset className="picker">
          <legend>Looked for in</legend>
          <select
            aria-label="Dataset"
            value={among?.id ?? ''}
            onChange={({ target }) =>
              go(
                address(
                  of,
                  datasets.find((d) => d.id === target.value),
                ),
                true,
              )
            }
          >
            {!among && <option value="">no dataset of the same grid</option>}
            {datasets.map((d) => (
              <option key={d.id} value={d.id}>
                {nameOf(d, project)}
              </option>
            ))}
          </select>
        </fieldset>
      </div>
      {fault && <Fault error={fault} />}
      {!nearest && !fault && among && <p className="quiet">Looking through {among.cases} cases…</p>}
      {nearest && among && (
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
