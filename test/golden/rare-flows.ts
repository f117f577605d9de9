import { fn, stateful, value } from "../../src/index.ts";
import type { Context, FutureHandle, Settlement } from "../../src/index.ts";
import {
  aggregator,
  approval,
  chain,
  fanOut,
  keep,
  monitor,
  repeat,
  retry,
  saga,
} from "../../src/patterns/index.ts";
import type { ApprovalRequest, AuditRecord, Batch } from "../../src/patterns/index.ts";

/**
 * Flows that wait in states that `pattern-flows.ts` does not reach. These functions wrote the golden store, so their names and shapes
 * never change.
 */

const add = fn(
  "rare/add",
  (_, { result, args }: { result: number; args: number }) => result + args,
);
const hold = fn("rare/hold", (ctx, n: number) => ctx.onComplete(ctx.event<number>("go"), add, n));
const double = fn("rare/double", (_, n: number) => 2 * n);
const fail = fn("rare/fail", (_, n: number): number => {
  throw new Error(`no ${n}`);
});

/** A log per id. */
export const log = stateful("rare/log", {
  state: { lines: value<string[]>([]) },
  handlers: {
    add: (ctx, line: string) => void ctx.state.lines.push(line),
    addNumber: (ctx, n: number) => void ctx.state.lines.push(`number ${n}`),
    /** Leaves a delayed message that {@link log.calm} cancels by its token. */
    remind(ctx, line: string): void {
      ctx.send(log.add, line, { id: ctx.self.id, delay: "3d", token: "r" });
    },
    calm: (ctx) => ctx.cancelSend("r"),
  },
});

/** The step of a chain that keeps its input beside the result. */
export const kept = chain("rare/kept", keep(hold), ([n, held]) => [n, held]);

/** Patterns that wait for the function that they call. */
export const judged = retry("rare/judged", hold);
export const rounding = repeat("rare/rounding", hold, { times: 2 });
export const reported = fanOut("rare/reported", { each: hold, onFailure: "settle" });
const listed = fn("rare/listed", (_, n: number) => [n, n + 1]);
const holdList = chain("rare/hold-list", hold, listed);
export const splitting = fanOut("rare/splitting", { split: holdList, each: double });

/** Fails at its first attempt, so the retry policy delays its message. */
export const retried = fn(
  "rare/retried",
  { retry: { maxAttempts: 3, initialDelay: "1h" } },
  (ctx, n: number) => {
    if (ctx.attempt === 1) throw new Error("the first attempt fails");
    return n + ctx.attempt;
  },
);

/** Ends 20 of 40 branches at once, one of them with a failure. This fills a page of outcomes and starts the next. */
const branch = fn("rare/branch", (ctx, n: number): unknown => {
  if (n === 3) throw new Error("no 3");
  return n < 20 ? 2 * n : ctx.onComplete(ctx.event<number>("go"), add, n);
});
export const pages = fanOut("rare/pages", {
  each: branch,
  concurrency: 3,
  onFailure: { tolerate: 2 },
  join: ({ reason, branches }) => ({
    reason,
    values: branches.map((each) =>
      each.status === "fulfilled"
        ? each.value
        : each.status === "rejected"
          ? each.reason.message
          : each.status,
    ),
  }),
});

const ask = fn("rare/ask", (_, _request: ApprovalRequest<string>) => "asked");
const audited = fn("rare/audited", (ctx, { id, action, by = "" }: AuditRecord) =>
  ctx.send(log.add, `${action} ${by}`, { id: `audit of ${id}` }),
);
export const approve = approval("rare/approve", {
  ask,
  approvers: () => ["ada", { person: "bob", role: "finance" }],
  requester: () => "eve",
  quorum: 2,
  roles: { finance: 1 },
  audit: audited,
});

