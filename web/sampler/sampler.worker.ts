/**
 * The sampler's thread. It keeps one generator, made by the first request, and works on one request at a time; between two
 * evaluations of the network it listens, so that a sample can be cancelled.
 */
import type { Generator } from '../../src/sampling/generator.ts';
import { explain } from './explain.ts';
import { GpuBuildError, load } from './load.ts';
import type { Reply, Request } from './messages.ts';
import { Cancelled, sample } from './sample.ts';

let generator: Generator | undefined;
const cancelled = new Set<number>();

const reply = (message: Reply, moved: Transferable[] = []): void =>
  self.postMessage(message, { transfer: moved });

/** Lets messages that wait come in: timers would wait for milliseconds. */
const listen = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

async function answer(request: Exclude<Request, { kind: 'cancel' }>): Promise<void> {
  const { id } = request;
  if (request.kind === 'load') {
    const made = await load(request.ask, (what) => reply({ id, kind: 'doing', what }));
    generator = made.generator;
    return reply({ id, kind: 'loaded', loaded: made.loaded });
  }
  const breathe = async (): Promise<void> => {
    await listen();
    if (cancelled.has(id)) throw new Cancelled();
  };
  const tell = (progress: Parameters<Parameters<typeof sample>[2]>[0]) =>
    reply({ id, kind: 'progress', progress });
  const sampled = await sample(generator!, request.ask, tell, breathe);
  reply({ id, kind: 'sampled', sampled }, [sampled.latent.buffer as ArrayBuffer]);
}

self.onmessage = async ({ data: request }: MessageEvent<Request>) => {
  const { id } = request;
  if (request.kind === 'cancel') return void cancelled.add(id);
  try {
    await answer(request);
  } catch (error) {
    if (error instanceof Cancelled) reply({ id, kind: 'cancelled' });
    else reply({ id, kind: 'failed', error: explain(error), ofGpuBuild: error instanceof GpuBuildError });
  } finally {
    cancelled.delete(id);
  }
};
