/** A small writer of VTK image data for tests, after docs.vtk.org's description of the XML formats. */
import { deflateSync } from 'node:zlib';
import { voxelType } from '../../../src/volume/io/types.ts';
import type { Volume } from '../../../src/volume/volume.ts';

export interface VtiForm {
  format?: 'ascii' | 'binary' | 'appended';
  /** Encoding of appended data. */
  encoding?: 'raw' | 'base64';
  zlib?: boolean;
  wide?: boolean;
  big?: boolean;
  /** First index of the extent along each axis; the origin then lies where index 0 would be. */
  start?: readonly [number, number, number];
}

const NAMES: Record<string, string> = { short: 'Int16', float: 'Float32', uchar: 'UInt8' };

export function writeVti(volume: Volume, form: VtiForm = {}): Buffer {
  const { format = 'appended', encoding = 'raw', zlib = false, wide = false, big = false } = form;
  const { start = [0, 0, 0] } = form;
  const { data, size, spacing, origin, direction: d } = volume;
  const extent = size.map((n, a) => `${start[a]} ${start[a] + n - 1}`).join(' ');
  const zero = [0, 1, 2].map(
    (r) => origin[r] - [0, 1, 2].reduce((s, c) => s + d[3 * r + c] * spacing[c] * start[c], 0),
  );
  const bytes = Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (big && data.BYTES_PER_ELEMENT === 2) bytes.swap16();
  if (big && data.BYTES_PER_ELEMENT === 4) bytes.swap32();
  const words = (...values: number[]) => {
    const out = Buffer.alloc(values.length * (wide ? 8 : 4));
    values.forEach((v, i) => {
      if (wide) big ? out.writeBigUInt64BE(BigInt(v), 8 * i) : out.writeBigUInt64LE(BigInt(v), 8 * i);
      else big ? out.writeUInt32BE(v, 4 * i) : out.writeUInt32LE(v, 4 * i);
    });
    return out;
  };
  const BLOCK = 100;
  const blocks = Array.from({ length: Math.ceil(bytes.length / BLOCK) }, (_, i) =>
    deflateSync(bytes.subarray(i * BLOCK, (i + 1) * BLOCK)),
  );
  const header = zlib
    ? words(blocks.length, BLOCK, bytes.length % BLOCK, ...blocks.map((b) => b.length))
    : words(bytes.length);
  const payload = zlib ? Buffer.concat(blocks) : bytes;
  // Where data are packed, base64 encodes the header apart; else both together.
  const base64 = zlib
    ? header.toString('base64') + payload.toString('base64')
    : Buffer.concat([header, payload]).toString('base64');
  const kind = NAMES[voxelType(data).nrrd] ?? { int16: 'Int16', uint8: 'UInt8' }[voxelType(data).nrrd];
  const inline = format === 'ascii' ? [...data].join(' ') : base64;
  const open = `<?xml version="1.0"?>
<VTKFile type="ImageData" version="1.0" byte_order="${big ? 'BigEndian' : 'LittleEndian'}" header_type="${wide ? 'UInt64' : 'UInt32'}"${zlib ? ' compressor="vtkZLibDataCompressor"' : ''}>
  <ImageData WholeExtent="${extent}" Origin="${zero.join(' ')}" Spacing="${spacing.join(' ')}" Direction="${d.join(' ')}">
    <Piece Extent="${extent}">
      <PointData Scalars="scan">
        <DataArray type="Float32" Name="other" format="ascii">1 2 3</DataArray>
        <DataArray type="${kind}" Name="scan" format="${format}"${format === 'appended' ? ' offset="0"/>' : `>\n${inline}\n</DataArray>`}
      </PointData>
    </Piece>
  </ImageData>
`;
  if (format !== 'appended') return Buffer.from(`${open}</VTKFile>\n`);
  return Buffer.concat([
    Buffer.from(`${open}  <AppendedData encoding="${encoding}">\n   _`),
    encoding === 'raw' ? Buffer.concat([header, payload]) : Buffer.from(base64),
    Buffer.from('\n  </AppendedData>\n</VTKFile>\n'),
  ]);
}
