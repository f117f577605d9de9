import type { Clock } from "../host/clock.ts";
import type { Encoded } from "../codec/encoded.ts";
import type { Envelope } from "../message/envelope.ts";
import type { Reply, Effects } from "./effects.ts";
import type { HistoryRule } from "./history-note.ts";
import type { Log } from "../host/log.ts";
import type { WorkLog } from "../host/work-log.ts";

/** Lets a handler wait for a reply while it runs: the optional capability `blockingGet`. */
export interface Blocking {
  /** Lets the handler of a message block, before it sends anything. @throws `OVERLOADED` */
  admit(envelope: Envelope): void;
  /** Commits the messages sent so far. The state and the consumption of the message stay open. */
  flush(effects: Effects): void;
  /**
   * Waits for the reply of `key`. Keeps the address and gives back the handler slot meanwhile.
   * @throws `DEADLOCK`, `REENTRANT_CALL`
   */
  receive(envelope: Envelope, key: string): Promise<Reply>;
}

/**
 * The outside world of an activation: time, randomness, ids, and the registered functions. The
 * engine injects it.
 */
export interface Environment {
  /** Identifies the store. Handles carry it. */
  readonly storeId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Bounds the lines about the work in the log. Without it, they go to the log unbounded. */
  readonly workLog?: WorkLog;
  /** Largest encoded value, in characters. */
  readonly payloadLimit: number;
  /** Time for which settled flows and futures are kept, in ms. */
  readonly retentionMs: number;
  /** Age-out time of states that were created without an id, in ms. */
  readonly ageOutMs: number;
  /** Age-out time of states with given ids, in ms. Default: they do not age out. */
  readonly givenAgeOutMs?: number | undefined;
  /** The end of a call of a user's function that throws. Default: it fails. */
  readonly whenFailed?: "fail" | "pause";
  /** Returns a number in [0, 1). */
  random(): number;
  /** Returns bytes from a cryptographic generator. */
  secret(bytes: number): Uint8Array;
  /**
   * False if dead letters leave the engine, so that none can be redriven. A call that was given up
   * then fails for its callers at once. Default: true.
   */
  readonly holdsDeadLetters?: boolean;
  /** True if a client's request may come twice. Default: false. */
  readonly repeatsRequests?: boolean;
  /** Present if the engine keeps the history of flows (`history`). */
  readonly history?: HistoryRule | undefined;
  /** True if the messages of a scope can be canceled (`scopedCancel`). */
  readonly scopedCancel: boolean;
  /**
   * Tells whether a function or egress of this type is registered and, if a message is named, has
   * the operation for it. `payload` is needed for messages that name their operation there.
   */
  knows(type: string, name?: string, payload?: Encoded): boolean;
}
