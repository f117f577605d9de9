import { isError } from "../../../core/data/kind.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { fn } from "../../../futures/define/fn.ts";
import type { Context } from "../../../futures/types/context.ts";
import type { Future, Settlement } from "../../../futures/types/future.ts";
import type { Case } from "../case/case.ts";
import { equal, matches, ok, rejects } from "../case/check.ts";

type Late = { readonly ms: number; readonly give: unknown };

/** Returns a value after a delay. */
const late = fn("test/late", (ctx, { ms, give }: Late) =>
  ctx.onComplete(ctx.sleep(ms), lateNow, give),
);
const lateNow = fn("test/late-now", (_, { args }: { result: void; args: unknown }) => args);
const failLate = fn("test/fail-late", (ctx, { ms, give }: Late) =>
  ctx.onComplete(ctx.sleep(ms), failNow, String(give)),
);
const failNow = fn("test/fail-now", (_, { args }: { result: void; args: string }): never => {
  throw new RangeError(args);
});
const echo = fn("test/echo", (_, input: unknown) => input);
/** Sums up how a future was settled. */
const outcome = fn("test/outcome", (_, settlement: Settlement<unknown>) =>
  settlement.status === "fulfilled"
    ? settlement.value
    : (settlement.reason.code ?? settlement.reason.message),
);
const PARTS = [late, lateNow, failLate, failNow, echo, outcome];

const FALSY: readonly unknown[] = [0, "", false, null, undefined];
/** Ends long before {@link LATE_MS}, even if each step takes a while. */
const SOON_MS = 20;
const LATE_MS = 20_000;
/** Ends long after {@link SOON_MS}, in cases that wait for it. */
const SHARED_MS = 5000;
const DAY_MS = 86_400_000;

const SOON: Late = { ms: SOON_MS, give: "soon" };
/** Joins twenty futures that settle in an hour. */
const allLate = (ctx: Context): Future<readonly unknown[]> =>
  ctx.all(Array.from({ length: 20 }, (_, n) => ctx.invoke(late, { ms: 3_600_000 + n, give: n })));

