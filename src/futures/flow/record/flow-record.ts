import type { Encoded } from "../../../core/codec/encoded.ts";
import type { FlowAttributes, IndexedStatus } from "../../../core/engine/flow-index.ts";
import type { Json } from "../../../core/data/json.ts";
import type { UsageTotals } from "../../../core/activation/meter.ts";
import type { Failure } from "../../types/failure.ts";
import type { PausedCall } from "../../types/paused-call.ts";

/** Name of the value that holds a flow's record. */
export const FLOW_VALUE = "flow";

/** The record of a flow. */
export type FlowRecord = {
  /** The function that was started, and the id of its state if it has one. */
  readonly type: string;
  readonly stateId?: string | undefined;
  /** The operation. Default: {@link CALL}. */
  readonly name?: string | undefined;
  readonly startedAt: number;
  readonly tally: UsageTotals;
  readonly settledAt?: number | undefined;
  /** The kind of outcome. The outcome itself is the text beside this record. */
  readonly ok?: boolean | undefined;
} & RareFields;

/** Fields that most flows lack. */
type RareFields = {
  /** The flow's number, which begins the ids of all its messages. Default: the key. */
  readonly number?: string | undefined;
  /** Digest of function and input, to compare another start. Present if the key was given. */
  readonly digest?: string | undefined;
  /** It was canceled before it settled. */
  readonly cancelled?: true | undefined;
  /** Ids of its event queues, which end with it. */
  readonly queues?: readonly string[] | undefined;
  /** The names of the events that it takes. Absent: any. */
  readonly events?: readonly string[] | undefined;
  /** The values of events that are kept for later: their number, and their characters. */
  readonly kept?: { readonly count: number; readonly chars: number } | undefined;
  /** The number of keys under which it was signaled, and their pages. */
  readonly signals?: { readonly count: number; readonly pages: string } | undefined;
  /** The small values that it is found by. */
  readonly attributes?: FlowAttributes | undefined;
  /** The trace context with which it was started. */
  readonly traceparent?: string | undefined;
  /** Its earlier runs, if it was restarted. */
  readonly earlier?: EarlierRuns | undefined;
  /** Its input, if it has not completed and the input is small. */
  readonly input?: Encoded | undefined;
  /** A compensation of its run has begun. */
  readonly compensates?: true | undefined;
  /** Its calls that have paused. */
  readonly paused?: readonly PausedCall[] | undefined;
  /** The instant at which a client paused it. */
  readonly pausedAt?: number | undefined;
  /** The last few rejections without a consumer. */
  readonly unhandled?: readonly Failure[] | undefined;
};

/** The earlier runs of a flow that was restarted. */
export type EarlierRuns = {
  /** How many there were. */
  readonly count: number;
  /** The number of the first run, by which its start is known. */
  readonly first: string;
  /** The numbers of the last ones, whose journals are kept, the oldest first. */
  readonly numbers: readonly string[];
  /** How many of these, counted from the end, have the idempotency keys of the current run. */
  readonly sameKeys: number;
  /** The number of the run from which these keys follow. Absent: the current one. */
  readonly keys?: string | undefined;
};

/** Code of an absent field. */
const ABSENT = 0;
const [PENDING, OK, FAILED] = [0, 1, 2];

/**
 * A record as a list: half as long as with names, and written in half the time. Rare fields come
 * last.
 */
type Stored = readonly [
  type: string,
  startedAt: number,
  tally: UsageTotals,
  settled: number,
  settledAt: number,
  stateId: string | typeof ABSENT,
  name: string | typeof ABSENT,
  seldom?: RareFields,
];

const NONE: RareFields = {};

/** Places in the list. */
const [SETTLED, SETTLED_AT, SELDOM] = [3, 4, 7] as const;

/** Encodes a record. */
export function encodeFlowRecord(record: FlowRecord): Json {
  const {
    type,
    startedAt,
    tally,
    ok,
    settledAt = ABSENT,
    stateId = ABSENT,
    name = ABSENT,
  } = record;
  const { number, digest, cancelled, queues, unhandled, signals, kept, events } = record;
  const { attributes, paused, pausedAt, traceparent, earlier, compensates, input } = record;
  const settled = ok === undefined ? PENDING : ok ? OK : FAILED;
  const usual = [type, startedAt, tally, settled, settledAt, stateId, name] as const;
  const isUsual =
    (number ??
      digest ??
      cancelled ??
      queues ??
      unhandled ??
      signals ??
      kept ??
      events ??
      attributes ??
      paused ??
      pausedAt ??
      traceparent ??
      earlier ??
      compensates ??
      input) === undefined;
  if (isUsual) return usual;
  const seldom = { number, digest, cancelled, queues, unhandled, signals, kept, events };
  const hasMore =
    (attributes ?? paused ?? pausedAt ?? traceparent ?? earlier ?? compensates ?? input) !==
    undefined;
  if (!hasMore) return [...usual, seldom];
  const more = { attributes, paused, pausedAt, traceparent, earlier, compensates, input };
  return [...usual, { ...seldom, ...more }];
}

/** Decodes the result of {@link encodeFlowRecord}. */
export function decodeFlowRecord(kept: Json): FlowRecord {
  const [type, startedAt, tally, settled, settledAt, stateId, name, seldom] = kept as Stored;
  const usual = {
    type,
    stateId: stateId === ABSENT ? undefined : stateId,
    name: name === ABSENT ? undefined : name,
    startedAt,
    tally,
    settledAt: settled === PENDING ? undefined : settledAt,
    ok: settled === PENDING ? undefined : settled === OK,
  };
  return seldom === undefined ? usual : { ...usual, ...seldom };
}

/** Names the state of a flow. */
export function flowStatusOf({
  ok,
  cancelled,
  paused,
  pausedAt,
}: Pick<FlowRecord, "ok" | "cancelled" | "paused" | "pausedAt">): IndexedStatus {
  if (ok === undefined) return (paused ?? pausedAt) === undefined ? "pending" : "paused";
  if (cancelled === true) return "cancelled";
  return ok ? "completed" : "failed";
}

/** The fields of a record that an index of flows holds. */
export interface EntryFields {
  readonly type: string;
  readonly startedAt: number;
  readonly settledAt: number | undefined;
  readonly status: IndexedStatus;
  readonly number: string | undefined;
  readonly attributes: FlowAttributes | undefined;
}

/**
 * Reads the fields that an index holds. Every flow that ends is read, so the rest is not decoded.
 */
export function readEntryFields(kept: Json): EntryFields {
  const stored = kept as Stored;
  const settled = stored[SETTLED];
  const seldom = stored[SELDOM];
  const ok = settled === PENDING ? undefined : settled === OK;
  const { cancelled, paused, pausedAt } = seldom ?? NONE;
  const status = flowStatusOf({ ok, cancelled, paused, pausedAt });
  return {
    type: stored[0],
    startedAt: stored[1],
    settledAt: settled === PENDING ? undefined : stored[SETTLED_AT],
    status,
    number: seldom?.number,
    attributes: seldom?.attributes,
  };
}
