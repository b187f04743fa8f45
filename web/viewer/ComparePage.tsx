/**
 * Two bones side by side under one camera and one cut, and how far the surface of the first lies from that of the second,
 * as colours in mm. Any two: a real bone and a generated one, or what two generators made of one seed.
 */
import { useEffect, useMemo, useState } from 'react';
import type { Project } from '../../src/server/api.ts';
import { useSurface } from '../ui/BonePanel.tsx';
import { bone } from '../ui/bones.ts';
import { DISTANCE_GRADIENT, distanceColours, summarise } from '../ui/distances.ts';
import { Fault } from '../ui/Fault.tsx';
import { unpack } from '../ui/mask.ts';
import { SkullView } from '../ui/SkullView.tsx';
import { Slices } from '../ui/Slices.tsx';
import type { CameraState, Cut } from '../ui/scene.ts';
import { BonePicker, type Chosen, chosenFrom, isBones, isSameGrid, writeChosen } from './BonePicker.tsx';
import { go, link, type Route } from './route.ts';
import { useCase, useLoaded } from './server.ts';

const SCALES_MM = [1, 2, 5, 10, 20];

/**
 * The second bone to begin with: what another generator made of the same seed and number, or a bone of another dataset. Bones
 * of a set are called by bone, seed and number, so that equal names are equal noise.
 */
function partner({ item, id }: Chosen, project: Project): Chosen {
  const others = project.items.filter(isBones).filter((i) => i.id !== item.id);
  const twin = others.find((i) => i.made && i.made.seed === item.made?.seed && i.bone === item.bone);
  if (twin) return { item: twin, id };
  const near = others.filter((i) => isSameGrid(i, item));
  const other = near.find((i) => i.kind !== item.kind) ?? near[0] ?? others[0];
  return other ? { item: other, id: other.first } : { item, id };
}

export function ComparePage({ project, route }: { project: Project; route: Route }) {
  const items = project.items.filter(isBones);
  const a = chosenFrom(route.query.get('a'), project) ?? (items[0] && { item: items[0], id: items[0].first });
  const b = chosenFrom(route.query.get('b'), project) ?? (a && partner(a, project));
  const [camera, setCamera] = useState<CameraState>();
  const [cut, setCut] = useState<Cut>();
  const [heat, setHeat] = useState(true);
  const [slices, setSlices] = useState(false);
  const [most_mm, setMost] = useState(5);
  const left = useCase(a?.item, a?.id);
  const right = useCase(b?.item, b?.id);
  const of = useSurface(left.value);
  const to = useSurface(right.value);
  const key =
    of.surface && of.current && to.surface && to.current && a && b
      ? `${writeChosen(a)} ${writeChosen(b)}`
      : undefined;
  const both = useLoaded(key, () => bone('distances', { of: of.surface!, to: to.surface! }));
  const shownA = useMemo(() => {
    if (!of.surface) return [];
    const fits = heat && both.value?.length === of.surface.positions.length / 3;
    return [
      { surface: fits ? { ...of.surface, colours: distanceColours(both.value!, most_mm) } : of.surface },
    ];
  }, [of.surface, both.value, heat, most_mm]);
  const shownB = useMemo(() => (to.surface ? [{ surface: to.surface }] : []), [to.surface]);
  const masks = useMemo(
    () => (slices && left.value && right.value ? [unpack(left.value), unpack(right.value)] : undefined),
    [slices, left.value, right.value],
  );
  const figures = useMemo(() => (both.value ? summarise(both.value) : undefined), [both.value]);
  useEffect(() => {
    if (a && b && !(route.query.get('a') && route.query.get('b'))) go(address(a, b), true);
  });
  if (!a || !b)
    return (
      <Fault
        error={{
          found: 'no bones in this folder',
          expected: 'a dataset or a generated set',
          todo: 'make one with `cranioflow ingest`, `phantom` or `generate`, and look again',
        }}
      />
    );
  const sameGrid = isSameGrid(a.item, b.item);
  const faults = [left.fault, right.fault, of.fault, to.fault, both.fault].filter((f) => f !== undefined);
  return (
    <>
      <h1>Compare two bones</h1>
      <div className="pair">
        <BonePicker label="First" project={project} chosen={a} onChoose={(to) => go(address(to, b), true)} />
        <BonePicker label="Second" project={project} chosen={b} onChoose={(to) => go(address(a, to), true)} />
      </div>
      <div className="tools">
        <button type="button" aria-pressed={!slices} onClick={() => setSlices(false)}>
          Surfaces
        </button>
        <button
          type="button"
          aria-pressed={slices}
          disabled={!sameGrid}
          title={sameGrid ? undefined : 'the bones are on different grids'}
          onClick={() => setSlices(true)}
        >
          Slices over each other
        </button>
        {!slices && (
          <label className="line">
            <input type="checkbox" checked={heat} onChange={() => setHeat(!heat)} /> distances
          </label>
        )}
        {heat && !slices && (
          <span className="scale number">
            −{most_mm} <i style={{ background: DISTANCE_GRADIENT }} /> +
            <select
              aria-label="End of the scale, mm"
              value={most_mm}
              onChange={({ target }) => setMost(Number(target.value))}
            >
              {SCALES_MM.map((mm) => (
                <option key={mm}>{mm}</option>
              ))}
            </select>{' '}
            mm
          </span>
        )}
        <button type="button" onClick={() => go(address(b, a), true)}>
          Swap
        </button>
      </div>
      {faults.map((error) => (
        <Fault key={error.found} error={error} />
      ))}
      {slices && masks && sameGrid ? (
        <>
          <Slices mask={masks[0]} other={masks[1]} />
          <p className="quiet">White: bone of both; orange: of the first alone; blue: of the second alone.</p>
        </>
      ) : (
        <div className="pair">
          <SkullView
            label={`First bone, ${a.id}`}
            shown={shownA}
            {...{ camera, cut }}
            onCamera={setCamera}
            onCut={setCut}
          />
          <SkullView
            label={`Second bone, ${b.id}`}
            shown={shownB}
            {...{ camera, cut }}
            onCamera={setCamera}
            onCut={setCut}
          />
        </div>
      )}
      {figures && !slices && (
        <p className="number" role="status">
          From the first surface to the second: mean {figures.mean.toFixed(2)} mm, median{' '}
          {figures.median.toFixed(2)}, 95 % within {figures.p95.toFixed(2)}, at most {figures.most.toFixed(2)}
          . Orange lies outside the second bone, blue within it.
        </p>
      )}
      {!sameGrid && (
        <p className="quiet">The bones are on different grids; distances are in mm all the same.</p>
      )}
    </>
  );
}

const address = (a: Chosen, b: Chosen): string =>
  `${link('compare')}?a=${writeChosen(a)}&b=${writeChosen(b)}`;
