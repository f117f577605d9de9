import type { DeadLetter, Effects, Reply, ValueWrite } from "../../../core/activation/effects.ts";
import type { Json } from "../../../core/data/json.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { printDelivery } from "./delivery.ts";
import type { PrintedDelivery } from "./delivery.ts";

/** A message that leaves, and the instant before which it is not delivered. */
export type PrintedSend = {
  readonly delivery: PrintedDelivery;
  /** Key of the address that it goes to. Absent: no other message goes there. */
  readonly key?: string;
  /** Nothing can be stored at its address yet. */
  readonly isFresh?: true;
  readonly dueAt?: number;
  readonly token?: string;
};

/** A message that failed, as it is kept. */
export type PrintedDeadLetter = {
  readonly delivery: PrintedDelivery;
  readonly failure: Json;
};

/** The effects of an activation as JSON, to be kept in a journal. */
export interface PrintedEffects {
  readonly writes: readonly Pick<ValueWrite, "name" | "value">[];
  readonly cancels: readonly string[];
  readonly sends: readonly PrintedSend[];
  readonly replies: readonly Reply[];
  readonly letters: readonly PrintedDeadLetter[];
}

/**
 * Prints effects.
 *
 * @param at - the instant at which the activation ended
 * @param keyOf - returns the key of a message's address, if other messages may go there
 */
export function printEffects(
  effects: Effects,
  at: number,
  keyOf: (envelope: Envelope) => string | undefined,
): PrintedEffects {
  const { writes, cancels, sends, replies, deadLetters } = effects;
  return {
    writes: writes.map(({ name, value }) => ({ name, value })),
    cancels,
    sends: sends.map(({ envelope, dueAt, token }) => {
      const key = keyOf(envelope);
      return {
        delivery: printDelivery({ envelope, at: Math.max(at, dueAt ?? at), token }),
        ...(key !== undefined && { key }),
        ...(envelope.fresh === true && { isFresh: true }),
        ...(dueAt !== undefined && { dueAt }),
        ...(token !== undefined && { token }),
      };
    }),
    replies,
    letters: deadLetters.map((letter) => printDeadLetter(letter, at)),
  };
}

/** Prints a message that failed. */
export function printDeadLetter({ envelope, failure }: DeadLetter, at: number): PrintedDeadLetter {
  return { delivery: printDelivery({ envelope, at }), failure };
}
