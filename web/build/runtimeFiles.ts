/**
 * `virtual:runtime`: addresses of ONNX Runtime's files, which the build lays beside the page. WebAssembly is packed here, under
 * a name that no server takes for packed or for anything else; scripts are called .js, a type that every server knows.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const NAME = 'virtual:runtime';
const FOLDER = fileURLToPath(new URL('../../node_modules/onnxruntime-web/dist', import.meta.url));

export const runtimeFiles: Plugin = {
  name: 'runtime-files',
  resolveId: (source) => (source === NAME ? `\0${NAME}` : null),
  load(id) {
    if (id !== `\0${NAME}`) return null;
    const address = (name: string, source: Uint8Array): string =>
      `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name, source })}`;
    const build = (name: string): string => {
      const script = readFileSync(`${FOLDER}/${name}.mjs`);
      const wasm = gzipSync(readFileSync(`${FOLDER}/${name}.wasm`), { level: 9 });
      return `{ script: ${address(`${name}.js`, script)}, wasm: ${address(`${name}.bin`, wasm)} }`;
    };
    const builds = { cpu: 'ort-wasm-simd-threaded', gpu: 'ort-wasm-simd-threaded.asyncify' };
    return `export const RUNTIME = { cpu: ${build(builds.cpu)}, gpu: ${build(builds.gpu)} };`;
  },
};
