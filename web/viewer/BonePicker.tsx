/** Choosing one bone out of all datasets and sets of the folder. `ITEM/CASE` is how a choice is written in addresses. */
import type { Explanation } from '../../src/errors.ts';
import type { DatasetDetail, DatasetItem, Project } from '../../src/server/api.ts';
import { nameOf } from './App.tsx';
import { Picture } from './Picture.tsx';
import { useJson } from './server.ts';

export interface Chosen {
  item: DatasetItem;
  id: string;
}

export const isBones = (item: Project['items'][number]): item is DatasetItem =>
  item.kind === 'dataset' || item.kind === 'set';

/** Whether voxels of two datasets lie on each other. */
export const isSameGrid = (a: DatasetItem, b: DatasetItem): boolean =>
  a.size.join() === b.size.join() && a.spacing === b.spacing;

/** Of an address that names something that the folder does not hold: nothing else is shown in its place. */
export const notHere = (id: string, expected: string): Explanation => ({
  found: `the address names ${id}, and nothing of that name is in this folder`,
  expected,
  todo: 'choose one from the list; what was moved or deleted has another address or none',
});

/**
 * The choice that an address names, the first case where it names a dataset alone; or why there is none. Neither where it names
 * nothing.
 */
export function chosenFrom(text: string | null, project: Project): { chosen?: Chosen; fault?: Explanation } {
  if (!text) return {};
  const [id, name] = text.split('/', 2);
  const item = project.items.filter(isBones).find((i) => i.id === id);
  return item
    ? { chosen: { item, id: name || item.first } }
    : { fault: notHere(id, 'a dataset or a generated set') };
}

export const writeChosen = ({ item, id }: Chosen): string => `${item.id}/${encodeURIComponent(id)}`;

interface BonePickerProps {
  label: string;
  project: Project;
  chosen: Chosen | undefined;
  onChoose: (chosen: Chosen) => void;
}

export function BonePicker({ label, project, chosen, onChoose }: BonePickerProps) {
  const items = project.items.filter(isBones);
  const { value: detail } = useJson<DatasetDetail>(chosen && `api/datasets/${chosen.item.id}`);
  const cases = detail?.cases.map(({ id }) => id) ?? [];
  return (
    <fieldset className="picker">
      <legend>{label}</legend>
      {chosen && <Picture key={writeChosen(chosen)} item={chosen.item} id={chosen.id} size={64} />}
      <span className="choices">
        <select
          aria-label={`${label}: dataset`}
          value={chosen?.item.id ?? ''}
          onChange={({ target }) => {
            const item = items.find((i) => i.id === target.value);
            if (item) onChoose({ item, id: item.first });
          }}
        >
          {!chosen && <option value="">choose a dataset</option>}
          {items.map((item) => (
            <option key={item.id} value={item.id}>
              {nameOf(item, project)}
            </option>
          ))}
        </select>
        {chosen && (
          <select
            aria-label={`${label}: case`}
            value={chosen.id}
            onChange={({ target }) => onChoose({ item: chosen.item, id: target.value })}
          >
            {/* A name that the dataset does not have stands there as such, not as another. */}
            {!cases.includes(chosen.id) && (
              <option value={chosen.id}>
                {chosen.id}
                {detail && ': not there'}
              </option>
            )}
            {cases.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        )}
      </span>
    </fieldset>
  );
}