const stored = fn("rare/stored", (ctx, { events, reason }: Batch<{ id: string; at: number }>) =>
  ctx.send(log.add, `${reason}: ${events.map(({ id }) => id).join(" ")}`, { id: "batch" }),
);
const late = fn("rare/late", (ctx, { id }: { id: string; at: number }) =>
  ctx.send(log.add, `late: ${id}`, { id: "batch" }),
);
/** Remembers enough names to keep them in groups. */
export const batch = aggregator("rare/batch", {
  flush: stored,
  maxCount: 6,
  dedupeBy: (event: { id: string; at: number }) => event.id,
  dedupeFor: "36000d",
  dedupeMax: 2_000,
  timeOf: (event) => event.at,
  lateAfter: 10,
  onLate: late,
});

/** Rests until its deadline, which comes before the next check. */
export const probe = stateful("rare/probe", {
  state: { looks: value(0) },
  handlers: {
    look(ctx, _: { until: number }): number {
      if (ctx.caller === undefined) throw new Error("a monitor looks");
      return ++ctx.state.looks;
    },
  },
});
export const resting = monitor("rare/resting", {
  check: probe.look,
  until: (looks) => looks === 3,
  every: "36000d",
  tolerate: 1,
  deadline: ({ until }) => until,
});

/** Undoes its step after its flow was canceled, in a scope of no flow. */
const undoLater = fn("rare/undo-later", (ctx, n: number) =>
  ctx.onComplete(ctx.sleep("1h"), undone, n),
);
const undone = fn("rare/undone", (ctx, { args }: { args: number }) =>
  ctx.send(log.add, `undone ${args}`, { id: "saga" }),
);
export const cancelledTrip = saga("rare/trip", { do: double, undo: undoLater }, hold);

/** Keeps values of every kind that has a tag. */
export const kinds = stateful("rare/kinds", {
  state: { all: value<unknown>() },
  handlers: { set: (ctx) => void (ctx.state.all = everyKind()) },
});
export function everyKind(): unknown {
  return {
    absent: undefined,
    numbers: [NaN, Infinity, -Infinity, -0],
    big: 12_345_678_901_234_567_890n,
    date: new Date(1_700_000_000_000),
    bytes: new Uint8Array([0, 1, 254, 255]),
    map: new Map<unknown, unknown>([[{ key: 1 }, new Set(["a", 2n])]]),
    $: "a key like the mark of a tag",
  };
}

/** Returns a stateful function that later gets a new name and a new shape. */
export function boxOf(isWriter: boolean) {
  return isWriter
    ? stateful("rare/former-box", {
        state: { content: value("") },
        handlers: { put: (ctx, content: string) => void (ctx.state.content = content) },
      })
    : newBox;
}
export const newBox = stateful("rare/box", {
  aliases: ["rare/former-box"],
  version: 2,
  migrate: ({ content }) => ({ content: `moved ${String(content)}` }),
  state: { content: value("") },
  handlers: {
    put: (ctx, content: string) => void (ctx.state.content = content),
    look: (ctx) => ctx.state.content,
  },
});

/** Keeps the handles of a pending and of a settled future. */
export const vault = stateful("rare/vault", {
  state: { open: value<FutureHandle<number>>(), settled: value<FutureHandle<number>>() },
  handlers: {
    keep(ctx, handles: { open: FutureHandle<number>; settled: FutureHandle<number> }) {
      ctx.state.open = handles.open;
      ctx.state.settled = handles.settled;
    },
    open: (ctx) => ctx.future(ctx.state.open as FutureHandle<number>),
    settled: (ctx) => ctx.future(ctx.state.settled as FutureHandle<number>),
  },
});
export const owner = fn("rare/owner", (ctx, n: number) => {
  const person = ctx.promise<number>();
  const settled = ctx.invoke(double, n);
  ctx.setStatus({ token: person.token });
  ctx.send(vault.keep, { open: person.handle(), settled: settled.handle() }, { id: "vault" });
  return person;
});

