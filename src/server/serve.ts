/** The local server on a port of this machine: `cranioflow view`, until it is closed. */
import { createAdaptorServer } from '@hono/node-server';
import { createApp } from './app.ts';
import { ServerError } from './errors.ts';
import { Access } from './guard.ts';
import { Project } from './project.ts';

export interface ServeOptions {
  /** What is viewed. */
  path: string;
  /** Default: a free one. */
  port?: number;
  /** The words that start cranioflow: node, its options, the script. */
  cli: readonly string[];
  /** Folder of the built page, for tests. */
  pages?: string;
}

export interface Served {
  /** With the token. */
  url: string;
  port: number;
  /** An address that opens the page once. */
  ticket(): string;
  /** Ends open streams, connections and threads. */
  close(): Promise<void>;
}

/** Never another: nobody but this machine is to reach the data. */
const HOST = '127.0.0.1';

/**
 * Starts the server. Throws `FileError` where there is nothing to be viewed or the page is not built, `ServerError` where the port
 * cannot be had.
 */
export async function serveViewer({ path, port = 0, cli, pages }: ServeOptions): Promise<Served> {
  const project = new Project(path);
  const access = new Access();
  const app = createApp({ project, access, cli, pages });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: HOST });
  access.port = await new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusedPort(port, error)));
    server.listen(port, HOST, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
  return {
    url: access.url,
    port: access.port,
    ticket: () => access.ticket(),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await app.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}

const refusedPort = (port: number, error: NodeJS.ErrnoException): ServerError =>
  new ServerError(
    500,
    {
      found:
        error.code === 'EADDRINUSE'
          ? `port ${port} is in use by another program`
          : `port ${port} cannot be listened on (${error.code ?? error.message})`,
      expected: 'a free port of this machine',
      todo: 'give another --port, or none: a free one is found then',
    },
    { cause: error },
  );
