import type { Address } from "../message/address.ts";
import type { Envelope } from "../message/envelope.ts";

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
