import type { Address } from "../core/address.ts";
import type { Envelope } from "../core/envelope.ts";
import type { MessageId } from "../core/message-id.ts";
import type { Consumer, ReplyTo, Want } from "./consumer.ts";
import type { Settled } from "./settled.ts";

/** A future that another one needs, and what it needs of it. */
export type Need = { readonly node: Node; readonly want?: Want };

/** A text with holes in it: `segments` has one entry more than `needs`, whose settlements fill the holes. */
export type Filling = { readonly segments: readonly string[]; readonly needs: readonly Need[] };

/** A call, which may have to wait for futures in its input. */
export type CallPlan = Filling & {
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
  | (Filling & { readonly kind: "gather" })
  | { readonly kind: "settled"; readonly settled: Settled }
  /** A future of elsewhere, known by its cell. */
  | { readonly kind: "cell"; readonly cell: MessageId; readonly retainUntil: number }
  | { readonly kind: "timer"; readonly dueAt: number }
  | { readonly kind: "event"; readonly event: string }
  | { readonly kind: "wait"; readonly needs: readonly Need[]; readonly count: number; readonly dueAt?: number }
  /** A plain message; it has no consumers. */
  | { readonly kind: "send"; readonly envelope: Envelope };

/** One future of a running handler, or one message: a node of the graph that the handler describes. */
export interface Node {
  id: MessageId;
  plan: Plan;
  /** Who takes its settlement; complete once every later node is wired. */
  consumers: Consumer[];
  /** Instant until which its cell is kept, if it escaped. */
  escapedUntil: number | undefined;
  /** Somebody holds its handle. */
  kept: boolean;
}
