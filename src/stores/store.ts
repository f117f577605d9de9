import type { Address } from "../core/message/address.ts";
import type { DeadLetter, StoredValue, Watch } from "../core/activation/effects.ts";
import type { Envelope } from "../core/message/envelope.ts";

/** A message that is kept until it is handled: one that waits to run, or one that waits for its time. */
export interface StoredMessage {
  readonly envelope: Envelope;
  /** Place in the order of acceptance, by which the store knows it; given by the engine, ever growing. */
  readonly seq: number;
  /** Instant (ms) before which it is not delivered; absent: deliverable. */
  readonly dueAt?: number;
  /** Cancellation key of a delayed message, unique among pending ones. */
  readonly token?: string;
}

/** An address that is to be told when a scope is cancelled. */
export interface ScopeWatch extends Watch {
  readonly address: Address;
}

/** One persisted value to write, or to delete when there is no `value`. */
export interface StateWrite {
  /** Number by which the store knows the value; given by the engine, ever growing. */
  readonly rowId: number;
  /** The value was not there before. */
  readonly isNew: boolean;
  readonly address: Address;
  readonly name: string;
  readonly value: StoredValue | undefined;
}

/** One persisted value as read. */
export interface StateRow {
  readonly rowId: number;
  readonly name: string;
  readonly value: StoredValue;
}

/** Where a value is that has expired. */
export interface ExpiredValue extends Address {
  readonly name: string;
  readonly rowId: number;
}

/** A message that will not run again, with why. */
export interface StoredDeadLetter extends DeadLetter {
  /** Instant (ms) at which it was given up. */
  readonly at: number;
}

/** How many crashes are held against a deliverable message; none: the mark is gone. */
export interface CrashMark {
  readonly seq: number;
  readonly crashes: number;
}

/**
 * What one commit changes, all or nothing, applied in this order: `removed`, `elapsed`, `cancelled`, `inserted`, `state`, `unwatched`,
 * `watched`, `exhumed`, `dead`, `marks`. Removing or cancelling what is not there changes nothing.
 * An inserted number that is already there is an error of the engine.
 * A store may keep the objects in it as they are: nothing changes them.
 */
export interface Batch {
  /** Numbers (`seq`) of deliverable messages that are done with. */
  readonly removed: readonly number[];
  /** Numbers of delayed messages that are done with. */
  readonly removedDelayed: readonly number[];
  /** Tokens of delayed messages cancelled. */
  readonly cancelled: readonly string[];
  readonly inserted: readonly StoredMessage[];
  readonly state: readonly StateWrite[];
  readonly unwatched: readonly ScopeWatch[];
  /** One that is there already stays. */
  readonly watched: readonly ScopeWatch[];
  /** Ids of messages whose dead letters go. */
  readonly deletedDeadLetters: readonly string[];
  readonly dead: readonly StoredDeadLetter[];
  /** Marks of messages as they are from now on, each message once. */
  readonly marks: readonly CrashMark[];
}

/** What opening a store tells. */
export interface StoreInfo {
  /** Names this store for ever; handles carry it. */
  readonly storeId: string;
  /** How many times the store has been opened, this time included (1 for a new one). */
  readonly generation: number;
  /** A number above those of all messages that are kept. */
  readonly nextSeq: number;
  /** A number above those of all values that are kept. */
  readonly nextRowId: number;
  /** Whether it was last closed as one that is whole; a new store was. */
  readonly clean: boolean;
  /** Marks that were left behind, in order of their messages; none when `clean`. */
  readonly marks: readonly CrashMark[];
}

/**
 * Where the embedded engine keeps its messages and state. One process has it open.
 *
 * Commits are asynchronous, so that the writer can live off the event loop: one is under way, or two where the store says so, and each has
 * reached the disk when its promise resolves. They happen in the order of the calls; when one is rejected, so is the one that was called
 * behind it, which then has not happened. Reads are synchronous, and see every commit that has resolved.
 */
export interface Store {
  /**
   * Messages that come and go with a batch from which it may be handed over while the commit before it is under way, so that the writer
   * need not wait for it. Not given: one commit at a time.
   */
  readonly queuesFrom?: number | undefined;
  /** Takes the lock and opens; @throws `STORE_LOCKED`, `STORE_OPEN_FAILED`, `STORE_CORRUPT`, `FORMAT_TOO_NEW`. */
  open(): Promise<StoreInfo>;
  /**
   * Commits; a rejection means that the store must be opened anew, and that the batch may or may not be there. `mayBlock`, unless told
   * otherwise: the event loop has nothing else to do meanwhile.
   */
  commit(batch: Batch, mayBlock?: boolean): Promise<void>;
  /** Reads all values of one address. */
  readState(address: Address): readonly StateRow[];
  /** Reads deliverable messages in order of `seq`, those above `afterSeq`, at most `limit`. */
  readMessages(afterSeq: number, limit: number): readonly StoredMessage[];
  /** Reads delayed messages due later than `after` (default: all), until `until`, in order of `dueAt` then `seq`, at most `limit`. */
  readDelayed(until: number, limit: number, after?: number): readonly StoredMessage[];
  /** Reads the delayed messages of all scopes whose names begin so, in order of `seq`. */
  readScope(prefix: string): readonly StoredMessage[];
  /** Reads who watches a scope whose name begins so. */
  readWatches(prefix: string): readonly ScopeWatch[];
  /** The instant at which the first delayed message is due, if there is one. */
  nextDueAt(): number | undefined;
  /** Reads dead letters, oldest first, at most `limit`. */
  readDeadLetters(limit: number): readonly StoredDeadLetter[];
  /** Reads the dead letter of the message with this id. */
  readDeadLetter(id: string): StoredDeadLetter | undefined;
  /** Reads which values expired at or before `now`, those that expired first, at most `limit`, for collection. */
  readExpired(now: number, limit: number): readonly ExpiredValue[];
  /** Gives the states of one function type to another; an id that already has values under it keeps those. */
  renameStates(from: string, to: string): Promise<void>;
  /** Counts rows, for people and tests. */
  count(): {
    readonly messages: number;
    readonly delayed: number;
    readonly state: number;
    readonly watches: number;
    readonly dead: number;
  };
  /**
   * Closes and gives the lock back. With `clean`, the next opening is told so, and the marks go; if that cannot be written, it was not.
   * A second call does nothing.
   */
  close(clean?: boolean): Promise<void>;
}

/** Returns the text that identifies a watch. Only its last part may hold a NUL. */
export function watchKey({ scope, address: { type, id }, token }: ScopeWatch): string {
  return `${scope}\0${type}\0${token}\0${id}`;
}
