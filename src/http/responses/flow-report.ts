import type { ErrorCode } from "../../core/errors/error-codes.ts";
import type { FlowStatus } from "../../futures/client/client.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";
import { plainJson } from "./plain-json.ts";
import { titleOf } from "./problem.ts";

/** The status of a flow in a response. */
export interface FlowReport {
  readonly function: string;
  readonly status: "pending" | "completed" | "failed" | "cancelled";
  /** The custom status that the flow has set. */
  readonly custom?: unknown;
  /** The output of the flow. Absent if it has none. */
  readonly output?: unknown;
  readonly error?: unknown;
  /** Start and end, in ISO 8601. */
  readonly startedAt: string;
  readonly settledAt?: string;
}

/**
 * Describes a flow. By default, a failure shows only its code and the meaning of that code.
 *
 * @param readOutput - reads the output of a flow that is completed
 */
export async function reportOf(
  { function: type, status, custom, startedAt, settledAt, failure }: FlowStatus,
  readOutput: () => unknown,
  describeFailure: (failure: Failure) => unknown = failureKind,
): Promise<FlowReport> {
  const output = status === "completed" ? plainJson(await readOutput()) : undefined;
  return {
    function: type,
    // Missing code, and calls that wait for an operator, are no concern of those who wait.
    status: status === "paused" ? "pending" : status,
    startedAt: new Date(startedAt).toISOString(),
    ...(settledAt !== undefined && { settledAt: new Date(settledAt).toISOString() }),
    ...(custom !== undefined && { custom: plainJson(custom) }),
    ...(output !== undefined && { output }),
    ...(status === "failed" && failure !== undefined && { error: describeFailure(failure) }),
  };
}

/** Describes a failure without its message, which may contain confidential data. */
export function failureKind(failure: Failure): {
  readonly code: ErrorCode;
  readonly title: string;
} {
  const code = handbackCode(failure) ?? "FUNCTION_FAILED";
  return { code, title: titleOf(code) };
}
