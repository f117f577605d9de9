import { HandbackError } from "../../../core/errors/errors.ts";
import { flowOf } from "../../../core/message/message-id.ts";
import type { MessageId } from "../../../core/message/message-id.ts";
import type { EarlierRuns, FlowRecord } from "./flow-record.ts";

/** The most earlier runs whose histories and streams are kept. */
const MOST_KEPT = 100;

/** Returns the number of the first run of a flow. */
export function firstNumberOf({ earlier, number }: FlowRecord, key: string): string {
  return earlier?.first ?? number ?? key;
}

/** Returns the numbers of the runs of a flow whose journals are kept, the oldest first. */
export function runsOf({ earlier, number }: FlowRecord, key: string): readonly string[] {
  return [...(earlier?.numbers ?? []), number ?? key];
}

/**
 * Returns the number of a run of a flow, from 1; of the current one by default.
 * @throws `NOT_FOUND` if there was no such run, or it is no longer kept
 */
export function numberOfRun(record: FlowRecord, key: string, run: number | undefined): string {
  const runs = runsOf(record, key);
  const current = (record.earlier?.count ?? 0) + 1;
  const number = runs.at((run ?? current) - current - 1);
  if (number !== undefined && (run ?? current) <= current) return number;
  const why = `the flow ${key} has had ${current} runs, and the last ${runs.length} are kept`;
  throw new HandbackError("NOT_FOUND", `run ${run}: ${why}`, { details: { flow: key, run } });
}

/** Tells whether a settlement is that of an earlier run. `run` is absent for the first one. */
export function isOfEarlierRun({ earlier, number }: FlowRecord, run: string | undefined): boolean {
  return earlier !== undefined && run !== number;
}

/** Tells whether a message comes from an earlier run: its id begins with the number of its run. */
export function isFromEarlierRun({ earlier, number }: FlowRecord, id: MessageId): boolean {
  return earlier !== undefined && flowOf(id) !== number;
}

/** Tells whether the current run does again what a run has done, under the same keys. */
export function isRepeatedBy({ earlier }: FlowRecord, run: string): boolean {
  if (earlier === undefined || earlier.sameKeys === 0) return false;
  return earlier.numbers.slice(-earlier.sameKeys).includes(run);
}

/** Adds the current run to the earlier ones. Returns the number of one that is no longer kept, too. */
export function addEarlierRun(
  record: FlowRecord,
  key: string,
  keys: "same" | "new",
): { readonly earlier: EarlierRuns; readonly dropped: readonly string[] } {
  const current = record.number ?? key;
  const { count = 0, sameKeys = 0, keys: kept = current } = record.earlier ?? {};
  const numbers = runsOf(record, key);
  const isSame = keys === "same";
  const earlier: EarlierRuns = {
    count: count + 1,
    first: firstNumberOf(record, key),
    numbers: numbers.slice(-MOST_KEPT),
    sameKeys: isSame ? Math.min(sameKeys + 1, MOST_KEPT) : 0,
    ...(isSame && { keys: kept }),
  };
  return { earlier, dropped: numbers.slice(0, -MOST_KEPT) };
}
