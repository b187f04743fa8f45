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
  const [first, second] = ['a', 'b'].map((side) => chosenFrom(route.query.get(side), project));
  const a = first.chosen ?? (items[0] && !first.fault ? { item: items[0], id: items[0].first } : undefined);
  const b = second.chosen ?? (a && !second.fault ? partner(a, project) : undefined);
  /** A side that is not chosen anew, and names what is not there, stays as the address has it. */
  const choose = (to: { a?: Chosen; b?: Chosen }): void => {
    const write = (side: 'a' | 'b', chosen?: Chosen): string =>
      chosen ? writeChosen(chosen) : encodeURIComponent(route.query.get(side) ?? '');
    go(`${link('compare')}?a=${write('a', to.a)}&b=${write('b', to.b)}`, true);
  };
  useEffect(() => {
    if (a && b && !(route.query.get('a') && route.query.get('b'))) choose({ a, b });
  });
  if (items.length === 0)
    return (
      <Fault
        error={{
          found: 'no bones in this folder',
          expected: 'a dataset or a generated set',
          todo: 'make one with `cranioflow ingest`, `phantom` or `generate`, and look again',
        }}
      />
    );
  return (
    <>
      <h1>Compare two bones</h1>
      <div className="pair">
        <BonePicker label="First" project={project} chosen={a} onChoose={(to) => choose({ a: to, b })} />
        <BonePicker label="Second" project={project} chosen={b} onChoose={(to) => choose({ a, b: to })} />
      </div>
      {first.fault && <Fault error={first.fault} />}
      {second.fault && <Fault error={second.fault} />}
      {a && b && <Compared a={a} b={b} swap={() => choose({ a: b, b: a })} />}
    </>
  );
}

/** The two bones themselves. */
function Compared({ a, b, swap }: { a: Chosen; b: Chosen; swap: () => void }) {
  const [camera, setCamera] = useState<CameraState>();
  const [cut, setCut] = useState<Cut>();
  const [heat, setHeat] = useState(true);
  const [slices, setSlices] = useState(false);
  const [most_mm, setMost] = useState(5);
  const left = useCase(a.item, a.id);
  const right = useCase(b.item, b.id);
  const of = useSurface(left.value);
  const to = useSurface(right.value);
  const key =
    of.surface && of.current && to.surface && to.current ? `${writeChosen(a)} ${writeChosen(b)}` : undefined;
  const both = useLoaded(key, (_, signal) => bone('distances', { of: of.surface!, to: to.surface! }, signal));
  const shownA = useMemo(() => {
    if (!of.surface || !of.current) return [];
    const fits = heat && both.value?.length === of.surface.positions.length / 3;
    return [
      { surface: fits ? { ...of.surface, colours: distanceColours(both.value!, most_mm) } : of.surface },
    ];
  }, [of.surface, of.current, both.value, heat, most_mm]);
  const shownB = useMemo(
    () => (to.surface && to.current ? [{ surface: to.surface }] : []),
    [to.surface, to.current],
  );
  const masks = useMemo(
    () => (slices && left.value && right.value ? [unpack(left.value), unpack(right.value)] : undefined),
    [slices, left.value, right.value],
  );
  const figures = useMemo(() => (both.value ? summarise(both.value) : undefined), [both.value]);
  const sameGrid = isSameGrid(a.item, b.item);
  const faults = [left.fault, right.fault, of.fault, to.fault, both.fault].filter((f) => f !== undefined);
  return (
    <>
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
        <button type="button" onClick={swap}>
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
