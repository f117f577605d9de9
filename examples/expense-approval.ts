/**
 * Shows an approval: an expense is approved by two people, by links in mails; another one nobody looks at, and the boss decides.
 *
 * The links are signed, and good for one decision of one person about one request. A second click changes nothing, and says so. What was
 * decided, by whom and when, is in the audit, in the same commit as the decision. The naive twin at the end does the same
 * in one function, which is billed for the hours that people take.
 */
import { embedded, fn, memory } from "handback";
import type { Waited } from "handback";
import { approval, approvalTokens } from "handback/patterns";
import type { ApprovalRequest, Decision } from "handback/patterns";
import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";

type Expense = { owner: string; euros: number };

const tokens = approvalTokens({ secret: randomBytes(32) });
/** Stands for mailboxes: links by person. */
const mails = new Map<string, { approve: string; reject: string }>();

const sendMails = fn("expenses/send", async (_, request: ApprovalRequest<Expense>) => {
  await setTimeout(5); // stands for a mail server
  for (const { person } of request.approvers ?? []) {
    const link = (decision: Decision["decision"]) => tokens.sign(request, { by: person, decision });
    mails.set(person, { approve: link("approve"), reject: link("reject") });
  }
});
const askBoss = fn(
  "expenses/boss",
  (_, { input }: ApprovalRequest<Expense>) =>
    `the boss ${input.euros > 500 ? "refuses" : "agrees"}`,
);

const approved = approval("expenses/approve", {
  ask: sendMails,
  approvers: ({ owner }) => ["ada", "bob", "cy"].filter((person) => person !== owner),
  requester: ({ owner }) => owner,
  quorum: 2,
  remind: { every: "500ms", times: 1 },
  timeout: "1.5s", // three days, for people
  onTimeout: askBoss,
});

/** The same, naive: it blocks until the next decision. */
const naive = fn(
  "expenses/naive",
  { parts: [sendMails, askBoss] },
  async (ctx, input: Expense): Promise<string> => {
    const request = {
      approval: "",
      id: "",
      request: "",
      input,
      level: 0,
      reminder: 0,
      decisions: [],
      askedAt: 0,
    };
    await ctx.get(ctx.invoke(sendMails, request));
    const over = ctx.sleep("1.5s");
    for (const people = new Set<string>(); ;) {
      const { ready }: Waited<unknown> = await ctx.get(
        ctx.wait([ctx.event<Decision>("decision"), over], { count: 1 }),
      );
      const [first] = ready;
      if (first?.status !== "fulfilled" || first.index === 1)
        return ctx.get(ctx.invoke(askBoss, request));
      const { by, decision } = first.value as Decision;
      if (decision === "reject") return "rejected";
      if (people.add(by).size === 2) return "approved";
    }
  },
);

const engine = await embedded({ functions: [approved, naive], store: memory() });

/** What a page behind a link does when its button is pressed: the token goes no further than this. */
async function click(token = ""): Promise<string> {
  const verified = tokens.verify(token, { approval: approved.type, now: Date.now() });
  if (verified.status !== "valid") return `the link is ${verified.status}`;
  const { id, decision } = verified.claims;
  const { status, ballot } = await engine.client.call(approved.decide, decision, { id });
  return `${decision.by} ${decision.decision}: ${status}, ${ballot}`;
}

const flow = await engine.client.start(
  approved,
  { owner: "cy", euros: 90 },
  { id: "expense-7", key: "split" },
);
while (mails.size < 2) await setTimeout(1);
const [ada, bob] = [mails.get("ada"), mails.get("bob")];
for (const link of [
  ada?.approve,
  ada?.approve,
  ada?.reject,
  `${ada?.approve}0`,
  bob?.approve,
  bob?.reject,
])
  console.log(await click(link));
const { status, audit } = await flow.result();
console.log(
  `expense-7: ${status}; ${audit.map(({ action, by }) => (by === undefined ? action : `${action} by ${by}`)).join(", ")}`,
);

const ignored = await engine.client.call(
  approved,
  { owner: "ada", euros: 900 },
  { id: "expense-8" },
);
console.log(
  `expense-8: ${ignored.status}${ignored.status === "expired" ? `, and ${ignored.value}` : ""}; ${ignored.audit.map(({ action }) => action).join(", ")}`,
);

const twin = await engine.client.start(naive, { owner: "cy", euros: 90 }, { id: "naive" });
await setTimeout(30);
for (const by of ["ada", "bob"])
  await engine.client.signal(twin, "decision", { by, decision: "approve" });
console.log(`naive: ${await twin.result()}`);

for (const id of ["split", "naive"]) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  console.log(
    `${id}: billed ${billedMs.toFixed(0)} ms, ${blockedMs.toFixed(0)} of them for waiting, beta ${beta.toFixed(3)}`,
  );
}
await engine.close();
