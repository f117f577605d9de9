import type { Address } from "../message/address.ts";
import type { Encoded } from "../codec/encoded.ts";
import type { Reply, NamedValue } from "../activation/effects.ts";
import type { Envelope } from "../message/envelope.ts";

/**
 * An optional ability of an engine beyond core. Layers above do without it, or throw `UNSUPPORTED`.
 *
 * - `blockingGet`: a handler may wait for a reply while it runs
 * - `snapshotRead`: committed state can be read from outside, without a message
 * - `scopedCancel`: the messages of a scope can be canceled; waiting ones are handed to their
 * functions as canceled at once; running handlers see an abort signal, and are given up after their
 * grace. Without it, work that was canceled goes on, unseen
 * - `undeclaredValues`: an activation reads all stored values of its address, also those that the
 * function no longer declares
 */
export type Capability = "blockingGet" | "snapshotRead" | "scopedCancel" | "undeclaredValues";

/**
 * A host of functions: it queues per address, activates, commits effects with the consumption of
 * the message, and delivers. Clients and the layers above know an engine only by this interface.
 */
export interface Engine {
  /** Identifies the store. Handles carry it. */
  readonly storeId: string;
  readonly capabilities: ReadonlySet<Capability>;
  /**
   * Prefix of the keys by which this engine's client recognizes its replies. Clients that read the
   * same replies have different ones.
   */
  readonly clientName: string;
  /**
   * Tells whether a function or egress of this type is registered and, if a message is named, has
   * the operation for it. `payload` is needed for messages that name their operation there.
   */
  knows(type: string, name?: string, payload?: Encoded): boolean;
  /** Returns the number of a new flow, larger than all before it, as 16 hex digits. */
  nextFlow(): string;
  /**
   * Takes a message from outside and waits for the reply of `key`, which is sent once its causes
   * are durable.
   *
   * @param begins - true if the message starts new work; an overloaded engine may refuse it
   * @throws `CLOSED`, `OVERLOADED`, `STORE_FULL`, `STORE_BUSY`; rejects with `STORE_FAILED` if it
   * is unknown whether the message was taken
   */
  ask(envelope: Envelope, key: string, begins?: boolean): Promise<Reply>;
  /**
   * Waits for a reply that another request causes. The promise rejects with `CLOSED` when the
   * engine closes. In a handler, it may reject with `DEADLOCK` or `REENTRANT_CALL`.
   * @throws `OVERLOADED` in a handler, if too many are blocked
   */
  listen(key: string): ReplyListener;
  /**
   * Reads the committed values of an address (`snapshotRead`). Never waits for a running handler.
   */
  snapshot(address: Address): readonly NamedValue[];
  /**
   * Reads the committed work that is not done yet, of all scopes whose names begin with `scope`
   * (`snapshotRead`).
   */
  pendingWork(scope: string): PendingWork;
  /** Returns the engine's current instant, in ms. */
  now(): number;
}

/** A message to be handled, now or when it is due. */
export interface PendingMessage {
  readonly envelope: Envelope;
  readonly dueAt?: number;
  /** Why it is parked: it stays in the store until the engine starts with what it needs. */
  readonly parked?: string;
}

/** The work that is stored for some scopes. */
export interface PendingWork {
  readonly messages: readonly PendingMessage[];
  /** Addresses that watch one of the scopes, because they store something of it. */
  readonly addresses: readonly Address[];
}

/** A wait for a reply. */
export interface ReplyListener {
  readonly reply: Promise<Reply>;
  /** Stops waiting. The promise then never settles. */
  stop(): void;
}
