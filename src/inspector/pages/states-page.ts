import { html } from "hono/html";
import type { StatesPage } from "../../futures/client/stored/list-states.ts";
import type { Markup } from "../text/markup.ts";
import { valueText } from "../text/value-text.ts";

/** The facts on the page of states. */
export interface StatesView {
  readonly base: string;
  /** Types of stateful functions. */
  readonly types: readonly string[];
  /** The chosen one, its states, and the beginning of their ids. */
  readonly chosen: string | undefined;
  readonly page: StatesPage | undefined;
  readonly prefix: string;
}

/** Writes the states of a function. */
export function statesContents({ base, types, chosen, page, prefix }: StatesView): Markup {
  return html`<h1>States</h1>
    <p class="sub">The stored values of stateful functions, by id.</p>
    ${
      types.length === 0
        ? html`<div class="card">
            <p class="empty">
              No stateful functions are named. The option <code>functions</code> of
              <code>inspector</code> names them.
            </p>
          </div>`
        : html`<form class="filter" method="get" action="${base}/states">
            <label
              >Function<select id="f-function" name="function">
                ${types.map((type) => html`<option value="${type}" ${type === chosen && html` selected`}>${type}</option>`)}
              </select></label
            ><label
              >Id begins with<input
                id="f-prefix"
                name="prefix"
                value="${prefix}"
                autocomplete="off" /></label
            ><button type="submit">Show</button>
          </form>`
    }${chosen !== undefined && page !== undefined && statesCard({ base, chosen, page, prefix })}`;
}

function statesCard({
  base,
  chosen,
  page,
  prefix,
}: Pick<StatesView, "base" | "prefix"> & {
  readonly chosen: string;
  readonly page: StatesPage;
}): Markup {
  const { states, cursor } = page;
  const next = new URLSearchParams({ function: chosen, prefix, cursor: cursor ?? "" });
  return html`<div class="card">
      ${
        states.length === 0
          ? html`<p class="empty">
              ${cursor === undefined ? `${chosen} has no such state.` : "No state on this page. More may follow."}
            </p>`
          : html`<table>
              <thead>
                <tr>
                  <th scope="col">Id</th>
                </tr>
              </thead>
              <tbody>
                ${states.map(
                  ({ id }) =>
                    html`<tr>
                      <td class="key"><a href="${statePath(base, chosen, id)}">${id}</a></td>
                    </tr>`,
                )}
              </tbody>
            </table>`
      }
    </div>
    <div class="pages">
      <span></span
      ><span
        >${cursor !== undefined && html`<a class="button" rel="next" href="${base}/states?${next.toString()}">More states</a>`}</span
      >
    </div>`;
}

/** Returns the path of one state. */
function statePath(base: string, type: string, id: string): string {
  return `${base}/states/${type}/${encodeURIComponent(id)}`;
}

/** The values of one state. */
export interface StateView {
  readonly base: string;
  readonly type: string;
  readonly id: string;
  readonly state: object;
}

/** Writes the values of one state. */
export function stateContents({ base, type, id, state }: StateView): Markup {
  return html`<h1>${id}</h1>
    <p class="sub">
      state of <a href="${base}/states?function=${encodeURIComponent(type)}">${type}</a>
    </p>
    ${Object.entries(state).map(
      ([name, value]) =>
        html`<section class="card">
          <h2>${name}</h2>
          <pre tabindex="0">${valueText(value)}</pre>
        </section>`,
    )}`;
}
