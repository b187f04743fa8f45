/** The picture of a case; where it cannot be drawn, words in its place. */
import { useState } from 'react';
import type { DatasetItem } from '../../src/server/api.ts';
import { picture } from './server.ts';

export function Picture({ item, id, size }: { item: DatasetItem; id: string; size: number }) {
  // As fine as the screen shows.
  const src = picture(item, id, Math.round(size * Math.min(window.devicePixelRatio, 2)));
  /** The picture that failed: another one in its place is tried. */
  const [failed, setFailed] = useState('');
  const box = { width: size, height: size };
  if (failed === src)
    return (
      <span className="undrawn" style={box}>
        cannot be drawn: look at it to see why
      </span>
    );
  return <img {...box} src={src} alt="" loading="lazy" decoding="async" onError={() => setFailed(src)} />;
}
