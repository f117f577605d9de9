import type { DeadLetter } from "../../core/activation/effects.ts";
import type { Engine } from "../../core/engine/engine.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { rootId } from "../../core/message/message-id.ts";
import type { CallControl } from "../protocol/call.ts";

/** An engine that keeps dead letters. */
export interface DeadLetterEngine extends Pick<Engine, "knows" | "nextFlow"> {
  readonly deadLetters: {
    /** The dead letter of the message with this id. @throws `NOT_FOUND` */
    find(id: string): DeadLetter;
    /**
     * Takes a letter away, and sends a message in its place, if there is one: both or neither,
     * durably.
     */
    deleteDeadLetter(id: string, replacement?: Envelope): Promise<void>;
  };
}

/**
 * Sends the message of a dead letter again, in its place; tells whether there was one to send.
 *
 * @throws `NOT_FOUND`, `UNKNOWN_FUNCTION`
 */
export async function redriveDeadLetter(engine: DeadLetterEngine, id: string): Promise<boolean> {
  const message = redrivenMessage(engine.deadLetters.find(id).envelope, rootId(engine.nextFlow()));
  if (message === undefined) return false;
  const { name, target } = message;
  const { type } = target;
  if (!engine.knows(type, name)) {
    const missing = engine.knows(type) ? `the operation ${name} of ${type}` : type;
    throw new HandbackError(
      "UNKNOWN_FUNCTION",
      `the message ${id} was for ${missing}, which is not registered with this engine`,
      { details: { function: type, operation: name } },
    );
  }
  await engine.deadLetters.deleteDeadLetter(id, message);
  return true;
}

/** Throws a dead letter away. @throws `NOT_FOUND` */
export async function discardDeadLetter(engine: DeadLetterEngine, id: string): Promise<void> {
  await engine.deadLetters.deleteDeadLetter(engine.deadLetters.find(id).envelope.id);
}

/**
 * A new one-way message with the same payload and idempotency key as one that was given up: whoever
 * waited for that one has been told already. None when its input never came to be.
 */
function redrivenMessage(
  { caller, control, ...envelope }: Envelope,
  id: MessageId,
): Envelope | undefined {
  const {
    incomplete,
    creates,
    reply,
    redriven = envelope.id,
  } = (control ?? {}) as Partial<CallControl>;
  if (incomplete === true) return undefined;
  const { target, name, payload } = envelope;
  const oneWay: CallControl = {
    consumers: [],
    oneWay: true,
    redriven,
    ...(creates === true && { creates }),
    ...(reply !== undefined && { reply }),
  };
  return { id, target, name, payload, control: oneWay, ...(caller !== undefined && { caller }) };
}
