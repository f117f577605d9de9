import { HandbackError } from "../../core/errors/errors.ts";
import { showString } from "../../core/errors/show.ts";
import { isTypedMessage } from "./accepts.ts";
import { CALL, findOperation, RECEIVE } from "./spec.ts";
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
  const { type, operations } = spec;
  const whole = operations.get(spec.state === undefined ? CALL : RECEIVE);
  if (whole !== undefined && !whole.readOnly) return { operation: whole, input: message };
  if (isTypedMessage(message)) {
    const named = findOperation(spec, message.type);
    if (named !== undefined && !named.readOnly) return { operation: named, input: message.value };
  }
  const what = isTypedMessage(message)
    ? `messages of type ${showString(message.type)}`
    : "messages that do not name their type";
  throw new HandbackError("UNKNOWN_FUNCTION", `${type} takes no ${what}: it has no ${RECEIVE}`, {
    details: { function: type },
  });
}
