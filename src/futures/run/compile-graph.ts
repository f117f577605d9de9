import type { Address } from "../../core/message/address.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Send } from "../../core/activation/effects.ts";
import { childId } from "../../core/message/message-id.ts";
import { markOfMessage, NO_USAGE } from "../../core/activation/meter.ts";
import { callEnvelope } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { spillConsumers, subscribeToCell } from "../combinators/cell.ts";
import type { CallConsumer, Consumer } from "../protocol/consumer.ts";
import { callTarget, weighConsumers } from "../protocol/consumer.ts";
import { carryOrBillUsage, deliverSettlement } from "../protocol/deliver.ts";
import { queueId } from "../combinators/event.ts";
import type { EventWait } from "../combinators/event.ts";
import type { Graph } from "../protocol/graph.ts";
import { openJoin } from "../combinators/join.ts";
import { addTakers, needsOf } from "../protocol/node.ts";
import type { CallPlan, Template, Need, Node, Plan, Taker } from "../protocol/node.ts";
import { branchScope } from "../combinators/race.ts";
import type { Racing } from "../combinators/race.ts";
import { isDetached, scopeName } from "../protocol/scope.ts";
import type { Scope } from "../protocol/scope.ts";
import { cancelledSettlement, fulfilledSettlement } from "../protocol/settled.ts";
import { CREATE } from "../define/spec.ts";
import { systemAddress, sendSystemMessage, scheduleSystemMessage } from "../protocol/system.ts";

/**
 * Turns the graph that a handler described into messages, when the handler ends (or blocks).
 *
 * R1 Nodes are wired from the last to the first, so that all consumers of a node are known when it is sent (G1).
 * R2 A node that needs one other rides on that one's message; one that needs several is a join.
 * R3 Messages leave in the order in which the handler made them.
 * R4 Consumers that outgrow a message are spilled into a cell of their own.
 * R5 A node runs in the innermost scope that holds all who need it, so cancelling a scope cancels what only it needs. A consumer
 *    in a scope further in waits in a cell of its own, which is cancelled with it.
 */

/** Largest weight of the consumers in one message, in characters. */
const SPILL_LIMIT = 16_384;

/** What is known of a node once every later one is wired. */
interface Compiled {
  readonly scope: Scope;
  readonly consumers: readonly Consumer[];
}

/** Wires every node, and sends what comes of it. */
export function compileGraph(graph: Graph): void {
  if (graph.nodes.length > 0) compileEach(graph, (node) => compileNode(graph, node));
}

/** Goes through the nodes from the last to the first; `sends` gives what is sent for one. */
export function compileEach(graph: Graph, sends: (node: Node) => readonly Send[]): void {
  const { activation } = graph;
  const sent = activation.sends;
  const batches = graph.nodes.toReversed().map(sends);
  activation.sends = [...sent, ...batches.reverse().flat()];
}

/** Wires one node, and gives what comes of that. */
export function compileNode(graph: Graph, node: Node): readonly Send[] {
  graph.activation.sends = [];
  sendNode(graph, node);
  return graph.activation.sends;
}

function sendNode(graph: Graph, node: Node): void {
  const { activation, flow } = graph;
  const { plan } = node;
  const scope = ownScope(graph, node);
  const consumers = spillLarge(graph, node, separateInnerScopes(graph, node, scope));
  if (isCancelled(node)) return sendCancelled(graph, node, consumers);
  switch (plan.kind) {
    case "send":
      return activation.send(plan.envelope);
    case "call":
      return sendCall(graph, node, plan, { scope, consumers });
    case "settled":
      return deliverSettlement(activation, consumers, plan.settled, flow);
    case "promise":
      makeCell(graph, node, { retainUntil: plan.retainUntil, digest: plan.digest });
      return subscribeToCell(
        activation,
        { cell: node.id, retainUntil: plan.retainUntil },
        consumers,
      );
    case "cell":
      return subscribeToCell(activation, { ...plan, scope: scope.id }, consumers);
    default:
      // A future that nobody takes up costs nothing; but a race cancels, whoever learns of its outcome.
      if (consumers.length > 0 || plan.kind === "race")
        sendWaiting(graph, node, plan, { scope, consumers });
  }
}

function sendWaiting(
  graph: Graph,
  node: Node,
  plan: Exclude<Plan, { kind: "send" | "call" | "settled" | "promise" | "cell" }>,
  wiring: Compiled,
): void {
  switch (plan.kind) {
    case "gather":
      return gather(graph, node, plan, wiring);
    case "timer":
      return sendTimer(graph, node, plan, wiring);
    case "event":
      return awaitEvent(graph, plan.event, wiring);
    case "wait":
      return openWait(graph, node, plan, wiring);
    case "race":
      return openRace(graph, node, plan, wiring);
  }
}

