/** The lines that benchmarks end with: `{"name", "ours", "peer", "ratio", "unit"}`, ratio above 1 where ours is better. */

export interface Line {
  name: string;
  ours: number;
  /** None, or `Infinity` of a peer that was never measured: null, and no ratio. */
  peer?: number;
  unit: string;
  /** More is better; else less. */
  more?: boolean;
}

/** One line of results as JSON. */
export function line({ name, ours, peer = Infinity, unit, more = false }: Line): string {
  const known = Number.isFinite(peer);
  return JSON.stringify({
    name,
    ours: Number(ours.toPrecision(4)),
    peer: known ? Number(peer.toPrecision(4)) : null,
    ratio: known ? Number((more ? ours / peer : peer / ours).toFixed(2)) : null,
    unit,
  });
}
