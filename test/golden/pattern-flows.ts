import { fn, stateful, value } from "../../src/index.ts";
import type { FutureHandle } from "../../src/index.ts";
import {
  aggregator,
  approval,
  chain,
  choose,
  fanOut,
  keep,
  monitor,
  parallel,
  repeat,
  retry,
  saga,
  tap,
  withTimeout,
} from "../../src/patterns/index.ts";
import type { ApprovalRequest, Batch } from "../../src/patterns/index.ts";

/**
 * Work that parks in the middle of every pattern, and in every kind of future. The golden store was
 * written by these functions, so their names and shapes never change.
 *
 * Most of it waits in `hold`, which a signal `go` with a number lets go on.
 */

const add = fn(
  "golden/add",
  (_, { result, args }: { result: number; args: number }) => result + args,
);
const hold = fn("golden/hold", (ctx, n: number) => ctx.onComplete(ctx.event<number>("go"), add, n));
const double = fn("golden/double", (_, n: number) => 2 * n);
const fail = fn("golden/fail", (_, n: number): number => {
  throw new Error(`no ${n}`);
});

/** A log per id, which undone and late steps write to. */
export const notes = stateful("golden/notes", {
  state: { lines: value<string[]>([]), work: value<FutureHandle<number>>() },
  ageOut: "36000d",
  version: 2,
  migrate: (old) => ({ lines: old["lines"] as string[] }),
  handlers: {
    add: (ctx, line: string) => void ctx.state.lines.push(line),
    keep(ctx, work: FutureHandle<number>) {
      ctx.state.work = work;
    },
    recall: (ctx) => ctx.future(ctx.state.work as FutureHandle<number>),
    /** Leaves a delayed message that only its token names. */
    remind(ctx, line: string): void {
      ctx.send(notes.add, line, { id: ctx.self.id, delay: "1h", token: "r" });
    },
    calm: (ctx) => ctx.cancelSend("r"),
  },
});

const undo = fn("golden/undo", (ctx, n: number) =>
  ctx.send(notes.add, `undo ${n}`, { id: "saga" }),
);
const undoSlowly = fn("golden/undo-slowly", (ctx, n: number) =>
  ctx.onComplete(ctx.event<number>("go"), undone, n),
);
const undone = fn("golden/undone", (ctx, { result, args }: { result: number; args: number }) =>
  ctx.send(notes.add, `undo ${args} with ${result}`, { id: "saga" }),
);

export const steps = chain("golden/steps", hold, (n) => n + 1, double);
export const modes = chain(
  "golden/modes",
  parallel(hold, double),
  ([held, doubled]) => held + doubled,
  keep(double),
  ([n, doubled]) => n + doubled,
  tap(hold),
  choose({ double, hold }, (n) => (n > 1_000 ? "double" : "hold")),
);
export const tapped = chain("golden/tapped", tap(hold), double);
export const chosen = chain(
  "golden/chosen",
  choose({ double, hold }, () => "hold"),
  double,
);

export const spread = fanOut("golden/spread", {
  split: (n: number) => [n, n + 1, n + 2],
  each: hold,
  join: (all) => all.reduce((sum, n) => sum + n, 0),
});
export const window = fanOut("golden/window", {
  each: hold,
  concurrency: 2,
  onFailure: { tolerate: 1 },
  join: ({ branches }) =>
    branches.map((branch) => (branch.status === "fulfilled" ? branch.value : -1)),
});
export const enough = fanOut("golden/enough", {
  each: hold,
  enough: 2,
  join: ({ reason }) => reason,
});
export const nested = chain(
  "golden/nested",
  (n: number) => [n, n],
  spreadOf(),
  ([one, two]) => (one ?? 0) + (two ?? 0),
);

function spreadOf() {
  return fanOut("golden/inner", { each: withTimeout("golden/inner-hold", hold, "36000d") });
}

const stored = fn("golden/stored", (ctx, { events, reason }: Batch<{ id: string }>) =>
  ctx.send(notes.add, `${reason}: ${events.map(({ id }) => id).join(" ")}`, { id: "batch" }),
);
export const batch = aggregator("golden/batch", {
  flush: stored,
  maxCount: 3,
  maxWait: "36000d",
  gap: "36000d",
  dedupeBy: (event: { id: string }) => event.id,
  dedupeFor: "36000d",
});

export const probe = stateful("golden/probe", {
  state: { looks: value(0) },
  handlers: { look: (ctx, _: { until: number }) => ++ctx.state.looks },
});
export const watch = monitor("golden/watch", {
  check: probe.look,
  until: (looks) => looks === 3,
  every: "1h",
  deadline: ({ until }) => until,
});

