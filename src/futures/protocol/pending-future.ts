import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { Future, settles } from "../types/future.ts";
import type { FutureHandle } from "../types/handle.ts";
import { notAValue } from "../types/not-a-value.ts";
import type { Graph } from "./graph.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import type { Node } from "./node.ts";

const BRAND = Symbol.for("handback.Future");
const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");

function refuse(): never {
  const advice = "return the future, put it into an input, or continue with ctx.onComplete";
  throw notAValue("a future", advice);
}

/**
 * A {@link Future} at run time: a node of the graph that its handler describes. Its value is known
 * in another activation only, so a `PendingFuture` stands in for a future of any type.
 */
export class PendingFuture implements Future<never> {
  declare readonly [settles]: never;
  // oxlint-disable-next-line unicorn/no-thenable -- a type only, which says that there is no `then`
  declare readonly then: undefined;
  /** Of every object. V8 adds an accessor with it in a fifth of the time of `Object.defineProperty`. */
  declare readonly __defineGetter__: (name: string, getter: () => never) => void;
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
    known: { readonly stateId?: string | undefined; readonly token?: string } = {},
  ) {
    this.#graph = graph;
    this.#node = node;
    this.stateId = known.stateId;
    this.token = known.token;
    // An own property that throws when it is read: by a spread, `structuredClone` or `Object.values`.
    // A property of the prototype would be left out.
    this.__defineGetter__("value", refuse);
  }

  /** @throws `NOT_A_VALUE` */
  [Symbol.toPrimitive](): never {
    return refuse();
  }

  /** @throws `NOT_A_VALUE` */
  toString(): never {
    return refuse();
  }

  /** @throws `NOT_A_VALUE` */
  toJSON(): never {
    return refuse();
  }

  /** Read by `Array.from` and `Math.max.apply`, as of any list. @throws `NOT_A_VALUE` */
  get length(): never {
    return refuse();
  }

  /** Makes `console.log` show a future without its token, which is a secret. */
  [INSPECT](): string {
    return this.stateId === undefined ? "Future {}" : `Future { stateId: "${this.stateId}" }`;
  }

  get idempotencyKey(): string | undefined {
    const { plan, id } = this.#node;
    if (plan.kind !== "call") return undefined;
    // Its input may hold futures, so the key is fixed once it is known.
    const { target, name, segments } = plan;
    const input = segments.join("");
    const call = { id, keyId: this.#graph.keyIdOf(id), type: target.type, name, input };
    const { key = idempotencyKeyOf(call) } = plan.actsFor ?? {};
    this.#node.plan = { ...plan, actsFor: { ...plan.actsFor, key } };
    return key;
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
