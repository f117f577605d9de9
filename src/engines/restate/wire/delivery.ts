import { HandbackError } from "../../../core/errors/errors.ts";
import { decodeEnvelope, encodeEnvelope } from "../../../core/message/envelope.ts";
import type { Envelope } from "../../../core/message/envelope.ts";

/**
 * Version of the input of every invocation. Code that carries on with a journal of another version
 * could take another way than the code that began it, so it refuses the input.
 */
const VERSION = 1;

/** A message on its way: the input of an invocation. */
export interface Delivery {
  readonly envelope: Envelope;
  /**
   * Instant of its cause in ms: the end of the handler that sent it, or the instant for which it was
   * delayed. System functions take it for the present.
   */
  readonly at: number;
  /** Names it among the delayed messages of its sender. */
  readonly token?: string | undefined;
}

/** A delivery as it is printed. */
export type PrintedDelivery = readonly [
  version: number,
  at: number,
  id: string,
  head: string,
  payload: string,
  token?: string,
];

/** Prints a delivery as JSON. */
export function printDelivery({ envelope, at, token }: Delivery): PrintedDelivery {
  const { head, payload } = encodeEnvelope(envelope);
  const printed = [VERSION, at, envelope.id, head, payload] as const;
  return token === undefined ? printed : [...printed, token];
}

/** Reads a delivery that {@link printDelivery} printed. @throws `FORMAT_TOO_NEW` */
export function readDelivery(printed: PrintedDelivery): Delivery {
  const [version, at, id, head, payload, token] = printed;
  if (version !== VERSION)
    throw new HandbackError(
      "FORMAT_TOO_NEW",
      `an invocation has format ${version}, and this release reads ${VERSION}`,
      { details: { version } },
    );
  return { envelope: decodeEnvelope(id, { head, payload }), at, token };
}
