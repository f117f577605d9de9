import { html } from "hono/html";
import { ageText, dateText, isoText } from "./time-words.ts";

/** A piece of a page. Values in it are escaped. */
export type Markup = ReturnType<typeof html>;

/** An instant as an age, with its date as the tooltip. */
export function ageMarkup(at: number, now: number): Markup {
  return html`<time datetime="${isoText(at)}" title="${dateText(at)} UTC"
    >${ageText(at, now)}</time
  >`;
}

/** An instant as a date. */
export function dateMarkup(at: number): Markup {
  return html`<time datetime="${isoText(at)}">${dateText(at)} UTC</time>`;
}

/** The status of a flow. */
export function statusMarkup(status: string): Markup {
  return html`<span class="pill ${status}">${statusWords(status)}</span>`;
}

/** Writes a status as Americans spell it. */
export function statusWords(status: string): string {
  return status === "cancelled" ? "canceled" : status;
}
