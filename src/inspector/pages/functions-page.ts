import { html } from "hono/html";
import type { FunctionFacts } from "../reading/read-functions.ts";
import type { Markup } from "../text/markup.ts";
import { statusMarkup } from "../text/markup.ts";
import { countText, spanText } from "../text/time-words.ts";
import { listPath } from "./flows-page.ts";

/** Writes the figures of all functions. */
export function functionsContents(
  functions: readonly FunctionFacts[],
  { base, readOnly }: { readonly base: string; readonly readOnly: boolean },
): Markup {
  return html`<h1>Functions</h1>
    <p class="sub">
      Times and rates are those of the newest 200 flows of a function. Runs and bills count from the
      opening of the engine.
    </p>
    <div class="card">
      <div class="scroll" tabindex="0" role="region" aria-label="Functions">
        ${
          functions.length === 0
            ? html`<p class="empty">
                No functions are named. The option <code>functions</code> of
                <code>inspector</code> names them.
              </p>`
            : html`<table>
                <thead>
                  <tr>
                    <th scope="col">Function</th>
                    <th scope="col" class="number">Last hour</th>
                    <th scope="col" class="number">Pending</th>
                    <th scope="col" class="number">Failed</th>
                    <th scope="col" class="number">p50</th>
                    <th scope="col" class="number">p99</th>
                    <th scope="col" class="number">Runs</th>
                    <th scope="col" class="number">Billed</th>
                    <th scope="col" class="number">Blocked</th>
                    ${!readOnly && html`<th scope="col"><span class="hidden">Actions</span></th>`}
                  </tr>
                </thead>
                <tbody>
                  ${functions.map((each) => functionRow(each, base, readOnly))}
                </tbody>
              </table>`
        }
      </div>
    </div>`;
}

function functionRow(facts: FunctionFacts, base: string, readOnly: boolean): Markup {
  const { type, isPaused, pending, failed, lastHour, isMore, p50Ms, p99Ms, bill } = facts;
  const asked = `function=${encodeURIComponent(type)}`;
  const action = isPaused ? "resume" : "pause";
  return html`<tr>
    <td class="key">
      <a href="${listPath(base)}?${asked}">${type}</a
      >${isPaused && html` ${statusMarkup("paused")}`}
    </td>
    <td class="number">${dash(lastHour)}${isMore && "+"}</td>
    <td class="number">${dash(pending)}</td>
    <td class="number">
      ${failed === 0 ? "–" : html`<a class="bad" href="${listPath(base)}?${asked}&amp;status=failed">${countText(failed)}</a>`}
    </td>
    <td class="number">${timeOf(p50Ms)}</td>
    <td class="number">${timeOf(p99Ms)}</td>
    <td class="number">${bill === undefined ? "–" : dash(bill.runs)}</td>
    <td class="number">${bill === undefined || bill.runs === 0 ? "–" : spanText(bill.billedMs)}</td>
    <td class="number">
      ${bill === undefined || bill.blockedMs === 0 ? "–" : spanText(bill.blockedMs)}
    </td>
    ${
      !readOnly &&
      html`<td class="number">
        <a href="${base}/functions/${type}/${action}"
          >${isPaused ? "Resume" : "Pause"}<span class="hidden"> ${type}</span></a
        >
      </td>`
    }
  </tr>`;
}

function dash(count: number): string {
  return count === 0 ? "–" : countText(count);
}

function timeOf(ms: number | undefined): string {
  return ms === undefined ? "–" : spanText(ms);
}
