/** One bone large: its surface to turn, cut and measure, its slices, its files. */
import { useEffect, useMemo, useState } from 'react';
import type { Explanation } from '../../src/errors.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import { bone, explained } from './bones.ts';
import { Downloads } from './Downloads.tsx';
import { Fault } from './Fault.tsx';
import { type PackedMask, unpack } from './mask.ts';
import { SkullView } from './SkullView.tsx';
import { Slices } from './Slices.tsx';

interface Surface {
  surface?: Mesh;
  fault?: Explanation;
  /** It is that of the mask asked for, not the one before. */
  current: boolean;
}

/** The surface of a mask, made by the worker. While the next is made the last one stays in the picture. */
export function useSurface(mask: PackedMask | undefined): Surface {
  const [made, setMade] = useState<{ of?: PackedMask; surface?: Mesh; fault?: Explanation }>({});
  useEffect(() => {
    if (mask === undefined) return;
    const wanted = new AbortController();
    bone('surface', { mask }, wanted.signal).then(
      (surface) => wanted.signal.aborted || setMade({ of: mask, surface }),
      (error) => wanted.signal.aborted || setMade({ of: mask, fault: explained(error) }),
    );
    return () => wanted.abort();
  }, [mask]);
  if (mask === undefined) return { current: false };
  return { surface: made.surface, fault: made.fault, current: made.of === mask };
}

interface BonePanelProps {
  /** Undefined while it is on its way. */
  mask: PackedMask | undefined;
  /** What it is, in words; also the name of files. */
  label: string;
  fileName: string;
}

export function BonePanel({ mask, label, fileName }: BonePanelProps) {
  const [slices, setSlices] = useState(false);
  const { surface, fault, current } = useSurface(mask);
  // Under the name of one bone no other is shown, not for a moment: a key decides what becomes of it.
  const shown = useMemo(() => (surface && current ? [{ surface }] : []), [surface, current]);
  const voxels = useMemo(() => (slices && mask ? unpack(mask) : undefined), [mask, slices]);
  // While the next bone is on its way its slices stay where they are, unseen: the cross and the focus are those of the reader.
  const [last, setLast] = useState(voxels);
  useEffect(() => {
    if (voxels) setLast(voxels);
  }, [voxels]);
  const drawn = voxels ?? last;
  return (
    <section className="bone">
      <fieldset className="segments tabs">
        <legend className="hidden">Way of looking</legend>
        <button type="button" aria-pressed={!slices} onClick={() => setSlices(false)}>
          Surface
        </button>
        <button type="button" aria-pressed={slices} onClick={() => setSlices(true)}>
          Slices
        </button>
      </fieldset>
      {fault && current && <Fault error={fault} />}
      {!slices ? (
        <SkullView label={label} shown={shown} follow waiting={fault && current ? '' : 'Loading …'} />
      ) : (
        drawn && (
          <div className={voxels ? '' : 'awaited'}>
            <Slices mask={drawn} />
          </div>
        )
      )}
      <Downloads mask={mask} name={fileName} />
    </section>
  );
}
