import { html } from "hono/html";
import type { EngineFacts } from "../reading/read-engine.ts";
import { statusWords } from "../text/markup.ts";
import type { Markup } from "../text/markup.ts";
import { countText, spanText } from "../text/time-words.ts";
import { listPath } from "./flows-page.ts";

/** Writes the facts about the engine. */
export function engineContents(facts: EngineFacts, base: string): Markup {
  return html`<h1>Engine</h1>
    <p class="sub">The state of the engine now.</p>
    ${engineFigures(facts, base)}
    <div class="two">
      ${flowsCard(facts, base)}
      <div>${workCard(facts)}${parkedCard(facts)}${pausedCard(facts)}</div>
    </div>`;
}

function engineFigures(
  { backlog, unregistered, paused, deadLetters }: EngineFacts,
  base: string,
): Markup {
  return html`<dl class="facts">
    ${backlog !== undefined && figure("waiting messages", backlog, "of all mailboxes")}${
      deadLetters !== undefined &&
      html`<div>
        <dt><a href="${base}/dead-letters">dead letters</a></dt>
        <dd>
          <div class="figure">${countText(deadLetters.count)}${deadLetters.isMore && "+"}</div>
          <div class="more">wait for a person</div>
        </dd>
      </div>`
    }${unregistered !== undefined && figure("parked messages", sumOf(unregistered), "wait for code")}${paused !== undefined && figure("paused functions", paused.length, "by a person")}
  </dl>`;
}

function flowsCard({ flows }: EngineFacts, base: string): Markup | "" {
  if (flows === undefined) return "";
  return html`<section class="card">
    <h2>Flows</h2>
    <table>
      <tbody>
        ${flows.map(
          ([status, count]) =>
            html`<tr>
              <th scope="row">
                <a href="${listPath(base)}?status=${status}">${statusWords(status)}</a>
              </th>
              <td class="number">${countText(count)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function workCard({ stats }: EngineFacts): Markup | "" {
  if (stats === undefined) return "";
  const { activations, queued, oldestQueuedMs, slots, commits, timersDue, lines } = stats;
  const figures: readonly (readonly [name: string, figure: string])[] = [
    ["messages handled", countText(activations)],
    ["messages that wait for a handler", countText(queued)],
    ["the oldest of them waits for", queued === 0 ? "–" : spanText(oldestQueuedMs)],
    ["handler slots in use", `${countText(slots.taken)} of ${countText(slots.all)}`],
    ["handlers blocked in ctx.get", countText(slots.blocked)],
    ["timers due", countText(timersDue)],
    ["commits", countText(commits.count)],
    ["messages in a commit", commits.batchSize.toFixed(1)],
    ["time of a commit, p50 and p99", `${spanText(commits.p50Ms)}, ${spanText(commits.p99Ms)}`],
    ...Object.entries(lines).flatMap(([kind, count]): [string, string][] =>
      count === 0 ? [] : [[`log lines: ${kind}`, countText(count)]],
    ),
  ];
  return html`<section class="card">
    <h2>Work since the engine was opened</h2>
    <table>
      <tbody>
        ${figures.map(
          ([name, text]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="number">${text}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function parkedCard({ unregistered }: EngineFacts): Markup | "" {
  if (unregistered === undefined || unregistered.size === 0) return "";
  return html`<section class="card">
    <h2>Work that waits for code</h2>
    <p class="soft">These functions are not registered. Their messages run once they are.</p>
    <table>
      <tbody>
        ${[...unregistered].map(
          ([name, count]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="number">${countText(count)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function pausedCard({ paused }: EngineFacts): Markup | "" {
  if (paused === undefined || paused.length === 0) return "";
  return html`<section class="card">
    <h2>Paused functions</h2>
    <ul class="plain">
      ${paused.map((type) => html`<li>${type}</li>`)}
    </ul>
  </section>`;
}

function figure(name: string, count: number, more: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>
      <div class="figure">${countText(count)}</div>
      <div class="more">${more}</div>
    </dd>
  </div>`;
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
