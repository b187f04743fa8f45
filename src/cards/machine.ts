/** Figures and verdicts as the front matter holds them. */
import type { SetEvaluation } from '../evaluation/setReport.ts';
import type { AuditRecord } from '../privacy/auditRecord.ts';

/** Each metric with its interval, and the verdict on it where there is one. */
export function metricsOf({ metrics }: SetEvaluation) {
  return Object.entries(metrics).map(([name, { value, low, high, unit, reference, verdict }]) => ({
    name,
    value,
    ...(low !== undefined && { low, high }),
    ...(unit !== '' && { unit }),
    ...(reference !== undefined && { reference }),
    ...(verdict !== undefined && { verdict }),
  }));
}

/** What an audit came to. */
export function verdictsOf({ verdict, network, mayBeCalledAnonymised, fake, run, cranioflow }: AuditRecord) {
  return {
    set: verdict,
    network,
    anonymised: mayBeCalledAnonymised,
    audited_set: fake.hash,
    audited_network: run.hash,
    by: `cranioflow ${cranioflow}`,
  };
}
