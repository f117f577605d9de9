import type { Definition } from "../core/definition.ts";
import type { Consumer } from "./consumer.ts";
import { deliver } from "./deliver.ts";
import { SETTLED_UNDEFINED } from "./settled.ts";
import { SYSTEM } from "./system.ts";

/** What a timer message carries: everything that is to happen when it is due. A timer has no state. */
export type Timer = { readonly consumers: readonly Consumer[]; readonly flow?: string };

/** The system function `_sys/timer`: a delayed message that settles its consumers when it arrives. */
export const timer: Definition = {
  type: SYSTEM.timer,
  valueNames: [],
  system: true,
  receive(activation) {
    const { consumers, flow } = activation.envelope.control as Timer;
    deliver(activation, consumers, SETTLED_UNDEFINED, flow);
  },
};
