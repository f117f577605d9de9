import { Hono } from "hono";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Client } from "../futures/client/client.ts";
import { logFacts } from "../core/errors/log-facts.ts";
import { readForm, takeForm } from "./approvals/form.ts";
import { choicesOf, readLink, whyClosed } from "./approvals/link.ts";
import { EXPIRED, FAILED, GONE, INCOMPLETE, INVALID, TOO_LARGE } from "./approvals/notices.ts";
import { approvalPagesRules } from "./approvals/options.ts";
import type { ApprovalPagesOptions } from "./approvals/options.ts";
import { answeredPage, decisionPage, noticePage } from "./approvals/pages.ts";
import type { Markup } from "./approvals/pages.ts";
import { shownRequest } from "./approvals/shown-request.ts";
import { STYLE } from "./approvals/style.ts";

/** Bytes of a form, from a person who may write a comment. */
const LARGEST_FORM = 65_536;

const HEADERS = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Robots-Tag": "noindex",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
} as const;

/**
 * Serves the pages on which people decide about the requests of an approval: what is asked, who asks,
 * until when, and buttons to approve, to reject, and to give the vote to somebody else. They work on
 * a phone and without script. Mount the app at a path of its own.
 *
 * A link ends with what `approvalTokens` signs: an invitation of one person (`invite`), or one
 * decision of one person (`sign`), whose page has one button. Opening a link changes nothing, so mail
 * programs and chats may look at it. Each button sends a signed decision, which counts once.
 *
 * | request | answer |
 * |---|---|
 * | `GET /:token` | 200: the page; 404 if the link is not valid; 410 if it has expired |
 * | `POST /:token` | 200 if the decision counts, or did before; 409 if the person has decided otherwise; 410 if the request has ended; 403 if the person may not decide |
 *
 * @throws `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { approvalPages } from "handback/http";
 * import { approval, approvalTokens } from "handback/patterns";
 * import type { ApprovalRequest } from "handback/patterns";
 *
 * const secret = "use 16 or more random characters";
 * const tokens = approvalTokens({ secret });
 * let link = "";
 * const mail = fn("docs/page-mail", (_, request: ApprovalRequest<number>) => {
 *   link = `/approve/${tokens.invite(request, "ada")}`;
 * });
 * const approved = approval("docs/page-approve", { ask: mail, timeout: "72h" });
 * const engine = await embedded({ functions: [approved], store: memory() });
 * await engine.client.start(approved, 90, { id: "expense-7" });
 * while (link === "") await new Promise((resolve) => setTimeout(resolve, 1));
 *
 * const describe = (euros: number) => `May we spend ${euros} euros?`;
 * const pages = approvalPages(engine.client, { approval: approved, secret, describe });
 * const page = await pages.request(link.replace("/approve", ""));
 * console.log(page.status, (await page.text()).includes("May we spend 90 euros?")); // 200 true
 * await engine.close();
 */
export function approvalPages<Input>(client: Client, options: ApprovalPagesOptions<Input>): Hono;
// Inside, the input is a value like any other.
export function approvalPages(client: Client, options: ApprovalPagesOptions<unknown>): Hono {
  const rules = approvalPagesRules(options);
  const app = new Hono();
  app.get("/style.css", (c) => c.body(STYLE, 200, { ...HEADERS, "Content-Type": "text/css" }));
  app.get("/:token", async (c) => {
    const link = readLink(rules, c.req.param("token"));
    if (link === undefined) return page(c, 404, INVALID);
    if (link.isExpired) return page(c, 410, EXPIRED);
    const shown = await shownRequest(client, rules, link.invitation);
    if (shown === undefined) return page(c, 410, GONE);
    const closed = whyClosed(shown);
    return closed === undefined
      ? page(c, 200, decisionPage(shown, choicesOf(rules, link, shown)))
      : page(c, 200, answeredPage(shown, closed));
  });
  const limit = bodyLimit({ maxSize: LARGEST_FORM, onError: (c) => page(c, 413, TOO_LARGE) });
  app.post("/:token", limit, async (c) => {
    const link = readLink(rules, c.req.param("token"));
    if (link === undefined) return page(c, 404, INVALID);
    if (link.isExpired) return page(c, 410, EXPIRED);
    const answer = await takeForm(client, { rules, link }, await readForm(c));
    if (answer === undefined) return page(c, 400, INCOMPLETE);
    const shown = await shownRequest(client, rules, link.invitation);
    return page(
      c,
      answer.status,
      shown === undefined ? noticePage("This link", answer.text) : answeredPage(shown, answer.text),
    );
  });
  app.notFound((c) => page(c, 404, INVALID));
  app.onError((error, c) => {
    rules.log.error("a page of an approval failed", logFacts(error));
    return page(c, 500, FAILED);
  });
  return app;
}

async function page(c: Context, status: number, markup: Markup): Promise<Response> {
  const headers = { ...HEADERS, "Content-Type": "text/html; charset=utf-8" };
  const text = String(await markup);
  return new Response(c.req.method === "HEAD" ? null : text, { status, headers });
}
