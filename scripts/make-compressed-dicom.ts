/**
 * Makes test/fixtures/volume/compressed/*.zip: the phantom of the tests as a CT series in each compressed transfer
 * syntax, by encoders that are not the decoder under test where there are such: dcmtk (dcmcjpeg, dcmcjpls, dcmcrle) and,
 * for JPEG 2000, OpenJPEG through GDCM (gdcmconv). Debian: `apt-get install dcmtk libgdcm-tools`.
 *
 *     npx tsx scripts/make-compressed-dicom.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { phantom } from '../test/volume/scan/phantom.ts';
import { ctSeries, type Flavour } from '../test/volume/scan/writeDicom.ts';

const OUT = join(import.meta.dirname, '../test/fixtures/volume/compressed');
const ENCODERS: Record<string, [string, ...string[]]> = {
  'jpeg-lossless': ['dcmcjpeg', '+e1'],
  'jpeg-lossless-57': ['dcmcjpeg', '+el'],
  'jpeg-ls': ['dcmcjpls'],
  rle: ['dcmcrle'],
  'jpeg-2000': ['gdcmconv', '--j2k'],
};
const FLAVOURS: Record<string, Flavour> = {
  unsigned: { bitsStored: 16 },
  signed: { signed: true, rescale: (k) => [1, -2 * k] },
};

for (const [flavourName, flavour] of Object.entries(FLAVOURS))
  for (const [name, [program, ...options]] of Object.entries(ENCODERS)) {
    const folder = mkdtempSync(join(tmpdir(), 'compressed-'));
    const files: Record<string, Uint8Array> = {};
    ctSeries(phantom(), flavour).forEach((bytes, k) => {
      const [plain, packed] = ['plain.dcm', 'packed.dcm'].map((file) => join(folder, file));
      writeFileSync(plain, bytes);
      execFileSync(program, [...options, plain, packed], { stdio: 'inherit' });
      files[`IM${k}`] = readFileSync(packed);
    });
    // A fixed time: the same bytes each time.
    writeFileSync(join(OUT, `${name}-${flavourName}.zip`), zipSync(files, { mtime: '2000-01-01' }));
    rmSync(folder, { recursive: true });
  }