/** The scope in which a node runs; one that escaped is the boundary of its own, and has its cell made. */
function ownScope(graph: Graph, node: Node): Scope {
  const needed = node.scope ?? graph.scope;
  if (node.escapedUntil === undefined) return needed;
  const own: Scope = { id: scopeName(node.id, isDetached(needed.id)), parent: needed };
  makeCell(graph, node, { retainUntil: node.escapedUntil });
  node.takers.push({ consumer: { to: "cell", id: node.id }, scope: own });
  return own;
}

function makeCell(
  { activation, flow, scope: root }: Graph,
  { id, scope }: Node,
  control: { retainUntil: number; digest?: string },
): void {
  const parent = (scope ?? root).id;
  sendSystemMessage(activation, {
    target: systemAddress("cell", id),
    name: "create",
    control: {
      ...control,
      ...(flow !== undefined && { flow }),
      ...(parent !== undefined && { scope: parent }),
      ...(isDetached(parent) && { detached: true }),
    },
    fresh: activation.isFirstRun ? true : undefined,
  });
}

/** Has those who are in a scope further in wait apart, where they can be let go. */
function separateInnerScopes(graph: Graph, node: Node, scope: Scope): readonly Consumer[] {
  const { activation, epoch, flow } = graph;
  const isInside = (taker: Taker): boolean =>
    taker.boundary !== true && taker.scope !== scope && taker.scope !== scope.parent;
  if (
    !activation.environment.scopedCancel ||
    node.plan.kind === "settled" ||
    !node.takers.some(isInside)
  ) {
    return node.takers.map(({ consumer }) => consumer);
  }
  const inside = Map.groupBy(node.takers.filter(isInside), (taker) => taker.scope);
  const kept = [...inside].map(([{ id }, takers], index) => {
    const consumers = takers.map(({ consumer }) => consumer);
    return spillConsumers(activation, childId(node.id, epoch, `apart/${index}`), consumers, {
      flow,
      scope: id,
    });
  });
  return [
    ...node.takers.filter((taker) => !isInside(taker)).map(({ consumer }) => consumer),
    ...kept,
  ];
}

function spillLarge(
  { activation, epoch, flow }: Graph,
  node: Node,
  consumers: readonly Consumer[],
): readonly Consumer[] {
  return weighConsumers(consumers) <= SPILL_LIMIT
    ? consumers
    : [spillConsumers(activation, childId(node.id, epoch, "spill"), consumers, { flow })];
}

/** Whether a node is cancelled, or was only needed by what is. Others may need what somebody holds a handle of. */
function isCancelled({ id, plan, cancelled, abandoned, scope, kept }: Node): boolean {
  return (
    cancelled ||
    (abandoned && scope === undefined && (plan.kind !== "cell" || (plan.cell === id && !kept)))
  );
}

/** Rejects what was cancelled before it was sent, and cancels what nobody else needs. */
function sendCancelled(graph: Graph, node: Node, consumers: readonly Consumer[]): void {
  const { activation, flow } = graph;
  const { plan } = node;
  for (const { node: needed } of needsOf(plan)) needed.abandoned = true;
  if (plan.kind === "promise")
    makeCell(graph, node, { retainUntil: plan.retainUntil, digest: plan.digest });
  if (plan.kind === "promise" || plan.kind === "cell") {
    const cell = plan.kind === "cell" ? plan.cell : node.id;
    sendSystemMessage(activation, {
      target: systemAddress("cell", cell),
      name: "cancel",
      control: { retainUntil: plan.retainUntil },
    });
    return subscribeToCell(activation, { cell, retainUntil: plan.retainUntil }, consumers);
  }
  // The call is counted as made, and will never run.
  const tally = plan.kind === "call" ? markOfMessage(node.id) : NO_USAGE;
  deliverSettlement(
    activation,
    carryOrBillUsage(activation, consumers, { tally, flow }),
    cancelledSettlement("the future"),
    flow,
  );
}

function sendCall(graph: Graph, node: Node, plan: CallPlan, { scope, consumers }: Compiled): void {
  const { activation, flow } = graph;
  const { target, name, segments, needs, creates, oneWay, reply, delayMs, token } = plan;
  const call: CallConsumer = {
    to: "call",
    id: node.id,
    target: target.id === "" || target.id === node.id ? target.type : target,
    caller: activation.address,
    name,
    before: undefined,
    after: undefined,
    consumers,
    flow,
    scope: scope.id,
    creates: creates ? true : undefined,
    oneWay: oneWay ? true : undefined,
    reply,
    delayMs,
    settles: needs[0]?.want !== "settlement" ? undefined : segments[0] === "" ? "input" : "result",
  };
  const [first] = needs;
  if (creates && first !== undefined) announceState(graph, node, callTarget(call));
  if (first === undefined) {
    const dueAt = delayMs === undefined ? undefined : activation.environment.clock.now() + delayMs;
    activation.send(callEnvelope(call, (segments[0] ?? UNDEFINED) as Encoded), dueAt, token);
  } else if (needs.length === 1) {
    addConsumer(first, scope, {
      ...call,
      before: segments[0] || undefined,
      after: segments[1] || undefined,
    });
  } else gather(graph, node, plan, { scope, consumers: [call] });
}

