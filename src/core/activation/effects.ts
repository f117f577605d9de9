import type { Address } from "../message/address.ts";
import type { Encoded } from "../codec/encoded.ts";
import type { Envelope } from "../message/envelope.ts";
import type { HistoryNote } from "./history-note.ts";
import type { Json } from "../data/json.ts";
import type { Run } from "./meter.ts";

/**
 * The content of one persisted value: a user's value as text, a system function's control data as
 * JSON, or both. Control data stays an object until the commit that writes it, so a value that
 * changes ten times in a batch is encoded once.
 */
export type Content =
  | { readonly text: Encoded; readonly json?: Json }
  | { readonly json: Json; readonly text?: Encoded };

/** One persisted value as an engine keeps it. */
export interface StoredValue {
  readonly content: Content;
  /** Instant (ms since the epoch) from which the value counts as absent. Omitted: never. */
  readonly expiresAt?: number;
}

/** One of the persisted values of an address. */
export interface NamedValue {
  readonly name: string;
  readonly value: StoredValue;
}

/** A write of one named value. `null` deletes it. */
export interface ValueWrite {
  readonly name: string;
  value: StoredValue | null;
  /** A message sent with it also holds the value. See `DerivedValues`. */
  isDerived?: boolean;
}

/**
 * A message that leaves: at once, or not before an instant. A delayed message can be canceled by
 * its token.
 */
export type Send = {
  readonly envelope: Envelope;
  /** Instant (ms since the epoch) before which the message is not delivered. */
  readonly dueAt?: number;
  /**
   * Names the delayed message for a later cancellation. Unique per sending address while it is
   * pending.
   */
  readonly token?: string;
};

/** A request to tell an address when a scope, or a scope around it, is canceled. */
export interface Watch {
  readonly scope: string;
  /** Identifies the watch among those of the address and the scope. */
  readonly token: string;
}

/**
 * Name of the message that tells an address of a canceled scope. Its control data is `{ token }`.
 */
export const SCOPE_CANCELLED = "guard";

/**
 * Begins the token of a watch for a held dead letter. The id of its message follows. If the scope is
 * canceled, the letter is handed to its function once more.
 */
export const HELD_WATCH = "held/";

/** A scope to cancel, with all scopes whose names begin with its name. */
export interface CancelledScope {
  readonly scope: string;
  /** Time in ms after which its running handlers are given up. Default: that of each function. */
  readonly graceMs?: number | undefined;
}

/**
 * A scope whose boundary has settled. Work that is left in it is canceled with the scope around it.
 */
export interface ClosedScope {
  readonly scope: string;
  readonly parent: string;
}

/**
 * A reply to the client or handler that waits for `key`. It leaves after the commit and is not
 * stored.
 */
export interface Reply {
  readonly key: string;
  readonly payload: Encoded;
  readonly control?: Json;
  /**
   * It only says that the request is accepted. A client that named the request's outcome gets the
   * reply of that key later.
   */
  readonly isReceipt?: true;
}

/** A message that reached its end unhandled, kept for a person to look at. */
export interface DeadLetter {
  readonly envelope: Envelope;
  readonly failure: Json;
}

/**
 * All effects of an activation, as plain data. An engine commits them atomically with the
 * consumption of the message, in the order of the fields. Egress is a message whose target is an
 * egress.
 */
export interface Effects {
  readonly address: Address;
  /** Named values to write, each once. */
  readonly writes: readonly ValueWrite[];
  /** Tokens of delayed messages of this address to cancel. */
  readonly cancels: readonly string[];
  readonly sends: readonly Send[];
  readonly replies: readonly Reply[];
  /** Watches to remove, then watches to add, by engines with `scopedCancel`. */
  readonly unwatches: readonly Watch[];
  readonly watches: readonly Watch[];
  /** Scopes to cancel, by engines with `scopedCancel`. */
  readonly cancelScopes: readonly CancelledScope[];
  /** Scopes whose boundary has settled, for engines with `scopedCancel`. */
  readonly closedScopes: readonly ClosedScope[];
  readonly deadLetters: readonly DeadLetter[];
  /** Entries for the histories of flows, by engines that keep them. */
  readonly notes: readonly HistoryNote[];
  /** Numbers of flows whose journal to delete, by engines that keep one. */
  readonly purgedFlows: readonly string[];
  /** Usage of the run of a user's handler. Absent for system functions. */
  readonly run: Run | undefined;
}
