import { markOfMessage, NO_USAGE } from "../../core/activation/meter.ts";
import type { Send } from "../../core/activation/effects.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Address } from "../../core/message/address.ts";
import { childId } from "../../core/message/message-id.ts";
import { sendAll } from "../combinators/all.ts";
import { spillConsumers, subscribeToCell } from "../combinators/cell.ts";
import { combinatorOfKind } from "../combinators/table.ts";
import { CREATE } from "../define/spec.ts";
import { callControlOf, callEnvelope } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import type { Compiled } from "../protocol/combinator.ts";
import { callTarget, cellConsumer, weighConsumers } from "../protocol/consumer.ts";
import type { CallConsumer, Consumer } from "../protocol/consumer.ts";
import { carryOrBillUsage, deliverSettlement, noteCall } from "../protocol/deliver.ts";
import type { Graph } from "../protocol/graph.ts";
import { addConsumer, needsOf } from "../protocol/node.ts";
import type { CallPlan, CombinatorPlan, Node, Taker } from "../protocol/node.ts";
import { isDetached, scopeName } from "../../core/message/scope-name.ts";
import type { Scope } from "../protocol/scope.ts";
import { cancelledSettlement } from "../protocol/settled.ts";
import type { CreateCell } from "../protocol/messages.ts";
import { sendSystemMessage } from "../protocol/system.ts";

/**
 * Turns the graph that a handler described into messages, when the handler ends or blocks.
 *
 * R1 Nodes are compiled from the last to the first, so all consumers of a node are known when it is
 * sent (G1).
 * R2 A node that needs one other node travels as a consumer on that node's message. One that needs
 * several becomes an `all`.
 * R3 Messages leave in the order in which the handler made them.
 * R4 Consumers that outgrow a message move into a cell of their own.
 * R5 A node runs in the innermost scope that holds all its takers, so canceling a scope cancels
 * what only that scope needs. A taker further in waits in a cell of its own, which is canceled with
 * its scope.
 */

/** Largest weight of the consumers in one message, in characters. */
const SPILL_LIMIT = 16_384;

/** Compiles every node, and sends the messages. */
export function compileGraph(graph: Graph): void {
  if (graph.nodes.length > 0) compileEach(graph, (node) => compileNode(graph, node));
}

/** Walks the nodes from the last to the first. `compile` returns the messages of one. */
export function compileEach(graph: Graph, compile: (node: Node) => readonly Send[]): void {
  const { activation } = graph;
  const batches = graph.nodes.toReversed().map(compile);
  const sends = [...activation.sends];
  for (const batch of batches.reverse()) for (const send of batch) sends.push(send);
  activation.sends = sends;
}

/** Compiles one node, and returns its messages. */
export function compileNode(graph: Graph, node: Node): readonly Send[] {
  return graph.activation.collectSends(() => sendNode(graph, node));
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
    case "promise": {
      const { retainUntil, digest } = plan;
      makeCell(graph, node, { retainUntil, digest });
      return subscribeToCell(activation, { cell: node.id, retainUntil }, consumers);
    }
    case "cell":
      return subscribeToCell(activation, { ...plan, scope: scope.id }, consumers);
    case "combinator":
      return sendCombinator(graph, node, plan, { scope, consumers });
  }
}

function sendCombinator(graph: Graph, node: Node, plan: CombinatorPlan, compiled: Compiled): void {
  const combinator = combinatorOfKind(plan.of);
  // A future without consumers costs nothing, unless it acts on other futures.
  if (compiled.consumers.length === 0 && combinator?.isActive !== true) return;
  combinator?.compile?.(graph, node, plan, compiled);
}

/**
 * Returns the scope in which a node runs. An escaped node is the boundary of its own, and gets its
 * cell.
 */
function ownScope(graph: Graph, node: Node): Scope {
  const needed = node.scope ?? graph.scope;
  if (node.escapedUntil === undefined) return needed;
  const own: Scope = { id: scopeName(node.id, isDetached(needed.id)), parent: needed };
  makeCell(graph, node, { retainUntil: node.escapedUntil });
  // Nothing but its cell is in its scope, so the others wait at the cell.
  if (graph.activation.environment.scopedCancel) subscribeTakers(graph, node, node.escapedUntil);
  node.takers.push({ consumer: cellConsumer(node.id), scope: own });
  return own;
}

