import type { FlowWaits, Waiting } from "../../futures/flow/wait-graph.ts";
import type { Flowchart, Form, NodeId } from "./mermaid-text.ts";

const FORMS: Readonly<Record<Waiting["kind"], Form>> = {
  flow: "pill",
  function: "box",
  handler: "box",
  all: "fork",
  race: "choice",
  first: "choice",
  wait: "choice",
  future: "round",
  promise: "round",
  event: "flag",
  timer: "store",
  paused: "store",
};

/** Draws the waiting work of a flow. Each arrow leads from a waiting node to what it waits for. */
export function drawWaits(chart: Flowchart, { nodes, waits, left }: FlowWaits): void {
  const drawn = new Map<string, NodeId>();
  for (const node of nodes) drawn.set(node.id, chart.node(labelOf(node), FORMS[node.kind]));
  for (const { waiter, on } of waits) {
    const [from, to] = [drawn.get(waiter), drawn.get(on)];
    if (from !== undefined && to !== undefined) chart.arrow(from, to);
  }
  if (left > 0)
    chart.node(`and ${left} more that are running, queued or waiting for a time`, "round");
}

function labelOf({ kind, name, status, dueAt }: Waiting): string {
  const what = name === "" ? KINDS[kind] : kind === "function" ? name : `${KINDS[kind]} ${name}`;
  if (dueAt === undefined) return status === "" ? what : `${what} (${status})`;
  return `${what} until ${new Date(dueAt).toISOString()}`;
}

const KINDS: Readonly<Record<Waiting["kind"], string>> = {
  flow: "flow",
  function: "function",
  handler: "a blocked handler",
  all: "all of",
  race: "the first of",
  first: "the first few of",
  wait: "some of",
  future: "a future",
  promise: "a promise",
  event: "event",
  timer: "sleeps",
  paused: "paused:",
};
