import type { Definition } from "../../core/activation/definition.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { deliverSettlement } from "../protocol/deliver.ts";
import { cancelledSettlement, SETTLED_UNDEFINED } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { SYSTEM } from "../protocol/system.ts";

/** What a timer message carries: everything that is to happen when it is due. A timer has no state. */
export type Timer = {
  readonly consumers: readonly Consumer[];
  readonly flow?: string;
  /** How it settles them; default: with `undefined`. */
  readonly settled?: Settled;
};

/** The system function `_sys/timer`: a delayed message that settles its consumers when it arrives, or is withdrawn. */
export const timer: Definition = {
  type: SYSTEM.timer,
  valueNames: [],
  system: true,
  receive(activation) {
    const { consumers, flow, settled = SETTLED_UNDEFINED } = activation.envelope.control as Timer;
    deliverSettlement(
      activation,
      consumers,
      activation.withdrawn === undefined ? settled : cancelledSettlement("the timer"),
      flow,
    );
  },
};
