/**
 * Who may ask: only a browser of this machine's user, on the page that the server itself gave it.
 *
 *   token      random, in the address that the command prints; exchanged at the first visit for a cookie that no script reads
 *              and that no other site's request carries. Without the cookie: 403
 *   Host       127.0.0.1 or localhost with the server's port: another name that leads here (DNS rebinding) is refused
 *   Origin     and Sec-Fetch-Site, where the browser sends them, must not be of another site; a POST must come from the page
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import type { Explanation } from '../errors.ts';
import type { Status } from './errors.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** In a time that does not depend on where two texts differ. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** What opens the server; the port is known once it listens. */
export class Access {
  readonly token = randomBytes(32).toString('base64url');
  readonly #tickets = new Set<string>();
  port = 0;

  /** Where the page is. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/?token=${this.token}`;
  }

  /** An address that opens the page once: for a browser that is started, whose command line others may see. */
  ticket(): string {
    const ticket = randomBytes(32).toString('base64url');
    this.#tickets.add(ticket);
    return `http://127.0.0.1:${this.port}/?token=${ticket}`;
  }

  /** Cookies know no ports: two servers would overwrite each other's. */
  get cookie(): string {
    return `cranioflow-${this.port}`;
  }

  takes(token: string): boolean {
    const ticket = [...this.#tickets].find((t) => equal(t, token));
    if (ticket !== undefined) return this.#tickets.delete(ticket);
    return equal(token, this.token);
  }

  knows(cookies: string | undefined): boolean {
    const values = (cookies ?? '').split(';').map((pair) => pair.trim().split('='));
    return values.some(([name, value = '']) => name === this.cookie && equal(value, this.token));
  }
}

const refused = (c: Context, status: Status, error: Explanation): Response =>
  c.req.path.startsWith('/api/')
    ? c.json({ error }, status)
    : c.text(`${error.found}\nexpected: ${error.expected}\nto mend:  ${error.todo}\n`, status);

const ADDRESS =
  'copy the address that `cranioflow view` printed into the address bar of a browser on that machine';

/** Lets a request pass, or refuses it before anything is looked at. */
export function guard(access: Access): MiddlewareHandler {
  return async (c, next) => {
    const [host, origin, site] = ['host', 'origin', 'sec-fetch-site'].map((name) => c.req.header(name));
    const hosts = [`127.0.0.1:${access.port}`, `localhost:${access.port}`];
    if (host === undefined || !hosts.includes(host))
      return refused(c, 403, {
        found: 'a request under a name that is not this server’s',
        expected: hosts.join(' or '),
        todo: ADDRESS,
      });
    const own = `http://${host}`;
    const foreign =
      (origin !== undefined && origin !== own) ||
      (site !== undefined && site !== 'same-origin' && site !== 'none');
    if (foreign || (c.req.method === 'POST' && origin !== own))
      return refused(c, 403, {
        found: 'a request from another site',
        expected: 'one from the viewer’s own page',
        todo: ADDRESS,
      });
    if (!['GET', 'HEAD', 'POST'].includes(c.req.method))
      return refused(c, 405, { found: `the method ${c.req.method}`, expected: 'GET or POST', todo: ADDRESS });
    const token = c.req.query('token');
    if (c.req.path === '/' && token !== undefined && access.takes(token)) {
      c.header('Set-Cookie', `${access.cookie}=${access.token}; Path=/; HttpOnly; SameSite=Strict`);
      return c.redirect('/', 303);
    }
    if (!access.knows(c.req.header('cookie')))
      return refused(c, 403, {
        found:
          token === undefined
            ? 'a browser that did not bring the token of this server'
            : 'a token that is not this server’s (it was started anew?)',
        expected: 'whoever started the viewer: nobody else on this machine may look at its data',
        todo: ADDRESS,
      });
    return next();
  };
}
