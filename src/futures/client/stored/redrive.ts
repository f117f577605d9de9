import type { DeadLetter } from "../../../core/activation/effects.ts";
import type { Engine } from "../../../core/engine/engine.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { invalidOption } from "../../../core/validation/options.ts";
import type { MessageId } from "../../../core/message/message-id.ts";
import { rootId } from "../../../core/message/message-id.ts";
import { callControlOf } from "../../protocol/call.ts";
import type { CallControl } from "../../protocol/call.ts";
import { keyOfCall } from "../../protocol/idempotency-key.ts";

/**
 * An engine that keeps dead letters. A letter is found and taken in one step, without a wait in
 * between, so that it is taken once.
 */
export interface DeadLetterEngine extends Pick<Engine, "knows"> {
  /** Returns the number of a new flow, as {@link Engine.nextFlow}, but at once. */
  nextFlow(): string;
  readonly deadLetters: {
    /** The dead letter of the message with this id. @throws `NOT_FOUND` */
    find(id: string): DeadLetter;
    /**
     * Takes a letter away, and sends a message in its place, if there is one: both or neither,
     * durably.
     */
    deleteDeadLetter(id: string, replacement?: Envelope): Promise<void>;
    /**
     * Takes a letter away, and lets its failure pass on to the consumers of its message: both or
     * neither, durably.
     */
    discardHeld(letter: DeadLetter): Promise<void>;
  };
}

/**
 * Sends the message of a dead letter again, in its place; tells whether there was one to send.
 *
 * @throws `NOT_FOUND`, `UNKNOWN_FUNCTION`
 */
export async function redriveDeadLetter(engine: DeadLetterEngine, id: string): Promise<boolean> {
  requireId(id);
  const message = redrivenMessage(engine.deadLetters.find(id), rootId(engine.nextFlow()));
  if (message === undefined) return false;
  const { name, target, payload } = message;
  const { type } = target;
  if (!engine.knows(type, name, payload))
    throw unregisteredTarget(id, { type, operation: name, isKnown: engine.knows(type) });
  await engine.deadLetters.deleteDeadLetter(id, message);
  return true;
}

/**
 * Throws a dead letter away. If its message is held, the consumers are told its failure.
 *
 * @throws `NOT_FOUND`
 */
export async function discardDeadLetter(engine: DeadLetterEngine, id: string): Promise<void> {
  requireId(id);
  const letter = engine.deadLetters.find(id);
  if (isHeld(letter)) await engine.deadLetters.discardHeld(letter);
  else await engine.deadLetters.deleteDeadLetter(letter.envelope.id);
}

/** The target of a dead letter. `isKnown`: its function is registered, and lacks the operation. */
export interface UnregisteredTarget {
  readonly type: string;
  readonly operation: string;
  readonly isKnown: boolean;
}

/** Makes the error for a dead letter whose function, or whose operation, is not registered. */
export function unregisteredTarget(
  id: string,
  { type, operation, isKnown }: UnregisteredTarget,
): HandbackError {
  const missing = isKnown ? `the operation ${operation} of ${type}` : type;
  return new HandbackError(
    "UNKNOWN_FUNCTION",
    `the message ${id} was for ${missing}, which is not registered with this engine`,
    { details: { function: type, operation } },
  );
}

/** @throws `INVALID_OPTIONS` if it is no id of a dead letter */
export function requireId(id: unknown): void {
  if (typeof id !== "string") throw invalidOption("the dead letter", "its id", id);
}

/** Tells whether the message of a dead letter has consumers that wait for the decision. */
export function isHeld({ envelope }: DeadLetter): boolean {
  return callControlOf(envelope).held !== undefined;
}

/**
 * Returns the message to send in place of a dead letter. None if its input never came to be, or if
 * it was held and its work was canceled.
 */
export function redrivenMessage({ envelope }: DeadLetter, id: MessageId): Envelope | undefined {
  const control = callControlOf(envelope);
  if (control.incomplete === true || control.withdrawn === true) return undefined;
  if (control.held !== undefined) return releasedMessage(envelope, control);
  return oneWayMessage(envelope, control, id);
}

/** Returns a held message as it was, with its consumers. Its flow's record is no longer derived. */
function releasedMessage(envelope: Envelope, control: CallControl): Envelope {
  const { held: _, startedAt: __, ...kept } = control;
  return { ...envelope, control: { ...kept, rerun: true } satisfies CallControl };
}

/**
 * Returns a new one-way message with the same payload and idempotency key. The consumers of the
 * first one, if there were any, have been told.
 */
function oneWayMessage(
  letter: Envelope,
  { creates, reply, redriven = letter.id }: CallControl,
  id: MessageId,
): Envelope {
  const { caller, target, name, payload } = letter;
  const oneWay: CallControl = {
    consumers: [],
    oneWay: true,
    redriven,
    actsFor: { key: keyOfCall(letter) },
    ...(creates === true && { creates }),
    ...(reply !== undefined && { reply }),
  };
  return { id, target, name, payload, control: oneWay, ...(caller !== undefined && { caller }) };
}
