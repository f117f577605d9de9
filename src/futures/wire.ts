import type { Address } from "../core/address.ts";
import { UNDEFINED } from "../core/codec/encoded.ts";
import type { Encoded } from "../core/codec/encoded.ts";
import type { Send } from "../core/effects.ts";
import { childId } from "../core/message-id.ts";
import { callEnvelope } from "./call.ts";
import type { CallControl } from "./call.ts";
import { spill, subscribeTo } from "./cell.ts";
import type { CallConsumer, Consumer } from "./consumer.ts";
import { weigh } from "./consumer.ts";
import { deliver } from "./deliver.ts";
import { queueId } from "./event.ts";
import type { Graph } from "./graph.ts";
import { openJoin } from "./join.ts";
import type { CallPlan, Filling, Need, Node, Plan } from "./node.ts";
import { fulfilled } from "./settled.ts";
import { CREATE } from "./spec.ts";
import { system, tell, tellAt } from "./system.ts";

/**
 * Turns the graph that a handler described into messages, when the handler ends (or blocks).
 *
 * R1 Nodes are wired from the last to the first, so that all consumers of a node are known when it is sent (G1).
 * R2 A node that needs one other rides on that one's message; one that needs several is a join.
 * R3 Messages leave in the order in which the handler made them.
 * R4 Consumers that outgrow a message are spilled into a cell of their own.
 */

/** Largest weight of the consumers in one message, in characters. */
const SPILL_LIMIT = 16_384;

/** Wires every node, and sends what comes of it. */
export function wire(graph: Graph): void {
  wireEach(graph, (_, sends) => sends);
}

/** Wires every node from the last to the first; `collect` says what is sent of what came of one. */
export function wireEach(graph: Graph, collect: (node: Node, sends: readonly Send[]) => readonly Send[]): void {
  const { activation } = graph;
  const sent = activation.sends;
  const batches: (readonly Send[])[] = [];
  for (const node of graph.nodes.toReversed()) {
    activation.sends = [];
    wireNode(graph, node);
    batches.push(collect(node, activation.sends));
  }
  activation.sends = [...sent, ...batches.reverse().flat()];
}

function wireNode(graph: Graph, node: Node): void {
  const { activation, flow } = graph;
  const { plan } = node;
  if (node.escapedUntil !== undefined) {
    tell(activation, {
      target: system("cell", node.id),
      name: "create",
      control: { retainUntil: node.escapedUntil, ...(flow !== undefined && { flow }) },
    });
    node.consumers.push({ to: "cell", id: node.id });
  }
  const consumers = bounded(graph, node);
  switch (plan.kind) {
    case "send":
      return activation.send(plan.envelope);
    case "call":
      return wireCall(graph, node, plan, consumers);
    case "settled":
      return deliver(activation, consumers, plan.settled, flow);
    case "cell":
      return subscribeTo(activation, plan.cell, consumers, plan.retainUntil);
    default:
      // A future that nobody takes up costs nothing.
      if (consumers.length > 0) wireWaiting(graph, node, plan, consumers);
  }
}

function wireWaiting(
  graph: Graph,
  node: Node,
  plan: Exclude<Plan, { kind: "send" | "call" | "settled" | "cell" }>,
  consumers: readonly Consumer[],
): void {
  const { activation, flow } = graph;
  switch (plan.kind) {
    case "gather":
      return gather(graph, node, plan, consumers);
    case "timer":
      return sendTimer(graph, node, plan.dueAt, consumers);
    case "event":
      return tell(activation, { target: system("event", queueId(flow ?? "", plan.event)), name: "wait", control: { consumers } });
    case "wait":
      return openWait(graph, node, plan, consumers);
  }
}

function bounded(graph: Graph, node: Node): readonly Consumer[] {
  if (weigh(node.consumers) <= SPILL_LIMIT) return node.consumers;
  return spill(graph.activation, childId(node.id, graph.epoch, "spill"), node.consumers, graph.flow);
}

function wireCall(graph: Graph, node: Node, plan: CallPlan, consumers: readonly Consumer[]): void {
  const { activation, flow, scope } = graph;
  const { target, name, segments, needs, creates, oneWay, reply, delayMs, token } = plan;
  const call: CallConsumer = {
    to: "call",
    id: node.id,
    target: target.id === "" ? { type: target.type, id: node.id } : target,
    caller: activation.address,
    name,
    before: "",
    after: "",
    consumers,
    ...(flow !== undefined && { flow }),
    ...(scope !== undefined && { scope }),
    ...(creates && { creates }),
    ...(oneWay && { oneWay }),
    ...(reply !== undefined && { reply }),
    ...(delayMs !== undefined && { delayMs }),
  };
  const [first] = needs;
  if (creates && first !== undefined) announceState(graph, node, call.target);
  if (first === undefined) {
    const dueAt = delayMs === undefined ? undefined : activation.environment.clock.now() + delayMs;
    activation.send(callEnvelope(call, (segments[0] ?? UNDEFINED) as Encoded), dueAt, token);
  } else if (needs.length === 1) {
    ride(first, { ...call, before: segments[0] ?? "", after: segments[1] ?? "" });
  } else gather(graph, node, plan, [call]);
}

/**
 * Creates a state ahead of the call that creates it, which has to wait for its input: its id is known at once, so that
 * others may call it meanwhile.
 */
function announceState({ activation, epoch }: Graph, node: Node, target: Address): void {
  const control: CallControl = { consumers: [], creates: true, oneWay: true };
  activation.send({ id: childId(node.id, epoch, CREATE), target, name: CREATE, payload: UNDEFINED, control });
}

/** Lets a consumer ride on the message of the future it needs. */
function ride({ node, want }: Need, consumer: Consumer): void {
  node.consumers.push(want === undefined ? consumer : { ...consumer, want });
}

function gather(graph: Graph, node: Node, { segments, needs }: Filling, consumers: readonly Consumer[]): void {
  const { activation, flow } = graph;
  const [first] = needs;
  if (first === undefined) return deliver(activation, consumers, fulfilled((segments[0] ?? UNDEFINED) as Encoded), flow);
  if (needs.length === 1 && first.want === undefined && segments.every((segment) => segment === "")) {
    // The whole value is one future: a tail call.
    first.node.consumers.push(...consumers);
    return;
  }
  const opening = flow === undefined ? { segments, consumers } : { segments, consumers, flow };
  openJoin(activation, node.id, opening, (slot, consumer) => {
    const need = needs[slot];
    if (need !== undefined) ride(need, consumer);
  });
}

function sendTimer(graph: Graph, node: Node, dueAt: number, consumers: readonly Consumer[]): void {
  const control = graph.flow === undefined ? { consumers } : { consumers, flow: graph.flow };
  tellAt(graph.activation, { target: system("timer", node.id), name: "due", control }, { id: node.id, dueAt });
}

function openWait(graph: Graph, node: Node, plan: Extract<Node["plan"], { kind: "wait" }>, consumers: readonly Consumer[]): void {
  const { flow, activation } = graph;
  const retainUntil = activation.environment.clock.now() + activation.environment.retentionMs;
  const cells = plan.needs.map((need) => graph.escape(need.node).id);
  for (const [index, need] of plan.needs.entries()) need.node.consumers.push({ to: "tick", id: node.id, index });
  const opening = {
    cells,
    retainUntil,
    count: plan.count,
    consumers,
    ...(plan.dueAt !== undefined && { dueAt: plan.dueAt }),
    ...(flow !== undefined && { flow }),
  };
  tell(activation, { target: system("wait", node.id), name: "open", control: opening });
}