const told = fn("rare/told", (_, { status }: Settlement<unknown>) => status);
const counted = fn(
  "rare/counted",
  (_, { ready, pending }: { ready: readonly unknown[]; pending: readonly unknown[] }) => [
    ready.length,
    pending.length,
  ],
);
/** Decides a join and a wait while some of their futures are pending. */
export const decided = fn("rare/decided", (ctx, n: number) => ({
  join: ctx.onSettled(ctx.all([ctx.invoke(fail, n), ctx.event("go")]), told),
  wait: ctx.onComplete(ctx.wait([ctx.invoke(double, n), ctx.event("go")], { count: 1 }), counted),
  texts: ctx.all([ctx.event<number>("go"), ctx.resolved("x".repeat(600))]),
}));

/** Makes a new state, sends, and replies after an event. */
export const later = fn("rare/later", (ctx, n: number) => {
  const go = ctx.event<number>("go");
  ctx.send(log.addNumber, go, { id: "delayed", delay: "1h" });
  ctx.send(echo, go, { replyTo: { function: log.addNumber, id: "replies" } });
  return ctx.onComplete(go, counter.add, n);
});
const echo = fn("rare/echo", (ctx: Context, n: number) => ctx.reply(n + 1));
const counter = stateful("rare/counter", {
  state: { total: value(0) },
  handlers: {
    add: (ctx, { result, args }: { result: number; args: number }) =>
      (ctx.state.total += result + args),
  },
});

/** Sends a message before it blocks. The message is not sent again when the handler restarts. */
export const blocked = fn("rare/blocked", async (ctx, n: number) => {
  ctx.send(log.add, `sent ${n}`, { id: "blocked" });
  return (await ctx.get(ctx.invoke(hold, n))) + n;
});

/** Leaves a rejection unhandled while its flow waits for an event. */
export const unheard = fn("rare/unheard", (ctx, n: number) => {
  ctx.invoke(fail, n);
  return ctx.event<number>("go");
});

/** Sends a message whose input is rejected. */
export const incomplete = fn("rare/incomplete", (ctx, n: number) =>
  ctx.send(log.addNumber, ctx.invoke(fail, n), { id: "never" }),
);
export const refusing = fn("rare/refusing", (ctx, _: number): void => {
  throw new Error(`never ${ctx.idempotencyKey}`);
});
export const sender = fn("rare/sender", (ctx, n: number) => ctx.send(refusing, n));

/** The egress that {@link leaving} sends to. */
export const EGRESS = "rare/out";
export const leaving = fn("rare/leaving", (ctx, n: number) => ctx.egress(EGRESS, n));

/** A handle of a future that does not exist, because its handler threw. A wait for it ends with its retention. */
let leaked: FutureHandle<number> | undefined;
export const leaking = fn("rare/leaking", (ctx, _: number): void => {
  leaked = ctx.promise<number>().handle();
  throw new Error("this future is undone");
});
export function leakedHandle(): FutureHandle<number> {
  if (leaked === undefined) throw new Error("nothing has leaked yet");
  return leaked;
}
export const expecting = fn("rare/expecting", (ctx, handle: FutureHandle<number>) =>
  ctx.future(handle),
);

export const failed = fail;
export const done = double;
export const waiting = hold;

/** All functions. */
export function functionsOf(isWriter: boolean): object[] {
  const functions = {
    add,
    hold,
    double,
    fail,
    log,
    kept,
    judged,
    rounding,
    reported,
    listed,
    splitting,
    retried,
    branch,
    pages,
    approve,
    audited,
    batch,
    probe,
    resting,
    undone,
    cancelledTrip,
    kinds,
    vault,
    owner,
    told,
    counted,
    decided,
    later,
    echo,
    counter,
    blocked,
    unheard,
    incomplete,
    refusing,
    sender,
    leaving,
    leaking,
    expecting,
  };
  return [...Object.values(functions), boxOf(isWriter)];
}
