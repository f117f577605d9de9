import { embedded, fn, memory } from "handback";
import type { Embedded } from "handback";
import { approvalPages } from "handback/http";
import type { ApprovalPagesOptions } from "handback/http";
import { approval, approvalTokens } from "handback/patterns";
import type { ApprovalRequest } from "handback/patterns";
import fc from "fast-check";
import type { Hono } from "hono";
import { afterEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

interface Expense {
  readonly owner: string;
  readonly what: string;
  readonly euros: number;
}

const secret = "a secret of these tests";
const tokens = approvalTokens({ secret });
const asked: ApprovalRequest<Expense>[] = [];
const ask = fn("pages/ask", (_, request: ApprovalRequest<Expense>) => void asked.push(request));
const approved = approval("pages/approve", {
  ask,
  approvers: () => ["ada", "bob", "cy"],
  requester: ({ owner }: Expense) => owner,
  quorum: 2,
  timeout: "3d",
});
const describeExpense = ({ what, euros }: Expense) => ({
  title: `May we buy ${what}?`,
  facts: { Amount: `${euros} EUR` },
});

interface Pages {
  readonly engine: Embedded;
  readonly clock: VirtualClock;
  readonly app: Hono;
  readonly request: ApprovalRequest<Expense>;
  readonly get: (token: string) => Promise<Shown>;
  readonly post: (token: string, form: Readonly<Record<string, string>>) => Promise<Shown>;
  /** Presses a button of the page behind a token. */
  press(token: string, kind: "approve" | "reject", comment?: string): Promise<Shown>;
}

interface Shown {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  asked.length = 0;
  for (const close of closing.splice(0)) await close();
});

const EXPENSE = { owner: "dot", what: "<b>a chair</b>", euros: 90 };

async function open(options: Partial<ApprovalPagesOptions<Expense>> = {}): Promise<Pages> {
  const clock = new VirtualClock();
  const engine = await embedded({ functions: [approved], store: memory(), clock });
  closing.push(() => clock.until(engine.close()));
  const app = approvalPages(engine.client, {
    approval: approved,
    secret,
    describe: describeExpense,
    clock,
    ...options,
  });
  await clock.until(engine.client.start(approved, EXPENSE, { id: "e-7" }));
  await clock.quiet();
  const [request] = asked;
  if (request === undefined) throw new Error("nobody was asked");
  const shown = async (answer: Response | Promise<Response>): Promise<Shown> => {
    const { status, headers, ...rest } = await clock.until(
      Promise.resolve(answer).then(async (response) => ({
        status: response.status,
        headers: response.headers,
        text: await response.text(),
      })),
    );
    await clock.quiet();
    return { status, headers, ...rest };
  };
  const get = (token: string): Promise<Shown> => shown(app.request(`/${token}`));
  const post = (token: string, form: Readonly<Record<string, string>>): Promise<Shown> =>
    shown(app.request(`/${token}`, { method: "POST", body: new URLSearchParams(form) }));
  return {
    engine,
    clock,
    app,
    request,
    get,
    post,
    async press(token, kind, comment = "") {
      const page = await get(token);
      const vote = new RegExp(`class="${kind}" name="vote" value="([^"]+)"`).exec(page.text)?.[1];
      expect(vote).toBeDefined();
      return post(token, { vote: vote ?? "", comment });
    },
  };
}

/** Returns the decisions so far. */
async function decisionsOf({ engine, clock }: Pages): Promise<readonly string[]> {
  const { ballot } = await clock.until(engine.client.readState(approved, "e-7"));
  return (ballot?.decisions ?? []).map(({ by, decision, comment = "" }) =>
    `${by} ${decision} ${comment}`.trim(),
  );
}

