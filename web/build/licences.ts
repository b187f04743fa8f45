/** `licences.md`: the licences of every package whose code went into the page or its workers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** For packages that come without the text. */
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to
whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const HOLDERS: Readonly<Record<string, string>> = {
  'onnxruntime-web': 'Copyright (c) Microsoft Corporation',
};

/** `/x/node_modules/three/src/a.js` -> `/x/node_modules/three`. */
const packageOf = (id: string): string | undefined =>
  /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replace(/^\0/, ''))?.[0];

function entry(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : undefined;
  if (text === undefined && !(license === 'MIT' && name in HOLDERS))
    throw new Error(
      `${name} comes without the text of its licence (${license}): add it to web/build/licences.ts`,
    );
  return `## ${name} ${version} (${license})\n\n${text ?? `${HOLDERS[name]}\n\n${MIT}`}\n`;
}

/** Two plugins: one for workers, which notes what they are made of, and one for the page, which notes and writes. */
export function licences(): { page: Plugin; worker: Plugin } {
  const folders = new Set<string>();
  const note = (bundle: Record<string, { type: string; moduleIds?: string[] }>): void => {
    for (const chunk of Object.values(bundle))
      for (const id of chunk.moduleIds ?? []) {
        const folder = packageOf(id);
        if (folder !== undefined && existsSync(join(folder, 'package.json'))) folders.add(folder);
      }
  };
  return {
    worker: { name: 'licences-of-workers', generateBundle: (_, bundle) => note(bundle) },
    page: {
      name: 'licences',
      generateBundle(_, bundle) {
        note(bundle);
        const entries = [...folders].sort().map(entry);
        const source = `# Licences\n\ncranioflow itself: Apache-2.0. It contains:\n\n${entries.join('\n')}`;
        this.emitFile({ type: 'asset', fileName: 'licences.md', source });
      },
    },
  };
}