/**
 * Creates a state ahead of the call that creates it, which has to wait for its input: its id is known at once, so that
 * others may call it meanwhile.
 */
function announceState({ activation, epoch }: Graph, node: Node, target: Address): void {
  const control: CallControl = { consumers: [], creates: true, oneWay: true };
  activation.send({
    id: childId(node.id, epoch, CREATE),
    target,
    name: CREATE,
    payload: UNDEFINED,
    control,
  });
}

/** Lets a consumer ride on the message of the future it needs. */
function addConsumer(
  { node, want }: Need,
  scope: Scope,
  consumer: Consumer,
  boundary = false,
): void {
  addTakers(node, scope, [want === undefined ? consumer : { ...consumer, want }], boundary);
}

function gather(
  graph: Graph,
  node: Node,
  { segments, needs }: Template,
  { scope, consumers }: Compiled,
): void {
  const { activation, flow } = graph;
  const [first] = needs;
  if (first === undefined)
    return deliverSettlement(
      activation,
      consumers,
      fulfilledSettlement((segments[0] ?? UNDEFINED) as Encoded),
      flow,
    );
  if (
    needs.length === 1 &&
    first.want === undefined &&
    segments.every((segment) => segment === "")
  ) {
    // The whole value is one future: a tail call.
    return addTakers(first.node, scope, consumers);
  }
  const opening = flow === undefined ? { segments, consumers } : { segments, consumers, flow };
  openJoin(activation, node.id, opening, (slot, consumer) => {
    const need = needs[slot];
    if (need !== undefined) addConsumer(need, scope, consumer);
  });
}

function sendTimer(
  graph: Graph,
  node: Node,
  plan: Extract<Plan, { kind: "timer" }>,
  { scope, consumers }: Compiled,
): void {
  const { dueAt, settled } = plan;
  const control = {
    consumers,
    ...(graph.flow !== undefined && { flow: graph.flow }),
    ...(settled !== undefined && { settled }),
  };
  scheduleSystemMessage(
    graph.activation,
    { target: systemAddress("timer", node.id), name: "due", control },
    { id: node.id, dueAt, scope: scope.id },
  );
}

function awaitEvent(
  { activation, flow }: Graph,
  name: string,
  { scope, consumers }: Compiled,
): void {
  const control: EventWait =
    scope.id === undefined ? { consumers } : { consumers, scope: scope.id };
  sendSystemMessage(activation, {
    target: systemAddress("event", queueId(flow ?? "", name)),
    name: "wait",
    control,
  });
}

function openWait(
  graph: Graph,
  node: Node,
  plan: Extract<Plan, { kind: "wait" }>,
  { scope, consumers }: Compiled,
): void {
  const { flow, activation } = graph;
  const retainUntil = activation.environment.clock.now() + activation.environment.retentionMs;
  const cells = plan.needs.map((need) => graph.makeHandle(need.node, scope).id);
  for (const [index, need] of plan.needs.entries())
    addConsumer(need, scope, { to: "tick", id: node.id, index });
  const opening = {
    cells,
    retainUntil,
    count: plan.count,
    consumers,
    ...(plan.dueAt !== undefined && { dueAt: plan.dueAt }),
    ...(flow !== undefined && { flow }),
    ...(scope.id !== undefined && { scope: scope.id }),
  };
  sendSystemMessage(activation, {
    target: systemAddress("wait", node.id),
    name: "open",
    control: opening,
    fresh: true,
  });
}

function openRace(
  graph: Graph,
  node: Node,
  plan: Extract<Plan, { kind: "race" }>,
  { scope, consumers }: Compiled,
): void {
  const { flow, activation, epoch } = graph;
  const { mode, needs } = plan;
  const branches = needs.map((_, index): Scope => ({
    id: branchScope(node.id, index, scope.id),
    parent: scope,
  }));
  const each = (fill: (slot: number) => Consumer): void => {
    for (const [index, need] of needs.entries())
      addConsumer(need, branches[index] ?? scope, fill(index), true);
  };
  each((index) => ({ to: "race", id: node.id, index }));
  if (mode === "any") {
    // Gathers the failures beside the race, which decide when there is nothing but them.
    const segments = ["[", ...needs.slice(1).map(() => ","), "]"];
    const last: Consumer = { to: "race", id: node.id, index: needs.length };
    const slots: Consumer[] = [];
    const opening = { segments, consumers: [last], ...(flow !== undefined && { flow }) };
    openJoin(activation, childId(node.id, epoch, "settlements"), opening, (slot, consumer) => {
      slots[slot] = { ...consumer, want: "settlement" };
    });
    each((index) => slots[index] ?? last);
  }
  const control: Racing = {
    mode,
    branches: needs.length,
    consumers,
    ...(flow !== undefined && { flow }),
    ...(scope.id !== undefined && { scope: scope.id }),
  };
  sendSystemMessage(activation, {
    target: systemAddress("race", node.id),
    name: "open",
    control,
    fresh: true,
  });
}
