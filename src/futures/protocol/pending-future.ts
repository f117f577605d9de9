import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { Future, settles } from "../types/future.ts";
import type { FutureHandle } from "../types/handle.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";

const BRAND = Symbol.for("handback.Future");

/**
 * A {@link Future} at run time: a node of the graph that its handler describes. Its value is known
 * in another activation only, so a `PendingFuture` stands in for a future of any type.
 */
export class PendingFuture implements Future<never> {
  declare readonly [settles]: never;
  // oxlint-disable-next-line unicorn/no-thenable -- a type only, which says that there is no `then`
  declare readonly then: undefined;
  readonly #graph: Graph;
  readonly #node: Node;
  readonly stateId: string | undefined;
  readonly token: string | undefined;

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  constructor(
    graph: Graph,
    node: Node,
    known: { readonly stateId?: string; readonly token?: string } = {},
  ) {
    this.#graph = graph;
    this.#node = node;
    this.stateId = known.stateId;
    this.token = known.token;
  }

  handle(): FutureHandle<never> {
    this.#graph.checkOpen();
    return this.#graph.makeHandle(this.#node, this.#graph.scope);
  }

  /**
   * Returns the node of a future that `graph` made. @throws `FOREIGN_FUTURE`, `NOT_A_FUTURE`,
   * `NOT_DURABLE`
   */
  static node(graph: Graph, value: unknown, what: string): Node {
    if (typeof value === "object" && value !== null && #node in value) {
      if (value.#graph === graph) return value.#node;
      throw new HandbackError(
        "FOREIGN_FUTURE",
        `${what} is a future of another activation; pass its handle() and use ctx.future(handle)`,
      );
    }
    if (
      typeof value === "object" &&
      value !== null &&
      "then" in value &&
      typeof value.then === "function"
    ) {
      throw new HandbackError(
        "NOT_DURABLE",
        `${what} is a JavaScript promise, which does not survive a restart: expected a future (of ctx.invoke, for one)`,
      );
    }
    throw new HandbackError("NOT_A_FUTURE", `${what}: expected a future, got ${show(value)}`);
  }
}

/** Tells whether a value is a future, also one of another copy of the package. */
export function isFuture(value: object): value is Future<unknown> & object {
  return BRAND in value;
}
