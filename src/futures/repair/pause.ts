import type { Activation } from "../../core/activation/activation.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { ReplyKey } from "../protocol/messages.ts";
import { systemFunction } from "../protocol/system.ts";

/** The instant at which it began. */
const VALUE = "since";

/**
 * The system function of pauses, for engines with the capability `pause`. An instance exists while
 * the flow or function that its id names is paused, and the engine holds its messages meanwhile.
 */
export const pause = systemFunction("pause", [VALUE], {
  begin(activation, { key }) {
    const isNew = activation.read(VALUE) === undefined;
    if (isNew) activation.write(VALUE, { json: activation.now });
    answer(activation, key, isNew ? "paused" : "same");
  },
  end(activation, { key }) {
    const isPaused = activation.read(VALUE) !== undefined;
    if (isPaused) activation.delete(VALUE);
    answer(activation, key, isPaused ? "resumed" : "notPaused");
  },
});

function answer(activation: Activation, key: ReplyKey["key"] | undefined, outcome: string): void {
  if (key !== undefined) activation.replyTo(key, UNDEFINED, { outcome });
}
