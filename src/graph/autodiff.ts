/**
 * Reverse-mode differentiation: walks the nodes backwards from a scalar loss and lets every op add the nodes of its own
 * gradient to the same graph. What comes out is again a graph, so forward and backward are emitted and run as one.
 *
 * Values that a cheap op can make again (`Op.recompute`: norm's affine map, SiLU) are made again where the backward pass
 * needs them. On the U-Net of the benchmark that keeps one tensor a norm instead of three.
 * Griewank & Walther, "Evaluating Derivatives" (2008), chapter 3.
 */
import { type Node, shapeError, type Tensor } from './graph.ts';
import { add } from './ops/binary.ts';

/**
 * d loss / d t for each `t` of `targets`, in their order; `undefined` where the loss does not depend on `t`.
 * Throws `ShapeError` when the loss is no float32 scalar.
 */
export function gradients(loss: Tensor, targets: readonly Tensor[]): (Tensor | undefined)[] {
  if (loss.shape.length !== 0 || loss.dtype !== 'float32')
    throw shapeError('gradients', [loss], 'a float32 scalar (rank 0) to differentiate');
  const graph = loss.graph;
  const wanted = nodesThatReach(targets, loss.node.id);
  const sums = new Map<Node, (Tensor | undefined)[]>();
  const again = new Recomputed();
  sums.set(loss.node, at(loss.output, graph.scalar(1)));

  for (let id = loss.node.id; id >= 0; id--) {
    const node = graph.nodes[id];
    const outputs = sums.get(node);
    if (outputs === undefined || !wanted.has(node) || node.inputs.length === 0) continue;
    if (node.op.gradient === undefined) continue;
    const contributions = node.op.gradient(again.node(node), outputs);
    for (const [i, contribution] of contributions.entries()) {
      const input = node.inputs[i];
      if (contribution === undefined || !wanted.has(input.node)) continue;
      if (contribution.shape.join() !== input.shape.join())
        throw shapeError(
          `gradient of ${node.op.type}`,
          [input, contribution],
          'a gradient shaped like its operand',
        );
      const known = sums.get(input.node) ?? [];
      known[input.output] =
        known[input.output] === undefined ? contribution : add(known[input.output]!, contribution);
      sums.set(input.node, known);
    }
  }
  return targets.map((t) => sums.get(t.node)?.[t.output]);
}

/** Nodes as the backward pass sees them: with inputs and outputs that were made again instead of kept. */
class Recomputed {
  readonly #values = new Map<Tensor, Tensor>();

  node(node: Node): Node {
    return {
      ...node,
      inputs: node.inputs.map((t) => this.#value(t)),
      outputs: node.outputs.map((t) => this.#value(t)),
    };
  }

  #value(t: Tensor): Tensor {
    const { op } = t.node;
    if (op.recompute === undefined) return t;
    if (!this.#values.has(t)) {
      const made = op.recompute(
        t.node,
        t.node.inputs.map((i) => this.#value(i)),
      );
      for (const [i, output] of t.node.outputs.entries()) this.#values.set(output, made[i]);
    }
    return this.#values.get(t)!;
  }
}

function at(index: number, tensor: Tensor): (Tensor | undefined)[] {
  const list: (Tensor | undefined)[] = [];
  list[index] = tensor;
  return list;
}

/** The nodes, up to `last`, whose value depends on one of `targets`: only their gradients are worth building. */
function nodesThatReach(targets: readonly Tensor[], last: number): Set<Node> {
  const reached = new Set<Node>(targets.map((t) => t.node));
  const nodes = targets[0]?.graph.nodes ?? [];
  for (let id = 0; id <= last; id++)
    if (nodes[id].inputs.some((t) => reached.has(t.node))) reached.add(nodes[id]);
  return reached;
}
