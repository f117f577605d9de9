import type { Address } from "../../core/message/address.ts";
import type { PendingWork } from "../../core/engine/engine.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { Json } from "../../core/data/json.ts";
import type { CallControl } from "../protocol/call.ts";
import { consumersOfCell, isPromise } from "../combinators/cell.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { callTarget } from "../protocol/consumer.ts";
import { consumersOfEvent, eventOf } from "../combinators/event.ts";
import { consumersOfJoin } from "../combinators/join.ts";
import { consumersOfRace } from "../combinators/race.ts";
import { CALL } from "../define/spec.ts";
import { SYSTEM } from "../protocol/system.ts";
import { waitersOf } from "../combinators/wait.ts";

/** Something that waits, or is waited for. */
export interface Waiting {
  readonly id: string;
  /**
   * - `flow`: the flow itself
   * - `function`: a function that is at work or in line, or will be called once its input is there
   * - `handler`: a handler that blocks
   * - `all`, `first`, `some`: several futures that are waited for together
   * - `future`, `promise`, `event`, `timer`: a future whose settlement is kept, and those that come from outside or with time
   */
  readonly kind:
    | "flow"
    | "function"
    | "handler"
    | "all"
    | "first"
    | "some"
    | "future"
    | "promise"
    | "event"
    | "timer";
  /** The flow's key, the function's name, the event's; empty: it has none. */
  readonly name: string;
  /** How it stands, in a word or two; may be empty. */
  readonly status: string;
  /** When it is due, in ms since the epoch, if time decides that. */
  readonly dueAt?: number;
}

/** Who waits for what in a flow, as it stands: plain data. */
export interface FlowWaits {
  readonly flow: string;
  /** The flow comes first. */
  readonly nodes: readonly Waiting[];
  /** By the ids of nodes. */
  readonly waits: readonly { readonly waiter: string; readonly on: string }[];
  /** How much else is at work or parked, and was left out. */
  readonly left: number;
}

/** What a flow's waits are read from. */
export interface WaitsParts {
  readonly flow: Waiting;
  readonly parked: PendingWork;
  readonly read: (address: Address, name: string) => Json | undefined;
  /** How much of what is parked is looked at. */
  readonly limit: number;
}

/** Walks from what is at work or parked to whoever waits for it, up to the flow. */
export function flowWaits({ flow, parked, read, limit }: WaitsParts): FlowWaits {
  const nodes = new Map<string, Waiting>([[flow.id, flow]]);
  const waits = new Map<string, { waiter: string; on: string }>();

  const add = (node: Waiting): boolean =>
    !nodes.has(node.id) && nodes.set(node.id, node) !== undefined;
  const valuesOf =
    (address: Address) =>
    (name: string): Json | undefined =>
      read(address, name);

  /** What waits for a node, and in turn for that. A walk that has come by before goes no further. */
  const walk = (from: string, consumers: readonly Consumer[]): void => {
    const steps = [{ on: from, consumers }];
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      for (const consumer of step.consumers) {
        const { node, next } = waiterOf(consumer, valuesOf);
        const waiter = node ?? flow;
        waits.set(`${waiter.id} ${step.on}`, { waiter: waiter.id, on: step.on });
        if (node !== undefined && add(node)) steps.push({ on: node.id, consumers: next });
      }
    }
  };

  for (const { envelope, dueAt } of parked.messages.slice(0, limit)) {
    const { node, consumers } = nodeOfMessage(envelope, dueAt);
    if (add(node)) walk(node.id, consumers);
  }
  for (const address of parked.addresses.slice(0, limit)) {
    const { node, next } = nodeAtAddress(address, valuesOf);
    if (node !== undefined && add(node)) walk(node.id, next);
  }
  const left =
    Math.max(0, parked.messages.length - limit) + Math.max(0, parked.addresses.length - limit);
  return { flow: flow.name, nodes: [...nodes.values()], waits: [...waits.values()], left };
}

type ValuesOf = (address: Address) => (name: string) => Json | undefined;

/** A node, and who waits for it. */
interface Found {
  readonly node: Waiting | undefined;
  readonly next: readonly Consumer[];
}

/** All futures of a race or a wait count as lost: whoever waits for it is asked for. */
const ALL = Number.POSITIVE_INFINITY;

/** Who takes a settlement; no node is the flow itself, or another one. */
function waiterOf(consumer: Consumer, valuesOf: ValuesOf): Found {
  switch (consumer.to) {
    case "call": {
      const { type } = callTarget(consumer);
      const name = consumer.name === CALL ? type : `${type}.${consumer.name}`;
      return {
        node: { id: consumer.id, kind: "function", name, status: "waits" },
        next: consumer.consumers,
      };
    }
    case "answer":
      return { node: { id: consumer.key, kind: "handler", name: "", status: "" }, next: [] };
    case "flow":
      return { node: undefined, next: [] };
    case "slot":
      return nodeAtAddress({ type: SYSTEM.join, id: consumer.id }, valuesOf);
    case "cell":
      return nodeAtAddress({ type: SYSTEM.cell, id: consumer.id }, valuesOf);
    case "race":
      return nodeAtAddress({ type: SYSTEM.race, id: consumer.id }, valuesOf);
    case "tick":
      return nodeAtAddress({ type: SYSTEM.wait, id: consumer.id }, valuesOf);
  }
}

/** What keeps something for a flow at an address, and who waits for it. */
function nodeAtAddress(address: Address, valuesOf: ValuesOf): Found {
  const values = valuesOf(address);
  const id = `${address.type}/${address.id}`;
  const node = (kind: Waiting["kind"], name = ""): Waiting => ({ id, kind, name, status: "" });
  switch (address.type) {
    case SYSTEM.join:
      return { node: node("all"), next: consumersOfJoin(values) };
    case SYSTEM.race:
      return { node: node("first"), next: consumersOfRace(values, ALL) };
    case SYSTEM.wait:
      return { node: node("some"), next: waitersOf(values) };
    case SYSTEM.cell:
      return {
        node: node(isPromise(values) ? "promise" : "future"),
        next: consumersOfCell(values),
      };
    case SYSTEM.event:
      return { node: node("event", eventOf(address.id)), next: consumersOfEvent(values) };
    default:
      return { node: undefined, next: [] };
  }
}

/** A message that is to be handled, now or when it is due. */
function nodeOfMessage(
  envelope: Envelope,
  dueAt: number | undefined,
): { node: Waiting; consumers: readonly Consumer[] } {
  const { id, target, name, control } = envelope;
  const due = dueAt === undefined ? {} : { dueAt };
  const consumers = (control as Partial<CallControl> | null | undefined)?.consumers ?? [];
  if (target.type === SYSTEM.timer)
    return { node: { id, kind: "timer", name: "", status: "", ...due }, consumers };
  if (target.type === SYSTEM.wait) {
    const waiting: Consumer = { to: "tick", id: target.id, index: 0 };
    return { node: { id, kind: "timer", name: "", status: "", ...due }, consumers: [waiting] };
  }
  const called = name === CALL ? target.type : `${target.type}.${name}`;
  return {
    node: {
      id,
      kind: "function",
      name: called,
      status: dueAt === undefined ? "at work or in line" : "",
      ...due,
    },
    consumers,
  };
}
