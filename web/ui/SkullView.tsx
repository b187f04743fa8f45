/**
 * A bone to turn, cut and measure: a canvas of `SkullScene` with its tools below. Everything works by keys too: arrows turn,
 * + and - zoom, digits 1 to 7 choose a side, M measures, and Enter marks the point in the middle of the picture.
 */
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from 'react';
import { VIEWS, type View } from '../../src/mesh/camera.ts';
import { type CameraState, type Cut, type Point, type Shown, SkullScene } from './scene.ts';

const SIDES: readonly [View, string][] = [
  ['threeQuarter', 'Oblique'],
  ['front', 'Front'],
  ['left', 'Left'],
  ['right', 'Right'],
  ['back', 'Back'],
  ['top', 'Top'],
  ['below', 'Below'],
];

/** Keys that turn the camera: degrees round, degrees up, factor of zoom. */
const TURNS: Record<string, [number, number, number]> = {
  ArrowLeft: [-10, 0, 1],
  ArrowRight: [10, 0, 1],
  ArrowUp: [0, 10, 1],
  ArrowDown: [0, -10, 1],
  '+': [0, 0, 1.15],
  '=': [0, 0, 1.15],
  '-': [0, 0, 1 / 1.15],
};

const AXES = [
  ['none', 'whole'],
  ['0', 'right to left'],
  ['1', 'front to back'],
  ['2', 'foot to head'],
] as const;

export interface SkullViewProps {
  /** What the picture shows, in words. */
  label: string;
  shown: readonly Shown[];
  /** Another bone takes the place of the one before in the picture, whatever its size. */
  follow?: boolean;
  /** What is said in the picture while there is nothing in it. */
  waiting?: string;
  /** A camera shared with other views. */
  camera?: CameraState;
  onCamera?: (state: CameraState) => void;
  /** Without tools only the picture: a second view beside one with tools. */
  tools?: boolean;
  /** A cut shared with other views. */
  cut?: Cut;
  onCut?: (cut: Cut | undefined) => void;
}

/** mm between two points. */
const distance = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Lowest and highest coordinate of what is shown along an axis, mm. */
function reach(shown: readonly Shown[], axis: number): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { surface } of shown)
    for (let p = axis; p < surface.positions.length; p += 3) {
      low = Math.min(low, surface.positions[p]);
      high = Math.max(high, surface.positions[p]);
    }
  return low <= high ? [low, high] : [-1, 1];
}