export const raceCases: readonly Case[] = [
  {
    title: "the first settlement decides a race, a value or a rejection, at any position",
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx, [first, second]: readonly [string, string]) =>
        ctx.race([
          ctx.invoke(late, { ms: DAY_MS, give: "late" }),
          ctx.invoke(first === "value" ? late : failLate, { ms: SOON_MS, give: "soon" }),
          ctx.invoke(second === "value" ? late : failLate, { ms: DAY_MS, give: "late, too" }),
        ]),
      );
      const { client } = await start([parent, ...PARTS]);
      const began = time.now();
      equal(await client.call(parent, ["value", "rejection"]), "soon");
      equal(await client.call(parent, ["value", "value"]), "soon");
      await rejects(client.call(parent, ["rejection", "value"]), {
        code: "FUNCTION_FAILED",
        failure: { name: "RangeError", message: "soon", function: "test/fail-now" },
      });
      ok(time.now() - began < DAY_MS, "expected the race not to wait for the losers");
    },
  },
  {
    title: "a race of none throws EMPTY_RACE, and `any` of none is rejected at once",
    async run({ start }) {
      const race = fn("test/race", (ctx) => ctx.race([]));
      const caught = fn("test/caught", (ctx) => {
        try {
          ctx.race([]);
        } catch (error) {
          return HandbackError.is(error) ? error.code : "another error";
        }
        return "no error";
      });
      const any = fn("test/any", (ctx) => ctx.any([]));
      const { client } = await start([race, caught, any]);
      await rejects(client.call(race), { code: "EMPTY_RACE" });
      equal(await client.call(caught), "EMPTY_RACE");
      await rejects(client.call(any), {
        code: "FUNCTION_FAILED",
        failure: { name: "AggregateError" },
        cause: { errors: [] },
      });
    },
  },
  {
    title: "the first value decides `any`, whatever was rejected before",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.any([
          ctx.rejected(new Error("at once")),
          ctx.invoke(late, { ms: LATE_MS, give: "late" }),
          ctx.invoke(failLate, { ms: SOON_MS, give: "early" }),
          ctx.invoke(late, { ms: 10 * SOON_MS, give: "first" }),
        ]),
      );
      const { client } = await start([parent, ...PARTS]);
      equal(await client.call(parent), "first");
    },
  },
  {
    title: "`any` is rejected with all failures in order if every future is rejected",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.any([
          ctx.invoke(failLate, { ms: 10 * SOON_MS, give: "a" }),
          ctx.rejected(new TypeError("b")),
          ctx.invoke(failLate, { ms: SOON_MS, give: "c" }),
        ]),
      );
      const { client } = await start([parent, ...PARTS]);
      const errors = [
        { name: "RangeError", message: "a" },
        { name: "TypeError", message: "b" },
        { name: "RangeError", message: "c" },
      ];
      const failure = { name: "AggregateError", errors };
      const [settlement] = await Promise.allSettled([client.call(parent)]);
      const reason: unknown = settlement.status === "rejected" ? settlement.reason : undefined;
      matches(reason, { code: "FUNCTION_FAILED", failure, cause: failure });
      ok(
        isError(reason) && isError(reason.cause) && "errors" in reason.cause,
        "expected an AggregateError as the cause",
      );
    },
  },
  {
    title: "falsy results pass through `race`, `any` and `timeout`",
    async run({ start }) {
      const parent = fn("test/parent", (ctx, input: unknown) => {
        const soon = { ms: SOON_MS, give: input };
        return ctx.all([
          ctx.race([ctx.sleep("1h"), ctx.invoke(late, soon)]),
          ctx.any([ctx.invoke(late, soon), ctx.sleep("1h")]),
          ctx.timeout(ctx.invoke(late, soon), "1h"),
          ctx.race([ctx.resolved(input)]),
          ctx.any([ctx.rejected("no"), ctx.resolved(input)]),
        ]);
      });
      const { client } = await start([parent, ...PARTS]);
      for (const falsy of FALSY)
        equal(await client.call(parent, falsy), [falsy, falsy, falsy, falsy, falsy]);
    },
  },
  {
    title:
      "`timeout` passes on a value or rejection in time, and otherwise is rejected with TIMEOUT",
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.all([
          ctx.timeout(ctx.invoke(late, { ms: SOON_MS, give: "in time" }), "40d"),
          ctx.onSettled(
            ctx.timeout(ctx.invoke(failLate, { ms: SOON_MS, give: "failed in time" }), "40d"),
            outcome,
          ),
          ctx.onSettled(ctx.timeout(ctx.sleep("40d"), 500), outcome),
        ]),
      );
      const tooLate = fn("test/too-late", (ctx) => ctx.timeout(ctx.promise(), 500));
      const { client } = await start([parent, tooLate, ...PARTS]);
      equal(await client.call(parent), ["in time", "failed in time", "TIMEOUT"]);
      const began = time.now();
      await rejects(client.call(tooLate), { code: "TIMEOUT", retryable: true });
      time.assertPassed(500, began);
    },
  },
  {
    title: "a timeout of 0 has expired, unless the future is already settled",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.all([
          ctx.onSettled(ctx.timeout(ctx.resolved("settled"), 0), outcome),
          ctx.onSettled(ctx.timeout(ctx.rejected("rejected"), 0), outcome),
          ctx.onSettled(ctx.timeout(ctx.promise(), 0), outcome),
          ctx.onSettled(ctx.timeout(ctx.sleep(LATE_MS), 0), outcome),
        ]),
      );
      const { client } = await start([parent, outcome]);
      equal(await client.call(parent), ["settled", "rejected", "TIMEOUT", "TIMEOUT"]);
    },
  },
  {
    title: "a race can hold the same future twice, a known value, or a hundred futures",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const one = ctx.invoke(late, { ms: SOON_MS, give: "same" });
        const failing = ctx.invoke(failLate, { ms: SOON_MS, give: "same" });
        const many = Array.from({ length: 99 }, (_, n) =>
          ctx.invoke(failLate, { ms: SOON_MS, give: n }),
        );
        return ctx.all([
          ctx.race([one, one]),
          ctx.any([one, one]),
          ctx.onSettled(ctx.any([failing, failing]), outcome),
          ctx.race([ctx.promise(), ctx.resolved("known")]),
          ctx.any([...many, ctx.invoke(late, { ms: SOON_MS, give: "hundredth" })]),
        ]);
      });
      const { client } = await start([parent, ...PARTS]);
      equal(await client.call(parent), [
        "same",
        "same",
        "all 2 futures were rejected",
        "known",
        "hundredth",
      ]);
    },
  },
  {
    title: "races of races, of joins and of timeouts are decided",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const soon = (give: string) => ctx.invoke(late, { ms: SOON_MS, give });
        const lateOne = () => ctx.invoke(late, { ms: LATE_MS, give: "late" });
        return ctx.all([
          ctx.race([ctx.race([lateOne(), soon("inner")]), lateOne()]),
          ctx.race([ctx.race([lateOne(), lateOne()]), soon("outer")]),
          ctx.any([
            ctx.race([ctx.rejected("no"), lateOne()]),
            ctx.all([soon("both"), soon("parts")]),
          ]),
          ctx.onSettled(
            ctx.timeout(ctx.race([lateOne(), ctx.timeout(ctx.promise(), SOON_MS)]), "1h"),
            outcome,
          ),
          ctx.timeout(
            ctx.any([ctx.timeout(ctx.promise(), SOON_MS), ctx.onComplete(soon("continued"), echo)]),
            "1h",
          ),
        ]);
      });
      const { client } = await start([parent, ...PARTS]);
      equal(await client.call(parent), [
        "inner",
        "outer",
        ["both", "parts"],
        "TIMEOUT",
        "continued",
      ]);
    },
  },
  {
    title: "a losing future that is also used outside of the race is left alone",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        const shared = ctx.invoke(late, { ms: SHARED_MS, give: "shared" });
        const inside = ctx.onComplete(shared, echo);
        return {
          winner: ctx.race([shared, inside, ctx.invoke(late, { ms: SOON_MS, give: "soon" })]),
          shared,
          timed: ctx.timeout(shared, "40d"),
        };
      });
      const { client } = await start([parent, ...PARTS]);
      equal(await client.call(parent), { winner: "soon", shared: "shared", timed: "shared" });
    },
  },
  {
    title: "a future in two races is left alone until both are decided, in either order",
    async run({ start }) {
      const parent = fn("test/parent", (ctx, isHastyFirst: boolean) => {
        const shared = ctx.invoke(late, { ms: SHARED_MS, give: "shared" });
        const hasty = () => ctx.onSettled(ctx.timeout(shared, SOON_MS), outcome);
        const patient = () => ctx.timeout(shared, "40d");
        return isHastyFirst ? [hasty(), patient()] : [patient(), hasty()];
      });
      const { client } = await start([parent, ...PARTS]);
      const orders = [true, false].map((isHastyFirst) => client.call(parent, isHastyFirst));
      equal(await Promise.all(orders), [
        ["TIMEOUT", "shared"],
        ["shared", "TIMEOUT"],
      ]);
    },
  },
  {
    title: "a loser's continuations are dropped at once, even of a future used elsewhere",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const ran: unknown[] = [];
      const witness = fn("test/witness", (_, input: unknown) => ran.push(input));
      const note = fn("test/note", (ctx, settlement: Settlement<unknown>) =>
        ran.push([settlement.status === "rejected" && settlement.reason.code, ctx.now() - began]),
      );
      const parent = fn("test/parent", (ctx) => {
        const shared = ctx.invoke(late, { ms: 1000, give: "shared" });
        const [continued, settled] = [ctx.onComplete(shared, witness), ctx.onSettled(shared, note)];
        return [
          ctx.race([continued, settled, ctx.invoke(late, { ms: SOON_MS, give: "soon" })]),
          shared,
        ];
      });
      const { client } = await start([parent, witness, note, ...PARTS]);
      const began = time.now();
      equal(await client.call(parent), ["soon", "shared"]);
      await time.quiet();
      const [[code, afterMs] = []] = ran as [unknown, number][];
      equal([ran.length, code], [1, "CANCELLED"]);
      ok(
        Number(afterMs) < 1000,
        "expected the continuation not to wait for a future used elsewhere",
      );
    },
  },
  {
    title: "a loser does not take the next event",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) =>
        ctx.onSettled(ctx.race([ctx.event("e"), ctx.sleep(100)]), then),
      );
      const then = fn("test/then", (ctx, _: Settlement<unknown>) => ctx.event("e"));
      const { client } = await start([parent, then]);
      const handle = await client.start(parent, undefined, { id: "p" });
      await time.advance(500);
      await client.signal(handle, "e", "for the second wait");
      equal(await handle.result(), "for the second wait");
    },
  },
  {
    title:
      "a loser's continuations of values do not run, and those of settlements run with CANCELLED",
    needs: ["scopedCancel"],
    async run({ start, time }) {
      const [ran, cleaned]: [unknown[], unknown[]] = [[], []];
      const witness = fn("test/witness", (_, input: unknown) => ran.push(input));
      const release = fn("test/release", (_, input: unknown) => cleaned.push(input));
      const cleanUp = fn(
        "test/clean-up",
        (ctx, { result, args }: { result: Settlement<unknown>; args: string }) =>
          ctx.invoke(release, [args, result.status === "rejected" && result.reason.code]),
      );
      const loser = fn("test/loser", (ctx, name: string) =>
        ctx.onSettled(
          ctx.onComplete(ctx.onComplete(ctx.sleep(1000), witness, name), witness, name),
          cleanUp,
          name,
        ),
      );
      const parent = fn("test/parent", (ctx) =>
        ctx.all([
          ctx.race([ctx.invoke(loser, "race"), ctx.invoke(late, { ms: SOON_MS, give: 1 })]),
          ctx.any([
            ctx.rejected("no"),
            ctx.invoke(late, { ms: SOON_MS, give: 2 }),
            ctx.invoke(loser, "any"),
          ]),
          ctx.onSettled(ctx.timeout(ctx.invoke(loser, "timeout"), SOON_MS), outcome),
        ]),
      );
      const { client } = await start([parent, loser, cleanUp, witness, release, ...PARTS]);
      equal(await client.call(parent), [1, 2, "TIMEOUT"]);
      await time.advance(2000);
      equal(ran, []);
      equal(new Map(cleaned as [string, unknown][]).size, 3);
      for (const each of cleaned) matches(each, [(each as [string])[0], "CANCELLED"]);
    },
  },
  {
    title: "decided races leave only the flow's record",
    needs: ["scopedCancel", "storedValues"],
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) => {
        const [lateAll, soon] = [() => allLate(ctx), () => ctx.invoke(late, SOON)];
        return ctx.all([
          ctx.race([lateAll(), ctx.sleep("14d"), soon()]),
          ctx.any([lateAll(), ctx.race([ctx.any([lateAll(), lateAll()]), lateAll()]), soon()]),
          ctx.timeout(soon(), "40d"),
          ctx.onSettled(ctx.timeout(lateAll(), SOON_MS), outcome),
        ]);
      });
      const { client, stored } = await start([parent, ...PARTS]);
      equal(await client.call(parent), ["soon", "soon", "soon", "TIMEOUT"]);
      await time.eventually(async () => equal(await stored(), 1));
    },
  },
  {
    title: "all participants of races are billed, and nothing is left after the retention",
    needs: ["scopedCancel", "storedValues", "virtualTime"],
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) => {
        const [lateAll, soon] = [() => allLate(ctx), () => ctx.invoke(late, SOON)];
        return ctx.all([
          ctx.race([lateAll(), soon(), ctx.event("never"), ctx.promise()]),
          ctx.any([
            lateAll(),
            ctx.race([ctx.promise(), lateAll()]),
            ctx.wait([ctx.promise(), lateAll()]),
            soon(),
          ]),
          ctx.race([ctx.all([ctx.event("never"), ctx.invoke(echo, lateAll().handle())]), soon()]),
          ctx.onSettled(
            ctx.timeout(ctx.wait([ctx.promise(), lateAll()], { timeout: "1h" }), SOON_MS),
            outcome,
          ),
        ]);
      });
      const { client, stored } = await start([parent, ...PARTS], { retentionMs: DAY_MS });
      const handle = await client.start(parent, undefined, { id: "p" });
      equal(await handle.result(), ["soon", "soon", "soon", "TIMEOUT"]);
      // Cancellation does not reach a future whose handle was returned.
      await time.advance(2 * 3_600_000);
      matches(await client.bill("p"), { final: true });
      await time.advance(2 * DAY_MS);
      equal(await stored(), 0);
    },
  },
];
