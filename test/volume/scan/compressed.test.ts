/** Series packed by dcmtk and OpenJPEG (scripts/make-compressed-dicom.ts) are the phantom again, slice by slice rescaled. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../dataset/helpers.ts';
import { expectPhantom, phantom, put, scanOf } from './phantom.ts';
import { ctSlice, type Dataset, writeDicom } from './writeDicom.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/volume/compressed');
const NAMES: Record<string, string> = {
  'jpeg-lossless': 'JPEG lossless, first order',
  'jpeg-lossless-57': 'JPEG lossless',
  'jpeg-ls': 'JPEG-LS lossless',
  'jpeg-2000': 'JPEG 2000 lossless',
  rle: 'RLE',
};

describe('compressed transfer syntaxes', () => {
  it('are five, unsigned, signed, and signed of 12 bits', () => {
    expect(readdirSync(FIXTURES)).toHaveLength(15);
  });

  it.each(readdirSync(FIXTURES))('%s', async (file) => {
    const spies = (['log', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
    const { volume, facts } = await scanOf(join(FIXTURES, file));
    expect(facts.transferSyntax).toBe(NAMES[file.replace(/-(un)?signed(-12-bit)?\.zip$/, '')]);
    expectPhantom(volume, phantom());
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  it('frames of an enhanced file', async () => {
    const truth = phantom();
    const files = unzipSync(readFileSync(join(FIXTURES, 'jpeg-2000-unsigned.zip')));
    // Each file ends with its one fragment: take the streams out and put them into one file.
    const frames = Array.from({ length: truth.size[2] }, (_, k) => {
      const file = Buffer.from(files[`IM${k}`]);
      const start = file.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51]));
      return file.subarray(start, file.length - 8);
    });
    const places = frames.map(
      (_, k): Dataset => ({ '00209113': ['SQ', [{ '00200032': ctSlice(truth, k)['00200032'] }]] }),
    );
    const first = ctSlice(truth, 0);
    const pick = (...tags: string[]): Dataset => Object.fromEntries(tags.map((tag) => [tag, first[tag]]));
    const shared: Dataset = {
      '00209116': ['SQ', [pick('00200037')]],
      '00289110': ['SQ', [pick('00280030', '00180050')]],
      '00289145': ['SQ', [pick('00281052', '00281053')]],
    };
    const header: Dataset = {
      ...first,
      '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.2.1'],
      '00280008': ['IS', String(frames.length)],
      '52009229': ['SQ', [shared]],
      '52009230': ['SQ', places],
    };
    const file = writeDicom(header, 'explicit', { transferSyntax: '1.2.840.10008.1.2.4.90', frames });
    expectPhantom((await scanOf(put(temporaryFolder(), { file }))).volume, truth);
  });

  it('a stream that is cut or spoilt is refused', async () => {
    const files = unzipSync(readFileSync(join(FIXTURES, 'jpeg-lossless-unsigned.zip')));
    const cut = { ...files, IM3: files.IM3.subarray(0, files.IM3.length - 20) };
    await expect(scanOf(put(temporaryFolder(), cut))).rejects.toThrow(/compressed pixels are cut short/);
    const spoilt = files.IM3.slice();
    spoilt.fill(0, spoilt.length - 60, spoilt.length - 12);
    const dir = put(temporaryFolder(), { ...files, IM3: spoilt });
    const outcome = await scanOf(dir).catch((error) => error);
    // Lossless JPEG carries no checksum: a spoilt stream may decode to other values, never to another shape.
    if (outcome instanceof Error) expect(outcome.message).toMatch(/cannot be decoded/);
    else expect(outcome.volume.size).toEqual(phantom().size);
  });
});
