/**
 * Talking to the local server (src/server/api.ts). A server that is gone or was started anew is told apart from a request
 * that it refused, for the page must say what to do about each.
 */
import { useCallback, useEffect, useState } from 'react';
import type { Explanation } from '../../src/errors.ts';
import type { DatasetItem } from '../../src/server/api.ts';
import { explained, ShownError } from '../ui/bones.ts';
import type { PackedMask } from '../ui/mask.ts';

const GONE: Explanation = {
  found: 'the server does not answer',
  expected: '`cranioflow view` to run',
  todo: 'start it again and open the address that it prints',
};
const ANEW: Explanation = {
  found: 'the server was started anew since this page was opened, and does not know it',
  expected: 'the address with the token of now',
  todo: 'open the address that `cranioflow view` printed last',
};

async function ask(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    init?.signal?.throwIfAborted();
    if (error instanceof TypeError) throw new ShownError(GONE);
    throw error;
  }
  if (response.ok) return response;
  if (response.status === 403) throw new ShownError(ANEW);
  const body = (await response.json().catch(() => ({}))) as { error?: Explanation };
  throw body.error ? new ShownError(body.error) : new Error(`the server answered ${response.status}`);
}

/** The JSON at a path of the API. Throws `ShownError`. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask(path, { signal })).json() as Promise<T>;
}

/** Sends a JSON body and returns the answer. Throws `ShownError`. */
export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  return (await ask(path, init)).json() as Promise<T>;
}

/** Bytes at a path of the API. Throws `ShownError`. */
export async function bytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await ask(path, { signal })).arrayBuffer());
}

export interface Loaded<T> {
  value?: T;
  fault?: Explanation;
  /** Puts another value in its place: what a POST answered. */
  set: (value: T) => void;
  again: () => void;
}

/** The result of `load` for a key, loaded anew when the key changes; nothing while the key is undefined. */
export function useLoaded<T>(
  key: string | undefined,
  load: (key: string, signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const [state, setState] = useState<{ key?: string; value?: T; fault?: Explanation }>({});
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `load` is what the key names; `round` loads again.
  useEffect(() => {
    if (key === undefined) return;
    const wanted = new AbortController();
    const { signal } = wanted;
    load(key, signal).then(
      (value) => signal.aborted || setState({ key, value }),
      // What was there stays to be looked at.
      (error) =>
        signal.aborted ||
        setState((now) => ({ key, fault: explained(error), value: now.key === key ? now.value : undefined })),
    );
    return () => wanted.abort();
  }, [key, round]);
  const set = useCallback((value: T) => setState({ key, value }), [key]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  const mine = state.key === key ? state : {};
  return { value: mine.value, fault: mine.fault, set, again };
}

/** The JSON at a path, as a hook. */
export const useJson = <T>(path: string | undefined): Loaded<T> => useLoaded(path, get<T>);

/** The next look at a bone asks for it again. */
export const forgetBones = (): void => masks.clear();

const masks = new Map<string, Promise<PackedMask>>();
/** A few bones stay at hand: going back and forth between neighbours asks for nothing twice. */
const KEPT = 24;

/** The mask of a case. Throws `ShownError`. */
export function loadCase(item: DatasetItem, id: string): Promise<PackedMask> {
  const path = `api/datasets/${item.id}/cases/${encodeURIComponent(id)}/bits`;
  let mask = masks.get(path);
  if (mask === undefined) {
    mask = bytes(path).then((bits) => ({ bits, size: item.size, spacing: item.spacing }));
    mask.catch(() => masks.delete(path));
    masks.set(path, mask);
    if (masks.size > KEPT) masks.delete(masks.keys().next().value!);
  }
  return mask;
}

/** The mask of a case, as a hook. */
export const useCase = (item: DatasetItem | undefined, id: string | undefined): Loaded<PackedMask> =>
  useLoaded(item && id && `${item.id}/${id}`, () => loadCase(item!, id!));

/** Address of a case's picture. */
export const picture = (item: DatasetItem, id: string, size = 160): string =>
  `api/datasets/${item.id}/cases/${encodeURIComponent(id)}/picture.png?size=${size}`;
