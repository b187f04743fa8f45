/** A worker thread of a module of ours, from the built JavaScript or straight from the source. */
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Starts `name` (without extension), a file beside the module whose `import.meta.url` is `beside`. */
export function startThread(name: string, beside: string, options: WorkerOptions): Worker {
  if (beside.endsWith('.js')) return new Worker(new URL(`./${name}.js`, beside), options);
  // From source, as in the tests, a thread needs the loader of TypeScript too.
  const file = new URL(`./${name}.ts`, beside).href;
  const code = `import('tsx/esm/api').then(({ register }) => (register(), import('${file}')))`;
  return new Worker(code, { ...options, eval: true });
}
