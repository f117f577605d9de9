import type { Encoded } from "../../core/codec/encoded.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { showString } from "../../core/errors/show.ts";
import { isTypedMessage } from "./accepts.ts";
import { codec } from "../protocol/codec.ts";
import type { TypedMessage } from "../types/message.ts";
import { CALL, findOperation, MESSAGE, RECEIVE, takesMessage } from "./spec.ts";
import type { FunctionSpec, OperationSpec } from "./spec.ts";

/** The operation that receives a message, and the input that it gets. */
export interface Receiver {
  readonly operation: OperationSpec;
  readonly input: unknown;
}

/**
 * Chooses the operation for a message that was sent to a function by its type. A stateless function
 * and the handler `receive` get the message as it is. Without `receive`, the type of the message
 * names an operation, which gets the value.
 * @throws `UNKNOWN_FUNCTION`
 */
export function receiverOf(spec: FunctionSpec, message: unknown): Receiver {
  const receiver = findReceiver(spec, message);
  if (receiver !== undefined) return receiver;
  throw noReceiver(spec.type, message);
}

/** Makes the error for a message that a function has no operation for. */
export function noReceiver(type: string, message: unknown): HandbackError {
  const what = isTypedMessage(message)
    ? `messages of type ${showString(message.type)}`
    : "messages that do not name their type";
  return new HandbackError("UNKNOWN_FUNCTION", `${type} takes no ${what}: it has no ${RECEIVE}`, {
    details: { function: type },
  });
}

/**
 * Names the operation that a function lacks for a message. `undefined`: it takes the message. One
 * that was sent by the function's type names its operation in the payload.
 */
export function missingOperation(
  spec: FunctionSpec,
  name: string,
  payload?: Encoded,
): string | undefined {
  if (name !== MESSAGE) return takesMessage(spec, name) ? undefined : name;
  if (payload === undefined || wholeReceiver(spec) !== undefined) return undefined;
  const message = codec.decode(payload);
  if (findReceiver(spec, message) !== undefined) return undefined;
  // A name with a slash is a type of message, and an operation has none.
  return isTypedMessage(message) && !message.type.includes("/") ? message.type : RECEIVE;
}

function findReceiver(spec: FunctionSpec, message: unknown): Receiver | undefined {
  const whole = wholeReceiver(spec);
  if (whole !== undefined) return { operation: whole, input: message };
  const named = isTypedMessage(message) ? findOperation(spec, message.type) : undefined;
  return named === undefined || named.readOnly
    ? undefined
    : { operation: named, input: (message as TypedMessage).value };
}

/** Returns the operation that takes every message as it is. */
function wholeReceiver({ state, operations }: FunctionSpec): OperationSpec | undefined {
  const whole = operations.get(state === undefined ? CALL : RECEIVE);
  return whole?.readOnly === false ? whole : undefined;
}
