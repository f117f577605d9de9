import { html } from "hono/html";
import type { Markup } from "../text/markup.ts";

const SAMPLES: readonly (readonly [kind: string, text: string])[] = [
  ["run", "runs, billed"],
  ["blocked", "blocked, billed"],
  ["parked", "parked, free"],
  ["failed", "failed attempt"],
];

/** Explains the bars of a waterfall. */
export function waterfallLegend(): Markup {
  return html`<p class="legend">
    ${SAMPLES.map(
      ([kind, text]) =>
        html`<span
          ><svg viewBox="0 0 22 11" aria-hidden="true">
            ${
              kind === "blocked"
                ? html`<path class="hatch-line thin" d="M2 11 8 0M8 11 14 0M14 11 20 0" />`
                : html`<rect class="${kind}" x="1" y="1" width="20" height="9" rx="3" />`
            }</svg
          >${text}</span
        >`,
    )}
  </p>`;
}
