import { fn, stateful, value } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { law } from "./support/law.ts";
import { ending } from "./support/values.ts";
import { inWorld } from "./support/world.ts";

/** Actions of a handler before it throws. */
const DEEDS = [
  "set",
  "push",
  "nest",
  "delete",
  "send",
  "sendLater",
  "cancelSend",
  "invoke",
  "sleep",
  "status",
  "egress",
  "reply",
  "expire",
  "terminate",
] as const;
type Deed = (typeof DEEDS)[number];

const deeds = fc.array(fc.constantFrom(...DEEDS), { maxLength: 8 });

law(
  "a throw rolls everything back, at every point in a handler",
  [deeds, fc.boolean()],
  (planned, asynchronous) =>
    inWorld(async (world) => {
      const told: unknown[] = [];
      const sink = fn("law/sink", (_, what: unknown) => void told.push(what));
      const doer = stateful("law/doer", {
        state: {
          count: value(1),
          list: value<number[]>([1]),
          tree: value<{ leaf: { n: number } }>({ leaf: { n: 1 } }),
        },
        handlers: {
          prepare(ctx) {
            ctx.state.list.push(2);
            ctx.state.tree.leaf.n = 2;
            ctx.send(sink, "token", { delay: 1000, token: "kept" });
          },
          async act(ctx, { plan, throwsAt }: { plan: readonly Deed[]; throwsAt: number }) {
            for (const [index, deed] of plan.entries()) {
              if (index === throwsAt) throw new Error("no");
              if (asynchronous) await world.clock.work(1);
              switch (deed) {
                case "set":
                  ctx.state.count += 5;
                  break;
                case "push":
                  ctx.state.list.push(9);
                  break;
                case "nest":
                  ctx.state.tree.leaf.n++;
                  break;
                case "delete":
                  delete (ctx.state as Partial<typeof ctx.state>).list;
                  break;
                case "send":
                  ctx.send(sink, "sent");
                  break;
                case "sendLater":
                  ctx.send(sink, "later", { delay: 5, token: "later" });
                  break;
                case "cancelSend":
                  ctx.cancelSend("kept");
                  break;
                case "invoke":
                  ctx.invoke(sink, "invoked");
                  break;
                case "sleep":
                  ctx.onComplete(ctx.sleep(3), sink);
                  break;
                case "status":
                  ctx.setStatus("changed");
                  break;
                case "egress":
                  ctx.egress("law/out", "out");
                  break;
                case "reply":
                  ctx.send(sink, ctx.resolved("joined"));
                  break;
                case "expire":
                  ctx.expireAfter(10);
                  break;
                case "terminate":
                  ctx.terminate();
                  break;
              }
            }
            throw new Error("no");
          },
        },
      });
      const out: unknown[] = [];
      const client = await world.start([doer, sink], {
        egress: { "law/out": (each) => void out.push(each) },
      });
      await client.call(doer.prepare, undefined, { id: "d" });
      for (let throwsAt = 0; throwsAt <= planned.length; throwsAt++) {
        const flow = await client.start(doer.act, { plan: planned, throwsAt }, { id: "d" });
        await expect(flow.result()).rejects.toMatchObject({
          code: "FUNCTION_FAILED",
          cause: { message: "no" },
        });
        expect((await flow.status()).custom).toBeUndefined();
        await world.clock.advance(20);
        expect(await client.readState(doer, "d")).toEqual({
          count: 1,
          list: [1, 2],
          tree: { leaf: { n: 2 } },
        });
      }
      expect([told, out]).toEqual([[], []]);
      await world.clock.advance(2000);
      expect(told).toEqual(["token"]);
      expect(world.messages).toBe(0);
    }),
);

law(
  "a failure arrives unchanged: its name, message, code, cause and parts, through any number of functions",
  [fc.integer({ min: 0, max: 5 }), fc.string(), fc.option(fc.string(), { nil: undefined })],
  (depth, message, cause) =>
    inWorld(async (world) => {
      const fail = fn("law/fail", () => {
        const parts = { cause: cause === undefined ? undefined : new RangeError(cause) };
        throw Object.assign(new TypeError(message, parts), { code: "E_CODE" });
      });
      const pass = fn("law/pass", (ctx, left: number): unknown =>
        left === 0 ? ctx.invoke(fail) : { inside: [ctx.invoke(pass, left - 1)] },
      );
      const client = await world.start([fail, pass]);
      const failure = {
        name: "TypeError",
        message,
        code: "E_CODE",
        function: "law/fail",
        ...(cause !== undefined && { cause: { name: "RangeError", message: cause } }),
      };
      await expect(client.call(pass, depth)).rejects.toMatchObject({
        code: "FUNCTION_FAILED",
        failure,
        cause: { name: "TypeError", message },
      });
    }),
);

