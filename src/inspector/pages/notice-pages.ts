import { html } from "hono/html";
import type { Markup } from "../text/markup.ts";

/** A page in place of one that could not be shown. */
export interface Problem {
  readonly title: string;
  readonly text: string;
}

/** Writes why a request failed. */
export function problemContents({ title, text }: Problem, back: string): Markup {
  return html`<h1>${title}</h1>
    <p class="sub">${text}</p>
    <p><a class="button" href="${back}">Back to the flows</a></p>`;
}

/** A question before an action. */
export interface Question {
  readonly title: string;
  /** The consequence of the action. */
  readonly text: string;
  readonly button: string;
  /** True if it cannot be undone. */
  readonly isFinal: boolean;
  /** Address to go back to. */
  readonly back: string;
  readonly proof: string;
}

/** Writes the form that a person confirms an action with. It is sent to the address of its page. */
export function questionContents(question: Question): Markup {
  const { title, text, button, isFinal, back, proof } = question;
  return html`<div class="card confirm">
    <h1>${title}</h1>
    <p class="sub">${text}</p>
    <form method="post">
      <input type="hidden" name="proof" value="${proof}" />
      <div class="actions">
        <button type="submit" class="${isFinal ? "danger" : "main"}">${button}</button
        ><a class="button" href="${back}">Back</a>
      </div>
    </form>
  </div>`;
}
