/** Figures and verdicts as the front matter holds them. */
import type { SetEvaluation } from '../evaluation/setReport.ts';
import type { AuditRecord } from '../privacy/auditRecord.ts';

/** Each metric with its interval, what real bones score (a floor where there is one), and the verdict on it. */
export function metricsOf({ metrics }: SetEvaluation) {
  return Object.entries(metrics).map(([name, { value, low, high, unit, reference, floor, verdict }]) => ({
    name,
    value,
    ...(low !== undefined && { low, high }),
    ...(unit !== '' && { unit }),
    ...(floor === undefined
      ? reference !== undefined && { real: reference }
      : { real: floor.median, real_low: floor.low, real_high: floor.high }),
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
