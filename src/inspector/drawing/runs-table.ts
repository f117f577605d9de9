import { html } from "hono/html";
import { spanText } from "../text/time-words.ts";
import type { Markup } from "../text/markup.ts";
import type { Rows } from "../timeline/flow-rows.ts";

const OUTCOMES = {
  returned: "returned",
  handedBack: "handed back",
  failed: "failed",
  retries: "failed, retries",
  cancelled: "canceled",
} as const;

/** The rows of a waterfall as a table, with exact numbers. */
export function runsTable({ rows, from }: Rows): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Runs as a table">
    <table>
      <thead>
        <tr>
          <th scope="col">Function</th>
          <th scope="col">Note</th>
          <th scope="col" class="number">Began</th>
          <th scope="col" class="number">Billed</th>
          <th scope="col" class="number">Blocked</th>
          <th scope="col" class="number">Parked</th>
          <th scope="col">Outcome</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ function: type, note, run, parked }) =>
            html`<tr>
              <td>${type}</td>
              <td>${note}</td>
              <td class="number">${run ? `+${spanText(run.from - from)}` : "–"}</td>
              <td class="number">${run ? spanText(run.to - run.from) : "–"}</td>
              <td class="number">${run && run.blockedMs > 0 ? spanText(run.blockedMs) : "–"}</td>
              <td class="number">${parked ? spanText(parked.to - parked.from) : "–"}</td>
              <td>
                ${run ? OUTCOMES[run.outcome] : (parked?.why ?? "")}${run?.code === undefined ? "" : ` (${run.code})`}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
