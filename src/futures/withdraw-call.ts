import type { Activation } from "../core/activation.ts";
import { markOf, NO_TALLY } from "../core/meter.ts";
import type { CallControl } from "./call.ts";
import { carryOrBill, deliver } from "./deliver.ts";
import { cancelled } from "./settled.ts";

/**
 * Answers for the call of a user's function that is withdrawn: whoever waits for it is told. A handler that is at work
 * posts its own sums, and its mark with them, when it ends.
 */
export function withdrawCall(activation: Activation): void {
  const { id, target, control } = activation.envelope;
  const { consumers, flow } = control as CallControl;
  const tally = activation.withdrawn === "running" ? NO_TALLY : markOf(id);
  deliver(activation, carryOrBill(activation, consumers, { tally, flow }), cancelled(`the call of ${target.type}`), flow);
}