function subscribeTakers({ activation }: Graph, { id, takers }: Node, retainUntil: number): void {
  for (const [{ id: scope }, inScope] of Map.groupBy(takers, (taker) => taker.scope))
    subscribeToCell(
      activation,
      { cell: id, retainUntil, scope },
      inScope.map(({ consumer }) => consumer),
    );
  takers.length = 0;
}

function makeCell(
  { activation, flow, scope: root }: Graph,
  { id, scope }: Node,
  { retainUntil, digest }: { retainUntil: number; digest?: string },
): void {
  const parent = (scope ?? root).id;
  const control: CreateCell = {
    retainUntil,
    ...(digest !== undefined && { digest }),
    ...(flow !== undefined && { flow }),
    ...(parent !== undefined && { scope: parent }),
    ...(isDetached(parent) && { detached: true }),
  };
  const isRerun = callControlOf(activation.envelope).rerun === true;
  const fresh = activation.isFirstRun && !isRerun ? true : undefined;
  sendSystemMessage(activation, { to: "cell", id, name: "create", control, fresh });
}

/** Moves takers in a scope further in to cells of their own, where they can be canceled. */
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
      within: scope.id,
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

/**
 * Tells whether a node is canceled, or only canceled nodes needed it. The holder of a handle may
 * need it, too.
 */
function isCancelled({ id, plan, cancelled, abandoned, scope, kept }: Node): boolean {
  return (
    cancelled ||
    (abandoned && scope === undefined && (plan.kind !== "cell" || (plan.cell === id && !kept)))
  );
}

/** Rejects a node that was canceled before it was sent, and cancels what only it needed. */
function sendCancelled(graph: Graph, node: Node, consumers: readonly Consumer[]): void {
  const { activation, flow } = graph;
  const { plan } = node;
  for (const { node: needed } of needsOf(plan)) needed.abandoned = true;
  if (plan.kind === "promise")
    makeCell(graph, node, { retainUntil: plan.retainUntil, digest: plan.digest });
  if (plan.kind === "promise" || plan.kind === "cell") {
    const cell = plan.kind === "cell" ? plan.cell : node.id;
    const { retainUntil } = plan;
    sendSystemMessage(activation, {
      to: "cell",
      id: cell,
      name: "cancel",
      control: { retainUntil },
    });
    return subscribeToCell(activation, { cell, retainUntil }, consumers);
  }
  // The call counts as made although it never runs.
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
    target: isOwnInstance(node, plan) ? target.type : target,
    caller: activation.address,
    name,
    before: needs.length === 1 ? segments[0] || undefined : undefined,
    after: needs.length === 1 ? segments[1] || undefined : undefined,
    consumers,
    flow,
    scope: scope.id,
    creates: creates ? true : undefined,
    oneWay: oneWay ? true : undefined,
    reply,
    delayMs,
    settles: needs[0]?.want !== "settlement" ? undefined : segments[0] === "" ? "input" : "result",
    patience: plan.patience,
    actsFor: plan.actsFor,
    keyId: graph.keyIdOf(node.id),
    traceparent: callControlOf(activation.envelope).traceparent,
    noPause: plan.noPause ?? graph.noPause,
    want: undefined,
    tally: undefined,
    parked: undefined,
  };
  const [first] = needs;
  if (creates && first !== undefined) announceState(graph, node, callTarget(call));
  if (first === undefined) {
    const dueAt = delayMs === undefined ? undefined : activation.environment.clock.now() + delayMs;
    activation.send(callEnvelope(call, (segments[0] ?? UNDEFINED) as Encoded), dueAt, token);
    noteCall(activation, call, dueAt);
  } else if (needs.length === 1) addConsumer(first, scope, call);
  else sendAll(graph, node, plan, { scope, consumers: [call] });
}

/** Tells whether the call itself names the instance that it runs at. */
function isOwnInstance({ id }: Node, { target, isExact }: CallPlan): boolean {
  return target.id === id || (target.id === "" && isExact !== true);
}

/**
 * Creates a state ahead of the call that creates it. The call waits for its input, and its state's
 * id is known at once, so others may call the state meanwhile.
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
