/** Headers of every answer: no other site may hold it, no other host is asked for anything, nothing is guessed or kept. */
import type { MiddlewareHandler } from 'hono';

/**
 * For the viewer's page: scripts and workers of its own (a worker may be built as a blob), WebAssembly, pictures that are drawn
 * in it, styles of elements; nothing from anywhere else.
 */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "connect-src 'self' blob: data:",
  "img-src 'self' data: blob:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** For a page of results, which any file may call itself: what it shows lies in it; it runs nothing and asks for nothing. */
export const RESULT_POLICY = [
  "default-src 'none'",
  'img-src data:',
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-popups allow-downloads',
].join('; ');

const HEADERS: Record<string, string> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** Sets what the answer does not set itself. */
export const headers: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.header(name, value);
  // Streams of events have a rule of their own, which allows more.
  if (c.req.path.startsWith('/api/')) c.header('Cache-Control', 'no-store');
};
