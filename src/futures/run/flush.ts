import { digest } from "../../core/crypto/digest.ts";
import type { Send } from "../../core/activation/effects.ts";
import { childId } from "../../core/message/message-id.ts";
import { markOfMessage } from "../../core/activation/meter.ts";
import type { SendOnce } from "../combinators/cell.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { billFlow } from "../protocol/deliver.ts";
import { withoutRetention } from "../protocol/codec.ts";
import type { Graph } from "../protocol/graph.ts";
import type { Node, Plan } from "../protocol/node.ts";
import { systemAddress, sendSystemMessage } from "../protocol/system.ts";
import { compileNode, compileEach } from "./compile-graph.ts";

/**
 * Sends what a handler has described so far, because it blocks.
 *
 * F1 Everything goes through gates, so that a run that is repeated after a crash sends nothing twice.
 * F2 A gate's id follows from what it lets out, not from its place: an equal call attaches to what was flushed before.
 * F3 Afterwards each future is known by its cell, and may be used like any other. Whoever takes it subscribes there, through a gate of its
 *    own: a run that is repeated may make the same call, and have something else done with it.
 */
export function flush(graph: Graph): void {
  nameByContent(graph);
  compileEach(graph, (node) => sendThroughGate(graph, node));
  graph.nodes = graph.nodes.filter(
    (node) => node.plan.kind !== "send" && !(node.plan.kind === "call" && node.plan.oneWay),
  );
  for (const node of graph.nodes) {
    node.takers = [];
    node.scope = undefined;
    node.cancelled = false;
    node.abandoned = false;
    if (node.plan.kind === "promise")
      node.plan = { kind: "cell", cell: node.id, retainUntil: node.plan.retainUntil };
    else if (!isKnown(node)) {
      node.plan = { kind: "cell", cell: node.id, retainUntil: node.escapedUntil ?? 0 };
      node.escapedUntil = undefined;
    }
  }
}

/** Whether the node is known without its being flushed. */
function isKnown({ plan }: Node): boolean {
  return plan.kind === "settled" || plan.kind === "cell" || plan.kind === "promise";
}

/** Lets go of the gates, once nothing will ask them again. */
export function releaseGates(graph: Graph): void {
  for (const [id, node] of graph.gates ?? []) {
    sendSystemMessage(graph.activation, {
      target: systemAddress("cell", id),
      name: "release",
      control: { kept: node?.kept === true },
    });
  }
}

function nameByContent(graph: Graph): void {
  const occurrences = (graph.occurrences ??= new Map<string, number>());
  const { envelope, environment } = graph.activation;
  for (const node of graph.nodes) {
    if (isKnown(node) || node.escapedUntil !== undefined) continue;
    const content = digest(describeNode(node));
    const times = occurrences.get(content) ?? 0;
    occurrences.set(content, times + 1);
    node.id = childId(envelope.id, graph.epoch, `${content}#${times}`);
    // What is flushed has escaped: it is known by its cell from here on.
    if (settles(node)) node.escapedUntil = environment.clock.now() + environment.retentionMs;
  }
}

function describeNode({ plan }: Node): string {
  return JSON.stringify(plan, (key, value: unknown) => {
    if (key === "needs")
      return (value as readonly { node: Node; want?: string }[]).map(({ node, want }) => [
        node.id,
        want,
      ]);
    // A timer started before a crash goes on; it is the same one although it would now be due later.
    return key === "dueAt" ? undefined : stable(value);
  });
}

function stable(value: unknown): unknown {
  return typeof value === "string" ? withoutRetention(value) : value;
}

/** Not of what is around their scopes: that may be something else when the handler runs again. */
function digestOf(takers: Node["takers"]): string {
  return digest(
    JSON.stringify(
      takers.map(({ consumer, scope }) => [identityOf(consumer), consumer.want, scope.id]),
    ),
  );
}

/** What is done with the settlement; what else a message says, of a call it makes, is in the id of that call. */
function identityOf(consumer: Consumer): readonly (string | number)[] {
  if (consumer.to === "answer") return [consumer.to, consumer.key];
  return "index" in consumer
    ? [consumer.to, consumer.id, consumer.index]
    : [consumer.to, consumer.id];
}

function settles({ plan }: Node): boolean {
  return plan.kind !== "send" && !(plan.kind === "call" && plan.oneWay);
}

function sendThroughGate(graph: Graph, node: Node): readonly Send[] {
  if (isKnown(node) || !settles(node)) return gated(graph, node);
  const { takers } = node;
  node.takers = [];
  const made = gated(graph, node);
  return takers.length === 0 ? made : [...made, ...gated(graph, subscription(graph, node, takers))];
}

/** A node that stands for what a flushed one is taken by. */
function subscription({ epoch }: Graph, node: Node, takers: Node["takers"]): Node {
  const id = childId(node.id, epoch, digestOf(takers));
  const plan: Plan = { kind: "cell", cell: node.id, retainUntil: node.escapedUntil ?? 0 };
  return { ...node, id, plan, takers, escapedUntil: undefined, cancelled: false, abandoned: false };
}

function gated(graph: Graph, node: Node): readonly Send[] {
  const sends = [...compileNode(graph, node), ...markMade(graph, node)];
  if (node.plan.kind !== "promise") return gateFor(graph, node, sends);
  // When the handler runs again it gives out another token, which is to be good, too; but whoever waits has subscribed already.
  const isCreation = ({ envelope }: Send): boolean => envelope.name === "create";
  const [making, using] = [sends.filter(isCreation), sends.filter((send) => !isCreation(send))];
  return [...gateFor(graph, node, making, node.plan.digest), ...gateFor(graph, node, using)];
}

/** Counts a call as made when it leaves: once, and also if the handler never comes to its end. */
function markMade({ activation, flow }: Graph, { id, plan }: Node): readonly Send[] {
  if (plan.kind !== "call" || plan.oneWay) return [];
  activation.sends = [];
  billFlow(activation, markOfMessage(id), flow);
  return activation.sends;
}

function gateFor(graph: Graph, node: Node, sends: readonly Send[], token = ""): readonly Send[] {
  if (sends.length === 0) return sends;
  const { activation, flow, epoch } = graph;
  const known = isKnown(node);
  // Not from what is sent, which may name instants: those are later ones when the handler runs again.
  const id = known ? childId(node.id, epoch, digest(token + digestOf(node.takers))) : node.id;
  const gate: SendOnce = {
    held: sends,
    retainUntil: node.escapedUntil ?? 0,
    ...(flow !== undefined && { flow }),
    ...((known || !settles(node)) && { oneWay: true }),
  };
  (graph.gates ??= new Map()).set(id, known ? undefined : node);
  activation.sends = [];
  sendSystemMessage(activation, { target: systemAddress("cell", id), name: "gate", control: gate });
  return activation.sends;
}
