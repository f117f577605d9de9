import type { Activation } from "../../core/activation/activation.ts";
import { noteWork } from "../../core/activation/work-note.ts";
import { inWords, logFacts } from "../../core/errors/log-facts.ts";
import type { Definition } from "../../core/activation/definition.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { checkFunctionType } from "../../core/validation/names.ts";
import type { CallControl } from "../protocol/call.ts";
import { codec } from "../protocol/codec.ts";
import { addPoisonDeadLetter } from "./poison-call.ts";

/**
 * Takes a value out of the system. `id` is the same when it is tried again, so that the outside can
 * act once.
 */
export type Sink = (value: unknown, about: { readonly id: string }) => void | Promise<void>;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 60_000;

/** Name of the messages for an egress. */
export const EGRESS = "egress";

/**
 * Makes an egress a function like others: a durable message, handled once it is committed, one at a
 * time per sender. A sink that fails is tried again with growing delays, for as long as it takes.
 *
 * @throws `INVALID_HANDLER`
 */
function defineEgress(type: string, sink: Sink): Definition {
  if (typeof sink !== "function")
    throw new HandbackError(
      "INVALID_HANDLER",
      `egress ${type}: expected a function, got ${typeof sink}`,
    );
  return {
    type,
    valueNames: [],
    system: false,
    missingOperation: (name) => (name === EGRESS ? undefined : name),
    receive: (activation) => {
      if (activation.discarded !== undefined) return undefined;
      if (activation.crashes === undefined) return callSink(activation, sink);
      return void addPoisonDeadLetter(activation, activation.crashes);
    },
  };
}

/**
 * Adds egresses to functions.
 *
 * @throws `DUPLICATE_FUNCTION` if a function and an egress share a name; `INVALID_NAME`;
 * `INVALID_HANDLER`
 */
export function withEgress(
  functions: ReadonlyMap<string, Definition>,
  sinks: Readonly<Record<string, Sink>>,
): ReadonlyMap<string, Definition> {
  const all = new Map(functions);
  for (const [type, sink] of Object.entries(sinks)) {
    if (all.has(checkFunctionType(type))) {
      const why = `a function and an egress are both named ${type}`;
      throw new HandbackError("DUPLICATE_FUNCTION", why);
    }
    all.set(type, defineEgress(type, sink));
  }
  return all;
}

/** What a message to an egress carries beside its value. */
type EgressControl = Pick<CallControl, "redriven"> & { readonly failures?: number };

async function callSink(activation: Activation, sink: Sink): Promise<void> {
  const { envelope, environment, now } = activation;
  const { type } = envelope.target;
  const { failures = 0, ...rest } = (envelope.control ?? {}) as EgressControl;
  try {
    await sink(codec.decode(envelope.payload), { id: rest.redriven ?? envelope.id });
  } catch (error) {
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
    const facts = logFacts(error);
    noteWork(environment, {
      level: "warn",
      event: "egressFailed",
      subject: type,
      message: `the egress ${type} failed and is tried again in ${delayMs} ms: ${inWords(facts)}`,
      fields: { type, attempt: failures + 1, ...facts },
    });
    activation.send({ ...envelope, control: { ...rest, failures: failures + 1 } }, now + delayMs);
  }
}
