import { expect, test } from 'vitest';
import { Message } from '../../../src/graph/onnx/protobuf.ts';
import { decode } from './decode.ts';

test('the worked examples of the format’s own documentation', () => {
  // protobuf.dev/programming-guides/encoding: field 1 = 150; field 2 = "testing"; field 3 = {1: 150}.
  expect([...new Message().int(1, 150).finish()]).toEqual([0x08, 0x96, 0x01]);
  expect([...new Message().string(2, 'testing').finish()]).toEqual([0x12, 7, ...Buffer.from('testing')]);
  expect([...new Message().message(3, new Message().int(1, 150)).finish()]).toEqual([
    0x1a, 3, 0x08, 0x96, 0x01,
  ]);
  // -2 as int64: ten bytes.
  expect([...new Message().int(1, -2).finish()]).toEqual([0x08, 0xfe, ...Array(8).fill(0xff), 0x01]);
});

test('whole numbers of any size come back', () => {
  for (const v of [0, 1, 127, 128, 16383, 16384, 2 ** 31, 2 ** 53 - 1, -1, -(2 ** 40)]) {
    const [{ value }] = decode(new Message().int(16, v).finish());
    expect(Number(BigInt.asIntN(64, value as bigint))).toBe(v);
  }
  const large = 2n ** 63n - 1n;
  expect(decode(new Message().int(1, large).finish())[0].value).toBe(large);
});

test('floats, text and bytes come back, past any growth of the buffer', () => {
  const long = new Uint8Array(10_000).map((_, i) => i);
  const message = new Message().float(2, -1.5).string(3, 'Schädel ☠').bytes(2000, long);
  const [f, s, b] = decode(message.finish());
  expect(f).toMatchObject({ field: 2, wire: 5 });
  const bytes = f.value as Uint8Array;
  expect(new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true)).toBe(-1.5);
  expect(Buffer.from(s.value as Uint8Array).toString()).toBe('Schädel ☠');
  expect(b.field).toBe(2000);
  expect(b.value).toEqual(long);
});

test('an empty message is no bytes, and is written with length 0', () => {
  expect(new Message().finish()).toHaveLength(0);
  expect([...new Message().message(1, new Message()).finish()]).toEqual([0x0a, 0]);
});
