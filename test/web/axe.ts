/** Accessibility of a page as it stands, by axe. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** All that axe finds, or by the rules of these names alone. */
export async function violations(page: Page, runOnly?: string[]): Promise<Violation[]> {
  // The pages' own policy lets no other script in, so it is evaluated; once a page, for it is long.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(
    async (options) => {
      const { axe } = globalThis as never as {
        axe: { run(options: object): Promise<{ violations: Violation[] }> };
      };
      return (await axe.run(options)).violations;
    },
    runOnly ? { runOnly } : {},
  );
}

/** Those that axe calls serious or critical: its name of each, and where it lies. */
export const serious = (found: readonly Violation[]): string[] =>
  found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);

export const seriousFaults = async (page: Page): Promise<string[]> => serious(await violations(page));
