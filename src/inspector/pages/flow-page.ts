import { html } from "hono/html";
import { drawWaterfall } from "../drawing/waterfall-drawing.ts";
import { waterfallLegend } from "../drawing/legend.ts";
import { runsTable } from "../drawing/runs-table.ts";
import { waitsTree } from "../drawing/waits-tree.ts";
import type { FlowBill } from "../../futures/flow/bill.ts";
import type { FlowView } from "../reading/read-flow-facts.ts";
import { ageMarkup, dateMarkup, statusMarkup } from "../text/markup.ts";
import type { Markup } from "../text/markup.ts";
import { countedText, countText, spanText } from "../text/time-words.ts";
import { valueText } from "../text/value-text.ts";
import { rowsOf } from "../timeline/flow-rows.ts";
import type { Rows } from "../timeline/flow-rows.ts";
import { flowPagePath, tags } from "./flows-page.ts";

/** Rows that one page draws. */
const MOST_ROWS = 150;

/** How the page of one flow is shown. */
export interface FlowPageOptions {
  readonly base: string;
  readonly readOnly: boolean;
  /** Number of the first row to draw, from 0. */
  readonly fromRow: number;
}

/** Writes the page of one flow. */
export function flowContents(view: FlowView, options: FlowPageOptions): Markup {
  const { id, status, history, waits, now, attributes } = view;
  const rows = history === undefined ? undefined : rowsOf(history, now);
  const end = status.settledAt;
  const took = spanText((end ?? now) - status.startedAt);
  return html`<div class="title">
      <h1>${id}</h1>
      ${statusMarkup(status.status)}${!options.readOnly && actionsOf(view, options.base)}
    </div>
    <p class="sub">
      ${status.function} · started ${dateMarkup(status.startedAt)} ·
      ${end === undefined ? `running for ${took}` : `took ${took}`}
    </p>
    ${failureNotice(view)}${pausedNotice(view, options)} ${billFacts(view, rows)}
    ${rows === undefined ? historyNotice(view.status.function) : timelineCard(view, rows, options)}
    <div class="two">
      <div>
        ${
          waits !== undefined &&
          html`<section class="card" aria-labelledby="h-waits">
            <h2 id="h-waits">Waits for</h2>
            ${waitsTree(waits)}
          </section>`
        }${resultCard(view)}
      </div>
      <div>
        ${customCard(view)}${
          attributes !== undefined &&
          Object.keys(attributes).length > 0 &&
          html`<section class="card" aria-labelledby="h-attributes">
            <h2 id="h-attributes">Attributes</h2>
            ${tags(attributes)}
          </section>`
        }${unhandledCard(view)}${streamCard(view, options.base)}
      </div>
    </div>`;
}

function actionsOf({ id, status }: FlowView, base: string): Markup {
  const path = flowPagePath(base, id);
  if (status.status === "completed") return html``;
  if (status.settledAt !== undefined)
    return html`<div class="actions">
      <a class="button" href="${path}/restart">Run again</a
      ><a class="button" href="${path}/restart-with-new-keys">Run again with new keys</a>
    </div>`;
  const isHeld = status.pausedAt !== undefined;
  return html`<div class="actions">
    ${
      isHeld
        ? html`<a class="button" href="${path}/resume">Resume</a>`
        : html`<a class="button" href="${path}/pause">Pause</a>`
    }<a class="button" href="${path}/cancel">Cancel</a>
  </div>`;
}

function failureNotice({ status: { failure } }: FlowView): Markup | "" {
  if (failure === undefined) return "";
  const { name, message, code } = failure;
  return html`<div class="notice bad">
    <b>${name}</b>${code !== undefined && ` ${code}`}: ${message}
  </div>`;
}

