import type { Address } from "../message/address.ts";
import type { Encoded } from "../codec/encoded.ts";
import type { Envelope } from "../message/envelope.ts";
import type { Json } from "../data/json.ts";
import type { Run } from "./meter.ts";

/**
 * What one persisted value holds: a user's value as text, a system function's control data as JSON, or both beside each other.
 * Control data stays an object until the commit that writes it, so a value that changes ten times in a batch is encoded once.
 */
export type Content =
  | { readonly text: Encoded; readonly json?: Json }
  | { readonly json: Json; readonly text?: Encoded };

/** One persisted value as an engine keeps it. */
export interface StoredValue {
  readonly content: Content;
  /** Instant (ms since the epoch) from which the value counts as absent; absent: never. */
  readonly expiresAt?: number;
}

/** One of the persisted values of an address. */
export interface NamedValue {
  readonly name: string;
  readonly value: StoredValue;
}

/** What becomes of one named value: `null` deletes it. */
export interface ValueWrite {
  readonly name: string;
  value: StoredValue | null;
  /** A message that is sent with it tells the value: see `ImpliedValues`. */
  isDerived?: boolean;
}

/** A message that leaves: at once, or not before an instant, and then cancellable by its token. */
export type Send = {
  readonly envelope: Envelope;
  /** Instant (ms since the epoch) before which the message is not delivered. */
  readonly dueAt?: number;
  /** Names the delayed message for a later cancellation; unique per sending address while it is pending. */
  readonly token?: string;
};

/** That an address is to be told when a scope is cancelled, or one whose name begins with its name. */
export interface Watch {
  readonly scope: string;
  /** Says which of the address's watches of the scope it is. */
  readonly token: string;
}

/** Name of the message that tells an address of a cancelled scope; its control data is `{ token }`. */
export const SCOPE_CANCELLED = "guard";

/** An answer to whoever is connected and waits for `key`. It leaves after the commit, and is not kept. */
export interface Reply {
  readonly key: string;
  readonly payload: Encoded;
  readonly control?: Json;
}

/** A message that reached its end unhandled, kept for a person to look at. */
export interface DeadLetter {
  readonly envelope: Envelope;
  readonly failure: Json;
}

/**
 * Everything an activation did, as plain data. An engine commits it atomically with the consumption of the message
 * that caused it, in the order of the fields. Egress is a message whose target is an egress.
 */
export interface Effects {
  readonly address: Address;
  /** Named values to write, each once. */
  readonly writes: readonly ValueWrite[];
  /** Tokens of delayed messages of this address to cancel. */
  readonly cancels: readonly string[];
  readonly sends: readonly Send[];
  readonly replies: readonly Reply[];
  /** Watches to be taken away, then such to be set up, by engines that can (`scopedCancel`). */
  readonly unwatches: readonly Watch[];
  readonly watches: readonly Watch[];
  /** Scopes whose messages are withdrawn, with those of all scopes whose names begin so, by engines that can (`scopedCancel`). */
  readonly cancelScopes: readonly string[];
  readonly deadLetters: readonly DeadLetter[];
  /** What the run of a user's handler is billed; absent for system functions. */
  readonly run: Run | undefined;
}
