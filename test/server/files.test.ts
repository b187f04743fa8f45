/** Files as bodies of answers: whole as they were when their length was told, or broken off. */
import { appendFileSync, existsSync, readdirSync, readlinkSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { streamOf } from '../../src/server/files.ts';
import { put, temporaryFolder } from './helpers.ts';

const CONTENT = new Uint8Array(600_000).map((_, i) => i % 251);

const file = (): string => put(join(temporaryFolder(), 'bones.bin'), CONTENT);
async function read(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  for await (const block of body) blocks.push(block);
  return Buffer.concat(blocks);
}

test('a file comes whole, and an empty one as nothing', async () => {
  const { body, bytes } = streamOf(file());
  expect(bytes).toBe(CONTENT.length);
  expect(Buffer.compare(await read(body), CONTENT)).toBe(0);
  const none = streamOf(put(join(temporaryFolder(), 'empty')));
  expect([none.bytes, (await read(none.body)).length]).toEqual([0, 0]);
});

test('what grows while it is sent is sent as long as was told', async () => {
  const path = file();
  const { body } = streamOf(path);
  const [one, other] = body.tee();
  await one.getReader().read();
  appendFileSync(path, 'more');
  expect((await read(other)).length).toBe(CONTENT.length);
});

test.each<[string, (path: string) => void]>([
  ['another file came to its place', (path) => renameSync(put(`${path}.new`, CONTENT), path)],
  ['it was cut', (path) => truncateSync(path, 100)],
])('the stream breaks off where %s before it was opened', async (_, change) => {
  const path = file();
  const { body } = streamOf(path);
  change(path);
  await expect(read(body)).rejects.toThrow('changed while it was sent');
});

test('the stream breaks off where the file is cut in the middle', async () => {
  const path = file();
  const reader = streamOf(path).body.getReader();
  await reader.read();
  truncateSync(path, 1000);
  await expect(reader.read()).rejects.toThrow('changed while it was sent');
});

const handles = (path: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;

test.skipIf(!existsSync('/proc/self/fd'))(
  'the file is closed where nobody wants it any more, in the middle or while it is opened, and where it broke off',
  async () => {
    const path = file();
    const middle = streamOf(path).body.getReader();
    await middle.read();
    expect(handles(path)).toBe(1);
    await middle.cancel();
    expect(handles(path)).toBe(0);
    for (let n = 0; n < 10; n++) {
      const reader = streamOf(path).body.getReader();
      const first = reader.read();
      await reader.cancel();
      await first;
    }
    expect(handles(path)).toBe(0);
    const { body } = streamOf(path);
    truncateSync(path, 100);
    await expect(read(body)).rejects.toThrow('changed');
    expect(handles(path)).toBe(0);
  },
);
