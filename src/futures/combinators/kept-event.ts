import type { Activation } from "../../core/activation/activation.ts";
import type { Messages } from "../protocol/messages.ts";
import { deliverSettlement } from "../protocol/deliver.ts";
import { fulfilledSettlement } from "../protocol/settled.ts";
import { sendSystemMessage, systemFunction } from "../protocol/system.ts";

const VALUE = "event";

/**
 * One value of an event that came before its waiter. Each has an instance of its own, so that
 * keeping one costs the same however many there are. It counts as kept by its flow until it is
 * taken.
 */
export const keptEvent = systemFunction("keptEvent", [VALUE], {
  keep(activation, { flow }) {
    const { payload } = activation.envelope;
    activation.write(VALUE, { text: payload });
    countKept(activation, flow, { count: 1, chars: payload.length });
  },
  take: takeEvent,
  over: (activation) => activation.delete(VALUE),
});

function takeEvent(
  activation: Activation,
  { flow, consumers }: Messages["keptEvent"]["take"],
): void {
  const text = activation.read(VALUE)?.content.text;
  if (text === undefined) return;
  activation.delete(VALUE);
  countKept(activation, flow, { count: -1, chars: -text.length });
  deliverSettlement(activation, consumers, fulfilledSettlement(text), flow);
}

function countKept(activation: Activation, flow: string, change: Messages["flow"]["kept"]): void {
  sendSystemMessage(activation, { to: "flow", id: flow, name: "kept", control: change });
}
