/** Series packed by dcmtk and OpenJPEG (scripts/make-compressed-dicom.ts) are the phantom again, slice by slice rescaled. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../dataset/helpers.ts';
import { expectPhantom, phantom, put, scanOf } from './phantom.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/volume/compressed');
const NAMES: Record<string, string> = {
  'jpeg-lossless': 'JPEG lossless, first order',
  'jpeg-lossless-57': 'JPEG lossless',
  'jpeg-ls': 'JPEG-LS lossless',
  'jpeg-2000': 'JPEG 2000 lossless',
  rle: 'RLE',
};

describe('compressed transfer syntaxes', () => {
  it('are five, signed and unsigned', () => {
    expect(readdirSync(FIXTURES)).toHaveLength(10);
  });

  it.each(readdirSync(FIXTURES))('%s', async (file) => {
    const spies = (['log', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
    const { volume, facts } = await scanOf(join(FIXTURES, file));
    expect(facts.transferSyntax).toBe(NAMES[file.replace(/-(un)?signed\.zip$/, '')]);
    expectPhantom(volume, phantom());
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
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