function pausedNotice(
  { id, status, now }: FlowView,
  { base, readOnly }: FlowPageOptions,
): Markup | "" {
  const { paused, pausedAt } = status;
  const path = flowPagePath(base, id);
  return html`${pausedAt !== undefined && html`<div class="notice">A person paused this flow ${ageMarkup(pausedAt, now)}. No handler of it starts until it is resumed.</div>`}${paused.map(
    (call) =>
      html`<div class="notice">
        <b>${call.function}${call.operation !== undefined && `.${call.operation}`}</b> paused
        ${ageMarkup(call.pausedAt, now)} after ${countedText(call.attempts, "attempt")}:
        ${call.failure.message}${!readOnly && html`<div class="actions spaced"><a class="button" href="${path}/resume?call=${encodeURIComponent(call.call)}">Run it again</a><a class="button" href="${path}/fail?call=${encodeURIComponent(call.call)}">Let it fail</a></div>`}
      </div>`,
  )}`;
}

function billFacts({ bill: final, status, now }: FlowView, rows: Rows | undefined): Markup {
  const isOver = status.settledAt !== undefined;
  const bill = isOver || rows === undefined ? final : billSoFar(rows, final);
  const waitsMs = isOver ? bill.parkedMs : Math.max(bill.parkedMs, now - status.startedAt);
  const blockingMs = bill.billedMs + (bill.runs === 0 ? 0 : waitsMs);
  const times = bill.billedMs === 0 ? 0 : blockingMs / bill.billedMs;
  const of = rows === undefined ? "" : ` of ${countedText(rows.functions, "function")}`;
  return html`<dl class="facts" aria-label="Bill">
    ${fact("billed", spanText(bill.billedMs), `${countedText(bill.runs, "run")}${of}${bill.final || !isOver ? "" : ", not all counted yet"}`)}
    ${fact("blocked", spanText(bill.blockedMs), bill.blockedMs === 0 ? "nothing is billed twice" : "in ctx.get, billed")}
    ${fact("parked, free", spanText(isOver ? bill.parkedMs : waitsMs), isOver ? "all waits of its calls" : "so far")}
    ${fact("stretch β", bill.beta.toFixed(2), bill.beta === 1 ? "billed = active" : `${spanText(bill.activeMs)} active`)}
    ${fact("a blocking orchestrator", spanText(blockingMs), times < 1.05 ? "the same" : `${timesText(times)} times as much${isOver ? "" : " so far"}`)}
  </dl>`;
}

/** A pending flow carries its sums with its messages. Its history has them already. */
function billSoFar({ rows }: Rows, { parkedMs }: FlowBill): FlowBill {
  const runs = rows.flatMap(({ run }) => run ?? []);
  const billedMs = runs.reduce((sum, { from, to }) => sum + to - from, 0);
  const blockedMs = runs.reduce((sum, run) => sum + run.blockedMs, 0);
  const activeMs = billedMs - blockedMs;
  const beta = blockedMs === 0 ? 1 : billedMs / activeMs;
  return { billedMs, activeMs, blockedMs, parkedMs, beta, runs: runs.length, final: false };
}

function timesText(times: number): string {
  return times < 10 ? times.toFixed(1) : countText(times);
}

