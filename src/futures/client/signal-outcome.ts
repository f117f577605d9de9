import { MOST_EVENT_NAMES, MOST_KEPT_CHARACTERS, MOST_KEPT_EVENTS } from "../flow/flow.ts";
import { digest } from "../../core/crypto/digest.ts";
import { canonicalText } from "../../core/codec/canonical-text.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { checkFlowKey } from "../../core/validation/names.ts";
import { MOST_SIGNAL_KEYS } from "../flow/signal-keys.ts";
import type { KeyedSignal } from "../protocol/messages.ts";
import { flowNotFound } from "../flow/record/found-flow.ts";
import type { Replies } from "./replies.ts";

/** Hex digits of a digest that are stored: 128 bits. */
const DIGITS = 32;

/** Makes the digests of a signal that counts once. @throws `INVALID_IDEMPOTENCY_KEY` */
export function keyedSignal(key: unknown, event: string, payload: Encoded): KeyedSignal {
  return {
    key: digest(checkFlowKey(key, "key of the signal")).slice(0, DIGITS),
    digest: digest(`${event}\n${canonicalText(payload)}`).slice(0, DIGITS),
  };
}

/** Makes the error of a signal that did not reach the flow. */
export function refusedSignal(
  flow: string,
  outcome: Exclude<Replies["flow"]["signal"]["outcome"], "signalled">,
): HandbackError {
  const details = { flow };
  switch (outcome) {
    case "unknown":
      return flowNotFound(flow);
    case "over":
      return new HandbackError("FLOW_OVER", `the flow ${flow} has ended and takes no more events`, {
        details,
      });
    case "conflict":
      return new HandbackError(
        "IDEMPOTENCY_CONFLICT",
        `the flow ${flow} was signaled under this key before, with another event or value`,
        { details },
      );
    case "manyEvents":
      return new HandbackError(
        "OVERLOADED",
        `the flow ${flow} keeps as many events for later as it may: ${MOST_KEPT_EVENTS} values, ${MOST_KEPT_CHARACTERS} characters, or ${MOST_EVENT_NAMES} names`,
        { details },
      );
    case "undeclared":
      return new HandbackError(
        "INVALID_NAME",
        `the flow ${flow} takes no event of this name: its function declares the names of its events`,
        { details },
      );
    case "full":
      return new HandbackError(
        "OVERLOADED",
        `the flow ${flow} has ${MOST_SIGNAL_KEYS} keys of signals, and keeps no more`,
        { details },
      );
  }
}
