import { html } from "hono/html";
import type { DeadLettersPage } from "../../futures/client/stored/list-dead-letters.ts";
import type { DeadLetterReport } from "../../futures/client/stored/dead-letter.ts";
import { ageMarkup } from "../text/markup.ts";
import type { Markup } from "../text/markup.ts";
import { valueText } from "../text/value-text.ts";

/** The facts on the page of dead letters. */
export interface DeadLettersView {
  readonly base: string;
  readonly page: DeadLettersPage;
  /** True if a person may redrive and discard them. */
  readonly hasActions: boolean;
  readonly now: number;
}

/** Writes a page of dead letters. */
export function deadLettersContents(view: DeadLettersView): Markup {
  const { base, page } = view;
  const { letters, cursor } = page;
  return html`<h1>Dead letters</h1>
    <p class="sub">
      Messages that were given up, the oldest first: one-way messages that failed, and messages that
      crashed the process.
    </p>
    ${letters.length === 0 ? html`<div class="card"><p class="empty">There are none.</p></div>` : letters.map((letter) => letterCard(letter, view))}
    <div class="pages">
      <span></span
      ><span
        >${cursor !== undefined && html`<a class="button" rel="next" href="${base}/dead-letters?cursor=${encodeURIComponent(cursor)}">More letters</a>`}</span
      >
    </div>`;
}

function letterCard(letter: DeadLetterReport, { base, hasActions, now }: DeadLettersView): Markup {
  const { id, target, operation, input, failure, isHeld, at } = letter;
  const { type } = target;
  const path = `${base}/dead-letters/${encodeURIComponent(id)}`;
  return html`<section class="card">
    <div class="title">
      <h2>${type}${operation !== "call" && `.${operation}`}</h2>
      ${failure.code === "POISONED" && html`<span class="pill poisoned">crashed the process</span>`}<span
        class="soft"
        >${ageMarkup(at, now)}</span
      >${
        hasActions &&
        html`<div class="actions">
          <a class="button" href="${path}/redrive"
            >Redrive<span class="hidden"> the letter to ${type}</span></a
          ><a class="button" href="${path}/discard"
            >Discard<span class="hidden"> the letter to ${type}</span></a
          >
        </div>`
      }
    </div>
    <dl class="pairs">
      <dt>Failure</dt>
      <dd>
        ${failure.name}${failure.code !== undefined && ` ${failure.code}`}: ${failure.message}
      </dd>
      <dt>Address</dt>
      <dd><code>${target.id}</code></dd>
      ${
        isHeld &&
        html`<dt>Held</dt>
          <dd>something waits for its outcome</dd>`
      }
      <dt>Input</dt>
      <dd><pre tabindex="0">${valueText(input)}</pre></dd>
    </dl>
  </section>`;
}
