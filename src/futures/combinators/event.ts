import type { Activation } from "../../core/activation/activation.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { unwatchCancellation, watchCancellation } from "../protocol/cancellation-watch.ts";
import type { CancellationWatch } from "../protocol/cancellation-watch.ts";
import { noteWait } from "../history/note-work.ts";
import { keptEvent } from "./kept-event.ts";
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
 * E2 A value that arrives before its waiter is kept for it, at an address of its own.
 * E3 The queue ends with its flow, and its waiters are rejected.
 * E4 A waiter is removed with its scope, and then takes no value.
 */
type EventQueue = {
  readonly v?: number;
  /** Values that an earlier release kept here. They come before the others. */
  readonly values?: readonly string[];
  /** The numbers of the first kept value, and of the next one. */
  readonly first?: number;
  readonly next?: number;
  readonly waiters: readonly Waiter[];
  /** Number of cancellation watches given to waiters so far. */
  readonly guards: number;
};
type Waiter = { readonly consumers: readonly Consumer[]; readonly guard?: CancellationWatch };

const VALUE = "queue";
/** Version of the stored state. Version 0 had no number. Version 1 kept the values inside. */
const FORMAT = 2;
const EMPTY: EventQueue = { v: FORMAT, waiters: [], guards: 0 };

/** The combinator of `ctx.event`. The id of an instance comes from {@link queueId}. */
export const event: Combinator<{ readonly event: string }> = {
  kind: "event",
  definitions: [
    systemFunction("event", [VALUE], {
      wait(activation, wait) {
        const queue = queueOrNew(activation);
        saveQueue(
          activation,
          takeKept(activation, queue, wait) ?? addWaiter(activation, queue, wait),
        );
      },
      signal(activation) {
        const queue = queueOrNew(activation);
        saveQueue(activation, serveFirst(activation, queue) ?? keepValue(activation, queue));
      },
      offer(activation, { key, number }) {
        const served = serveFirst(activation, readQueue(activation) ?? EMPTY);
        if (served !== undefined) {
          const { id } = activation.address;
          const noted = { at: activation.now, event: eventOfQueue(id) };
          const about = { id: number ?? "", flow: number && flowOfQueue(id) };
          noteWait(activation, about, { type: "eventReceived", ...noted });
          saveQueue(activation, served);
        }
        const outcome = served === undefined ? "manyEvents" : "signalled";
        activation.replyTo(key, UNDEFINED, { outcome });
      },
      over: endQueue,
      guard: (activation, { token }) => removeWaiter(activation, token),
    }),
    keptEvent,
  ],
  methods: {
    event(context, name) {
      context.requireFlow("ctx.event");
      return context.add(planOf(event, [], { event: context.eventName(name) }));
    },
  },
  compile({ activation, flow }, _, { details }, { scope, consumers }) {
    const control = { consumers, scope: scope.id };
    const id = queueId(flow ?? "", details.event);
    sendSystemMessage(activation, { to: "event", id, name: "wait", control });
  },
  consumersAt: (read) =>
    (read(VALUE) as EventQueue | undefined)?.waiters.flatMap(({ consumers }) => consumers) ?? [],
  describe: ({ id }) => ({ kind: "event", name: eventOfQueue(id) }),
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

function saveQueue(activation: Activation, queue: EventQueue): void {
  activation.write(VALUE, { json: { ...queue, v: FORMAT } });
}

function addWaiter(
  activation: Activation,
  queue: EventQueue,
  { consumers, scope }: Messages["event"]["wait"],
): EventQueue {
  const guard = watchCancellation(activation, scope, `waiter/${queue.guards}`);
  const waiter: Waiter = guard === undefined ? { consumers } : { consumers, guard };
  const guards = queue.guards + (guard === undefined ? 0 : 1);
  return { ...queue, waiters: [...queue.waiters, waiter], guards };
}

/** Gives the first kept value to a new waiter, which needs no watch. Without one: `undefined`. */
function takeKept(
  activation: Activation,
  queue: EventQueue,
  { consumers }: Messages["event"]["wait"],
): EventQueue | undefined {
  const { values: [value, ...values] = [], first = 0, next = 0 } = queue;
  if (value !== undefined) {
    serveWaiter(activation, { consumers }, fulfilledSettlement(value as Encoded));
    return { ...queue, values };
  }
  if (first === next) return undefined;
  const { id } = activation.address;
  const control = { flow: flowOfQueue(id), consumers };
  sendSystemMessage(activation, { to: "keptEvent", id: keptId(id, first), name: "take", control });
  return { ...queue, first: first + 1 };
}

/** Gives the signaled value to the first waiter. Without one: `undefined`. */
function serveFirst(activation: Activation, queue: EventQueue): EventQueue | undefined {
  const [waiter, ...waiters] = queue.waiters;
  if (waiter === undefined) return undefined;
  serveWaiter(activation, waiter, fulfilledSettlement(activation.envelope.payload));
  return { ...queue, waiters };
}

function keepValue(activation: Activation, queue: EventQueue): EventQueue {
  const { next = 0 } = queue;
  const { id } = activation.address;
  sendSystemMessage(activation, {
    to: "keptEvent",
    id: keptId(id, next),
    name: "keep",
    control: { flow: flowOfQueue(id) },
    payload: activation.envelope.payload,
  });
  return { ...queue, next: next + 1 };
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
  saveQueue(activation, { ...queue, waiters });
}

/** Rejects the waiters, because no value will be signaled any more. */
function endQueue(activation: Activation): void {
  const flow = flowOfQueue(activation.address.id);
  const why = `the flow ${flow} ended before the event arrived`;
  const over = rejectedWithCode("FLOW_OVER", why, { flow });
  const { waiters, first = 0, next = 0 } = readQueue(activation) ?? EMPTY;
  for (const waiter of waiters) serveWaiter(activation, waiter, over);
  for (let at = first; at < next; at++) {
    const id = keptId(activation.address.id, at);
    sendSystemMessage(activation, { to: "keptEvent", id, name: "over", control: null });
  }
  activation.delete(VALUE);
}

/** Returns the id of a kept value. */
function keptId(queue: string, at: number): string {
  return `${at}\n${queue}`;
}

/** Returns the id of a flow's queue for events of one name. Names hold no newline. */
export function queueId(flow: string, name: string): string {
  return `${name}\n${flow}`;
}

/** Returns the name of the events in a queue. */
export function eventOfQueue(id: string): string {
  return id.slice(0, id.indexOf("\n"));
}

function flowOfQueue(id: string): string {
  return id.slice(id.indexOf("\n") + 1);
}