describe("the page of an invitation", () => {
  test("says what is asked, who asks, until when and of whom, and shows no markup of theirs", async () => {
    const { get, request } = await open();
    const { status, headers, text } = await get(tokens.invite(request, "ada"));
    expect(status).toBe(200);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(text).toContain("May we buy &lt;b&gt;a chair&lt;/b&gt;?");
    for (const said of ["90 EUR", "dot", "ada", "Decide until", "UTC", "Approve", "Reject"])
      expect(text).toContain(said);
    expect(text).not.toMatch(/<script|style="|javascript:|<b>a chair/);
  });

  test("changes nothing when it is opened, however often", async () => {
    const pages = await open();
    const token = tokens.invite(pages.request, "ada");
    const before = await pages.clock.until(pages.engine.client.readState(approved, "e-7"));
    for (const method of ["GET", "HEAD", "GET"])
      expect((await pages.app.request(`/${token}`, { method })).status).toBe(200);
    expect(await pages.clock.until(pages.engine.client.readState(approved, "e-7"))).toEqual(before);
  });

  test("takes decisions with comments, and the last one that is needed ends the request", async () => {
    const pages = await open();
    const first = await pages.press(
      tokens.invite(pages.request, "ada"),
      "approve",
      "fine & <good>",
    );
    expect([first.status, first.text]).toEqual([
      200,
      expect.stringContaining("Others decide, too"),
    ]);
    expect(first.text).toContain("fine &amp; &lt;good&gt;");
    const last = await pages.press(tokens.invite(pages.request, "bob"), "approve");
    expect(last.text).toContain("was approved");
    expect(await decisionsOf(pages)).toEqual(["ada approve fine & <good>", "bob approve"]);
  });

  test("answers a second click kindly, and refuses the opposite decision with 409", async () => {
    const pages = await open();
    const token = tokens.invite(pages.request, "ada");
    const page = await pages.get(token);
    const [, approve = ""] = /class="approve" name="vote" value="([^"]+)"/.exec(page.text) ?? [];
    const [, reject = ""] = /class="reject" name="vote" value="([^"]+)"/.exec(page.text) ?? [];
    await pages.post(token, { vote: approve });
    const again = await pages.post(token, { vote: approve });
    expect([again.status, again.text]).toEqual([
      200,
      expect.stringContaining("nothing left to do"),
    ]);
    const opposite = await pages.post(token, { vote: reject });
    expect([opposite.status, opposite.text]).toEqual([
      409,
      expect.stringContaining("cannot be changed"),
    ]);
    expect((await pages.get(token)).text).toContain("You approved this on");
    expect(await decisionsOf(pages)).toEqual(["ada approve"]);
  });

  test("gives a vote to somebody else, who can then decide", async () => {
    const pages = await open();
    const token = tokens.invite(pages.request, "ada");
    const given = await pages.post(token, { delegate: "yes", to: "eve", comment: "on holiday" });
    expect([given.status, given.text]).toEqual([
      200,
      expect.stringContaining("eve has your vote now"),
    ]);
    const refused = await pages.press(token, "approve");
    expect([refused.status, refused.text]).toEqual([
      403,
      expect.stringContaining("given your vote"),
    ]);
    expect((await pages.press(tokens.invite(pages.request, "eve"), "reject")).status).toBe(200);
  });

  test.each([
    ["no button", {}],
    ["a blank name", { delegate: "yes", to: "  " }],
    ["a vote that nobody signed", { vote: "e30.00" }],
  ])("answers 400 to a form with %s, and decides nothing", async (_, form) => {
    const pages = await open();
    expect((await pages.post(tokens.invite(pages.request, "ada"), form)).status).toBe(400);
    expect(await decisionsOf(pages)).toEqual([]);
  });

  test("refuses the signed vote of another person or request", async () => {
    const pages = await open();
    const token = tokens.invite(pages.request, "ada");
    const ofBob = tokens.sign(pages.request, { by: "bob", decision: "approve" });
    const ofAnother = tokens.sign(
      { ...pages.request, id: "e-8" },
      { by: "ada", decision: "approve" },
    );
    for (const vote of [ofBob, ofAnother])
      expect((await pages.post(token, { vote })).status).toBe(400);
    expect(await decisionsOf(pages)).toEqual([]);
  });
});

