/**
 * The contrastive loss NT-Xent (InfoNCE; Sohn 2016, van den Oord et al. 2018, Chen et al. 2020). Rows of z [M, P] are views
 * of unit length, s_ij = z_i . z_j / temperature; with p(i) the other view of the case of row i and O(i) the rows it is to
 * be told apart from, p(i) among them,
 *
 *   loss = mean_i [ log sum_{j in O(i)} exp(s_ij) - s_ip(i) ].
 *
 * O is given as a table of 0 and 1, so that other views of the same person, or of the same case drawn twice, are not
 * pushed apart. Since s <= 1/temperature, the sum is taken of exp(s - 1/temperature), which can't overflow; it can't
 * underflow either from a temperature of 0.03 on (exp(-67)).
 */
import type { Tensor } from '../graph/graph.ts';
import { multiply, subtract } from '../graph/ops/binary.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { exp, log } from '../graph/ops/unary.ts';

/** The scalar loss of z [M, P], `others` [M, M] (O above) and `partner` [M, M] (1 at [i, p(i)], else 0). */
export function ntXent(z: Tensor, others: Tensor, partner: Tensor, temperature: number): Tensor {
  const most = 1 / temperature;
  const below = subtract(multiply(matmul(z, z, false, true), most), most);
  const all = log(sum(multiply(exp(below), others), [1]));
  return mean(subtract(all, sum(multiply(below, partner), [1])));
}

/**
 * The tables `others` and `partner` of a batch whose rows are the first views of its cases, then their second views in the
 * same order. Rows of one `subject` are told apart only from other subjects and compared with their own partner.
 */
export function viewTables(subjects: readonly string[]): { others: Float32Array; partner: Float32Array } {
  const n = subjects.length;
  const rows = 2 * n;
  const others = new Float32Array(rows * rows);
  const partner = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    const p = (i + n) % rows;
    for (let j = 0; j < rows; j++)
      if (j === p || subjects[i % n] !== subjects[j % n]) others[i * rows + j] = 1;
    partner[i * rows + p] = 1;
  }
  return { others, partner };
}
