import type { ErrorCode } from "../../../core/errors/error-codes.ts";
import type { Json } from "../../../core/data/json.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Invocation, TypedBytes } from "../wire/request.ts";
import { writeResponse } from "../wire/response.ts";
import type {
  BatchResponse,
  DelayedMessage,
  EgressRecord,
  OutgoingMessage,
} from "../wire/response.ts";
import type { LostMessage } from "./outgoing.ts";

/**
 * A message without effects: one to send again after a time, one to send on to another address, or one
 * that failed for good.
 */
export type Leftover = { readonly invocation: Invocation } & (
  | { readonly again: TypedBytes; readonly delayMs: number }
  | { readonly again: TypedBytes; readonly to: Address }
  | { readonly error: unknown }
);

/** The place and the limit of an answer. */
export interface AnswerFrame {
  readonly target: Address;
  /** Largest answer in bytes. */
  readonly limit: number;
  /** Encodes a dead letter, if there is an egress for it. */
  readonly encodeDeadLetter: (lost: LostMessage) => EgressRecord | undefined;
  /** Returns what is known of an error, as data. */
  readonly describe: (error: unknown) => Json;
}

/** An answer with the leftovers that have room. */
export interface FittedAnswer {
  readonly bytes: Uint8Array;
  /** Leftovers that had no room. Their dead letters lack the message. */
  readonly shed: readonly Leftover[];
  /** Tells whether the effects and something of each leftover have room. */
  readonly hasRoom: boolean;
}

/** Adds leftovers to the effects of a batch, whatever the size of the answer. */
export function addLeftovers(
  effects: BatchResponse,
  leftovers: readonly Leftover[],
  frame: AnswerFrame,
): Uint8Array {
  return writeResponse(
    merge(
      effects,
      leftovers.map((each) => wholeOf(each, frame)),
    ),
  );
}

/**
 * Adds leftovers as far as they fit. The cluster restarts its job for an answer over the limit, so a
 * message without room becomes a dead letter that lacks the message itself.
 */
export function fitLeftovers(
  effects: BatchResponse,
  leftovers: readonly Leftover[],
  frame: AnswerFrame,
): FittedAnswer {
  const whole = addLeftovers(effects, leftovers, frame);
  if (whole.length <= frame.limit) return { bytes: whole, shed: [], hasRoom: true };
  const sized = leftovers.map((leftover) => {
    const stub = stubOf(leftover, frame);
    return { leftover, stub, stubSize: sizeOf(stub) };
  });
  let reserved = sized.reduce((sum, { stubSize }) => sum + stubSize, 0);
  let room = frame.limit - writeResponse(effects).length;
  let hasRoom = room >= 0;
  const shed: Leftover[] = [];
  const parts: Part[] = [];
  for (const { leftover, stub, stubSize } of sized) {
    reserved -= stubSize;
    const part = wholeOf(leftover, frame);
    const partSize = sizeOf(part);
    const isWhole = partSize <= room - reserved;
    if (!isWhole) shed.push(leftover);
    const size = isWhole ? partSize : stubSize;
    if (size > room) hasRoom = false;
    else parts.push(isWhole ? part : stub);
    room -= size;
  }
  return { bytes: writeResponse(merge(effects, parts)), shed, hasRoom };
}

/** The addition of one leftover to an answer. */
interface Part {
  readonly message?: OutgoingMessage;
  readonly delayed?: DelayedMessage;
  readonly egress?: EgressRecord | undefined;
}

function wholeOf(leftover: Leftover, { target, encodeDeadLetter, describe }: AnswerFrame): Part {
  if ("to" in leftover) return { message: { target: leftover.to, argument: leftover.again } };
  if ("again" in leftover) {
    const { again, delayMs } = leftover;
    return { delayed: { target, argument: again, delayMs, token: "" } };
  }
  const { caller, argument } = leftover.invocation;
  const failure = describe(leftover.error);
  return { egress: encodeDeadLetter({ target, caller, message: argument, failure }) };
}

function stubOf({ invocation }: Leftover, frame: AnswerFrame): Part {
  const { target, limit, encodeDeadLetter } = frame;
  const { caller, argument } = invocation;
  const size = argument?.bytes.length ?? 0;
  const message = `a message of ${size} bytes has no room in an answer of at most ${limit} bytes`;
  const code: ErrorCode = "PAYLOAD_TOO_LARGE";
  const failure = { name: "HandbackError", message, code, details: { size, limit } };
  return { egress: encodeDeadLetter({ target, caller, failure }) };
}

const NOTHING: BatchResponse = { messages: [], delayed: [], egress: [], mutations: [] };

/** Returns the bytes that a part adds to an answer, or a few more. */
function sizeOf(part: Part): number {
  return writeResponse(merge(NOTHING, [part])).length;
}

function merge(effects: BatchResponse, parts: readonly Part[]): BatchResponse {
  return {
    ...effects,
    messages: [...effects.messages, ...parts.flatMap(({ message }) => message ?? [])],
    delayed: [...effects.delayed, ...parts.flatMap(({ delayed }) => delayed ?? [])],
    egress: [...effects.egress, ...parts.flatMap(({ egress }) => egress ?? [])],
  };
}
