import { html } from "hono/html";
import { FLOW_STATUSES } from "../../core/engine/flow-index.ts";
import type { FlowStatusName } from "../../core/engine/flow-index.ts";
import type { FlowSummary } from "../../futures/listing/flow-summary.ts";
import type { FlowsPage } from "../../futures/listing/list-flows.ts";
import { ageMarkup, statusMarkup, statusWords } from "../text/markup.ts";
import type { Markup } from "../text/markup.ts";
import { countText, spanText } from "../text/time-words.ts";
import type { FlowsQuery } from "../reading/flows-query.ts";
import { flowsQueryText, SINCE } from "../reading/flows-query.ts";

/** The facts on the page of flows. */
export interface FlowsView {
  readonly base: string;
  readonly query: FlowsQuery;
  readonly page: FlowsPage;
  /** Numbers of flows by status, of the chosen function; `undefined` counts all. */
  readonly counts: ReadonlyMap<FlowStatusName | undefined, number>;
  /** Types of functions to choose from. */
  readonly types: readonly string[];
  readonly now: number;
}

/** Writes a page of flows. */
export function flowsContents(view: FlowsView): Markup {
  const { base, query, page, now } = view;
  const next = page.cursor;
  return html`<h1>Flows</h1>
    <p class="sub">The newest first. Times are in UTC.</p>
    ${statusTabs(view)}${filterForm(view)}
    <div class="card">
      <div class="scroll" tabindex="0" role="region" aria-label="Flows">
        ${
          page.flows.length === 0
            ? html`<p class="empty">${emptyText(view)}</p>`
            : html`<table class="stacks">
                <thead>
                  <tr>
                    <th scope="col">Flow</th>
                    <th scope="col">Status</th>
                    <th scope="col">Function</th>
                    <th scope="col">Attributes</th>
                    <th scope="col" class="number">Started</th>
                    <th scope="col" class="number">Took</th>
                  </tr>
                </thead>
                <tbody>
                  ${page.flows.map((flow) => flowRow(base, flow, now))}
                </tbody>
              </table>`
        }
      </div>
    </div>
    <div class="pages">
      <span
        >${query.cursor !== undefined && html`<a href="${listPath(base)}${flowsQueryText({ ...query, cursor: undefined })}">Newest</a>`}</span
      ><span
        >${next !== undefined && html`<a class="button" rel="next" href="${listPath(base)}${flowsQueryText({ ...query, cursor: next })}">Older flows</a>`}</span
      >
    </div>`;
}

/** Returns the path of the list. */
export function listPath(base: string): string {
  return base === "" ? "/" : base;
}

/** Returns the path of one flow. */
export function flowPagePath(base: string, id: string): string {
  return `${base}/flows/${encodeURIComponent(id)}`;
}

function emptyText({ query, page }: FlowsView): string {
  if (page.cursor !== undefined) return "No flow on this page. Older ones may follow.";
  const isFiltered = flowsQueryText({ ...query, cursor: undefined }) !== "";
  return isFiltered ? "No flow meets this filter." : "No flow has been started yet.";
}

function statusTabs({ base, query, counts }: FlowsView): Markup {
  const statuses: readonly (FlowStatusName | undefined)[] = [undefined, ...FLOW_STATUSES];
  return html`<ul class="tabs" aria-label="Status">
    ${statuses.map((status) => {
      const count = counts.get(status);
      const target = flowsQueryText({ ...query, status, cursor: undefined });
      return html`<li>
        <a
          href="${listPath(base)}${target}"
          ${status === query.status && html` aria-current="true"`}
          >${status === undefined ? "all" : statusWords(status)}${count !== undefined && html` <span>${countText(count)}</span>`}</a
        >
      </li>`;
    })}
  </ul>`;
}

function filterForm({ base, query, types }: FlowsView): Markup {
  return html`<form class="filter" method="get" action="${listPath(base)}">
    ${query.status !== undefined && html`<input type="hidden" name="status" value="${query.status}" />`}
    <label
      >Function<input
        id="f-function"
        name="function"
        list="types"
        value="${query.function ?? ""}"
        placeholder="any"
        autocomplete="off" /></label
    ><datalist id="types">${types.map((type) => html`<option value="${type}"></option>`)}</datalist>
    <label
      >Key begins with<input id="f-key" name="key" value="${query.key ?? ""}" autocomplete="off"
    /></label>
    <label
      >Attribute<input
        id="f-attribute"
        name="attribute"
        value="${query.attribute ?? ""}"
        placeholder="customer=c-7"
        autocomplete="off"
    /></label>
    <label
      >Started<select id="f-since" name="since">
        ${[...SINCE.keys()].map((since) => html`<option value="${since}" ${since === (query.since ?? "") && html` selected`}>${since === "" ? "at any time" : `in the last ${since}`}</option>`)}
      </select></label
    >
    <button type="submit">Filter</button>
  </form>`;
}

function flowRow(base: string, flow: FlowSummary, now: number): Markup {
  const { id, function: type, status, startedAt, settledAt, attributes } = flow;
  const took = (settledAt ?? now) - startedAt;
  return html`<tr>
    <td class="key"><a href="${flowPagePath(base, id)}">${id}</a></td>
    <td>${statusMarkup(status)}</td>
    <td>${type}</td>
    <td>${tags(attributes)}</td>
    <td class="number">${ageMarkup(startedAt, now)}</td>
    <td class="number">
      ${settledAt === undefined ? html`<span class="soft">${spanText(took)}</span>` : spanText(took)}
    </td>
  </tr>`;
}

/** Writes the attributes of a flow. */
export function tags(attributes: FlowSummary["attributes"]): Markup {
  return html`<span class="tags"
    >${Object.entries(attributes).map(
      ([name, value]) => html`<span class="tag">${name}=${String(value)}</span>`,
    )}</span
  >`;
}
