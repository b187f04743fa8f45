/**
 * A scope names the parameters of a layer: `scope.child('down.0').parameter('weight', ...)` is `down.0.weight`. Layers are
 * plain functions of a scope and tensors; the graph below remembers the parameters, so there are no layer objects.
 */
import type { Graph, Initialiser, Shape, Tensor } from '../graph/graph.ts';

/** A prefix for parameter names in one graph. */
export class Scope {
  readonly graph: Graph;
  readonly prefix: string;

  constructor(graph: Graph, prefix = '') {
    this.graph = graph;
    this.prefix = prefix;
  }

  child(name: string | number): Scope {
    return new Scope(this.graph, this.#path(name));
  }

  parameter(name: string, shape: Shape, init: Initialiser): Tensor {
    return this.graph.parameter(this.#path(name), shape, init);
  }

  #path(name: string | number): string {
    return this.prefix === '' ? `${name}` : `${this.prefix}.${name}`;
  }
}
