/** A bone as files: made in the browser, so that nothing leaves the machine. */
import { useState } from 'react';
import { bone, explained } from './bones.ts';
import type { PackedMask } from './mask.ts';

const FORMATS = [
  ['stl', 'STL', 'surface for printing, LPS mm'],
  ['glb', 'GLB', 'surface for viewers, metres, y up'],
  ['nrrd', 'NRRD', 'voxels, LPS mm'],
] as const;

/** Hands bytes to the browser under a name. */
export function save(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  // The browser reads it after this turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** `mask` is undefined while it is on its way. */
export function Downloads({ mask, name }: { mask: PackedMask | undefined; name: string }) {
  const [busy, setBusy] = useState('');
  const [failed, setFailed] = useState('');
  const make = async (format: (typeof FORMATS)[number][0]): Promise<void> => {
    if (!mask) return;
    setBusy(format);
    setFailed('');
    try {
      save(`${name}.${format}`, await bone('file', { mask, format }));
    } catch (error) {
      setFailed(explained(error).found);
    }
    setBusy('');
  };
  return (
    <div className="tools">
      {FORMATS.map(([format, title, what]) => (
        <button
          key={format}
          type="button"
          title={what}
          disabled={busy !== '' || !mask}
          onClick={() => make(format)}
        >
          {busy === format ? 'Making…' : `Download ${title}`}
        </button>
      ))}
      {failed && <span role="alert">{failed}</span>}
    </div>
  );
}
