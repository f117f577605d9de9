import type { Address } from "../../core/message/address.ts";
import { AddressMap } from "../../core/message/address-map.ts";
import type { CommittedReader } from "../../core/engine/committed-read.ts";
import type { PendingMessage, PendingWork } from "../../core/engine/pending-work.ts";
import type { Json } from "../../core/data/json.ts";
import { callControlOf } from "../protocol/call.ts";
import { combinatorOfType } from "../combinators/table.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { callTarget, instanceOf, isCall } from "../protocol/consumer.ts";
import type { WaitingKind } from "../protocol/combinator.ts";
import { CALL } from "../define/spec.ts";

/** A participant in a flow: it waits, is waited for, or both. */
export interface Waiting {
  readonly id: string;
  /**
   * - `flow`: the flow
   * - `function`: a call that is running, queued, parked, or waiting for its input
   * - `handler`: a handler that blocks
   * - `all`, `race`, `first`, `wait`: a combinator of several futures
   * - `paused`: a call that failed and waits for a person
   * - `future`, `promise`, `event`, `timer`: a single future
   */
  readonly kind: "flow" | "function" | "handler" | WaitingKind;
  /** The flow's key, or the name of the function or event. Empty for others. */
  readonly name: string;
  /** A short description of its state. May be empty. */
  readonly status: string;
  /** The instant at which it is due, in ms since the epoch, for a timer or a delayed message. */
  readonly dueAt?: number;
}

/** Who waits for what in a flow, as plain data. */
export interface FlowWaits {
  readonly flow: string;
  /** The flow comes first. */
  readonly nodes: readonly Waiting[];
  /** Edges between nodes, by id. */
  readonly waits: readonly { readonly waiter: string; readonly on: string }[];
  /** Number of messages and futures beyond the limit, which were left out. */
  readonly left: number;
}

/** The inputs of {@link readFlowWaits}. */
export interface WaitsParts {
  readonly flow: Waiting;
  readonly parked: PendingWork;
  /** Largest number of messages, and of addresses, to read. */
  readonly limit: number;
}

/** Consumers that wait for a node. */
interface Step {
  readonly on: string;
  readonly consumers: readonly Consumer[];
}

/**
 * Walks from running and parked work to its waiters, up to the flow. It reads the combinators of
 * one level together.
 */
export function* readFlowWaits({ flow, parked, limit }: WaitsParts): CommittedReader<FlowWaits> {
  const nodes = new Map<string, Waiting>([[flow.id, flow]]);
  const waits = new Map<string, { waiter: string; on: string }>();
  let level: Step[] = [];

  /** Adds a node, with its waiters for the next level. A known node was walked before. */
  const add = (node: Waiting, consumers: readonly Consumer[], next: Step[]): void => {
    if (nodes.has(node.id)) return;
    nodes.set(node.id, node);
    next.push({ on: node.id, consumers });
  };

  for (const message of parked.messages.slice(0, limit)) {
    const { node, consumers } = nodeOfMessage(message);
    add(node, consumers, level);
  }
  const addresses = parked.addresses.slice(0, limit);
  const read = yield* readControl(addresses);
  for (const address of addresses) {
    const { node, next } = nodeAtAddress(address, read);
    if (node !== undefined) add(node, next, level);
  }
  while (level.length > 0) {
    const nextLevel: Step[] = [];
    const consumers = level.flatMap((step) => step.consumers);
    const readWaiter = yield* readControl(consumers.flatMap((each) => instanceOf(each) ?? []));
    for (const { on, consumers: waiters } of level) {
      for (const consumer of waiters) {
        const { node, next } = waiterOf(consumer, readWaiter);
        const waiter = node ?? flow;
        waits.set(`${waiter.id} ${on}`, { waiter: waiter.id, on });
        if (node !== undefined) add(node, next, nextLevel);
      }
    }
    level = nextLevel;
  }
  const left =
    Math.max(0, parked.messages.length - limit) + Math.max(0, parked.addresses.length - limit);
  return { flow: flow.name, nodes: [...nodes.values()], waits: [...waits.values()], left };
}

/** Reads the control data of system functions at some addresses. */
function* readControl(addresses: readonly Address[]): CommittedReader<ValuesOf> {
  const found = new AddressMap<ReadonlyMap<string, Json | undefined>>();
  if (addresses.length > 0) {
    const { values } = yield { addresses };
    for (const [at, address] of addresses.entries()) {
      const named = values[at] ?? [];
      if (!found.has(address))
        found.add(address, new Map(named.map(({ name, value }) => [name, value.content.json])));
    }
  }
  return (address) => (name) => found.get(address)?.get(name);
}

type ValuesOf = (address: Address) => (name: string) => Json | undefined;

/** A node and its waiters. Without a node it is the flow itself, or another flow. */
interface Found {
  readonly node: Waiting | undefined;
  readonly next: readonly Consumer[];
}

/** Returns the node that takes a settlement. */
function waiterOf(consumer: Consumer, valuesOf: ValuesOf): Found {
  if (isCall(consumer)) {
    const { id, name, consumers } = consumer;
    const called = callName(callTarget(consumer).type, name);
    return { node: { id, kind: "function", name: called, status: "waits" }, next: consumers };
  }
  if (consumer.to === "answer" && "key" in consumer)
    return { node: { id: consumer.key, kind: "handler", name: "", status: "" }, next: [] };
  const instance = instanceOf(consumer);
  return instance === undefined ? { node: undefined, next: [] } : nodeAtAddress(instance, valuesOf);
}

/** Returns the combinator's instance at an address, and its waiters. */
function nodeAtAddress(address: Address, valuesOf: ValuesOf): Found {
  const combinator = combinatorOfType(address.type);
  if (combinator === undefined) return { node: undefined, next: [] };
  const read = valuesOf(address);
  const described = combinator.describe(address, read);
  const node = { id: `${address.type}/${address.id}`, ...described, status: "" };
  return { node, next: combinator.consumersAt(read, address.id) };
}

/** Returns the node of a pending message. */
function nodeOfMessage(message: PendingMessage): { node: Waiting; consumers: readonly Consumer[] } {
  const { envelope, dueAt } = message;
  const { id, target, name } = envelope;
  const { consumers } = callControlOf(envelope);
  const due = dueAt === undefined ? {} : { dueAt };
  const combinator = combinatorOfType(target.type);
  if (combinator !== undefined) {
    const instance: Consumer = { to: combinator.kind, id: target.id, index: 0 };
    const node: Waiting = { id, kind: "timer", name: "", status: "", ...due };
    // A timer carries its consumers. The delayed messages of other combinators go to themselves.
    return { node, consumers: combinator.kind === "timer" ? consumers : [instance] };
  }
  const status = statusOfCall(message);
  const node: Waiting = { id, kind: "function", name: callName(target.type, name), status, ...due };
  return { node, consumers };
}

function statusOfCall({ dueAt, parked }: PendingMessage): string {
  if (parked !== undefined) return `parked: ${parked}`;
  return dueAt === undefined ? "running or queued" : "";
}

function callName(type: string, operation: string): string {
  return operation === CALL ? type : `${type}.${operation}`;
}
