/** The picture of a case; where it cannot be drawn, words in its place. */
import { useState } from 'react';
import type { DatasetItem } from '../../src/server/api.ts';
import { picture } from './server.ts';

export function Picture({ item, id, size }: { item: DatasetItem; id: string; size: number }) {
  const [failed, setFailed] = useState(false);
  const box = { width: size, height: size };
  if (failed)
    return (
      <span className="undrawn" style={box}>
        cannot be drawn: look at it to see why
      </span>
    );
  return (
    <img
      {...box}
      // As fine as the screen shows.
      src={picture(item, id, Math.round(size * Math.min(window.devicePixelRatio, 2)))}
      alt=""
      loading="lazy"
      decoding="async"
      onError={() => setFailed(true)}
    />
  );
}
