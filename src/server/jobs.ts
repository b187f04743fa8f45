/** What threads of the server do: each kind of job, what it is given and what it answers. A thread loads what it is asked for. */
import type { Nearest } from './api.ts';
import type { Place } from './files.ts';
import type { NearestAsk } from './nearest.ts';
import type { PictureAsk } from './picture.ts';

export interface Jobs {
  picture: { ask: PictureAsk; answer: Uint8Array };
  nearest: { ask: NearestAsk; answer: Nearest };
  /** Of the dataset in a folder. */
  apply: { ask: Place; answer: undefined };
}

export type JobKind = keyof Jobs;

type Work<K extends JobKind> = (ask: Jobs[K]['ask']) => Jobs[K]['answer'];

export const JOBS: { [K in JobKind]: () => Promise<Work<K>> } = {
  picture: async () => (await import('./picture.ts')).drawPicture,
  nearest: async () => (await import('./nearest.ts')).findNearest,
  apply: async () => (await import('./applyDecisions.ts')).applyDecisions,
};
