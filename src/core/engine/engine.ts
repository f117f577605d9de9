import type { Address } from "../message/address.ts";
import type { Reply, NamedValue } from "../activation/effects.ts";
import type { Envelope } from "../message/envelope.ts";

/**
 * What an engine may offer beyond core. The layers above must do without, or say `UNSUPPORTED`.
 *
 * - `blockingGet`: a handler may wait for an answer while it runs
 * - `snapshotRead`: committed state can be read from outside, without a message
 * - `scopedCancel`: the messages of a scope can be withdrawn: those that wait are handed to their functions as such at once, and handlers
 *   that run for one of them learn of it
 */
export type Capability = "blockingGet" | "snapshotRead" | "scopedCancel";

/**
 * What hosts functions: queues per address, activates, commits effects with the consumption of the message, delivers.
 * This is all that clients and the layers above know of an engine.
 */
export interface Engine {
  /** Names the store; handles carry it. */
  readonly storeId: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** Whether a function or egress of this type is registered. */
  knows(type: string): boolean;
  /** A number for a new flow, above all before it, as 16 hex digits. */
  nextFlow(): string;
  /**
   * Takes a message from outside and waits for the answer of `key`, which comes once all that led to it is durable.
   *
   * @param begins - it begins work, rather than completes some: an engine that has too much of that may refuse it
   * @throws `CLOSED`, `OVERLOADED`, `STORE_FULL`; rejects with `STORE_FAILED`: then it is not known whether the message was taken
   */
  ask(envelope: Envelope, key: string, begins?: boolean): Promise<Reply>;
  /** Waits for an answer that something else will bring about. The promise ends with `CLOSED` when the engine does. */
  listen(key: string): ReplyListener;
  /** Reads what is committed at an address (`snapshotRead`). Never waits for a running handler. */
  snapshot(address: Address): readonly NamedValue[];
  /** Reads what is committed and not done with of all scopes whose names begin so (`snapshotRead`). */
  pendingWork(scope: string): PendingWork;
  /** The present instant of the engine's clock, in ms. */
  now(): number;
}

/** What is kept for some scopes. */
export interface PendingWork {
  /** Messages that are to be handled, now or when they are due. */
  readonly messages: readonly { readonly envelope: Envelope; readonly dueAt?: number }[];
  /** Addresses that are to be told when one of the scopes is cancelled, for they keep something of it. */
  readonly addresses: readonly Address[];
}

/** Somebody waiting for an answer. */
export interface ReplyListener {
  readonly reply: Promise<Reply>;
  /** Stops waiting; the promise then never settles. */
  stop(): void;
}
