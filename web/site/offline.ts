/**
 * The page's side of its service worker (public/sw.js): it is started before anything else, since threads need headers that a
 * plain file server does not send and that only an answer through the worker has. So a first visit loads the page twice.
 */

/** `reload`: the page is about to begin anew. Else what a person should know; empty where all is well. */
export type Prepared = 'reload' | string[];

/** Of this export: another one may be visited from the same tab in the next second. */
const RELOADED = `cranioflow reloaded at, ${new URL('.', document.baseURI).pathname}`;
/** A load that begins so soon after a reload was asked for is that reload, ms. */
const AT_ONCE = 5000;
/** A first visit does not wait longer for the worker, ms: it then goes on with one thread. */
const PATIENCE = 20_000;

const LATE = new Error('the worker takes long');

const NO_WORKER =
  'This address is neither https nor localhost, so the browser allows one thread alone and keeps nothing for use without a network.';

/** Starts the service worker, and reloads once where that brings threads. */
export async function prepare(): Promise<Prepared> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (workers === undefined) return crossOriginIsolated ? [] : [NO_WORKER];
  try {
    const found = await workers.register('./sw.js', { updateViaCache: 'none' });
    if (crossOriginIsolated) return [];
    const worker = found?.active ?? found?.waiting ?? found?.installing;
    // A browser that is told to have none says so by giving nothing.
    if (!worker) throw new Error('no worker');
    // One that is active has all it needs, but not this page: it was loaded past it (Shift and Reload).
    if (worker !== found.active)
      await Promise.race([
        controlled(workers),
        failed(worker),
        new Promise((_, late) => setTimeout(late, PATIENCE, LATE)),
      ]);
    // A note without its time would not do: Chromium shows a page that is not isolated old notes, which one that was has removed.
    const before = Number(sessionStorage.getItem(RELOADED));
    if (performance.timeOrigin - before > AT_ONCE) {
      // By the clock that `timeOrigin` goes by: the one on the wall may be set meanwhile.
      sessionStorage.setItem(RELOADED, `${performance.timeOrigin + performance.now()}`);
      location.reload();
      return 'reload';
    }
    return ['The page is not isolated from others, so one thread alone is used; a reload may bring more.'];
  } catch (error) {
    if (error === LATE)
      return [
        'The service worker of this page is not ready yet: one thread alone is used; a reload may bring more.',
      ];
    const kept = 'nothing is kept for use without a network';
    return [
      crossOriginIsolated
        ? `The service worker of this page did not start: ${kept}.`
        : `The service worker of this page did not start: one thread alone is used, and ${kept}.`,
    ];
  }
}

/** Waits until this page's requests go through the worker. */
async function controlled(workers: ServiceWorkerContainer): Promise<void> {
  if (workers.controller !== null) return;
  await new Promise<void>((done) =>
    workers.addEventListener('controllerchange', () => done(), { once: true }),
  );
}

/** Rejects when a worker is given up: a file of it could not be had. */
const failed = (worker: ServiceWorker): Promise<never> =>
  new Promise((_, reject) => {
    worker.addEventListener('statechange', () => {
      if (worker.state === 'redundant') reject(new Error('the worker could not be installed'));
    });
  });

/** Has all files kept; resolves to whether the page now works without a network, and why not. */
export function keepAll(): Promise<{ kept: boolean; why?: string }> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!workers?.controller) return Promise.resolve({ kept: false });
  return new Promise((done) => {
    workers.addEventListener('message', ({ data }) => done(data), { once: true });
    workers.controller!.postMessage('keep');
  });
}

/**
 * Lets the worker of a newer export take over, now or when it comes. For a page that has all it needs: what is asked for at the
 * moment of the change is lost.
 */
export async function letNewerIn(): Promise<void> {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  const registration = await workers?.getRegistration();
  if (!workers?.controller || !registration) return;
  const letIn = (worker: ServiceWorker): void => {
    const go = (): void => {
      if (worker.state === 'installed') worker.postMessage('take over');
    };
    worker.addEventListener('statechange', go);
    go();
  };
  const found = registration.waiting ?? registration.installing;
  if (found) letIn(found);
  registration.addEventListener('updatefound', () => letIn(registration.installing!));
}

/** Tells when a newer export of the page has taken over while this one is open. */
export function onNewer(tell: () => void): void {
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (workers?.controller) workers.addEventListener('controllerchange', tell, { once: true });
}
