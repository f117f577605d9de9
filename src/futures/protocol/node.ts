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
  /** It is outside of the scope, as its boundary: what comes after a cancellation is dropped there. */
  readonly boundary?: true;
}

/** A future that another one needs, and what it needs of it. */
export type Need = { readonly node: Node; readonly want?: Want };

/** A text with holes in it: `segments` has one entry more than `needs`, whose settlements fill the holes. */
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

/** What is to become of a node when its handler ends (or blocks). */
export type Plan =
  | CallPlan
  /** A value with futures in it: a join. */
  | (Template & { readonly kind: "gather" })
  | { readonly kind: "settled"; readonly settled: Settled }
  /** A future of elsewhere, known by its cell. */
  | { readonly kind: "cell"; readonly cell: MessageId; readonly retainUntil: number }
  /** A future that is settled from outside, by a token of this digest. Its cell is its own. */
  | { readonly kind: "promise"; readonly digest: string; readonly retainUntil: number }
  /** `settled` is how it ends, if not with `undefined`. */
  | { readonly kind: "timer"; readonly dueAt: number; readonly settled?: Settled }
  | { readonly kind: "event"; readonly event: string }
  | {
      readonly kind: "wait";
      readonly needs: readonly Need[];
      readonly count: number;
      readonly dueAt?: number;
    }
  | { readonly kind: "race"; readonly needs: readonly Need[]; readonly mode: "race" | "any" }
  /** A plain message; it has no consumers. */
  | { readonly kind: "send"; readonly envelope: Envelope };

/** The nodes that a plan needs. */
export function needsOf(plan: Plan): readonly Need[] {
  return "needs" in plan ? plan.needs : [];
}

/** Whether a future of this plan is settled as soon as it is made: nothing can cancel it. */
export function isSettledPlan(plan: Plan): boolean {
  return plan.kind === "settled" || (plan.kind === "gather" && plan.needs.length === 0);
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

/** Notes that somebody in a scope needs a node. */
export function extendScope(node: Node, scope: Scope): void {
  node.scope = node.scope === undefined ? scope : commonScope(node.scope, scope);
}

/** One future of a running handler, or one message: a node of the graph that the handler describes. */
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
