/** What lies beside the page: its record and the weights of the generator, fetched with a count of bytes. */
import { SITE_FORMAT, type SiteRecord } from '../../src/sampling/exportWebRecord.ts';
import type { WeightsBytes } from '../sampler/messages.ts';
import { ShownError } from '../ui/bones.ts';

const missing = (what: string): ShownError =>
  new ShownError({
    found: `${what} cannot be fetched`,
    expected:
      'the files of this page beside it, as `cranioflow export web` wrote them, served by a file server',
    todo: 'check the connection, and reload; a page that was opened as a file needs a server, such as python3 -m http.server',
  });

async function answerOf(address: string): Promise<Response> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) throw missing(address);
  return response;
}

/** The record of the page. Rejects with `ShownError` where there is none. */
export async function fetchRecord(): Promise<SiteRecord> {
  const record = await (await answerOf('./site.json')).json().catch(() => undefined);
  if (record?.format !== SITE_FORMAT) throw missing('site.json');
  return record;
}

/** The model card of the generator, Markdown. */
export const fetchCard = async ({ model }: SiteRecord): Promise<string> =>
  (await answerOf(`./${model.folder}/README.md`)).text();

/** The weights; `onBytes` is told how many have come. Rejects with `ShownError`. */
export async function fetchWeights(
  { model }: SiteRecord,
  onBytes: (bytes: number) => void,
): Promise<WeightsBytes> {
  let come = 0;
  const one = async (name: string): Promise<WeightsBytes['model']> => {
    const response = await answerOf(`./${model.folder}/${name}`);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body!.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      chunks.push(read.value);
      come += read.value.length;
      onBytes(come);
    }
    return { name, bytes: await new Blob(chunks).arrayBuffer() };
  };
  const [network, autoencoder] = [await one('model.safetensors'), await one('autoencoder.safetensors')];
  return { model: network, autoencoder };
}
