import { HandbackError } from "../../../core/errors/errors.ts";

const PREFIX = "STORE_FENCED: ";

/** Returns whether a commit was rolled back because the store belongs to another engine. */
export function isRolledBack(error: unknown): error is HandbackError {
  return HandbackError.is(error, "STORE_FENCED") && error.details["definite"] === true;
}

/**
 * Returns the error for a caller of an engine that has lost its store. Other errors stay as they
 * are.
 *
 * @param definite - whether the request of the caller certainly was not accepted
 */
export function fencedFor(error: HandbackError, definite: boolean): HandbackError {
  if (!HandbackError.is(error, "STORE_FENCED")) return error;
  const outcome = definite
    ? "this was not accepted"
    : "it is not known whether this was done before; the store has the answer";
  return new HandbackError("STORE_FENCED", `${error.message.slice(PREFIX.length)}; ${outcome}`, {
    details: { ...error.details, definite },
    cause: error,
  });
}
