/**
 * The 95 % interval of an AUC. DeLong's, on the scale of log-odds so that it stays within 0 and 1; but where the lists
 * hardly overlap its variance falls to 0, so the interval also holds Newcombe's (2006, method 5): all AUC theta that
 *
 *   |AUC - theta| <= z sqrt(V(theta)),   V = theta (1 - theta) (1 + N ((1 - theta)/(2 - theta) + theta/(1 + theta))) / (m n)
 *
 * with N = (m + n)/2 - 1, the variance of Hanley and McNeil at theta, not at what was found.
 */
import { NORMAL_POINT } from '../../evaluation/statistics.ts';

export interface Share {
  value: number;
  low: number;
  high: number;
}

/** The interval of an AUC of `m` members and `n` others with DeLong's variance. */
export function aucInterval(auc: number, variance: number, m: number, n: number): Share {
  const [low, high] = newcombe(auc, m, n);
  if (variance <= 0 || auc <= 0 || auc >= 1) return { value: auc, low, high };
  const odds = Math.log(auc / (1 - auc));
  const half = (NORMAL_POINT * Math.sqrt(variance)) / (auc * (1 - auc));
  const back = (x: number) => 1 / (1 + Math.exp(-x));
  return { value: auc, low: Math.min(low, back(odds - half)), high: Math.max(high, back(odds + half)) };
}

function newcombe(auc: number, m: number, n: number): [number, number] {
  const pairs = (m + n) / 2 - 1;
  const variance = (t: number) => (t * (1 - t) * (1 + pairs * ((1 - t) / (2 - t) + t / (1 + t)))) / (m * n);
  /** Where the curve is crossed between the AUC, which is within, and an end, which is not. */
  const cross = (end: number): number => {
    let [inside, outside] = [auc, end];
    for (let step = 0; step < 60; step++) {
      const t = (inside + outside) / 2;
      if (Math.abs(auc - t) <= NORMAL_POINT * Math.sqrt(variance(t))) inside = t;
      else outside = t;
    }
    return (inside + outside) / 2;
  };
  return [auc <= 0 ? 0 : cross(0), auc >= 1 ? 1 : cross(1)];
}
