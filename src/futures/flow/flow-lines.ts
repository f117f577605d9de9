import { inWords, logFacts } from "../../core/errors/log-facts.ts";
import type { WorkLine } from "../../core/host/work-log.ts";
import { handbackCode } from "../types/handback-code.ts";
import type { Failure } from "../types/failure.ts";
import { MOST_ATTRIBUTES } from "./attributes.ts";
import type { FlowRecord } from "./record/flow-record.ts";

/** Keys that `asyncHttp` makes. Who knows one can use the flow, so a log shows a part only. */
const SECRET = /^[0-9a-f]{48}$/;
const SHOWN_DIGITS = 8;

/** A flow and a failure in it. */
interface FailedFlow {
  readonly key: string;
  readonly record: Pick<FlowRecord, "type">;
  readonly failure: Failure;
  /** The attempt that failed, if it is known. */
  readonly attempt?: number | undefined;
}

/** Returns the log line of a flow that fails. */
export function flowFailedLine(failed: FailedFlow): WorkLine {
  const { key, record } = failed;
  const message = `the flow ${shownKey(key)} of ${record.type} failed: ${whyOf(failed)}`;
  return flowLine("flowFailed", message, failed);
}

/** Returns the log line of a rejected future that nothing awaits. */
export function unhandledLine(failed: FailedFlow): WorkLine {
  const { key, record } = failed;
  const flow = `the flow ${shownKey(key)} of ${record.type}`;
  const message = `a future of ${flow} was rejected and nothing awaits it: ${whyOf(failed)}`;
  return flowLine("unhandledRejection", message, failed);
}

/** Returns the log line of attributes that a flow cannot keep, because it has too many. */
export function attributesDroppedLine({
  key,
  record,
  dropped,
}: Pick<FailedFlow, "key" | "record"> & { readonly dropped: readonly string[] }): WorkLine {
  const flow = shownKey(key);
  const { type } = record;
  const names = dropped.join(", ");
  const message = `the flow ${flow} of ${type} has ${MOST_ATTRIBUTES} attributes; dropped: ${names}`;
  const fields = { flow, type, dropped };
  return { level: "warn", event: "attributesDropped", subject: type, message, fields };
}

function flowLine(event: WorkLine["event"], message: string, failed: FailedFlow): WorkLine {
  const { key, record, failure, attempt } = failed;
  const fields = {
    flow: shownKey(key),
    type: record.type,
    ...(failure.function !== undefined && { function: failure.function }),
    ...(attempt !== undefined && { attempt }),
    ...logFacts(failure),
  };
  return { level: "warn", event, subject: record.type, message, fields };
}

/** Names the code of a failure or the kind of its error, and its function. */
function whyOf({ failure }: FailedFlow): string {
  const where = failure.function === undefined ? "" : ` in ${failure.function}`;
  return `${handbackCode(failure) ?? inWords(logFacts(failure))}${where}`;
}

function shownKey(key: string): string {
  return SECRET.test(key) ? `${key.slice(0, SHOWN_DIGITS)}...` : key;
}
