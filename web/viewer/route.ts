/** Where one is in the viewer: the part of the address behind #, so that every place can be linked and gone back from. */
import { useSyncExternalStore } from 'react';

export interface Route {
  /** 'dataset', 'training', ..; '' for the overview. */
  page: string;
  parts: string[];
  query: URLSearchParams;
}

/** `#/dataset/ID/CASE?x=1` in its parts. */
export function parseRoute(hash: string): Route {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [page = '', ...parts] = path.split('/').map(decode);
  return { page, parts, query: new URLSearchParams(query) };
}

/** A part that is no sound encoding stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `#/page/part/..?query`; parts that are undefined end the path. */
export function link(page: string, ...parts: (string | undefined)[]): string {
  const end = parts.indexOf(undefined);
  const known = (end < 0 ? parts : parts.slice(0, end)) as string[];
  return `#/${[page, ...known].map(encodeURIComponent).join('/')}`;
}

/** Goes to a place; with `replace` it takes the place of this one in the history. */
export function go(to: string, replace = false): void {
  // It stays the entry of the history that it is (App.tsx asks whether it is new).
  if (replace) window.history.replaceState(window.history.state, '', to);
  else window.history.pushState(null, '', to);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

const subscribe = (changed: () => void): (() => void) => {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
};

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}
