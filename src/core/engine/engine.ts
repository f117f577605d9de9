import type { Encoded } from "../codec/encoded.ts";
import type { Reply } from "../activation/effects.ts";
import type { Envelope } from "../message/envelope.ts";
import type { JournalReader } from "./journal.ts";
import type { CommittedReader } from "./committed-read.ts";
import type { FlowIndex } from "./flow-index.ts";
import type { StoreListing } from "./store-listing.ts";

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
 * - `flowIndex`: the flows of the store can be listed and counted, with {@link Engine.flowIndex}
 * - `history`: the starts and ends of flows, and what they did, can be read and followed
 * - `pause`: flows and functions can be paused: their messages wait, see `pauses.ts`
 * - `storeListing`: states and dead letters can be listed, with {@link Engine.storeListing}
 * - `streams`: values that a running handler emits leave at once, into a durable stream of its flow
 */
export type Capability =
  | "blockingGet"
  | "snapshotRead"
  | "scopedCancel"
  | "undeclaredValues"
  | "flowIndex"
  | "history"
  | "pause"
  | "storeListing"
  | "streams";

/**
 * A host of functions: it queues per address, activates, commits effects with the consumption of
 * the message, and delivers. Clients and the layers above know an engine only by this interface.
 */
export interface Engine {
  /** Identifies the store. Handles carry it. */
  readonly storeId: string;
  readonly capabilities: ReadonlySet<Capability>;
  /**
   * Tells whether a function or egress of this type is registered and, if a message is named, has
   * the operation for it. `payload` is needed for messages that name their operation there.
   */
  knows(type: string, name?: string, payload?: Encoded): boolean;
  /**
   * Returns the number of a new flow, as 16 hex digits. No other flow of the store has it. In one
   * process, numbers grow.
   */
  nextFlow(): string | Promise<string>;
  /**
   * Returns a key for a request, as short text. No other request has it: neither one of another
   * client, nor one of a process that ran before.
   */
  nextRequest(): string;
  /**
   * Takes a message from outside and waits for the reply to the request, which is sent once its
   * causes are durable.
   *
   * @throws `CLOSED`, `OVERLOADED`, `STORE_FULL`, `STORE_BUSY`, `CLUSTER_UNAVAILABLE`; rejects with
   * `STORE_FAILED` if it is unknown whether the message was taken
   */
  ask(request: ClientRequest): Promise<Reply>;
  /**
   * Listens for a reply that another request causes. The wait rejects with `CLOSED` when the engine
   * closes.
   */
  listen(key: string): ReplyListener;
  /**
   * Runs a reader on committed data (`snapshotRead`), and never waits for a running handler. The
   * engine calls `reader` again if what it read was not of one instant. An engine that answers from
   * several machines may give data of several instants, and its documentation says so.
   *
   * @returns the result itself if the engine has the data at hand
   */
  read<Result>(reader: () => CommittedReader<Result>): Result | Promise<Result>;
  /** The committed journal (`streams`, `history`). */
  readonly journal?: JournalReader | undefined;
  /** Returns the engine's current instant, in ms. */
  now(): number;
  /** Finds flows. Present with the capability `flowIndex`. */
  readonly flowIndex?: FlowIndex | undefined;
  /** Lists states and dead letters. Present with the capability `storeListing`. */
  readonly storeListing?: StoreListing | undefined;
}

/** A message from outside that asks for a reply. */
export interface ClientRequest {
  readonly envelope: Envelope;
  /**
   * Names the request and its reply, see {@link Engine.nextRequest}. An engine that sends a request
   * again, because it does not know whether it arrived, keeps the key, so that it counts once.
   */
  readonly key: string;
  /** The message starts new work. An overloaded engine may refuse it. */
  readonly begins?: boolean;
  /**
   * Key of the reply that the started work causes when it ends. If it is given and the reply to the
   * request is a receipt (`Reply.isReceipt`), the engine waits for this reply in its place, so that
   * the client need not ask again. An engine that cannot wait for it returns the
   * receipt.
   */
  readonly outcome?: string | undefined;
}

/** Listens for a reply. A reply that comes before the wait is kept for it. */
export interface ReplyListener {
  /**
   * Waits for the reply. In a handler it blocks, and may reject with `DEADLOCK` or
   * `REENTRANT_CALL`.
   * @throws `OVERLOADED` in a handler, if too many are blocked
   */
  wait(): Promise<Reply>;
  /** Stops listening. A wait then never ends. */
  stop(): void;
}
