import type { Activation } from "../../core/activation/activation.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { checkName } from "../../core/validation/names.ts";
import { unwatchCancellation, watchCancellation } from "../protocol/cancellation-watch.ts";
import type { CancellationWatch } from "../protocol/cancellation-watch.ts";
import { planOf, readVersioned } from "../protocol/combinator.ts";
import type { Combinator } from "../protocol/combinator.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { deliverCancelled, deliverSettlement } from "../protocol/deliver.ts";
import type { Messages } from "../protocol/messages.ts";
import { fulfilledSettlement, rejectedWithCode } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { sendSystemMessage, systemFunction } from "../protocol/system.ts";

/**
 * The event queue of one flow and event name: signaled values that were not taken yet, or waiters
 * that were not served yet.
 *
 * E1 First in, first out, on both sides. One value serves one waiter.
 * E2 A value that arrives before its waiter is kept for it.
 * E3 The queue ends with its flow, and its waiters are rejected.
 * E4 A waiter is removed with its scope, and then takes no value.
 */
type EventQueue = {
  readonly v?: number;
  readonly values: readonly string[];
  readonly waiters: readonly Waiter[];
  /** Number of cancellation watches given to waiters so far. */
  readonly guards: number;
};
type Waiter = { readonly consumers: readonly Consumer[]; readonly guard?: CancellationWatch };

const VALUE = "queue";
/** Version of the stored state. Version 0 had no number. */
const FORMAT = 1;
const EMPTY: EventQueue = { v: FORMAT, values: [], waiters: [], guards: 0 };

/** The combinator of `ctx.event`. The id of an instance comes from {@link queueId}. */
export const event: Combinator<{ readonly event: string }> = {
  kind: "event",
  definitions: [
    systemFunction("event", [VALUE], {
      wait: (activation, wait) =>
        saveQueue(activation, addWaiter(activation, queueOrNew(activation), wait)),
      signal(activation) {
        const queue = queueOrNew(activation);
        saveQueue(activation, { ...queue, values: [...queue.values, activation.envelope.payload] });
      },
      over: endQueue,
      guard: (activation, { token }) => removeWaiter(activation, token),
    }),
  ],
  methods: {
    event(context, name) {
      context.requireFlow("ctx.event");
      return context.add(planOf(event, [], { event: checkName(name, "event") }));
    },
  },
  compile({ activation, flow }, _, { details }, { scope, consumers }) {
    const control = scope.id === undefined ? { consumers } : { consumers, scope: scope.id };
    const id = queueId(flow ?? "", details.event);
    sendSystemMessage(activation, { to: "event", id, name: "wait", control });
  },
  consumersAt: (read) =>
    (read(VALUE) as EventQueue | undefined)?.waiters.flatMap(({ consumers }) => consumers) ?? [],
  describe: ({ id }) => ({ kind: "event", name: id.slice(0, id.indexOf("\n")) }),
};

function readQueue(activation: Activation): EventQueue | undefined {
  return readVersioned<EventQueue>(activation, VALUE, FORMAT);
}

/** Returns the queue. A new one announces itself to its flow, which ends it. */
function queueOrNew(activation: Activation): EventQueue {
  const queue = readQueue(activation);
  if (queue !== undefined) return queue;
  const { id } = activation.address;
  const control = { queue: id };
  sendSystemMessage(activation, { to: "flow", id: flowOfQueue(id), name: "queue", control });
  return EMPTY;
}

function addWaiter(
  activation: Activation,
  queue: EventQueue,
  { consumers, scope }: Messages["event"]["wait"],
): EventQueue {
  const token = `waiter/${queue.guards}`;
  // A waiter that is served at once needs no watch.
  const isServed = queue.values.length > 0;
  const guard = isServed ? undefined : watchCancellation(activation, scope, token);
  const waiter: Waiter = guard === undefined ? { consumers } : { consumers, guard };
  const guards = queue.guards + (guard === undefined ? 0 : 1);
  return { ...queue, waiters: [...queue.waiters, waiter], guards };
}

function saveQueue(activation: Activation, queue: EventQueue): void {
  const served = serveFirst(activation, queue);
  activation.write(VALUE, { json: { ...served, v: FORMAT } });
}

function serveFirst(activation: Activation, queue: EventQueue): EventQueue {
  const [value, ...values] = queue.values;
  const [waiter, ...waiters] = queue.waiters;
  if (value === undefined || waiter === undefined) return queue;
  serveWaiter(activation, waiter, fulfilledSettlement(value as Encoded));
  return { ...queue, values, waiters };
}

function serveWaiter(activation: Activation, waiter: Waiter, settled: Settled): void {
  unwatchCancellation(activation, waiter.guard);
  deliverSettlement(activation, waiter.consumers, settled, flowOfQueue(activation.address.id));
}

function removeWaiter(activation: Activation, token: string): void {
  const queue = readQueue(activation) ?? EMPTY;
  const gone = queue.waiters.find(({ guard }) => guard?.[1] === token);
  if (gone === undefined) return;
  unwatchCancellation(activation, gone.guard);
  const flow = flowOfQueue(activation.address.id);
  const work = { what: "the wait for the event", run: "neverBegan", flow } as const;
  deliverCancelled(activation, gone.consumers, work);
  const waiters = queue.waiters.filter((waiter) => waiter !== gone);
  activation.write(VALUE, { json: { ...queue, waiters, v: FORMAT } });
}

/** Rejects the waiters, because no value will be signaled any more. */
function endQueue(activation: Activation): void {
  const flow = flowOfQueue(activation.address.id);
  const why = `the flow ${flow} ended before the event arrived`;
  const over = rejectedWithCode("FLOW_OVER", why, { flow });
  for (const waiter of readQueue(activation)?.waiters ?? []) serveWaiter(activation, waiter, over);
  activation.delete(VALUE);
}

/** Returns the id of a flow's queue for events of one name. Names hold no newline. */
export function queueId(flow: string, name: string): string {
  return `${name}\n${flow}`;
}

function flowOfQueue(id: string): string {
  return id.slice(id.indexOf("\n") + 1);
}
