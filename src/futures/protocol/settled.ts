import type { Encoded } from "../../core/codec/encoded.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { toFailure } from "../types/failure.ts";
import type { Failure } from "../types/failure.ts";

/** How a future was settled, on its way: the value, or the failure, as text. */
export type Settled = { readonly ok: boolean; readonly text: Encoded };

/** Settled with `undefined`. */
export const SETTLED_UNDEFINED: Settled = { ok: true, text: UNDEFINED };

/** Settled with a value. */
export function fulfilledSettlement(text: Encoded): Settled {
  return { ok: true, text };
}

/** Settled with a failure. */
export function rejectedSettlement(failure: Failure): Settled {
  return { ok: false, text: JSON.stringify(failure) as Encoded };
}

/** Settled with an error of ours. */
export function rejectedWithCode(
  code: ErrorCode,
  message: string,
  details: HandbackError["details"] = {},
): Settled {
  const { stack: _, ...failure } = toFailure(new HandbackError(code, message, { details }));
  return rejectedSettlement(failure);
}

/** How everything ends that was cancelled. There may be very many at once, so no error is made for each. */
export function cancelledSettlement(what: string): Settled {
  return rejectedSettlement({
    name: "HandbackError",
    message: `${what} was cancelled`,
    code: "CANCELLED",
  });
}

/** The failure of what is rejected. */
export function failureOfSettlement(settled: Settled): Failure {
  return JSON.parse(settled.text) as Failure;
}

/** A settlement as the value that `onSettled`, `allSettled` and `wait` hand to user code. `index` is `wait`'s. */
export function encodeSettlement({ ok, text }: Settled, index?: number): Encoded {
  const head = index === undefined ? "{" : `{"index":${index},`;
  return (
    ok
      ? `${head}"status":"fulfilled","value":${text}}`
      : `${head}"status":"rejected","reason":${text}}`
  ) as Encoded;
}
