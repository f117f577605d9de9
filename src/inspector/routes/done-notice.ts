import type { Context } from "hono";
import { html } from "hono/html";
import { ACTIONS } from "../access/actions.ts";
import type { InspectorAction } from "../rules/inspection.ts";
import type { Markup } from "../text/markup.ts";

/** Puts the outcome of an action in front of the page that follows it. */
export function doneNotice(c: Context, contents: Markup): Markup {
  const action = c.req.query("done") ?? "";
  if (!isAction(action)) return contents;
  const { done } = ACTIONS[action].words({ action });
  return html`<div class="notice good" role="status">${done}</div>
    ${contents}`;
}

function isAction(text: string): text is InspectorAction {
  return Object.hasOwn(ACTIONS, text);
}