describe("the page of one signed decision", () => {
  test("has one button, and cannot give the vote away", async () => {
    const pages = await open();
    const token = tokens.sign(pages.request, { by: "ada", decision: "reject" });
    const { text } = await pages.get(token);
    expect(text).toContain("Reject");
    expect(text).not.toMatch(/Approve|somebody else/);
    expect((await pages.post(token, { delegate: "yes", to: "eve" })).status).toBe(400);
    const other = tokens.sign(pages.request, { by: "ada", decision: "approve" });
    expect((await pages.post(token, { vote: other })).status).toBe(400);
    expect((await pages.press(token, "reject")).status).toBe(200);
    expect(await decisionsOf(pages)).toEqual(["ada reject"]);
  });
});

describe("a link", () => {
  test("has expired with its request: 410 for looking and for deciding", async () => {
    const pages = await open();
    const token = tokens.invite(pages.request, "ada");
    await pages.clock.advance(3 * 86_400_000);
    expect((await pages.get(token)).status).toBe(410);
    expect(
      (
        await pages.post(token, {
          vote: tokens.sign(pages.request, { by: "ada", decision: "approve" }),
        })
      ).status,
    ).toBe(410);
  });

  test("to a request that has ended says how it ended, and a late decision gets 410", async () => {
    const pages = await open();
    const token = tokens.invite(pages.request, "ada");
    await pages.press(tokens.invite(pages.request, "bob"), "reject");
    expect((await pages.get(token)).text).toContain("was rejected");
    const late = await pages.post(token, {
      vote: tokens.sign(pages.request, { by: "ada", decision: "approve" }),
    });
    expect([late.status, late.text]).toEqual([410, expect.stringContaining("too late")]);
  });

  test("that nobody signed is 404, whatever it is, and reveals nothing", async () => {
    const { get, post, request } = await open();
    const valid = tokens.invite(request, "ada");
    const foreign = approvalTokens({ secret: "another secret of a test" }).invite(request, "ada");
    const ofAnother = tokens.invite({ ...request, approval: "pages/other" }, "ada");
    for (const token of [
      foreign,
      ofAnother,
      `${valid}0`,
      valid.slice(1),
      "x",
      "e30.",
      "%00",
      "a".repeat(9_000),
    ]) {
      expect((await get(token)).status).toBe(404);
      expect((await post(token, { vote: token })).status).toBe(404);
    }
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), async (text) => {
        fc.pre(!["style.css", ".", ".."].includes(text));
        const { status, text: shown } = await get(encodeURIComponent(text));
        expect(status).toBe(404);
        expect(shown).not.toContain("chair");
      }),
      { numRuns: 50 },
    );
  });

  test("takes no form that is too long, and no other method", async () => {
    const { app, post, request } = await open();
    const token = tokens.invite(request, "ada");
    expect((await post(token, { comment: "x".repeat(70_000) })).status).toBe(413);
    expect((await app.request(`/${token}`, { method: "DELETE" })).status).toBe(404);
  });
});

test("a description that throws is a 500 whose log line holds no link and no value", async () => {
  const lines: string[] = [];
  const write = (...parts: readonly unknown[]): void => void lines.push(JSON.stringify(parts));
  const log = { debug: write, info: write, warn: write, error: write };
  const describeBadly = (): never => {
    throw new Error("a chair");
  };
  const pages = await open({ describe: describeBadly, log });
  const token = tokens.invite(pages.request, "ada");
  expect((await pages.get(token)).status).toBe(500);
  expect(lines).toHaveLength(1);
  expect(lines.join()).not.toMatch(new RegExp(`chair|${token.slice(0, 20)}`));
});

test("dates are written in the time zone and language of the option", async () => {
  const { get, request } = await open({ timeZone: "Europe/Berlin", locale: "de" });
  expect((await get(tokens.invite(request, "ada"))).text).toMatch(/\d{2}:\d{2} Europe\/Berlin/);
});

test.each([
  ["approval", { approval: ask }],
  ["secret", { secret: "short" }],
  ["describe", { describe: "a text" }],
  ["timeZone", { timeZone: "Mars/Olympus" }],
  ["locale", { locale: "no language" }],
  ["unknown", { title: "a text" }],
])("pages are not made with a wrong option: %s", async (_, options) => {
  const { engine } = await open();
  const made: unknown = { approval: approved, secret, describe: describeExpense, ...options };
  expect(() => approvalPages(engine.client, made as ApprovalPagesOptions<Expense>)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTIONS" }),
  );
});