law(
  "a policy sets the number of retries and their earliest times, and each retry starts from scratch",
  [
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 5 }),
    fc.nat(50),
    fc.integer({ min: 1, max: 3 }),
  ],
  (maxAttempts, good, initialDelay, factor) =>
    inWorld(async (world) => {
      const runs: { attempt: number; atMs: number; seen: number; key: string }[] = [];
      const heard: string[] = [];
      const hear = fn("law/hear", (_, what: string) => void heard.push(what));
      const flaky = stateful("law/flaky", {
        state: { n: value(0) },
        retry: { maxAttempts, initialDelay, factor },
        handlers: {
          prepare: (ctx) => ctx.send(hear, "kept", { delay: 1_000_000, token: "kept" }),
          work(ctx) {
            runs.push({
              attempt: ctx.attempt,
              atMs: world.nowMs,
              seen: ctx.state.n,
              key: ctx.idempotencyKey,
            });
            ctx.state.n += 1;
            ctx.send(hear, `sent by ${ctx.attempt}`);
            ctx.send(hear, `sent later by ${ctx.attempt}`, { delay: 3 });
            ctx.egress("law/out", `let out by ${ctx.attempt}`);
            ctx.setStatus(`set by ${ctx.attempt}`);
            if (ctx.attempt < good) ctx.cancelSend("kept");
            if (ctx.attempt < good) throw new Error(`attempt ${ctx.attempt}`);
            return ctx.attempt;
          },
        },
      });
      const client = await world.start([flaky, hear], {
        egress: { "law/out": (each) => void heard.push(String(each)) },
      });
      await client.call(flaky.prepare, undefined, { id: "f" });
      const made = Math.min(maxAttempts, good);
      const delays = Array.from({ length: made - 1 }, (_, n) => initialDelay * factor ** n);
      const flow = await client.start(flaky.work, undefined, { id: "f" });
      expect(await ending(flow.result())).toEqual(
        good <= maxAttempts
          ? { value: good }
          : { code: "FUNCTION_FAILED", why: `attempt ${maxAttempts}` },
      );
      expect(runs.map(({ attempt, seen }) => [attempt, seen])).toEqual(
        Array.from({ length: made }, (_, n) => [n + 1, 0]),
      );
      expect(runs.map(({ atMs }) => atMs)).toEqual(
        Array.from({ length: made }, (_, n) => delays.slice(0, n).reduce((sum, ms) => sum + ms, 0)),
      );
      expect(new Set(runs.map(({ key }) => key)).size).toBe(1);
      // Only the effects of the successful attempt count.
      const succeeds = good <= maxAttempts;
      expect((await flow.status()).custom).toBe(succeeds ? `set by ${good}` : undefined);
      expect((await client.readState(flaky, "f").catch(() => ({ n: 0 }))).n).toBe(succeeds ? 1 : 0);
      await world.clock.advance(2_000_000);
      const done = succeeds
        ? [`let out by ${good}`, `sent by ${good}`, `sent later by ${good}`]
        : [];
      expect(heard.toSorted()).toEqual(["kept", ...done]);
    }),
);

law(
  "a future without a consumer does not fail its flow, and its rejection is recorded",
  [fc.integer({ min: 1, max: 5 }), fc.boolean()],
  (count, late) =>
    inWorld(async (world) => {
      const fail = fn("law/fail", (_, n: number) => {
        throw new Error(`no ${n}`);
      });
      const main = fn("law/main", (ctx) => {
        for (let n = 0; n < count; n++)
          ctx.invoke(fail, n, late ? { after: [ctx.sleep(5 + n)] } : {});
        return "fine";
      });
      const client = await world.start([fail, main]);
      const flow = await client.start(main);
      expect(await flow.result()).toBe("fine");
      await world.clock.advance(100);
      const { status, unhandled } = await flow.status();
      expect(status).toBe("completed");
      expect(unhandled.map(({ message }) => message).toSorted()).toEqual(
        Array.from({ length: count }, (_, n) => `no ${n}`),
      );
    }),
);

law(
  "a one-way message that fails, or whose input fails, becomes a dead letter",
  [fc.array(fc.constantFrom("fails", "input", "fine"), { maxLength: 6 })],
  (kinds) =>
    inWorld(async (world) => {
      const got: string[] = [];
      const receive = fn("law/receive", (_, kind: string) => {
        if (kind === "fails") throw new Error("no");
        got.push(kind);
      });
      const main = fn("law/main", (ctx) => {
        for (const kind of kinds)
          ctx.send(receive, kind === "input" ? ctx.rejected(new Error("no input")) : kind);
      });
      const client = await world.start([receive, main]);
      await client.call(main);
      await world.clock.advance(10);
      expect(got.length).toBe(kinds.filter((kind) => kind === "fine").length);
      const reasons = world.engine.deadLetters().map(({ failure }) => failure.message);
      expect(reasons.toSorted()).toEqual(
        kinds
          .flatMap((kind) => (kind === "fine" ? [] : [kind === "input" ? "no input" : "no"]))
          .toSorted(),
      );
    }),
);
