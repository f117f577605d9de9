import type { HistoryFact, LifecycleType } from "../../history/history-facts.ts";
import type { Cursor } from "./cursor.ts";

/** The facts in every entry of a history. */
interface EntryPlace {
  /** The place of the entry. A reader that starts `after` it goes on with the next one. */
  readonly cursor: Cursor;
  /** Key of the flow. */
  readonly flow: string;
}

/** An entry of the history of a flow. Its `type` says which facts it has. */
export type HistoryEntry = EntryPlace & HistoryFact;

/** A step in the life of a flow: its start, or its end. */
export type FlowEvent = Extract<HistoryEntry, { readonly type: LifecycleType }>;

/** Options of `handle.changes`. */
export interface ReadHistoryOptions {
  /** The cursor of an entry: the entries after it are read. Default: all entries. */
  readonly after?: Cursor | undefined;
  /** Ends the reading when it is aborted: the iterator rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Options of `client.history`. */
export interface FlowHistoryOptions extends ReadHistoryOptions {
  /**
   * Number of a run, from 1, of a flow that was restarted. The last 100 earlier runs are kept.
   * Default: the current run.
   */
  readonly run?: number;
}

/** Options of `client.events`. */
export interface EventsOptions extends ReadHistoryOptions {
  /**
   * Only events of flows that started this function: a function made by `fn` or `stateful`, also
   * under its former names, or a type, `namespace/name`.
   */
  readonly function?: string | object;
  /** Only events of this flow: its key or its handle. */
  readonly flow?: string | { readonly id: string };
}
