import type { Encoded } from "../../core/codec/encoded.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { HandbackError } from "../../core/errors/errors.ts";
import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { systemFailure } from "../types/failure.ts";
import type { Failure } from "../types/failure.ts";
import type { RunEnding } from "../types/run-ending.ts";

/** A settlement: the value of a future, or its failure, as text. */
export type Settled = {
  readonly ok: boolean;
  readonly text: Encoded;
  /** The value of the work that a rejection canceled, if that work came to its end. */
  readonly fulfilled?: Encoded | undefined;
  /** The end of the work that a rejection canceled. */
  readonly run?: RunEnding | undefined;
  /** The attempt of the call that failed, from 1. It is known until a combinator takes the failure. */
  readonly attempt?: number | undefined;
};

/** Fulfilled with `undefined`. */
export const SETTLED_UNDEFINED: Settled = { ok: true, text: UNDEFINED };

/** Makes the settlement of a future that is fulfilled with an encoded value. */
export function fulfilledSettlement(text: Encoded): Settled {
  return { ok: true, text };
}

/** Makes the settlement of a future that is rejected with a failure. */
export function rejectedSettlement(failure: Failure): Settled {
  return { ok: false, text: JSON.stringify(failure) as Encoded };
}

/** Makes a rejection with one of the library's error codes. */
export function rejectedWithCode(
  code: ErrorCode,
  message: string,
  details: HandbackError["details"] = {},
): Settled {
  return rejectedSettlement(systemFailure(code, message, { details }));
}

/** Makes the rejection of canceled work. `run` tells clean-up how the work ended. */
export function cancelledSettlement(what: string, run?: RunEnding): Settled {
  const details = run === undefined ? {} : { details: { run } };
  return rejectedSettlement(systemFailure("CANCELLED", `${what} was cancelled`, details));
}

/** Returns the failure of a rejection. */
export function failureOfSettlement(settled: Settled): Failure {
  return JSON.parse(settled.text) as Failure;
}

/**
 * Encodes a settlement as the value that `onSettled`, `allSettled` and `wait` give to user code.
 * Only `wait` gives an `index`.
 */
export function encodeSettlement(settled: Settled, index?: number): Encoded {
  const { ok, text, fulfilled, run } = settled;
  const ending = run === undefined ? "" : `,"run":"${run}"`;
  const value = fulfilled === undefined ? ending : `,"fulfilled":{"value":${fulfilled}}${ending}`;
  const head = index === undefined ? "{" : `{"index":${index},`;
  return (
    ok
      ? `${head}"status":"fulfilled","value":${text}}`
      : `${head}"status":"rejected","reason":${text}${value}}`
  ) as Encoded;
}
