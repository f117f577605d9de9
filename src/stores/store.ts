import type { Address } from "../core/message/address.ts";
import type { DeadLetter, StoredValue, Watch } from "../core/activation/effects.ts";
import type {
  FlowAttributeFilter,
  FlowEntry,
  FlowOrder,
  FlowPosition,
  IndexedStatus,
  IndexedValues,
} from "../core/engine/flow-index.ts";
import type { HandbackError } from "../core/errors/errors.ts";
import type { JournalQuery, JournalRow } from "../core/engine/journal.ts";
import type { Envelope } from "../core/message/envelope.ts";

/** A message that is stored until it is handled: a deliverable one, or a delayed one. */
export interface StoredMessage {
  readonly envelope: Envelope;
  /**
   * Position in the order of acceptance, and key of the message in the store. The engine assigns
   * it, always increasing.
   */
  readonly seq: number;
  /** Earliest time (ms) of delivery; absent: the message is deliverable. */
  readonly dueAt?: number;
  /** Delay token of a delayed message, unique among those that are pending. */
  readonly token?: string;
}

/** A watch: an address that learns of the cancellation of a scope. */
export interface ScopeWatch extends Watch {
  readonly address: Address;
}

/** One persisted value to write, or to delete if `value` is `undefined`. */
export interface StateWrite {
  /** Key of the value in the store. The engine assigns it, always increasing. */
  readonly rowId: number;
  /** `true` if the store does not have the value yet. */
  readonly isNew: boolean;
  readonly address: Address;
  readonly name: string;
  readonly value: StoredValue | undefined;
}

/** One persisted value, as it is read. */
export interface StateRow {
  readonly rowId: number;
  readonly name: string;
  readonly value: StoredValue;
}

/** The address and key of an expired value. */
export interface ExpiredValue extends Address {
  readonly name: string;
  readonly rowId: number;
}

/** A message that will not run again, with the reason. */
export interface StoredDeadLetter extends DeadLetter {
  /** Time (ms) at which the message became a dead letter. */
  readonly at: number;
}

/**
 * The evidence that a deliverable message crashes the process, as the engine encodes it in a safe
 * integer; 0 deletes the mark.
 */
export interface CrashMark {
  readonly seq: number;
  readonly crashes: number;
}

/** A change of the flow index: the entry that the store holds, and the one to hold instead. */
export type FlowChange =
  | { readonly was: FlowEntry; readonly is?: undefined }
  | { readonly was?: FlowEntry | undefined; readonly is: FlowEntry };

/** The changes of the flow index in one commit. */
export interface FlowChanges {
  /** Keys of the flows whose entries to remove, before all other changes. */
  readonly expired: readonly string[];
  /** At most one for each flow. */
  readonly changed: readonly FlowChange[];
}

/** Rows of the journal to delete: those of one flow whose positions are in a range, both included. */
export interface JournalRange {
  readonly flow: string;
  readonly from: number;
  readonly to: number;
}

/** The changes of the journal in one commit. */
export interface JournalChanges {
  readonly deleted: readonly JournalRange[];
  /**
   * Rows to add. Their positions are above those of all rows that remain, or those of rows that are
   * deleted.
   */
  readonly appended: readonly JournalRow[];
}

/**
 * The changes of one commit. A store makes all of them or none, in the order of these fields. To
 * remove, cancel or delete something absent changes nothing. To insert a `seq` that exists is an
 * error of the engine. A store may keep the objects of a batch, because they never change.
 */
export interface Batch {
  /** `seq` of deliverable messages to remove. */
  readonly removed: readonly number[];
  /** `seq` of delayed messages to remove. */
  readonly removedDelayed: readonly number[];
  /** Tokens of delayed messages to remove. */
  readonly cancelledTokens: readonly string[];
  readonly inserted: readonly StoredMessage[];
  readonly values: readonly StateWrite[];
  readonly unwatched: readonly ScopeWatch[];
  /** Watches to add. One that exists stays. */
  readonly watched: readonly ScopeWatch[];
  /** Ids of messages whose dead letters to delete. */
  readonly deletedDeadLetters: readonly string[];
  readonly addedDeadLetters: readonly StoredDeadLetter[];
  /** Crash marks to set, at most one for each message. */
  readonly crashMarks: readonly CrashMark[];
  /** Absent: none. */
  readonly flows?: FlowChanges | undefined;
  /** Changes of the journal. Absent: none. A store without {@link Store.readJournal} gets none. */
  readonly journal?: JournalChanges | undefined;
}

