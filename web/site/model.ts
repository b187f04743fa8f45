/** What lies beside the page: its record and the weights of the generator, fetched with a count of bytes. */
import { SITE_FORMAT, type SiteRecord } from '../../src/sampling/exportWebRecord.ts';
import type { WeightsBytes, WeightsFile } from '../sampler/messages.ts';
import { ShownError } from '../ui/bones.ts';

const missing = (what: string): ShownError =>
  new ShownError({
    found: what,
    expected: 'the files of this page beside it, whole, and a connection',
    todo: 'check the connection, and reload; if it stays, tell whoever runs this page that this file must be put there again',
  });

async function answerOf(address: string): Promise<Response> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) throw missing(`${address} cannot be fetched${response ? ` (${response.status})` : ''}`);
  return response;
}

/** The record of the page. Rejects with `ShownError` where there is none. */
export async function fetchRecord(): Promise<SiteRecord> {
  const record = await (await answerOf('./site.json')).json().catch(() => undefined);
  if (record?.format !== SITE_FORMAT || record.model?.sums === undefined)
    throw missing('./site.json is not the record of this page');
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
  const one = async (file: string): Promise<WeightsFile> => {
    const name = `${model.folder}/${file}`;
    const response = await answerOf(`./${name}`);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body!.getReader();
    const next = () =>
      reader.read().catch(() => {
        throw missing(`${name} broke off on the way`);
      });
    for (let read = await next(); !read.done; read = await next()) {
      chunks.push(read.value);
      come += read.value.length;
      onBytes(come);
    }
    return { name, bytes: await new Blob(chunks).arrayBuffer(), sha256: model.sums[file] };
  };
  const [network, autoencoder] = [await one('model.safetensors'), await one('autoencoder.safetensors')];
  return { model: network, autoencoder };
}
