import type { Definition } from "../core/definition.ts";
import { HandbackError } from "../core/errors.ts";
import { toFailure } from "./failure.ts";
import { codec } from "./future-codec.ts";

/** Takes a value out of the system. `id` is the same when it is tried again, so that the outside can act once. */
export type Sink = (value: unknown, about: { readonly id: string }) => void | Promise<void>;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 60_000;

/**
 * Makes an egress a function like others: a durable message, handled once it is committed, one at a time per sender.
 * A sink that fails is tried again with growing delays, for as long as it takes.
 *
 * @throws `INVALID_HANDLER`
 */
export function defineEgress(type: string, sink: Sink): Definition {
  if (typeof sink !== "function") throw new HandbackError("INVALID_HANDLER", `egress ${type}: expected a function, got ${typeof sink}`);
  return {
    type,
    valueNames: [],
    system: false,
    async receive(activation) {
      const { envelope, environment, now } = activation;
      try {
        await sink(codec.decode(envelope.payload), { id: envelope.id });
      } catch (error) {
        const { failures = 0, ...rest } = (envelope.control ?? {}) as { failures?: number };
        const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
        environment.log.warn(`the egress ${type} failed and is tried again in ${delayMs} ms: ${toFailure(error).message}`, { type });
        activation.send({ ...envelope, control: { ...rest, failures: failures + 1 } }, now + delayMs);
      }
    },
  };
}
