import { html } from "hono/html";
import type { OpenRequest } from "../reading/read-approvals.ts";
import { ageMarkup, dateMarkup } from "../text/markup.ts";
import type { Markup } from "../text/markup.ts";
import { valueText } from "../text/value-text.ts";

/** The facts on the page of approvals. */
export interface ApprovalsView {
  readonly base: string;
  /** Types of approvals. */
  readonly types: readonly string[];
  readonly chosen: string | undefined;
  readonly requests: readonly OpenRequest[];
  readonly cursor: string | undefined;
  readonly now: number;
}

/** Writes the requests that wait for decisions. */
export function approvalsContents({
  base,
  types,
  chosen,
  requests,
  cursor,
  now,
}: ApprovalsView): Markup {
  const next = new URLSearchParams({ approval: chosen ?? "", cursor: cursor ?? "" });
  return html`<h1>Approvals</h1>
    <p class="sub">Requests that wait for people. People decide on pages of their own, not here.</p>
    ${
      types.length > 1 &&
      html`<ul class="tabs" aria-label="Approvals">
        ${types.map((type) => html`<li><a href="${base}/approvals?approval=${encodeURIComponent(type)}" ${type === chosen && html` aria-current="true"`}>${type}</a></li>`)}
      </ul>`
    }
    ${requests.length === 0 ? html`<div class="card"><p class="empty">${emptyText(types, cursor)}</p></div>` : requests.map((request) => requestCard(request, now))}
    <div class="pages">
      <span></span
      ><span
        >${cursor !== undefined && html`<a class="button" rel="next" href="${base}/approvals?${next.toString()}">More requests</a>`}</span
      >
    </div>`;
}

function emptyText(types: readonly string[], cursor: string | undefined): string {
  if (types.length === 0) return "No approvals are among the functions of this inspector.";
  return cursor === undefined
    ? "Nothing waits for a decision."
    : "No open request among these. More may follow.";
}

function requestCard({ type, id, ballot }: OpenRequest, now: number): Markup {
  const { askedAt, expiresAt, approvers, requester, decisions, level, reminders, input } = ballot;
  const decided = new Set(decisions.map(({ by }) => by));
  const open = (approvers ?? []).filter(({ person }) => !decided.has(person));
  return html`<section class="card">
    <div class="title">
      <h2>${id}</h2>
      <span class="pill open">open</span
      ><span class="soft">${type}, asked ${ageMarkup(askedAt, now)}</span>
    </div>
    <dl class="pairs">
      ${
        requester !== undefined &&
        html`<dt>Asked by</dt>
          <dd>${requester}</dd>`
      }
      <dt>Decided</dt>
      <dd>
        ${decisions.length === 0 ? "nobody yet" : decisions.map(({ by, decision, comment }, at) => html`${at > 0 && ", "}${by} ${decision === "approve" ? "approved" : "rejected"}${comment !== undefined && ` (${comment})`}`)}
      </dd>
      <dt>Waits for</dt>
      <dd>${approvers === undefined ? "anyone" : open.map(({ person }) => person).join(", ")}</dd>
      ${
        expiresAt !== undefined &&
        html`<dt>Until</dt>
          <dd>${dateMarkup(expiresAt)}</dd>`
      }${
        level + reminders > 0 &&
        html`<dt>So far</dt>
          <dd>level ${level + 1}, ${reminders} reminders</dd>`
      }
      <dt>Request</dt>
      <dd><pre tabindex="0">${valueText(input)}</pre></dd>
    </dl>
  </section>`;
}