/** Facts about a store that was opened. */
export interface StoreInfo {
  /** Permanent id of the store. Handles carry it. */
  readonly storeId: string;
  /** Number of times that the store has been opened, including this time (1 for a new store). */
  readonly generation: number;
  /** A number above the `seq` of all stored messages. */
  readonly nextSeq: number;
  /** A number above the `rowId` of all stored values. */
  readonly nextRowId: number;
  /** A number above the positions of all rows of the journal. Absent: there is none. */
  readonly nextPosition?: number;
  /** `true` if the store was last closed cleanly, or is new. */
  readonly clean: boolean;
  /** Crash marks, in order of `seq`; none if `clean`. */
  readonly crashMarks: readonly CrashMark[];
}

/** Receives what an open store reports on its own. */
export interface StoreEvents {
  /** A person should know this. */
  warn(message: string): void;
  /** The store takes no more commits. */
  failed(error: HandbackError): void;
}

/** The flows of one function and status that an index holds. */
export interface FlowGroup {
  readonly type: string;
  readonly status: IndexedStatus;
  /** Number of flows. */
  readonly count: number;
}

/** Flows that an index holds side by side, in the order of their starts. */
export type FlowStream =
  | { readonly of: "group"; readonly group: Pick<FlowGroup, "type" | "status"> }
  | { readonly of: "attribute"; readonly attribute: FlowAttributeFilter };

