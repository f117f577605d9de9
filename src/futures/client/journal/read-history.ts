import type { Engine } from "../../../core/engine/engine.ts";
import { decodeHistoryRow, HISTORY_TOPIC } from "../../../core/engine/history-row.ts";
import type { JournalRow } from "../../../core/engine/journal.ts";
import {
  anything,
  optional,
  checkedBy,
  readOptions,
  wholeNumber,
} from "../../../core/validation/options.ts";
import type { OptionTable } from "../../../core/validation/options.ts";
import { decodeHistoryFact, LIFECYCLE } from "../../history/history-facts.ts";
import { numberOfRun } from "../../flow/record/earlier-runs.ts";
import { settledReplyKey } from "../../flow/record/settled-reply.ts";
import { functionTypes } from "../../listing/flow-filter.ts";
import { abortSignal } from "./abort-signal.ts";
import { Cursors } from "./cursor.ts";
import { hasEnded } from "./find-flow.ts";
import type { FindFlow } from "./find-flow.ts";
import { flowKeyOf } from "../../../core/validation/flow-key.ts";
import { followJournal, requireJournal } from "./follow-journal.ts";
import type {
  EventsOptions,
  FlowEvent,
  FlowHistoryOptions,
  HistoryEntry,
  ReadHistoryOptions,
} from "./history-entry.ts";

const HISTORY_OPTIONS = {
  after: anything(),
  signal: abortSignal,
} satisfies OptionTable<ReadHistoryOptions>;

const FLOW_HISTORY_OPTIONS = {
  ...HISTORY_OPTIONS,
  run: optional(wholeNumber({ from: 1 })),
} satisfies OptionTable<FlowHistoryOptions>;

const EVENTS_OPTIONS = {
  ...HISTORY_OPTIONS,
  function: optional(functionTypes),
  flow: optional(checkedBy<string, EventsOptions["flow"]>(flowKeyOf)),
} satisfies OptionTable<EventsOptions>;

/** The engine whose journal is read, and the way to the records of its flows. */
export interface HistorySource {
  readonly engine: Engine;
  readonly find: FindFlow;
}

/** Entries to read. */
interface Wanted<Entry extends HistoryEntry> {
  /** Key of the flow; absent: all flows. */
  readonly flow: string | undefined;
  /** Number of the flow's run, from 1. Default: the current one. */
  readonly run?: number | undefined;
  /** Tells whether an entry is read. */
  readonly takes: (entry: HistoryEntry) => entry is Entry;
  readonly cursors: Cursors;
  /** The position after which reading begins. */
  readonly after: number;
  readonly signal: AbortSignal | undefined;
  /** When the reading ends: with the flow, with the entries that there are now, or never. */
  readonly until: "flow" | "now" | "never";
}

/**
 * Reads the history of a flow: `until` now, or until the `flow` has ended. Checks its arguments at
 * once.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_CURSOR`, `UNSUPPORTED`
 */
export function readHistory(
  source: HistorySource,
  flow: string,
  {
    until,
    options = {},
  }: {
    readonly until: "flow" | "now";
    readonly options: FlowHistoryOptions | undefined;
  },
): AsyncGenerator<HistoryEntry, void, void> {
  const method = until === "now" ? "history" : "changes";
  const { after, signal, run } =
    until === "now"
      ? readOptions(method, FLOW_HISTORY_OPTIONS, options)
      : { ...readOptions(method, HISTORY_OPTIONS, options), run: undefined };
  const ofRun = run === undefined ? [] : [String(run)];
  const cursors = new Cursors([source.engine.storeId, "history", flow, ...ofRun]);
  const place = { cursors, after: cursors.positionOf(after), signal };
  return readEntries(source, method, { flow, run, takes: isAny, ...place, until });
}

/** Follows the events of flows. @throws as {@link readHistory} */
export function readEvents(
  source: HistorySource,
  options: EventsOptions = {},
): AsyncGenerator<FlowEvent, void, void> {
  const read = readOptions("events", EVENTS_OPTIONS, options);
  const { after, signal, function: types, flow } = read;
  const cursors = new Cursors([source.engine.storeId, "events", flow, types?.join()]);
  const place = { cursors, after: cursors.positionOf(after), signal };
  const takes = (entry: HistoryEntry): entry is FlowEvent =>
    isEvent(entry) && (types === undefined || types.includes(entry.function));
  return readEntries(source, "events", { flow, takes, ...place, until: "never" });
}

function isAny(_: HistoryEntry): _ is HistoryEntry {
  return true;
}

function isEvent(entry: HistoryEntry): entry is FlowEvent {
  return LIFECYCLE.has(entry.type);
}

function readEntries<Entry extends HistoryEntry>(
  { engine, find }: HistorySource,
  method: string,
  { flow, run, takes, cursors, after, signal, until }: Wanted<Entry>,
): AsyncGenerator<Entry, void, void> {
  const journal = requireJournal(engine, "history", method);
  return entries();

  async function* entries(): AsyncGenerator<Entry, void, void> {
    signal?.throwIfAborted();
    const number = flow && numberOfRun((await find(flow)).record, flow, run);
    const endsWith = until === "flow" ? flow : undefined;
    // Rejects when the engine closes.
    const listening = engine.listen(
      endsWith === undefined ? `history/${engine.nextRequest()}` : settledReplyKey(endsWith),
    );
    const isOver = async (): Promise<boolean> =>
      until === "now" || (endsWith !== undefined && hasEnded(find, endsWith));
    try {
      const query = { flow: number, topic: HISTORY_TOPIC, after };
      const ended = listening.wait();
      for await (const row of followJournal(journal, { query, signal, isOver, ended }))
        for (const entry of decodeEntries(cursors, row, after)) {
          if (!takes(entry)) continue;
          yield entry;
          signal?.throwIfAborted();
        }
    } finally {
      listening.stop();
    }
  }
}

/** Yields the entries of a row that come after a position. */
function* decodeEntries(
  cursors: Cursors,
  { position, count, owner, text }: JournalRow,
  after: number,
): Generator<HistoryEntry> {
  for (const [index, stored] of decodeHistoryRow(text).entries()) {
    const at = position - count + 1 + index;
    const fact = at <= after ? undefined : decodeHistoryFact(stored);
    if (fact !== undefined) yield { cursor: cursors.at(at), flow: owner, ...fact };
  }
}
