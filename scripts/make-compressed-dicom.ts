/**
 * Makes test/fixtures/volume/compressed/*.zip: the phantom of the tests as a CT series in each compressed transfer
 * syntax, by encoders that are not the decoder under test where there are such: dcmtk (dcmcjpeg, dcmcjpls, dcmcrle) and,
 * for JPEG 2000, OpenJPEG's opj_compress. Debian: `apt-get install dcmtk libopenjp2-tools`.
 *
 *     npx tsx scripts/make-compressed-dicom.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { phantom } from '../test/volume/scan/phantom.ts';
import { ctSlice, type Flavour, storedPixels, writeDicom } from '../test/volume/scan/writeDicom.ts';

const OUT = join(import.meta.dirname, '../test/fixtures/volume/compressed');
const ENCODERS: Record<string, [string, ...string[]]> = {
  'jpeg-lossless': ['dcmcjpeg', '+e1'],
  'jpeg-lossless-57': ['dcmcjpeg', '+el'],
  'jpeg-ls': ['dcmcjpls'],
  rle: ['dcmcrle'],
};
const FLAVOURS: Record<string, Flavour> = {
  unsigned: { bitsStored: 16 },
  signed: { signed: true, rescale: (k) => [1, -2 * k] },
  'signed-12-bit': { signed: true, bitsStored: 12, clean: true, rescale: () => [1, 0] },
};

/** A JPEG 2000 codestream of a slice's stored values. */
function jpeg2000(folder: string, k: number, flavour: Flavour): Uint8Array {
  const [columns, rows] = phantom().size;
  const [raw, out] = [join(folder, 'slice.rawl'), join(folder, 'slice.j2k')];
  writeFileSync(raw, storedPixels(phantom(), k, flavour));
  const format = `${columns},${rows},1,16,${flavour.signed ? 's' : 'u'}`;
  execFileSync('opj_compress', ['-i', raw, '-o', out, '-F', format, '-n', '2'], { stdio: 'ignore' });
  return readFileSync(out);
}

for (const [flavourName, flavour] of Object.entries(FLAVOURS)) {
  const folder = mkdtempSync(join(tmpdir(), 'compressed-'));
  const slices = Array.from({ length: phantom().size[2] }, (_, k) => k);
  const save = (name: string, pack: (k: number) => Uint8Array) => {
    const files = Object.fromEntries(slices.map((k) => [`IM${k}`, pack(k)]));
    // A fixed time: the same bytes each time.
    writeFileSync(join(OUT, `${name}-${flavourName}.zip`), zipSync(files, { mtime: '2000-01-01' }));
  };
  for (const [name, [program, ...options]] of Object.entries(ENCODERS))
    save(name, (k) => {
      const [plain, packed] = ['plain.dcm', 'packed.dcm'].map((file) => join(folder, file));
      writeFileSync(plain, writeDicom(ctSlice(phantom(), k, flavour)));
      execFileSync(program, [...options, plain, packed], { stdio: 'inherit' });
      return readFileSync(packed);
    });
  save('jpeg-2000', (k) =>
    writeDicom(ctSlice(phantom(), k, flavour), 'explicit', {
      transferSyntax: '1.2.840.10008.1.2.4.90',
      frames: [jpeg2000(folder, k, flavour)],
    }),
  );
  rmSync(folder, { recursive: true });
}
