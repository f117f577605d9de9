import { ERROR_CODES } from "../core/errors/error-codes.ts";
import type { ErrorCode } from "../core/errors/error-codes.ts";
import type { FlowHandle, FlowStatus } from "../futures/client/client.ts";
import type { Failure } from "../futures/types/failure.ts";
import { plainJson } from "./responses/plain-json.ts";
import { titleOf } from "./responses/problem.ts";

/** How a flow stands, as those outside are told. */
export interface FlowReport {
  readonly function: string;
  readonly status: "pending" | "completed" | "failed" | "cancelled";
  /** What the flow has set as its status. */
  readonly custom?: unknown;
  /** What it gave; absent when that was nothing. */
  readonly output?: unknown;
  readonly error?: unknown;
  /** Instants, in ISO 8601. */
  readonly startedAt: string;
  readonly settledAt?: string;
}

/** Describes a flow. Of a failure no more is told than what kind it is, unless `describeFailure` says more. */
export async function reportOf(
  handle: FlowHandle<unknown>,
  { function: type, status, custom, startedAt, settledAt, failure }: FlowStatus,
  describeFailure: (failure: Failure) => unknown = kindOf,
): Promise<FlowReport> {
  const output = status === "completed" ? plainJson(await handle.result()) : undefined;
  return {
    function: type,
    status,
    startedAt: new Date(startedAt).toISOString(),
    ...(settledAt !== undefined && { settledAt: new Date(settledAt).toISOString() }),
    ...(custom !== undefined && { custom: plainJson(custom) }),
    ...(output !== undefined && { output }),
    ...(status === "failed" && failure !== undefined && { error: describeFailure(failure) }),
  };
}

/** A message may hold what is nobody's business; a code of ours does not. */
function kindOf({ name, code }: Failure): { readonly code: ErrorCode; readonly title: string } {
  const known =
    name === "HandbackError" && code !== undefined && isErrorCode(code) ? code : "FUNCTION_FAILED";
  return { code: known, title: titleOf(known) };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
