/** Where a scan lies, for the user's private list: what cannot be read as well. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { findScans, placeOf } from '../../../src/volume/scan/index.ts';
import { temporaryFolder } from '../../dataset/helpers.ts';
import { named, phantom, put } from './phantom.ts';
import { ctSeries, type Dataset } from './writeDicom.ts';

const series = (uid: string) => {
  const tags = (k: number): Dataset => ({ '0020000e': ['UI', uid], '00080018': ['UI', `${uid}.${k}`] });
  return named(ctSeries(phantom(), { tags }));
};

it('tells scans of one folder apart, in zips too, and what cannot be read', async () => {
  const dir = temporaryFolder();
  put(join(dir, 'Doe'), series('1.2.3'));
  writeFileSync(join(dir, 'packed.zip'), zipSync(series('1.2.4')));
  writeFileSync(join(dir, 'short.zip'), zipSync(series('1.2.5')).subarray(0, 9000));
  writeFileSync(join(dir, 'text.dcm'), 'no DICOM');
  const [first] = Object.keys(series('1.2.3'));
  const count = Object.keys(series('1.2.3')).length;
  expect((await findScans([dir])).map(placeOf).sort()).toEqual(
    [
      `${join(dir, 'Doe', first)} and ${count - 1} more`,
      `${join(dir, 'packed.zip')} > ${first} and ${count - 1} more`,
      join(dir, 'short.zip'),
      join(dir, 'text.dcm'),
    ].sort(),
  );
  // Messages stay without names.
  for (const { label } of await findScans([dir])) expect(label.replace(dir, '')).not.toMatch(/Doe|zip|dcm/);
});
