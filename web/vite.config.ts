/**
 * The two pages of cranioflow, each an app of its own under dist/web: `--mode viewer` (served by `cranioflow view`) and
 * `--mode site` (written by `cranioflow export web`). Paths are relative, so that a page works under any address; nothing
 * is fetched from another host. `runtime/backend.ts` is the one module that differs in a browser.
 */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import { licences } from './build/licences.ts';
import { runtimeFiles } from './build/runtimeFiles.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** ONNX Runtime's build for browsers in the place of the one for Node. */
const browserBackend: Plugin = {
  name: 'browser-backend',
  enforce: 'pre',
  resolveId: (source) => (source.endsWith('/backend.ts') ? here('../src/runtime/backend.web.ts') : null),
};

/** glTF-Transform can read files, by Node's modules; nothing here asks it to. */
const noFiles: Plugin = {
  name: 'no-files',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source.startsWith('node:') && importer?.includes('@gltf-transform') ? '\0no-files' : null,
  load: (id) => (id === '\0no-files' ? 'export default {};' : null),
};

const notes = licences();

export default defineConfig(({ mode }) => ({
  root: here(`./${mode}`),
  base: './',
  mode: 'production',
  publicDir: here(`./${mode}/public`),
  plugins: [react(), browserBackend, noFiles, runtimeFiles, notes.page],
  // The runtime without its own copy of its script, which threads load again: that one lies beside the page.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  worker: { format: 'es', plugins: () => [browserBackend, noFiles, notes.worker] },
  build: {
    outDir: here(`../dist/web/${mode}`),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { pluginTimings: false } },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
}));
