import type { Activation } from "../core/activation.ts";
import type { Encoded } from "../core/codec/encoded.ts";
import type { Definition } from "../core/definition.ts";
import type { Consumer } from "./consumer.ts";
import { deliver } from "./deliver.ts";
import { fulfilled, rejectedWith } from "./settled.ts";
import { SYSTEM, system, tell } from "./system.ts";

/**
 * The event queue of one flow and event name: values that were signalled and not yet taken, or waiters not yet served.
 *
 * E1 First in, first out, on both sides; one value serves one waiter.
 * E2 A value that comes before its waiter is kept for it.
 * E3 When its flow is over, the queue is gone, and who still waited is rejected.
 */
type Queue = { readonly values: readonly string[]; readonly waiters: readonly (readonly Consumer[])[] };

const VALUE = "queue";

/** The system function `_sys/event`; its id is that of {@link queueId}. */
export const event: Definition = {
  type: SYSTEM.event,
  valueNames: [VALUE],
  system: true,
  receive(activation) {
    const { name, control, payload, target } = activation.envelope;
    let queue = activation.json(VALUE) as Queue | undefined;
    if (name === "over") return end(activation, queue);
    if (queue === undefined) {
      queue = { values: [], waiters: [] };
      const consumers: readonly Consumer[] = [{ to: "over", id: target.id }];
      tell(activation, { target: system("flow", flowOf(target.id)), name: "subscribe", control: { consumers } });
    }
    if (name === "signal") queue = { ...queue, values: [...queue.values, payload] };
    else queue = { ...queue, waiters: [...queue.waiters, (control as { consumers: readonly Consumer[] }).consumers] };
    activation.write(VALUE, { json: match(activation, queue) });
  },
};

function match(activation: Activation, queue: Queue): Queue {
  const [value, ...values] = queue.values;
  const [waiter, ...waiters] = queue.waiters;
  if (value === undefined || waiter === undefined) return queue;
  deliver(activation, waiter, fulfilled(value as Encoded), flowOf(activation.address.id));
  return { values, waiters };
}

/** Nothing will be signalled any more: who still waits is told. */
function end(activation: Activation, queue: Queue | undefined): void {
  const flow = flowOf(activation.address.id);
  const over = rejectedWith("FLOW_OVER", `the flow ${flow} ended before the event came`, { flow });
  for (const waiter of queue?.waiters ?? []) deliver(activation, waiter, over, flow);
  activation.delete(VALUE);
}

/** The id of a flow's queue for events of one name; names hold no newline. */
export function queueId(flow: string, name: string): string {
  return `${name}\n${flow}`;
}

function flowOf(id: string): string {
  return id.slice(id.indexOf("\n") + 1);
}
