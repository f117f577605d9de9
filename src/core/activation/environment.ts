import type { Clock } from "../host/clock.ts";
import type { Envelope } from "../message/envelope.ts";
import type { Reply, Effects } from "./effects.ts";
import type { Log } from "../host/log.ts";

/** Lets a handler wait for an answer while it runs: the optional capability `blockingGet`. */
export interface Blocking {
  /** Commits what the activation has sent so far; its state and the consumption of its message stay open. */
  flush(effects: Effects): void;
  /** Waits for the answer of `key`, holding the address and slot of the message's handler. @throws `DEADLOCK`, `REENTRANT_CALL` */
  receive(envelope: Envelope, key: string): Promise<Reply>;
}

/** What the outside is to an activation: time, randomness, ids, and what else is registered. Injected by the engine. */
export interface Environment {
  /** Names the store; handles carry it. */
  readonly storeId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Largest encoded value, in characters. */
  readonly payloadLimit: number;
  /** How long what has settled is kept, in ms. */
  readonly retentionMs: number;
  /** Age-out time of states that were created without an id, in ms. */
  readonly ageOutMs: number;
  /** A number in [0, 1). */
  random(): number;
  /** Bytes from a cryptographic generator. */
  secret(bytes: number): Uint8Array;
  /** Whether the messages of a scope can be withdrawn (`scopedCancel`). */
  readonly scopedCancel: boolean;
  /** Whether a function or egress of this type is registered. */
  knows(type: string): boolean;
}
