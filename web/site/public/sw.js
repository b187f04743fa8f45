/**
 * Keeps the page on the device, so that it works without a network, and gives its answers the headers that let WebAssembly use
 * several threads on any file server. `cranioflow export web` writes the line below: another export is another worker.
 *
 * At first the page itself is kept, then each file that it asks for, and the rest when it says so. What may differ between
 * exports under one name is asked of the server first; scripts, WebAssembly and weights have a hash in their path and are kept for
 * good. Nothing is kept that is not, byte for byte, of this export: a server that was mended would never be asked again, and a
 * page of one export with the scripts of another shows nothing.
 */
const SITE = { version: 'none', files: [], sums: {} };

const NAME = `cranioflow ${self.registration.scope} `;
const CACHE = NAME + SITE.version;
const changes = (file) => !/^assets\/|\.safetensors$/.test(file);
/** Kept before the page may begin: small, and needed to show anything. */
const SHELL = SITE.files.filter((file) => changes(file) || /\.(js|css)$/.test(file));
/** How long the server may take with the page before the one that is kept is shown, ms. */
const PATIENCE = 5000;

const address = (file) => new URL(file, self.registration.scope).href;

/**
 * The file, relative to the page, that an address asks for; undefined for what lies elsewhere. What is left of an address without
 * the page's own may itself be an address (data:.., //host/..): only what leads back to where it came from is a file.
 */
function fileOf({ origin, pathname }) {
  const scope = new URL(self.registration.scope);
  if (origin !== scope.origin || !pathname.startsWith(scope.pathname)) return undefined;
  const file = pathname.slice(scope.pathname.length);
  return file === '' ? 'index.html' : address(file) === origin + pathname ? file : undefined;
}

/** The answer, with the headers of isolation; what a server says of packing no longer holds. */
function isolated(response) {
  const headers = new Headers(response.headers);
  for (const name of ['Content-Encoding', 'Content-Length']) headers.delete(name);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** Whether an answer, which is read by this, holds the very bytes of the export. */
async function isWhole(file, response) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()));
  return [...sum].map((byte) => byte.toString(16).padStart(2, '0')).join('') === SITE.sums[file];
}

/** A file of this export from the server. Rejects where it is missing or damaged. */
async function fetched(file, cache = changes(file) ? 'reload' : 'default') {
  const response = await fetch(address(file), { cache });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  if (await isWhole(file, response.clone())) return response;
  if (cache === 'reload') throw new Error(`${file} is damaged, or of another export`);
  // It may be the browser's own cache that still has what was mended since.
  return fetched(file, 'reload');
}

/** Takes a file into the cache unless it is there: from an older export where it has the same name, else from the server. */
async function keep(cache, file) {
  const url = address(file);
  if (await cache.match(url)) return;
  const old = changes(file) ? undefined : await caches.match(url);
  await cache.put(url, old && (await isWhole(file, old.clone())) ? old : await fetched(file));
}

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await Promise.all(SHELL.map((file) => keep(cache, file)));
      // What the export before has kept need not be fetched again; what it has not, waits.
      for (const file of SITE.files) if (await caches.match(address(file))) await keep(cache, file);
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys())
        if (name.startsWith(NAME) && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

/** Keeps what was fetched for the page. A newer worker may have taken over meanwhile: its cache is then the only one. */
async function keepAnswer(file, response) {
  if (!(await caches.has(CACHE))) return;
  const whole = (await isWhole(file, response.clone())) ? response : await fetched(file, 'reload');
  await (await caches.open(CACHE)).put(address(file), whole);
}

async function answer(event, file) {
  const url = address(file);
  const kept = await caches.match(url, { cacheName: CACHE });
  if (kept && !changes(file)) return isolated(kept);
  try {
    // What is not kept is asked of the server itself: the browser's own cache may hold what was damaged.
    const response = await fetch(url, { cache: 'no-cache', signal: kept && AbortSignal.timeout(PATIENCE) });
    // A file of a newer export is handed on, not kept: its own worker will.
    if (response.ok && !changes(file) && SITE.files.includes(file))
      event.waitUntil(keepAnswer(file, response.clone()).catch(() => {}));
    if (response.ok || !kept) return isolated(response);
  } catch (error) {
    if (!kept) throw error;
  }
  return isolated(kept);
}

self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  const file = fileOf(new URL(event.request.url));
  if (file !== undefined) event.respondWith(answer(event, file));
});

/** The page asks for the rest to be kept, and is told when it is; or lets this worker take the place of an older one. */
self.addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting();
  if (event.data !== 'keep') return;
  event.waitUntil(
    (async () => {
      try {
        if (!(await caches.has(CACHE))) throw new Error('a newer version of the page has taken over');
        const cache = await caches.open(CACHE);
        for (const file of SITE.files) await keep(cache, file);
        event.source.postMessage({ kept: true });
      } catch (error) {
        event.source.postMessage({ kept: false, why: error.message });
      }
    })(),
  );
});
