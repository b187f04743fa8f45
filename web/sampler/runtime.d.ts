/** What web/vite.config.ts puts in: where the build lays ONNX Runtime's files. */
declare module 'virtual:runtime' {
  import type { RuntimeBuilds } from './messages.ts';

  export const RUNTIME: RuntimeBuilds;
}
