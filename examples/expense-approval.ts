/**
 * Shows an approval: two people approve an expense on a page behind signed links; another expense expires.
 *
 * A link allows one decision by one person on one request. Opening it changes nothing, and a second
 * click is answered as such. The audit lists every decision, with its person and time, and is stored in the
 * same commit as the decision. When a request expires, the boss decides. The naive version at the
 * end does the same in one function, which is billed for the time that people take.
 */
import { embedded, fn, memory } from "handback";
import type { Waited } from "handback";
import { approvalPages } from "handback/http";
import { approval, approvalTokens } from "handback/patterns";
import type { ApprovalRequest, Decision } from "handback/patterns";
import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";

type Expense = { owner: string; euros: number };

const secret = randomBytes(32);
const tokens = approvalTokens({ secret });
/** The links sent to each person, in place of real mailboxes. */
const mails = new Map<string, { approve: string; reject: string }>();

const sendMails = fn("expenses/send", async (_, request: ApprovalRequest<Expense>) => {
  await setTimeout(5); // simulates a mail server
  for (const { person } of request.approvers ?? []) {
    const link = (decision: Decision["decision"]) => tokens.sign(request, { by: person, decision });
    mails.set(person, { approve: link("approve"), reject: link("reject") });
  }
});
const askBoss = fn("expenses/boss", (_, { input }: ApprovalRequest<Expense>) => {
  return `the boss ${input.euros > 500 ? "refuses" : "agrees"}`;
});

const approved = approval("expenses/approve", {
  ask: sendMails,
  approvers: ({ owner }) => ["ada", "bob", "cy"].filter((person) => person !== owner),
  requester: ({ owner }) => owner,
  quorum: 2,
  remind: { every: "500ms", times: 1 },
  timeout: "1.5s", // for real people, three days
  onTimeout: askBoss,
});

/** The naive version: blocks until the next decision. */
const parts = [sendMails, askBoss];
const naive = fn("expenses/naive", { parts }, async (ctx, input: Expense) => {
  const none = { level: 0, reminder: 0, decisions: [], askedAt: 0 };
  const request = { approval: "", id: "", request: "", input, ...none };
  await ctx.get(ctx.invoke(sendMails, request));
  const timeout = ctx.sleep("1.5s");
  for (const approvers = new Set<string>(); ;) {
    const next = ctx.wait([ctx.event<Decision>("decision"), timeout], { count: 1 });
    const { ready }: Waited<unknown> = await ctx.get(next);
    const [first] = ready;
    const isDecision = first?.status === "fulfilled" && first.index === 0;
    if (!isDecision) return ctx.get(ctx.invoke(askBoss, request));
    const { by, decision } = first.value as Decision;
    if (decision === "reject") return "rejected";
    if (approvers.add(by).size === 2) return "approved";
  }
});

const engine = await embedded({ functions: [approved, naive], store: memory() });

/** Serves the page behind each link. `serveHttp(pages)` would serve it to phones. */
const pages = approvalPages(engine.client, {
  approval: approved,
  secret,
  describe: ({ owner, euros }) => ({ title: `May we spend ${euros} euros?`, from: owner }),
});

/** Opens a link, and presses the button of its page. */
async function click(token = ""): Promise<string> {
  const opened = await pages.request(`/${token}`);
  if (opened.status !== 200) return `${opened.status} ${said(await opened.text())}`;
  const body = new URLSearchParams({ vote: token });
  const answer = await pages.request(`/${token}`, { method: "POST", body });
  return `${answer.status} ${said(await answer.text())}`;
}

/** Returns what a page says first, without the date. */
function said(page: string): string {
  const text = /<(?:p class="note" role="status"|h1)>([^<]*)/.exec(page)?.[1] ?? "";
  return text.replace(/ on \d.*UTC/, "");
}

const small = { owner: "cy", euros: 90 };
const flow = await engine.client.start(approved, small, { id: "expense-7" });
while (mails.size < 2) await setTimeout(1);
const [ada, bob] = [mails.get("ada"), mails.get("bob")];
const forged = `${ada?.approve}0`;
const links = [ada?.approve, ada?.approve, ada?.reject, forged, bob?.approve, bob?.reject];
for (const link of links) console.log(await click(link));
const { status, audit } = await flow.result();
const steps = audit.map(({ action, by }) => (by === undefined ? action : `${action} by ${by}`));
console.log(`expense-7: ${status}; ${steps.join(", ")}`);

const large = { owner: "ada", euros: 900 };
const unanswered = await engine.client.call(approved, large, { id: "expense-8" });
const actions = unanswered.audit.map(({ action }) => action).join(", ");
const value = unanswered.status === "expired" ? `, and ${unanswered.value}` : "";
console.log(`expense-8: ${unanswered.status}${value}; ${actions}`);

const naiveFlow = await engine.client.start(naive, small, { id: "naive" });
await setTimeout(30);
for (const by of ["ada", "bob"]) {
  await engine.client.signal(naiveFlow, "decision", { by, decision: "approve" });
}
console.log(`naive: ${await naiveFlow.result()}`);

const meters = { split: flow.id, naive: naiveFlow.id };
for (const [name, id] of Object.entries(meters)) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  const [billed, waiting] = [billedMs.toFixed(0), blockedMs.toFixed(0)];
  console.log(`${name}: billed ${billed} ms, waiting ${waiting} ms, beta ${beta.toFixed(3)}`);
}
await engine.close();
