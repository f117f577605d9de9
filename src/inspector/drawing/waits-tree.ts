import { html } from "hono/html";
import type { FlowWaits, Waiting } from "../../futures/flow/wait-graph.ts";
import { dateMarkup } from "../text/markup.ts";
import type { Markup } from "../text/markup.ts";

const DEEPEST = 40;

const KINDS: Readonly<Record<Waiting["kind"], string>> = {
  flow: "flow",
  function: "call",
  handler: "blocked handler",
  all: "all of",
  race: "the first of",
  first: "the first to succeed of",
  wait: "some of",
  paused: "paused call",
  future: "future",
  promise: "promise",
  event: "event",
  timer: "timer",
};

/** Writes who waits for what as a tree, from the flow down. A node with two waiters is drawn once. */
export function waitsTree({ nodes, waits, left }: FlowWaits): Markup {
  const [root] = nodes;
  if (root === undefined) return html``;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const below = Map.groupBy(waits, ({ waiter }) => waiter);
  const seen = new Set<string>();
  const branch = (node: Waiting, depth: number): Markup => {
    const known = seen.has(node.id);
    seen.add(node.id);
    const children = known || depth > DEEPEST ? [] : (below.get(node.id) ?? []);
    const inner = children.flatMap(({ on }) => byId.get(on) ?? []);
    return html`<li>
      ${nodeMarkup(node)}${known ? html` <span class="soft">(above)</span>` : ""}${
        inner.length > 0 &&
        html`<ul>
          ${inner.map((each) => branch(each, depth + 1))}
        </ul>`
      }
    </li>`;
  };
  return html`<ul class="waits">
      ${branch(root, 0)}
    </ul>
    ${left > 0 && html`<p class="soft">${left} more are left out.</p>`}`;
}

function nodeMarkup({ kind, name, status, dueAt }: Waiting): Markup {
  const isRunning = status === "running or queued";
  return html`<span class="wait ${kind}${isRunning ? " running" : ""}"
      >${KINDS[kind]}${name !== "" && html` <b>${name}</b>`}</span
    >${status !== "" && status !== "waits" && html` <span class="soft">${status}</span>`}${dueAt !== undefined && html` <span class="soft">due ${dateMarkup(dueAt)}</span>`}`;
}
