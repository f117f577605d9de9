import type { TimerDetails } from "../combinators/timer.ts";
import { digest } from "../../core/crypto/digest.ts";
import type { Send } from "../../core/activation/effects.ts";
import { childId } from "../../core/message/message-id.ts";
import { markOfMessage } from "../../core/activation/meter.ts";
import type { SendOnce } from "../protocol/messages.ts";
import { isBranch } from "../protocol/consumer.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { billFlow } from "../protocol/deliver.ts";
import { withoutRetention } from "../protocol/codec.ts";
import type { Graph } from "../protocol/graph.ts";
import type { Node, Plan } from "../protocol/node.ts";
import { sendSystemMessage } from "../protocol/system.ts";
import { compileNode, compileEach } from "./compile-graph.ts";

/**
 * Sends the graph that a handler has described so far, because it blocks.
 *
 * FL1 All messages go through gates, so a run that is repeated after a crash sends nothing twice.
 * FL2 A gate's id follows from its content, not from its place: an equal call attaches to the one
 * flushed before.
 * FL3 From then on each future is known by its cell, and can be used like any other. Its takers
 * subscribe there, each through a gate of its own: a repeated run may make the same call and use
 * its result differently.
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

/** Tells whether a node is known without being flushed. */
function isKnown({ plan }: Node): boolean {
  return plan.kind === "settled" || plan.kind === "cell" || plan.kind === "promise";
}

/** Opens the gates of a canceled run: no other run will ask them. The futures may still be used. */
export function openGates({ activation, gates }: Graph): void {
  for (const id of gates?.keys() ?? [])
    sendSystemMessage(activation, { to: "cell", id, name: "release", control: { kept: true } });
}

/** Releases the gates. No run will ask them again. */
export function releaseGates(graph: Graph): void {
  for (const [id, node] of graph.gates ?? []) {
    const control = { kept: node?.kept === true };
    sendSystemMessage(graph.activation, { to: "cell", id, name: "release", control });
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
    graph.rename(node, childId(envelope.id, graph.epoch, `${content}#${times}`));
    // A flushed future has escaped. From here on it is known by its cell.
    if (settles(node)) node.escapedUntil = environment.clock.now() + environment.retentionMs;
  }
}

/**
 * Describes the content of a node. The ids of flushed work follow from this text, and a handler
 * that blocked before an upgrade must find them again. So the text keeps the words of the first
 * release.
 */
function describeNode({ plan }: Node): string {
  return JSON.stringify(formerPlan(plan), (key, value: unknown) => {
    if (key === "needs")
      return (value as readonly { node: Node; want?: string }[]).map(({ node, want }) => [
        node.id,
        want === "completion" && isWait(plan) ? undefined : want,
      ]);
    // A timer that was started before a crash is the same one, although its instant is now later.
    return key === "dueAt" ? undefined : stable(value);
  });
}

function isWait(plan: Plan): boolean {
  return plan.kind === "combinator" && plan.of === "wait";
}

/** Returns a plan in the shape and the words of the first release. */
function formerPlan(plan: Plan): object {
  if (plan.kind !== "combinator") return plan;
  const { of, needs, details } = plan;
  if (of === "all") return { kind: "gather", ...(details as object), needs };
  if (of === "race") return { kind: "race", needs, mode: details === "timeout" ? "race" : details };
  if (of === "timer") {
    const { settled, former } = details as TimerDetails;
    return { kind: of, settled: former?.() ?? settled };
  }
  if (of === "event") return { kind: of, ...(details as object) };
  return typeof details === "object"
    ? { kind: of, needs, ...details }
    : { kind: of, needs, details };
}

function stable(value: unknown): unknown {
  return typeof value === "string" ? withoutRetention(value) : value;
}

/** Digests the takers without their outer scopes, which may differ when the handler runs again. */
function digestOf(takers: Node["takers"]): string {
  return digest(
    JSON.stringify(
      takers.map(({ consumer, scope }) => [
        identityOf(consumer),
        wantOf(consumer),
        scope.isImplied === true ? undefined : scope.id,
      ]),
    ),
  );
}

/** Identifies a consumer. A call is identified by its id. */
function identityOf(consumer: Consumer): readonly (string | number)[] {
  if ("key" in consumer) return [consumer.to, consumer.key];
  return isBranch(consumer)
    ? [FORMER_WORDS.get(consumer.to) ?? consumer.to, consumer.id, consumer.index]
    : [consumer.to, consumer.id];
}

/** The words of the first release for branches, as in {@link describeNode}. */
const FORMER_WORDS = new Map([
  ["all", "slot"],
  ["wait", "tick"],
]);

/** Returns what a consumer wants. In the first release, the consumers of a wait wanted nothing. */
function wantOf({ to, want }: Consumer): string | undefined {
  return to === "wait" ? undefined : want;
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

/** Makes a node that subscribes the takers of a flushed one. */
function subscription({ epoch }: Graph, node: Node, takers: Node["takers"]): Node {
  const id = childId(node.id, epoch, digestOf(takers));
  const plan: Plan = { kind: "cell", cell: node.id, retainUntil: node.escapedUntil ?? 0 };
  return { ...node, id, plan, takers, escapedUntil: undefined, cancelled: false, abandoned: false };
}

function gated(graph: Graph, node: Node): readonly Send[] {
  const needed = [...node.takers];
  const sends = [...compileNode(graph, node), ...markMade(graph, node)];
  // Compiling an escaped node moves its takers to its cell. They still tell one flush from another.
  const moved = needed.filter((taker) => !node.takers.includes(taker));
  const content = digestOf([...moved, ...node.takers]);
  if (node.plan.kind !== "promise") return gateFor(graph, node, { sends, content });
  // A repeated run returns another token, which must be valid, too. Its subscribers are there
  // already.
  const isCreation = ({ envelope }: Send): boolean => envelope.name === "create";
  const [making, using] = [sends.filter(isCreation), sends.filter((send) => !isCreation(send))];
  return [
    ...gateFor(graph, node, { sends: making, content: node.plan.digest + content }),
    ...gateFor(graph, node, { sends: using, content }),
  ];
}

/** Counts a call as made when it leaves, once, even if the handler never ends. */
function markMade({ activation, flow }: Graph, { id, plan }: Node): readonly Send[] {
  if (plan.kind !== "call" || plan.oneWay) return [];
  return activation.collectSends(() => billFlow(activation, markOfMessage(id), flow));
}

/** The messages of a gate, and the content that its id follows from. */
interface Gated {
  readonly sends: readonly Send[];
  readonly content: string;
}

function gateFor(graph: Graph, node: Node, { sends, content }: Gated): readonly Send[] {
  if (sends.length === 0) return sends;
  const { activation, flow, epoch } = graph;
  const known = isKnown(node);
  // The messages are no part of the id: they hold instants, which are later in a repeated run.
  const id = known ? childId(node.id, epoch, digest(content)) : node.id;
  const gate: SendOnce = {
    held: sends,
    retainUntil: node.escapedUntil ?? 0,
    ...(flow !== undefined && { flow }),
    ...((known || !settles(node)) && { oneWay: true }),
  };
  (graph.gates ??= new Map()).set(id, known ? undefined : node);
  return activation.collectSends(() =>
    sendSystemMessage(activation, { to: "cell", id, name: "gate", control: gate }),
  );
}
