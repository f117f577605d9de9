import { append } from "../../core/data/append.ts";
import type { Address } from "../../core/message/address.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import type { ActsFor, Consumer, Patience, ReplyTo, Want } from "./consumer.ts";
import { commonScope } from "./scope.ts";
import type { Scope } from "./scope.ts";
import type { Settled } from "./settled.ts";

/** A consumer of a node's settlement, and its scope. */
export interface Taker {
  readonly consumer: Consumer;
  readonly scope: Scope;
  /** It is the boundary of the scope: settlements after a cancellation are dropped there. */
  readonly boundary?: true;
}

/** A future that another one needs, and the part of its settlement. */
export type Need = { readonly node: Node; readonly want?: Want };

/** A text with holes for the settlements of `needs`. `segments` has one entry more than `needs`. */
export type Template = { readonly segments: readonly string[]; readonly needs: readonly Need[] };

/** A call, which may have to wait for futures in its input. */
export type CallPlan = Template & {
  readonly kind: "call";
  /** An empty id means an instance of its own, named by the call, unless `isExact` is set. */
  readonly target: Address;
  /** Set for a reply to a function of another library whose id is empty. */
  readonly isExact?: true;
  readonly name: string;
  readonly creates: boolean;
  readonly oneWay: boolean;
  readonly reply?: ReplyTo;
  readonly delayMs?: number;
  readonly token?: string;
  readonly patience?: Patience | undefined;
  readonly actsFor?: ActsFor | undefined;
  /** The caller deals with its failure: nothing pauses. */
  readonly noPause?: true | undefined;
};

/** A future that the combinator of kind `of` settles. `details` are the combinator's own data. */
export type CombinatorPlan<Details = unknown> = {
  readonly kind: "combinator";
  readonly of: string;
  readonly needs: readonly Need[];
  readonly details: Details;
};

/** The messages that a node becomes when its handler ends or blocks. */
export type Plan =
  | CallPlan
  | CombinatorPlan
  | { readonly kind: "settled"; readonly settled: Settled }
  /** A future of another activation, known by its cell. */
  | { readonly kind: "cell"; readonly cell: MessageId; readonly retainUntil: number }
  /**
   * A future that is settled from outside, by a token with this digest. Its cell has its own id.
   */
  | { readonly kind: "promise"; readonly digest: string; readonly retainUntil: number }
  /** A plain message, which has no consumers. */
  | { readonly kind: "send"; readonly envelope: Envelope };

/** Returns the futures that a plan needs. */
export function needsOf(plan: Plan): readonly Need[] {
  return "needs" in plan ? plan.needs : [];
}

/** Tells whether the future is settled as soon as it is made, so that nothing can cancel it. */
export function isSettledPlan(plan: Plan): boolean {
  return plan.kind === "settled";
}

/** Adds consumers to a node, in a scope. */
export function addTakers(
  node: Node,
  scope: Scope,
  consumers: readonly Consumer[],
  boundary = false,
): void {
  extendScope(node, scope);
  for (const consumer of consumers)
    node.takers = append<Taker>(
      node.takers,
      boundary ? { consumer, scope, boundary } : { consumer, scope },
    );
}

/** Adds a consumer to the future that it needs. */
export function addConsumer(
  { node, want }: Need,
  scope: Scope,
  consumer: Consumer,
  boundary = false,
): void {
  addTakers(node, scope, [want === undefined ? consumer : { ...consumer, want }], boundary);
}

/** Notes that a node is needed in a scope. */
export function extendScope(node: Node, scope: Scope): void {
  node.scope = node.scope === undefined ? scope : commonScope(node.scope, scope);
}

/** A future or message in the graph that a running handler describes. */
export interface Node {
  id: MessageId;
  plan: Plan;
  /** Its consumers. The list is complete once every later node is compiled. */
  takers: Taker[];
  /** The innermost scope that holds everything that needs it. Absent if nothing does. */
  scope: Scope | undefined;
  /** It was canceled. */
  cancelled: boolean;
  /** A node that needed it was canceled. It is canceled, too, if no other node needs it. */
  abandoned: boolean;
  /** Instant until which its cell is kept, if it escaped. */
  escapedUntil: number | undefined;
  /** Its handle is in use. */
  kept: boolean;
}