/** Some states of a function, in the order of their ids by code points. */
export interface StateRange {
  readonly type: string;
  /** Text with which the ids begin. */
  readonly idPrefix: string;
  /** The id after which to begin; absent: with the first one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Lists of what a store holds. Each read takes as long as what it returns. */
export interface StoreLists {
  /** Reads ids of users' states, or of pauses (`_sys/pause`), in their order. */
  readonly stateIds: (range: StateRange) => readonly string[];
  /** Counts the dead letters. */
  readonly countDeadLetters: () => number;
  /** Reads dead letters, the oldest first, at most `limit` after a place. */
  readonly deadLetters: (range: {
    readonly after?: number | undefined;
    readonly limit: number;
  }) => readonly (StoredDeadLetter & { readonly place: number })[];
}

/** Some flows in the order of their starts. */
export interface FlowRange {
  readonly order: FlowOrder;
  /** The place after which to begin; absent: with the first flow. */
  readonly after?: FlowPosition | undefined;
  readonly limit: number;
}

/**
 * The flow index of a store: one entry for each stored record of a flow. A batch changes both
 * together.
 */
export interface FlowEntries {
  /**
   * Makes the index complete, if the store was used without it since it was made. It takes bounded
   * steps, and needs a store to which no batch is committed meanwhile.
   *
   * @returns the number of flows that were added
   */
  complete(values: IndexedValues): Promise<number>;
  /** Lists the groups that have or had flows. */
  groups(): readonly FlowGroup[];
  /** Reads flows of one stream. */
  read(stream: FlowStream, range: FlowRange): readonly FlowEntry[];
  /**
   * Reads flows whose keys begin with `prefix`, which is not empty. Returns `undefined` if there are
   * so many that the index does not order them by their starts.
   */
  readKeys(prefix: string, range: FlowRange): readonly FlowEntry[] | undefined;
  /** Finds a flow by its number. */
  find(number: string): FlowEntry | undefined;
  /** Finds a flow by its key. */
  findKey(key: string): FlowEntry | undefined;
}

/**
 * The messages and the state of the embedded engine. One process at a time has a store open.
 *
 * Commits are asynchronous, so that the writer can run outside of the event loop. At most one is in
 * flight, or two with {@link Store.queuesFrom}. A commit has reached the disk when its promise
 * resolves. Commits happen in the order of the calls. If one is rejected, the one after it is
 * rejected as well and has not happened. Reads are synchronous, and see every commit that has
 * resolved.
 */
export interface Store {
  /**
   * Number of inserted and removed messages from which a batch may be committed while the commit
   * before it is still in flight, so that the writer does not idle. Absent: one commit at a time.
   */
  readonly queuesFrom?: number | undefined;
  /**
   * Locks and opens the store.
   *
   * @throws `STORE_LOCKED`, `STORE_BUSY`, `STORE_OPEN_FAILED`, `STORE_CORRUPT`,
   * `STORE_INCOMPLETE`, `FORMAT_TOO_NEW`
   */
  open(events?: StoreEvents): Promise<StoreInfo>;
  /**
   * Commits a batch. After `STORE_FULL` or `STORE_BUSY` the batch was not committed and can be
   * committed again. After any other rejection the store must be reopened, and may or may not
   * contain the batch.
   *
   * @param mayBlock - whether the event loop has nothing else to do meanwhile (default: `true`)
   */
  commit(batch: Batch, mayBlock?: boolean): Promise<void>;
  /** Reads all values of one address. */
  readState(address: Address): readonly StateRow[];
  /** Reads deliverable messages above `afterSeq`, in order of `seq`, at most `limit`. */
  readMessages(afterSeq: number, limit: number): readonly StoredMessage[];
  /**
   * Reads delayed messages due later than `after` (default: all) and until `until`, in order of
   * `dueAt`, then `seq`, at most `limit`.
   */
  readDelayed(until: number, limit: number, after?: number): readonly StoredMessage[];
  /**
   * Reads the delayed messages of all scopes whose names begin with `prefix`, in order of `seq`. At
   * most `limit` of them, any ones.
   */
  readScope(prefix: string, limit?: number): readonly StoredMessage[];
  /** Reads the watches of all scopes whose names begin with `prefix`, at most `limit`. */
  readWatches(prefix: string, limit?: number): readonly ScopeWatch[];
  /** Returns the time at which the first delayed message is due, if there are delayed messages. */
  nextDueAt(): number | undefined;
  /** Reads dead letters, oldest first, at most `limit`. */
  readDeadLetters(limit: number): readonly StoredDeadLetter[];
  /** Reads the dead letter of the message with this id. */
  readDeadLetter(id: string): StoredDeadLetter | undefined;
  /** Reads the values that expired at or before `now`, the earliest first, at most `limit`. */
  readExpired(now: number, limit: number): readonly ExpiredValue[];
  /**
   * Reads rows of the journal in the order of their positions. Absent: the store keeps no journal.
   */
  readJournal?(query: JournalQuery): readonly JournalRow[];
  /**
   * Gives the states of one function type to another. An id that has values there already keeps
   * those.
   */
  renameStates(from: string, to: string): Promise<void>;
  /**
   * Counts the states (ids with values) of the function types that `isWanted` selects. System
   * functions are left out. Types without states are not listed.
   */
  countStates(isWanted: (type: string) => boolean): ReadonlyMap<string, number>;
  /** Counts rows, for people and tests. */
  count(): {
    readonly messages: number;
    readonly delayed: number;
    readonly state: number;
    readonly watches: number;
    readonly dead: number;
  };
  /**
   * Writes a copy of the store to a new file, or in place of an existing one. It shows the store as
   * of one moment. Absent: the store has nothing to copy.
   *
   * @throws `BACKUP_FAILED`
   */
  backup?(path: string, overwrite: boolean): Promise<void>;
  /** The flow index. Absent: the store has none. */
  readonly flows?: FlowEntries | undefined;
  /** Lists of states and dead letters. Absent: the store has none. */
  readonly lists?: StoreLists | undefined;
  /**
   * Closes the store and gives the lock back. A second call does nothing.
   *
   * @param clean - whether to record a clean close and delete all crash marks. If that cannot be
   * written, the close counts as not clean.
   */
  close(clean?: boolean): Promise<void>;
}

/** Returns the text that identifies a watch. Only its last part may contain a NUL. */
export function watchKey({ scope, address: { type, id }, token }: ScopeWatch): string {
  return `${scope}\0${type}\0${token}\0${id}`;
}
