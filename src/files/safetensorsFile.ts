/** safetensors files on disk: read tensor by tensor, so that a file is never twice in memory, and written atomically. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FileError } from '../errors.ts';
import { writeFileAtomic } from './atomic.ts';
import {
  damaged,
  decodeHeader,
  encodeSafetensors,
  headerLength,
  PREFIX_BYTES,
  type Safetensors,
  type StoredMetadata,
  type StoredTensors,
  tensorOf,
} from './safetensors.ts';

const READ_BLOCK_BYTES = 1 << 30;

/** Writes tensors and metadata to `path`, atomically. Throws `ShapeError` (see `encodeSafetensors`) and `DiskError`. */
export function writeSafetensors(path: string, tensors: StoredTensors, metadata: StoredMetadata = {}): void {
  writeFileAtomic(path, ...encodeSafetensors(tensors, metadata));
}

/** A file's header, and how to read bytes behind it. */
interface Opened extends ReturnType<typeof decodeHeader> {
  /** Bytes from `position` of the data on. */
  take(position: number, length: number): Uint8Array<ArrayBuffer>;
}

/** Opens a file, checks its header against its length, and closes it when `work` is done. */
function withFile<T>(path: string, work: (opened: Opened) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw new FileError(
      {
        found: `cannot open ${path}: ${(cause as NodeJS.ErrnoException).code}`,
        expected: 'a readable safetensors file',
        todo: 'check the path',
      },
      { cause },
    );
  }
  try {
    const fileBytes = fstatSync(fd).size;
    const take = (position: number, length: number): Uint8Array<ArrayBuffer> => {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const got = readSync(fd, bytes, done, Math.min(length - done, READ_BLOCK_BYTES), position + done);
        if (got === 0) throw damaged(path, `it ends at byte ${position + done}`);
        done += got;
      }
      return bytes;
    };
    const prefix = take(0, Math.min(PREFIX_BYTES, fileBytes));
    const start = PREFIX_BYTES + headerLength(path, prefix, fileBytes);
    const header = take(PREFIX_BYTES, start - PREFIX_BYTES);
    const decoded = decodeHeader(path, header, fileBytes - start);
    return work({ ...decoded, take: (position, length) => take(start + position, length) });
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads every tensor of `path` into arrays of their own; F16 comes back widened to float32. Throws `FileError` where the
 * file cannot be opened and `CheckpointError` where it is cut short, overlapping, malformed or of an unknown type.
 */
export function readSafetensors(path: string): Safetensors {
  return withFile(path, ({ entries, metadata, take }) => ({
    tensors: new Map(entries.map((e) => [e.name, tensorOf(e, take(e.begin, e.end - e.begin))])),
    metadata,
  }));
}

/** What a file says of itself, without a look at its tensors. Throws as `readSafetensors`. */
export function readMetadata(path: string): Safetensors['metadata'] {
  return withFile(path, ({ metadata }) => metadata);
}
