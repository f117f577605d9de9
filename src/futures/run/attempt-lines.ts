import { inWords, logFacts } from "../../core/errors/log-facts.ts";
import type { WorkLine } from "../../core/host/work-log.ts";
import { formatAddress } from "../../core/message/address.ts";
import type { Address } from "../../core/message/address.ts";
import { handbackCode } from "../types/handback-code.ts";
import type { Failure } from "../types/failure.ts";

/** One attempt to handle a message. */
export interface Attempt {
  readonly address: Address;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

/** Returns the log line of a failed attempt that its retry policy repeats. */
export function retryLine(
  { address, attempt, maxAttempts }: Attempt,
  failure: Failure,
  delayMs: number,
): WorkLine {
  const { type } = address;
  const why = handbackCode(failure) ?? inWords(logFacts(failure));
  const count = `attempt ${attempt} of ${maxAttempts}`;
  return {
    level: "warn",
    event: "retry",
    subject: type,
    message: `${formatAddress(address)} failed in ${count} and is tried again in ${delayMs} ms: ${why}`,
    fields: { type, attempt, maxAttempts, delayMs, ...logFacts(failure) },
  };
}

/** Returns the log line of a call that pauses. */
export function pausedLine(
  { address, attempt }: Pick<Attempt, "address" | "attempt">,
  failure: Failure,
): WorkLine {
  const { type } = address;
  const why = handbackCode(failure) ?? inWords(logFacts(failure));
  return {
    level: "warn",
    event: "paused",
    subject: type,
    message: `${formatAddress(address)} failed in attempt ${attempt} and is paused: ${why}`,
    fields: { type, attempt, ...logFacts(failure) },
  };
}

/** Returns the log line of a handler that ran too long. */
export function handlerTimeoutLine({ address, attempt }: Attempt, timeoutMs: number): WorkLine {
  const { type } = address;
  const message = `a handler of ${formatAddress(address)} ran longer than ${timeoutMs} ms and was abandoned`;
  const fields = { type, attempt, timeoutMs };
  return { level: "warn", event: "handlerTimeout", subject: type, message, fields };
}