function fact(name: string, figure: string, more: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>
      <div class="figure">${figure}</div>
      <div class="more">${more}</div>
    </dd>
  </div>`;
}

function historyNotice(type: string): Markup {
  return html`<div class="notice">
    No timeline: this engine keeps no history. The option <code>history: true</code> of
    <code>embedded</code> turns it on for new flows, and
    <code>fn("${type}", { history: true }, …)</code> for one function.
  </div>`;
}

function timelineCard(
  { id, history = [] }: FlowView,
  all: Rows,
  { base, fromRow }: FlowPageOptions,
): Markup {
  const shown = { ...all, rows: all.rows.slice(fromRow, fromRow + MOST_ROWS) };
  if (all.rows.length === 0)
    return html`<div class="card">
      <h2>Timeline</h2>
      <p class="soft">
        ${history.length === 0 ? "The history of this flow is empty. It was off when the flow ran." : "No handler has run yet."}
      </p>
    </div>`;
  const rows = all.rows.length > MOST_ROWS ? windowOf(shown) : shown;
  return html`<section class="card" aria-labelledby="h-timeline">
    <h2 id="h-timeline">Timeline</h2>
    ${waterfallLegend()}${drawWaterfall(rows, `Runs of ${id} over time. The table below has the numbers.`)}
    ${all.missing > 0 && html`<p class="soft">The history was full: ${countText(all.missing)} of its oldest entries are deleted.</p>`}${rowPages(all.rows.length, { path: flowPagePath(base, id), fromRow })}
    <details>
      <summary>Runs as a table</summary>
      ${runsTable(rows)}
    </details>
  </section>`;
}

/** Limits the time of the axis to the rows that are drawn. */
function windowOf(rows: Rows): Rows {
  const spans = rows.rows.flatMap(({ run, parked }) =>
    [run, parked].filter((each) => each !== undefined),
  );
  const own = rows.rows.filter(({ isRoot }) => !isRoot).flatMap(({ run }) => run ?? []);
  const from = Math.min(...(own.length > 0 ? own : spans).map((each) => each.from));
  const to = Math.max(...(own.length > 0 ? own : spans).map((each) => each.to));
  return { ...rows, from: Math.max(rows.from, from), to: Math.min(rows.to, to) };
}

function rowPages(
  count: number,
  { path, fromRow }: { readonly path: string; readonly fromRow: number },
): Markup | "" {
  if (count <= MOST_ROWS) return "";
  const last = Math.min(count, fromRow + MOST_ROWS);
  return html`<div class="pages">
    <span
      >${fromRow > 0 && html`<a href="${path}?row=${Math.max(0, fromRow - MOST_ROWS)}">Earlier rows</a>`}</span
    ><span>rows ${countText(fromRow + 1)} to ${countText(last)} of ${countText(count)}</span
    ><span>${last < count && html`<a href="${path}?row=${last}">Later rows</a>`}</span>
  </div>`;
}

function resultCard({ result }: FlowView): Markup | "" {
  if (result === undefined) return "";
  return html`<section class="card" aria-labelledby="h-result">
    <h2 id="h-result">Result</h2>
    <pre tabindex="0">${valueText(result.value)}</pre>
  </section>`;
}

function customCard({ status: { custom } }: FlowView): Markup | "" {
  if (custom === undefined) return "";
  return html`<section class="card" aria-labelledby="h-custom">
    <h2 id="h-custom">Custom status</h2>
    <pre tabindex="0">${valueText(custom)}</pre>
  </section>`;
}

function unhandledCard({ status: { unhandled } }: FlowView): Markup | "" {
  if (unhandled.length === 0) return "";
  return html`<section class="card" aria-labelledby="h-unhandled">
    <h2 id="h-unhandled">Rejections that nothing awaited</h2>
    ${unhandled.map(({ name, message }) => html`<p><b>${name}</b>: ${message}</p>`)}
  </section>`;
}

function streamCard({ id, stream }: FlowView, base: string): Markup {
  return html`<section class="card" aria-labelledby="h-stream">
    <h2 id="h-stream">Stream</h2>
    <form class="filter tight" method="get" action="${flowPagePath(base, id)}">
      <label
        >Channel of <code>ctx.emit</code
        ><input
          id="f-stream"
          name="stream"
          value="${stream?.channel ?? ""}"
          autocomplete="off"
          required /></label
      ><button type="submit">Show</button>
    </form>
    ${
      stream !== undefined &&
      (stream.items.length === 0
        ? html`<p class="soft">Nothing was emitted to this channel so far.</p>`
        : html`<pre tabindex="0">
${stream.items.map(({ value }) => `${typeof value === "string" ? value : valueText(value)}\n`)}</pre>`)
    }
  </section>`;
}
