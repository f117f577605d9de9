import { html } from "hono/html";
import type { Ballot, Recorded } from "../../patterns/approval/ballot.ts";
import type { RequestDescription } from "./options.ts";
import { DONE, ENDINGS } from "./words.ts";

/** A part of a page. `html` escapes all values in it. */
export type Markup = ReturnType<typeof html>;

/** What a page shows of a request. */
export interface ShownRequest {
  readonly ballot: Omit<Ballot, "waiting">;
  readonly description: RequestDescription;
  /** The person who reads the page. */
  readonly person: string;
  /** Writes an instant for people. */
  readonly dateOf: (instant: number) => string;
}

/** The signed decisions that a person may send, and whether they may give their vote away. */
export interface Choices {
  readonly approve?: string;
  readonly reject?: string;
  readonly mayDelegate: boolean;
}

/** The page of a request that a person may decide. */
export function decisionPage(shown: ShownRequest, choices: Choices): Markup {
  const { approve, reject, mayDelegate } = choices;
  return frame(
    shown.description.title,
    html`${question(shown)}
      <form method="post">
        <label for="comment">Comment, if you like</label>
        <textarea id="comment" name="comment" maxlength="2000"></textarea>
        <div class="choices">
          ${approve === undefined ? "" : decisionButton("approve", "Approve", approve)}
          ${reject === undefined ? "" : decisionButton("reject", "Reject", reject)}
        </div>
      </form>
      ${mayDelegate ? delegationForm() : ""} ${decisionsSoFar(shown)}`,
  );
}

/** The page after an answer, or of a request that this person can no longer decide. */
export function answeredPage(shown: ShownRequest, said: string): Markup {
  return frame(
    shown.description.title,
    html`<p class="note" role="status">${said}</p>
      ${question(shown)} ${decisionsSoFar(shown)}`,
  );
}

/** A page with a title and a sentence. */
export function noticePage(title: string, text: string): Markup {
  return frame(
    title,
    html`<h1>${title}</h1>
      <p>${text}</p>`,
  );
}

function frame(title: string, content: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="stylesheet" href="style.css" />
      </head>
      <body>
        <main><div class="card">${content}</div></main>
      </body>
    </html>`;
}

function question({ ballot, description, person, dateOf }: ShownRequest): Markup {
  const { title, text, facts = {}, from = ballot.requester } = description;
  const { askedAt, expiresAt, status } = ballot;
  const rows: readonly (readonly [string, unknown])[] = [
    ...Object.entries(facts),
    ["Asked by", from],
    ["Asked on", dateOf(askedAt)],
    ["Decide until", expiresAt === undefined || status !== "open" ? undefined : dateOf(expiresAt)],
    ["You are", person],
  ];
  return html`<h1>${title}</h1>
    ${text === undefined ? "" : html`<p class="text">${text}</p>`}
    <dl>
      ${rows
        .filter(([, value]) => value !== undefined)
        .map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${String(value)}</dd>`,
        )}
    </dl>`;
}

function decisionButton(kind: "approve" | "reject", label: string, vote: string): Markup {
  return html`<button class="${kind}" name="vote" value="${vote}">${label}</button>`;
}

function delegationForm(): Markup {
  return html`<details>
    <summary>Let somebody else decide</summary>
    <form method="post">
      <label for="to">Name of that person</label>
      <input id="to" name="to" type="text" required maxlength="200" autocomplete="off" />
      <label for="why">Comment, if you like</label>
      <input id="why" name="comment" type="text" maxlength="2000" autocomplete="off" />
      <button name="delegate" value="yes">Give my vote away</button>
    </form>
  </details>`;
}

function decisionsSoFar({ ballot: { decisions, status }, dateOf }: ShownRequest): Markup {
  const ended = status === "open" ? "" : html`<p class="soft">This request ${ENDINGS[status]}.</p>`;
  if (decisions.length === 0) return html`${ended}`;
  return html`<h2>Decisions so far</h2>
    <ul>
      ${decisions.map((decision) => html`<li>${inWords(decision, dateOf)}</li>`)}
    </ul>
    ${ended}`;
}

function inWords({ by, decision, comment, at }: Recorded, dateOf: (at: number) => string): Markup {
  const said = comment === undefined || comment === "" ? "" : html`<br />“${comment}”`;
  return html`${by} ${DONE[decision]} this on ${dateOf(at)}.${said}`;
}
