import { ERROR_CODES } from "../../core/errors/error-codes.ts";
import type { ErrorCode } from "../../core/errors/error-codes.ts";

/**
 * Codes with which only the system ends work, from outside of its handler. A handler that throws
 * such a code has not been ended by the system.
 */
const SYSTEM_ONLY: ReadonlySet<string> = new Set<ErrorCode>([
  "CANCELLED",
  "TIMEOUT",
  "HANDLER_TIMEOUT",
  "POISONED",
  "STEP_FAILED",
  "COMPENSATION_FAILED",
  "BRANCHES_FAILED",
]);

/**
 * Returns the code of a failure that Handback itself caused, or `undefined` for a failure of user
 * code.
 *
 * Other libraries use codes such as `CANCELLED` and `TIMEOUT` too, so `failure.code` alone does not
 * tell who means it. A failure that is passed on unchanged, by throwing it again or with
 * `ctx.rejected`, keeps its code.
 *
 * @example
 * import { embedded, fn, handbackCode, memory } from "handback";
 * import type { Settlement } from "handback";
 *
 * const charge = fn("docs/charge-bank", (): string => {
 *   throw Object.assign(new Error("the bank has canceled the order"), { code: "CANCELLED" });
 * });
 * const describe = fn("docs/describe-end", (_, end: Settlement<string>) =>
 *   end.status === "fulfilled" ? end.value : (handbackCode(end.reason) ?? end.reason.message),
 * );
 * const pay = fn("docs/pay-bank", { parts: [charge, describe] }, (ctx) =>
 *   ctx.onSettled(ctx.invoke(charge), describe),
 * );
 *
 * const engine = await embedded({ functions: [pay], store: memory() });
 * console.log(await engine.client.call(pay)); // the bank has canceled the order
 * await engine.close();
 */
export function handbackCode(failure: {
  readonly name: string;
  readonly code?: unknown;
}): ErrorCode | undefined {
  const { name, code } = failure;
  return name === "HandbackError" && isErrorCode(code) ? code : undefined;
}

/** Tells whether user code may throw a `HandbackError` with this code, and mean it. */
export function isThrowable(code: string): boolean {
  return !SYSTEM_ONLY.has(code);
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
}
