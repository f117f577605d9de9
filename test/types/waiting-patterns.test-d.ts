// What aggregator, monitor, approval and asyncHttp infer. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import { fn, stateful, value } from "handback";
import type { Client, Context, Fn, Invokable, StatefulFn } from "handback";
import { asyncHttp } from "handback/http";
import { aggregator, approval, approvalTokens, chain, monitor } from "handback/patterns";
import type {
  Added,
  Aggregator,
  Approval,
  ApprovalRequest,
  ApprovalResult,
  Batch,
  DecisionAnswer,
  MonitorResult,
} from "handback/patterns";
import { expectType } from "./expect.ts";

interface Reading {
  id: string;
  celsius: number;
}
interface Job {
  name: string;
  deadline: number;
}
interface Expense {
  euros: number;
}
declare const ctx: Context;
declare const client: Client;

// --- aggregator ---

const store = fn("t/store", (_ctx, batch: Batch<Reading>) => batch.events.length);
const batch = aggregator("t/batch", {
  flush: store,
  maxCount: 100,
  maxWait: "10s",
  dedupeBy: (e) => e.id,
});
expectType<Aggregator<Reading>>()(batch);
expectType<StatefulFn<Reading, Added>>()(batch.add);
batch satisfies Invokable<Reading, Added>;
ctx.send(batch.add, { id: "a", celsius: 1 }, { id: "k" });
ctx.invoke(batch, { id: "a", celsius: 1 }).stateId satisfies string;
expectType<Promise<number>>()(client.call(batch.flush, undefined, { id: "k" }));
(await client.readState(batch, "k")).seen.count satisfies number;
expectType<Aggregator<Reading>>()(
  aggregator<Reading>("t/egress", { flush: "t/sink", timeOf: (e) => e.celsius, onLate: "t/late" }),
);
const totals = stateful("t/totals", {
  state: { n: value(0) },
  handlers: { add: (c, b: Batch<Reading>) => (c.state.n += b.events.length) },
});
expectType<Aggregator<Reading>>()(aggregator("t/nested", { flush: totals.add, gap: 5 }));

// @ts-expect-error what flushes takes batches of readings, not of numbers
ctx.send(batch.add, 5, { id: "k" });
// @ts-expect-error a name is a string
aggregator("t/wrong", { flush: store, dedupeBy: (e) => e.celsius });
// @ts-expect-error nothing is flushed nowhere
aggregator("t/wrong", { maxCount: 5 });
// @ts-expect-error an event has no such property
aggregator("t/wrong", { flush: store, dedupeBy: (e) => e.key });

// --- monitor ---

const status = fn("t/status", (_ctx, job: Job): "running" | "done" =>
  job.name === "" ? "done" : "running",
);
const terminate = fn("t/terminate", (_ctx, job: Job) => ({ stopped: job.name }));
const watch = monitor("t/watch", {
  check: status,
  until: (s) => s === "done",
  every: "30s",
  deadline: (job) => job.deadline,
  onDeadline: terminate,
});
expectType<Fn<Job, MonitorResult<"running" | "done", { stopped: string }>>>()(watch);
const plain = monitor("t/plain", {
  check: status,
  until: (s, job) => s === "done" && job.name === "",
  every: 5,
  carry: (job, _s) => job,
});
expectType<Fn<Job, MonitorResult<"running" | "done">>>()(plain);
const end = await client.call(plain, { name: "", deadline: 0 });
if (end.status === "done") end.value satisfies "running" | "done";
else expectType<"expired">()(end.status);
const ended = await client.call(watch, { name: "", deadline: 0 });
if (ended.status === "expired") ended.value.stopped satisfies string;
chain("t/then", watch, (result) => (result.status === "done" ? result.value : result.last));

// @ts-expect-error what is seen is not a number
monitor("t/wrong", { check: status, until: (s: number) => s === 1, every: 5 });
const ofNumbers = fn("t/n", (_ctx, n: number) => n);
// @ts-expect-error the function for the deadline takes another input
monitor("t/wrong", { check: status, until: () => true, every: 5, onDeadline: ofNumbers });
// @ts-expect-error it is not told how often
monitor("t/wrong", { check: status, until: () => true });
// @ts-expect-error what is carried on is an input
monitor("t/wrong", { check: status, until: () => true, every: 5, carry: () => 5 });

// --- approval ---

const sendRequest = fn(
  "t/send",
  (_ctx, request: ApprovalRequest<Expense>) => `${request.id}: ${request.input.euros}`,
);
const escalate = fn(
  "t/escalate",
  (_ctx, request: ApprovalRequest<Expense>) => request.decisions.length,
);
const approved = approval("t/approve", {
  ask: sendRequest,
  timeout: "72h",
  onTimeout: escalate,
  quorum: 2,
});
expectType<Approval<Expense, number>>()(approved);
approved satisfies Invokable<Expense, ApprovalResult<number>>;
expectType<StatefulFn<Expense, ApprovalResult<number>>>()(approved.request);
const result = await client.call(approved, { euros: 5 }, { id: "e" });
if (result.status === "expired") result.value satisfies number;
else result.status satisfies "approved" | "rejected" | "withdrawn";
const without = approval("t/without", {
  ask: sendRequest,
  approvers: (expense) => (expense.euros > 5 ? ["boss"] : [{ person: "ada", role: "finance" }]),
});
expectType<Approval<Expense>>()(without);
// @ts-expect-error nothing is called when time is up, so there is no value
(await client.call(without, { euros: 5 })).value;
expectType<Promise<DecisionAnswer>>()(
  client.call(approved.decide, { by: "ada", decision: "approve" }, { id: "e" }),
);

// @ts-expect-error one approves or rejects
client.call(approved.decide, { by: "ada", decision: "maybe" }, { id: "e" });
// @ts-expect-error what asks takes a request, not the input
approval("t/wrong", { ask: fn("t/input", (_ctx, expense: Expense) => expense.euros) });
// @ts-expect-error its messages to itself are nobody else's business
approved.conclude;

const verified = approvalTokens({ secret: "0123456789abcdef" }).verify("", {
  approval: "t/approve",
  now: 0,
});
if (verified.status === "valid")
  client.call(approved.decide, verified.claims.decision, { id: verified.claims.id });
// @ts-expect-error of an invalid token nothing is known
if (verified.status === "invalid") verified.claims;

// --- http ---

const app = asyncHttp(client, {
  functions: [watch, batch, approved.decide],
  authorize: (_request, { action, flow = "" }) => action === "status" && flow !== "",
});
app.fetch(new Request("http://localhost/")) satisfies Response | Promise<Response>;
// @ts-expect-error a hook says yes, no, who, or answers itself
asyncHttp(client, { functions: [], authorize: () => 5 });
