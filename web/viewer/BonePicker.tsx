/** Choosing one bone out of all datasets and sets of the folder. `ITEM/CASE` is how a choice is written in addresses. */
import { useEffect } from 'react';
import type { DatasetDetail, DatasetItem, Project } from '../../src/server/api.ts';
import { nameOf } from './App.tsx';
import { picture, useJson } from './server.ts';

export interface Chosen {
  item: DatasetItem;
  id: string;
}

export const isBones = (item: Project['items'][number]): item is DatasetItem =>
  item.kind === 'dataset' || item.kind === 'set';

/** Whether voxels of two datasets lie on each other. */
export const isSameGrid = (a: DatasetItem, b: DatasetItem): boolean =>
  a.size.join() === b.size.join() && a.spacing === b.spacing;

/** The choice that an address names; the first case where it names a dataset alone. */
export function chosenFrom(text: string | null, project: Project): Chosen | undefined {
  const [id, name] = (text ?? '').split('/', 2);
  const item = project.items.filter(isBones).find((i) => i.id === id);
  return item && { item, id: name || item.first };
}

export const writeChosen = ({ item, id }: Chosen): string => `${item.id}/${encodeURIComponent(id)}`;

interface BonePickerProps {
  label: string;
  project: Project;
  chosen: Chosen | undefined;
  /** Which datasets can be chosen from. */
  among?: (item: DatasetItem) => boolean;
  onChoose: (chosen: Chosen) => void;
}

export function BonePicker({ label, project, chosen, among = () => true, onChoose }: BonePickerProps) {
  const items = project.items.filter(isBones).filter(among);
  const { value: detail } = useJson<DatasetDetail>(chosen && `api/datasets/${chosen.item.id}`);
  const first = items[0];
  useEffect(() => {
    if (chosen === undefined && first) onChoose({ item: first, id: first.first });
  }, [chosen, first, onChoose]);
  return (
    <fieldset className="picker">
      <legend>{label}</legend>
      {chosen && (
        <img className="thumb" src={picture(chosen.item, chosen.id, 96)} width={64} height={64} alt="" />
      )}
      <span className="choices">
        <select
          aria-label={`${label}: dataset`}
          value={chosen?.item.id ?? ''}
          onChange={({ target }) => {
            const item = items.find((i) => i.id === target.value)!;
            onChoose({ item, id: item.first });
          }}
        >
          {items.map((item) => (
            <option key={item.id} value={item.id}>
              {nameOf(item, project)}
            </option>
          ))}
        </select>
        <select
          aria-label={`${label}: case`}
          value={chosen?.id ?? ''}
          onChange={({ target }) => onChoose({ item: chosen!.item, id: target.value })}
        >
          {(detail?.cases ?? (chosen ? [{ id: chosen.id }] : [])).map(({ id }) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </span>
    </fieldset>
  );
}
