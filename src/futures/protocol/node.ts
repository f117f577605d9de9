import { append } from "../../core/data/append.ts";
import type { Address } from "../../core/message/address.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import type { Consumer, ReplyTo, Want } from "./consumer.ts";
import { commonScope } from "./scope.ts";
import type { Scope } from "./scope.ts";
import type { Settled } from "./settled.ts";

/** Who takes a node's settlement, and in which scope that goes on. */
export interface Taker {
  readonly consumer: Consumer;
  readonly scope: Scope;
  /**
   * It is outside of the scope, as its boundary: what comes after a cancellation is dropped there.
   */
  readonly boundary?: true;
}

/** A future that another one needs, and what it needs of it. */
export type Need = { readonly node: Node; readonly want?: Want };

/**
 * A text with holes in it: `segments` has one entry more than `needs`, whose settlements fill the
 * holes.
 */
export type Template = { readonly segments: readonly string[]; readonly needs: readonly Need[] };

/** A call, which may have to wait for futures in its input. */
export type CallPlan = Template & {
  readonly kind: "call";
  /** Without an id: an instance of its own, named by the call. */
  readonly target: Address;
  readonly name: string;
  readonly creates: boolean;
  readonly oneWay: boolean;
  readonly reply?: ReplyTo;
  readonly delayMs?: number;
  readonly token?: string;
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

/** Has a node's settlement taken, in a scope. */
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

/** Lets a consumer ride on the message of the future that it needs. */
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

/**
 * One future of a running handler, or one message: a node of the graph that the handler describes.
 */
export interface Node {
  id: MessageId;
  plan: Plan;
  /** Who takes its settlement; complete once every later node is wired. */
  takers: Taker[];
  /** The innermost scope that holds all who need it; none so far: nobody does. */
  scope: Scope | undefined;
  /** It was cancelled. */
  cancelled: boolean;
  /** Something that needed it was cancelled; if nobody else needs it, so is it. */
  abandoned: boolean;
  /** Instant until which its cell is kept, if it escaped. */
  escapedUntil: number | undefined;
  /** Somebody holds its handle. */
  kept: boolean;
}
