import type { Activation } from "../../core/activation/activation.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Json } from "../../core/data/json.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { deliverSettlement } from "../protocol/deliver.ts";
import { watchCancellation, unwatchCancellation } from "../protocol/cancellation-watch.ts";
import type { CancellationWatch } from "../protocol/cancellation-watch.ts";
import { cancelledSettlement, fulfilledSettlement, rejectedWithCode } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { SYSTEM, systemAddress, sendSystemMessage } from "../protocol/system.ts";

/**
 * The event queue of one flow and event name: values that were signalled and not yet taken, or waiters not yet served.
 *
 * E1 First in, first out, on both sides; one value serves one waiter.
 * E2 A value that comes before its waiter is kept for it.
 * E3 When its flow is over, the queue is gone, and who still waited is rejected.
 * E4 A waiter is let go with its scope, and takes no value then.
 */
type Queue = {
  readonly values: readonly string[];
  readonly waiters: readonly Waiter[];
  /** Guards given to waiters so far. */
  readonly guards: number;
};
type Waiter = { readonly consumers: readonly Consumer[]; readonly guard?: CancellationWatch };

/** What asks for the next value; let go with its scope. */
export type EventWait = { readonly consumers: readonly Consumer[]; readonly scope?: string };

const VALUE = "queue";
const EMPTY: Queue = { values: [], waiters: [], guards: 0 };

/** The system function `_sys/event`; its id is that of {@link queueId}. */
export const event: Definition = {
  type: SYSTEM.event,
  valueNames: [VALUE],
  system: true,
  receive(activation) {
    const { name, control, payload } = activation.envelope;
    const queue = activation.json(VALUE) as Queue | undefined;
    if (name === "over") return end(activation, queue ?? EMPTY);
    if (activation.withdrawn !== undefined)
      return withdraw(activation, queue ?? EMPTY, control as { token: string });
    const known = queue ?? begin(activation);
    const longer =
      name === "signal"
        ? { ...known, values: [...known.values, payload] }
        : addWaiter(activation, known, control as EventWait);
    activation.write(VALUE, { json: match(activation, longer) });
  },
};

/** A queue is gone with its flow, so the flow must tell it. */
function begin(activation: Activation): Queue {
  const { id } = activation.address;
  sendSystemMessage(activation, {
    target: systemAddress("flow", flowOfQueue(id)),
    name: "queue",
    control: { queue: id },
  });
  return EMPTY;
}

function addWaiter(activation: Activation, queue: Queue, { consumers, scope }: EventWait): Queue {
  const token = `waiter/${queue.guards}`;
  // One that is served at once needs no guard.
  const own = queue.values.length === 0 ? watchCancellation(activation, scope, token) : undefined;
  const waiter: Waiter = own === undefined ? { consumers } : { consumers, guard: own };
  return {
    ...queue,
    waiters: [...queue.waiters, waiter],
    guards: queue.guards + (own === undefined ? 0 : 1),
  };
}

function match(activation: Activation, queue: Queue): Queue {
  const [value, ...values] = queue.values;
  const [waiter, ...waiters] = queue.waiters;
  if (value === undefined || waiter === undefined) return queue;
  serve(activation, waiter, fulfilledSettlement(value as Encoded));
  return { ...queue, values, waiters };
}

function serve(activation: Activation, waiter: Waiter, settled: Settled): void {
  unwatchCancellation(activation, waiter.guard);
  deliverSettlement(activation, waiter.consumers, settled, flowOfQueue(activation.address.id));
}

function withdraw(
  activation: Activation,
  queue: Queue,
  { token }: { readonly token: string },
): void {
  const gone = queue.waiters.find(({ guard: own }) => own?.[1] === token);
  if (gone === undefined) return;
  serve(activation, gone, cancelledSettlement("the wait for the event"));
  activation.write(VALUE, {
    json: { ...queue, waiters: queue.waiters.filter((waiter) => waiter !== gone) },
  });
}

/** Nothing will be signalled any more: who still waits is told. */
function end(activation: Activation, queue: Queue): void {
  const flow = flowOfQueue(activation.address.id);
  const over = rejectedWithCode("FLOW_OVER", `the flow ${flow} ended before the event came`, {
    flow,
  });
  for (const waiter of queue.waiters) serve(activation, waiter, over);
  activation.delete(VALUE);
}

/** Who waits for an event; `read` gives the values of its queue. */
export function consumersOfEvent(read: (name: string) => Json | undefined): readonly Consumer[] {
  return (read(VALUE) as Queue | undefined)?.waiters.flatMap(({ consumers }) => consumers) ?? [];
}

/** The event's name, of the id of its queue. */
export function eventOf(id: string): string {
  return id.slice(0, id.indexOf("\n"));
}

/** The id of a flow's queue for events of one name; names hold no newline. */
export function queueId(flow: string, name: string): string {
  return `${name}\n${flow}`;
}

function flowOfQueue(id: string): string {
  return id.slice(id.indexOf("\n") + 1);
}
