import type { Json } from "../../core/data/json.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Failure } from "../types/failure.ts";

/** Name under which a flow's record is kept. */
export const FLOW_VALUE = "flow";

/** What is kept of a flow. */
export type FlowRecord = {
  /** What was started: function, and id of the state if it has one. */
  readonly type: string;
  readonly stateId?: string | undefined;
  /** The operation; absent: {@link CALL}. */
  readonly name?: string | undefined;
  readonly startedAt: number;
  readonly tally: UsageTotals;
  readonly settledAt?: number | undefined;
  /** How it was settled; the outcome is the text beside this record. */
  readonly ok?: boolean | undefined;
} & RareFields;

/** What most flows have nothing of. */
type RareFields = {
  /** The flow's number, at the head of the ids of all its messages; absent: it is the key. */
  readonly number?: string | undefined;
  /**
   * Of function and input, by which another start under this key is compared; only kept for a key
   * that was given.
   */
  readonly digest?: string | undefined;
  /** It was cancelled before it was settled. */
  readonly cancelled?: true | undefined;
  /** Ids of its event queues, which end with it. */
  readonly queues?: readonly string[] | undefined;
  /** Rejections that nobody consumed, the last few. */
  readonly unhandled?: readonly Failure[] | undefined;
};

/** Stands for what is not there. */
const ABSENT = 0;
const [PENDING, OK, FAILED] = [0, 1, 2];

/**
 * A record as a list: half as long as with names, and written in half the time. What is seldom kept
 * comes last, or not at all.
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

/** The record as it is kept. */
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
  const { number, digest, cancelled, queues, unhandled } = record;
  const settled = ok === undefined ? PENDING : ok ? OK : FAILED;
  const usual = [type, startedAt, tally, settled, settledAt, stateId, name] as const;
  const isUsual = (number ?? digest ?? cancelled ?? queues ?? unhandled) === undefined;
  return isUsual ? usual : [...usual, { number, digest, cancelled, queues, unhandled }];
}

/** Reads what {@link encodeFlowRecord} gave. */
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