export function SkullView(props: SkullViewProps) {
  const { label, shown, camera, onCamera, tools = true, follow = false, waiting } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const scene = useRef<SkullScene>(null);
  const [failed, setFailed] = useState('');
  const [ownCut, setOwnCut] = useState<Cut>();
  const [measuring, setMeasuring] = useState(false);
  const [marks, setMarks] = useState<readonly Point[]>([]);
  const down = useRef<{ x: number; y: number }>(null);
  const id = useId();
  const cut = props.onCut ? props.cut : ownCut;
  const setCut = props.onCut ?? setOwnCut;

  useEffect(() => {
    const element = canvas.current!;
    let made: SkullScene;
    try {
      made = new SkullScene(element);
    } catch {
      setFailed('This browser shows no WebGL 2, so no surface can be drawn; the slices work without it.');
      return;
    }
    scene.current = made;
    const watch = new ResizeObserver(([{ contentRect }]) =>
      made.resize(contentRect.width, contentRect.height),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.dispose();
      scene.current = null;
    };
  }, []);
  useEffect(() => {
    scene.current?.show(shown, follow);
  }, [shown, follow]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: marks are of the bone that was shown.
  useEffect(() => setMarks([]), [shown]);
  useEffect(() => {
    if (scene.current) scene.current.onCamera = onCamera;
  });
  useEffect(() => {
    if (camera && scene.current) scene.current.camera = camera;
  }, [camera]);
  useEffect(() => {
    if (scene.current) scene.current.cut = cut;
  }, [cut]);
  useEffect(() => {
    if (scene.current) scene.current.marks = marks;
  }, [marks]);

  const mark = (right: number, up: number): void => {
    const point = scene.current?.pick(right, up);
    if (point) setMarks((before) => (before.length >= 2 ? [point] : [...before, point]));
  };
  const onPointerUp = (event: PointerEvent): void => {
    const from = down.current;
    // A second finger or button turns and moves; it marks nothing.
    if (
      !event.isPrimary ||
      event.button !== 0 ||
      !measuring ||
      !from ||
      Math.hypot(event.clientX - from.x, event.clientY - from.y) > 4
    )
      return;
    const box = canvas.current!.getBoundingClientRect();
    mark((2 * (event.clientX - box.left)) / box.width - 1, 1 - (2 * (event.clientY - box.top)) / box.height);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const made = scene.current;
    if (!made || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key;
    const side = SIDES[Number(key) - 1];
    if (side) made.look(side[0]);
    else if (TURNS[key]) made.turn(...TURNS[key]);
    else if (key === 'm') setMeasuring(!measuring);
    else if (key === 'Enter' && measuring) mark(0, 0);
    else if (key === 'Escape') setMarks([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const empty = shown.every(({ surface }) => surface.indices.length === 0);
  const axis = cut ? String(cut.axis) : 'none';
  const [low, high] = cut ? reach(shown, cut.axis) : [0, 1];

  return (
    <div className="skull-view">
      <div className="stage">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${label}. Arrow keys turn it, plus and minus zoom.`}
          aria-describedby={`${id}-length`}
          tabIndex={0}
          className={measuring ? 'measuring' : ''}
          onPointerDown={({ clientX, clientY }) => (down.current = { x: clientX, y: clientY })}
          onPointerUp={onPointerUp}
          onKeyDown={onKeyDown}
        />
        {failed && <p className="notice bad">{failed}</p>}
        {!failed && empty && <p className="waiting quiet">{shown.length > 0 ? 'No bone in it.' : waiting}</p>}
        {measuring && <span className="aim" aria-hidden="true" />}
        <output id={`${id}-length`} className="length" aria-live="polite">
          {marks.length === 2
            ? `${distance(marks[0], marks[1]).toFixed(1)} mm`
            : measuring
              ? marks.length === 1
                ? 'and the second point'
                : 'click two points of the bone'
              : ''}
        </output>
      </div>
      {tools && (
        <div className="tools">
          <fieldset className="segments">
            <legend className="hidden">Side</legend>
            {SIDES.map(([view, name]) => (
              <button
                key={view}
                type="button"
                onClick={() => scene.current?.look(view)}
                title={`${azimuth(view)} (key ${SIDES.findIndex(([v]) => v === view) + 1})`}
              >
                {name}
              </button>
            ))}
          </fieldset>
          <label>
            Cut{' '}
            <select
              value={axis}
              disabled={shown.length === 0}
              onChange={({ target }) => {
                const to = Number(target.value) as Cut['axis'];
                setCut(
                  target.value === 'none'
                    ? undefined
                    : { axis: to, position: middle(reach(shown, to)), flip: false },
                );
              }}
            >
              {AXES.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          {cut && (
            <>
              <input
                type="range"
                aria-label="Place of the cut, mm"
                disabled={shown.length === 0}
                min={low}
                max={high}
                step={(high - low) / 200}
                value={cut.position}
                onChange={({ target }) => setCut({ ...cut, position: Number(target.value) })}
              />
              <span className="number">{cut.position.toFixed(1)} mm</span>
              <button type="button" onClick={() => setCut({ ...cut, flip: !cut.flip })}>
                Other side
              </button>
            </>
          )}
          <button type="button" aria-pressed={measuring} onClick={() => setMeasuring(!measuring)}>
            Measure
          </button>
          {marks.length > 0 && (
            <button type="button" onClick={() => setMarks([])}>
              Clear
            </button>
          )}
        </div>
      )}
    </div>
  );
}

const middle = ([low, high]: [number, number]): number => (low + high) / 2;

const azimuth = (view: View): string =>
  `${VIEWS[view].azimuth_deg} degrees round, ${VIEWS[view].elevation_deg} up`;