const askPeople = fn("golden/ask", (_, _request: ApprovalRequest<unknown>) => "asked");
/** The writer, of an older release, calls the escalation by its former name. */
export function approvalNamed(escalation: "escalation" | "ladder") {
  const options = {
    ask: askPeople,
    approvers: () => ["ada", "bob"],
    quorum: 2,
    remind: { every: "36000d" },
    timeout: "36400d",
    [escalation]: [{ after: "36000d", approvers: () => ["boss"] }],
  } as const;
  return approval("golden/approve", options);
}

export const trip = saga("golden/trip", { do: double, undo }, { do: hold, undo }, (n) => n + 1);
export const undoing = saga("golden/undoing", { do: double, undo: undoSlowly }, { do: fail, undo });
export const attempts = retry(
  "golden/attempts",
  chain("golden/attempt", choose({ fail, double }, first)),
  {
    initialDelay: "1h",
  },
);
let tries = 0;
/** Fails in the process that wrote the store, and never again. */
function first(): "fail" | "double" {
  return process.env["GOLDEN_WRITER"] !== undefined && tries++ === 0 ? "fail" : "double";
}
export const limited = withTimeout("golden/limited", hold, "36000d", { onTimeout: double });
export const rounds = repeat("golden/rounds", double, { times: 3, pause: "1h" });

/** Futures of every kind, and consumers of every kind. */
export const futures = fn("golden/futures", (ctx, n: number) => {
  const go = ctx.event<number>("go");
  const person = ctx.promise<number>();
  ctx.setStatus({ token: person.token });
  ctx.send(notes.keep, person.handle(), { id: "notes" });
  return {
    race: ctx.race([go, ctx.sleep("36000d")]),
    any: ctx.any([ctx.invoke(fail, n), ctx.event<number>("go")]),
    timeout: ctx.timeout(ctx.event<number>("go"), "36000d"),
    settled: ctx.allSettled([ctx.invoke(fail, n), person]),
    tree: ctx.all(
      Array.from({ length: 40 }, (_, at) => (at === 33 ? person : ctx.invoke(double, at))),
    ),
    large: ctx.onComplete(person, add, n),
    opening: ctx.invoke(lengths, { text: "z".repeat(600), one: person, two: person }),
    text: ctx.all([ctx.resolved("x".repeat(600)), ctx.onComplete(person, add, n)]),
  };
});
const lengths = fn("golden/lengths", (_, input: { text: string; one: number; two: number }) => [
  input.text.length,
  input.one,
  input.two,
]);
/** Consumers that are too large for one message. */
export const spilled = fn("golden/spilled", (ctx, n: number) => {
  const person = ctx.event<number>("go");
  const texts = Array.from({ length: 3 }, () => ctx.onComplete(person, sized, "y".repeat(9_000)));
  return ctx.onComplete(ctx.all(texts), summed, n);
});
const sized = fn(
  "golden/sized",
  (_, { result, args }: { result: number; args: string }) => result + args.length,
);
const summed = fn("golden/summed", (_, { result, args }: { result: number[]; args: number }) =>
  result.reduce((sum, each) => sum + each, args),
);
export const waits = fn("golden/waits", (ctx, n: number) =>
  ctx.wait([ctx.invoke(double, n), ctx.event("go"), ctx.sleep("36000d")], {
    count: 2,
    timeout: "36400d",
  }),
);
export const blocked = fn("golden/blocked", async (ctx, n: number) => {
  const held = await ctx.get(ctx.invoke(hold, n));
  return held + n;
});
export const buffered = fn("golden/buffered", (ctx, n: number) =>
  ctx.onComplete(ctx.onComplete(ctx.sleep("1h"), late), add, n),
);
const late = fn("golden/late", (ctx) => ctx.event<number>("early"));
export const quick = fn("golden/quick", (_, n: number) => n + 100);
export const aliased = (isWriter: boolean) =>
  isWriter
    ? fn("golden/former", (ctx, n: number) => ctx.onComplete(ctx.event<number>("go"), add, n))
    : fn("golden/present", { aliases: ["golden/former"] }, (_, n: number) => n);
export const failing = fn("golden/failing", (_, n: number): void => {
  throw new Error(`never ${n}`);
});

export const sender = fn("golden/sender", (ctx, n: number) => ctx.send(failing, n));

/** All functions. */
export function functionsOf(escalation: "escalation" | "ladder", isWriter: boolean) {
  const functions = {
    add,
    hold,
    double,
    fail,
    notes,
    undone,
    undo,
    undoSlowly,
    steps,
    modes,
    tapped,
    chosen,
    spread,
    window,
    enough,
    nested,
    batch,
    probe,
    watch,
    trip,
    undoing,
    attempts,
    limited,
    rounds,
    futures,
    spilled,
    sized,
    summed,
    waits,
    blocked,
    lengths,
    buffered,
    late,
    quick,
    failing,
    sender,
  };
  return [...Object.values(functions), approvalNamed(escalation), aliased(isWriter)];
}
