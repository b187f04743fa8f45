/**
 * The two pages of cranioflow, each an app of its own under dist/web: `--mode viewer` (served by `cranioflow view`) and
 * `--mode site` (written by `cranioflow export web`). Paths are relative, so that a page works under any address; nothing
 * is fetched from another host. `runtime/backend.ts` is the one module that differs in a browser.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

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

const RUNTIME = 'virtual:runtime';

/**
 * `virtual:runtime`: addresses of ONNX Runtime's files, which the build lays beside the page. WebAssembly is packed here, under
 * a name that no server takes for packed or for anything else; scripts are called .js, a type that every server knows.
 */
const runtimeFiles: Plugin = {
  name: 'runtime-files',
  resolveId: (source) => (source === RUNTIME ? `\0${RUNTIME}` : null),
  load(id) {
    if (id !== `\0${RUNTIME}`) return null;
    const address = (name: string, source: Uint8Array): string =>
      `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name, source })}`;
    const build = (name: string): string => {
      const file = (end: string) => readFileSync(here(`../node_modules/onnxruntime-web/dist/${name}.${end}`));
      return `{ script: ${address(`${name}.js`, file('mjs'))}, wasm: ${address(`${name}.bin`, gzipSync(file('wasm'), { level: 9 }))} }`;
    };
    return `export const RUNTIME = { cpu: ${build('ort-wasm-simd-threaded')}, gpu: ${build('ort-wasm-simd-threaded.asyncify')} };`;
  },
};

export default defineConfig(({ mode }) => ({
  root: here(`./${mode}`),
  base: './',
  mode: 'production',
  publicDir: here(`./${mode}/public`),
  plugins: [react(), browserBackend, noFiles, runtimeFiles],
  // The runtime without its own copy of its script, which threads load again: that one lies beside the page.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  worker: { format: 'es', plugins: () => [browserBackend, noFiles] },
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
