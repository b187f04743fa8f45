/** The page of one generator: what it is, its bones, its card. */
import { RUNTIME } from 'virtual:runtime';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Explanation } from '../../src/errors.ts';
import type { SiteRecord } from '../../src/sampling/exportWebRecord.ts';
import { SamplerPanel } from '../sampler/SamplerPanel.tsx';
import type { WeightsSource } from '../sampler/useSampler.ts';
import { explained } from '../ui/bones.ts';
import { Fault } from '../ui/Fault.tsx';
import { Theme } from '../ui/Theme.tsx';
import { fetchCard, fetchRecord, fetchWeights } from './model.ts';
import { keepAll, letNewerIn, onNewer, prepare } from './offline.ts';

/** Of a generator of patients nobody can promise that. */
const titleOf = ({ bone, phantom }: SiteRecord): string =>
  phantom ? `A ${bone} that no one ever had` : `A synthetic ${bone}`;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

export function App() {
  const [record, setRecord] = useState<SiteRecord>();
  const [notes, setNotes] = useState<string[]>([]);
  const [fault, setFault] = useState<Explanation>();
  const [kept, setKept] = useState('');
  const [newer, setNewer] = useState(false);

  const keep = useCallback(async () => {
    const { kept: whole, why } = await keepAll();
    setKept(
      whole ? 'Kept on this device: works without a network.' : why ? `Not kept on this device: ${why}.` : '',
    );
  }, []);
  const onLoaded = useCallback(async () => {
    await keep();
    await letNewerIn();
  }, [keep]);
  useEffect(() => {
    prepare()
      .then(async (prepared) => {
        if (prepared === 'reload') return;
        setNotes(prepared);
        const found = await fetchRecord();
        setRecord(found);
        document.title = titleOf(found);
        // The page itself comes from the server where it can: it may be the newer one already.
        onNewer(async () => {
          setNewer(JSON.stringify(await fetchRecord()) !== JSON.stringify(found));
          keep();
        });
      })
      .catch((error) => setFault(explained(error)));
  }, [keep]);
  const source = useMemo<WeightsSource | undefined>(
    () =>
      record &&
      ((say) =>
        fetchWeights(record, (bytes) =>
          say(`loading the generator, ${megabytes(bytes)} of ${megabytes(record.model.bytes)} MB`),
        )),
    [record],
  );
  return (
    <>
      <header className="top">
        <strong>cranioflow</strong>
        <span className="quiet">Research use only. Not a medical device.</span>
        <Theme />
      </header>
      <main>
        <h1>
          {record ? titleOf(record) : 'A synthetic bone'}{' '}
          {record?.phantom && <span className="stamp">PHANTOM</span>}
        </h1>
        <p className="quiet lead">
          Made here, in this browser: nothing is sent anywhere. {record?.origin}
          {record?.private && ' What was promised to the persons it learnt from is in the card.'}
        </p>
        {fault && <Fault error={fault} />}
        {newer && (
          <p className="notice" role="status">
            There is a newer version of this page.{' '}
            <button type="button" onClick={() => location.reload()}>
              Reload
            </button>
          </p>
        )}
        {notes.map((note) => (
          <p className="notice" key={note}>
            {note}
          </p>
        ))}
        {source ? (
          <SamplerPanel
            source={source}
            builds={RUNTIME}
            quality={record?.quality ?? null}
            command={`cranioflow generate --run ${record?.model.folder}`}
            linked
            onLoaded={onLoaded}
          />
        ) : (
          !fault && <p className="quiet">Preparing …</p>
        )}
        {record && <Card record={record} />}
      </main>
      <footer className="quiet">
        {kept && <span>{kept}</span>}
        {record && (
          <span>
            cranioflow {record.cranioflow} · <a href="./licences.md">Licences</a>
          </span>
        )}
      </footer>
    </>
  );
}

/** The card of the generator, as text. */
function Card({ record }: { record: SiteRecord }) {
  const [text, setText] = useState('');
  const open = (shown: boolean): void => {
    if (shown && text === '') fetchCard(record).then(setText, (error) => setText(explained(error).found));
  };
  return (
    <details onToggle={({ currentTarget }) => open(currentTarget.open)}>
      <summary>Card of the generator</summary>
      <pre>{text || '…'}</pre>
    </details>
  );
}
