/**
 * Three slices through a mask, as radiologists look at them: the patient's left on the right of the picture, the head up.
 * A click or the arrow keys move the crosshair; in measuring, two clicks give a length in mm.
 */
import { type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from 'react';
import type { Mask } from '../../src/volume/volume.ts';

interface PlaneOf {
  name: string;
  /** Axes of the volume along the picture's right, down, and into it. */
  axes: readonly [right: 0 | 1 | 2, down: 0 | 1 | 2, through: 0 | 1 | 2];
  /** The picture's down is against the axis. */
  up: boolean;
  letters: readonly [left: string, right: string];
}

const PLANES: readonly PlaneOf[] = [
  { name: 'axial', axes: [0, 1, 2], up: false, letters: ['R', 'L'] },
  { name: 'coronal', axes: [0, 2, 1], up: true, letters: ['R', 'L'] },
  { name: 'sagittal', axes: [1, 2, 0], up: true, letters: ['A', 'P'] },
];

type Place = readonly [number, number, number];

/** `other` is drawn over it: bone of both in white, of the mask alone in orange, of the other alone in blue. */
export function Slices({ mask, other }: { mask: Mask; other?: Mask }) {
  const [place, setPlace] = useState<Place>(
    () => mask.size.map((n) => Math.floor(n / 2)) as unknown as Place,
  );
  const [measuring, setMeasuring] = useState(false);
  const clamp = (place: readonly number[]): Place =>
    place.map((v, a) => Math.min(Math.max(v, 0), mask.size[a] - 1)) as unknown as Place;
  // Another mask may be smaller.
  const at = clamp(place);
  return (
    <div className="slices">
      <div className="planes">
        {PLANES.map((plane) => (
          <Slice
            key={plane.name}
            {...{ mask, other, plane, at, measuring }}
            move={(to) => setPlace(clamp(to))}
          />
        ))}
      </div>
      <div className="tools">
        <button type="button" aria-pressed={measuring} onClick={() => setMeasuring(!measuring)}>
          Measure
        </button>
        <span className="quiet">
          {measuring
            ? 'click two points of one slice, or bring the cross there and press Enter'
            : 'click, or arrow keys in a slice, to move the cross; PageUp and PageDown go through'}
        </span>
      </div>
    </div>
  );
}

interface SliceProps {
  mask: Mask;
  other?: Mask;
  plane: PlaneOf;
  at: Place;
  measuring: boolean;
  move: (place: readonly number[]) => void;
}

const BACKGROUND = [24, 26, 30];
const BONE = [236, 230, 218];
const ONLY = [226, 122, 40];
const MISSING = [74, 136, 226];

function Slice({ mask, other, plane, at, measuring, move }: SliceProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [ends, setEnds] = useState<readonly (readonly [number, number])[]>([]);
  const [r, d, t] = plane.axes;
  const [width, height] = [mask.size[r], mask.size[d]];
  // biome-ignore lint/correctness/useExhaustiveDependencies: a length is of one bone, one slice and one measurement.
  useEffect(() => setEnds([]), [measuring, mask, at[t]]);
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const image = context.createImageData(width, height);
    const steps = [1, mask.size[0], mask.size[0] * mask.size[1]];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const p = x * steps[r] + (plane.up ? height - 1 - y : y) * steps[d] + at[t] * steps[t];
        const [is, was] = [mask.data[p] > 0, other === undefined ? mask.data[p] > 0 : other.data[p] > 0];
        const colour = is ? (was ? BONE : ONLY) : was ? MISSING : BACKGROUND;
        image.data.set([...colour, 255], 4 * (x + width * y));
      }
    context.putImageData(image, 0, 0);
  }, [mask, other, plane, at, width, height, r, d, t]);

  const mark = (end: readonly [number, number]): void =>
    setEnds((before) => (before.length >= 2 ? [end] : [...before, end]));
  const cross = [(at[r] + 0.5) / width, (plane.up ? height - at[d] - 0.5 : at[d] + 0.5) / height] as const;
  /** Index of the voxel at a share of the picture. */
  const voxelAt = (x: number, y: number): [number, number] => [
    Math.floor(x * width),
    plane.up ? height - 1 - Math.floor(y * height) : Math.floor(y * height),
  ];
  const onClick = ({ clientX, clientY }: MouseEvent): void => {
    const box = canvas.current!.getBoundingClientRect();
    const [x, y] = [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
    if (measuring) mark([x, y]);
    else {
      const place = [...at];
      [place[r], place[d]] = voxelAt(x, y);
      move(place);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const down = plane.up ? -1 : 1;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [r, -1],
      ArrowRight: [r, 1],
      ArrowUp: [d, -down],
      ArrowDown: [d, down],
      PageUp: [t, 1],
      PageDown: [t, -1],
    };
    const to = moves[event.key];
    if (measuring && event.key === 'Enter') mark(cross);
    else if (!to) return;
    else move(at.map((v, a) => (a === to[0] ? v + to[1] : v)));
    event.preventDefault();
  };
  const [sr, sd] = [mask.spacing[r], mask.spacing[d]];
  const aspectRatio = (width * sr) / (height * sd);
  const length =
    ends.length === 2 &&
    Math.hypot((ends[0][0] - ends[1][0]) * width * sr, (ends[0][1] - ends[1][1]) * height * sd);
  return (
    <figure className="slice">
      <div
        className={`film${measuring ? ' measuring' : ''}`}
        role="slider"
        tabIndex={0}
        aria-label={`${plane.name} slice`}
        aria-valuemin={1}
        aria-valuemax={mask.size[t]}
        aria-valuenow={at[t] + 1}
        onClick={onClick}
        onKeyDown={onKeyDown}
        // No taller than the window, and never squeezed.
        style={{ aspectRatio, maxWidth: `calc(60vh * ${aspectRatio})` }}
      >
        <canvas ref={canvas} width={width} height={height} />
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <path className="cross" d={`M${cross[0]} 0V1M0 ${cross[1]}H1`} />
          {ends.length === 2 && <path className="rule" d={`M${ends[0].join(' ')}L${ends[1].join(' ')}`} />}
        </svg>
        {ends.map(([x, y]) => (
          <i key={`${x} ${y}`} style={{ left: `${100 * x}%`, top: `${100 * y}%` }} />
        ))}
        <b className="left">{plane.letters[0]}</b>
        <b className="right">{plane.letters[1]}</b>
      </div>
      <figcaption>
        {plane.name} {at[t] + 1} of {mask.size[t]}
        <output>{length !== false && `, ${length.toFixed(1)} mm`}</output>
      </figcaption>
    </figure>
  );
}
