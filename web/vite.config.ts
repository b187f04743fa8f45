/**
 * The two pages of cranioflow, each an app of its own under dist/web: `--mode viewer` (served by `cranioflow view`) and
 * `--mode site` (written by `cranioflow export web`). Paths are relative, so that a page works under any address; nothing
 * is fetched from another host. `runtime/backend.ts` is the one module that differs in a browser.
 */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** ONNX Runtime's build for browsers in the place of the one for Node. */
const browserBackend: Plugin = {
  name: 'browser-backend',
  enforce: 'pre',
  resolveId: (source) => (source.endsWith('/backend.ts') ? here('../src/runtime/backend.web.ts') : null),
};

export default defineConfig(({ mode }) => ({
  root: here(`./${mode}`),
  base: './',
  mode: 'production',
  publicDir: here(`./${mode}/public`),
  plugins: [react(), browserBackend],
  worker: { format: 'es', plugins: () => [browserBackend] },
  build: {
    outDir: here(`../dist/web/${mode}`),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
}));
