/**
 * Chromium for tests. Where it is missing the tests are skipped and say so; with CI=true they fail. Each page notes what must not
 * be: errors on the console, requests to another host.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { describe } from 'vitest';

const PATH = process.env.CHROMIUM ?? '/usr/bin/chromium';
const missing = !existsSync(PATH) && process.env.CI !== 'true';

/** `describe` for tests in Chromium. */
export const inChromium: typeof describe.skip = missing
  ? (((name: string, ...rest: [never]) =>
      describe.skip(`${name} (${PATH} is missing: skipped)`, ...rest)) as never)
  : describe;

/** Starts Chromium, headless; `more` are further arguments of its command line. */
export const launch = (more: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: PATH, args: ['--no-sandbox', ...more] });

/** Errors on the console, uncaught ones, failed requests and requests to other hosts than `origin`, as they come. */
export function complaints(page: Page, origin: string): string[] {
  const found: string[] = [];
  page.on('console', (message) => message.type() === 'error' && found.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => found.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) found.push(`request to ${url}`);
  });
  return found;
}
