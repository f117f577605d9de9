import { fn } from "../../../../futures/define/fn.ts";
import { HandbackError } from "../../../../core/errors/errors.ts";
import type { Client } from "../../../../futures/client/client.ts";
import type { FlowHandle, FlowStatus } from "../../../../futures/client/flow-handle.ts";
import type { FutureHandle } from "../../../../futures/types/handle.ts";
import { equal, matches, rejects } from "../../case/check.ts";
import type { Case, Trial } from "../../case/case.ts";

/** An external system that is down until it is mended, and notes who asked it. */
class Bank {
  isUp = false;
  readonly asked: (readonly [key: string, attempt: number, input: unknown])[] = [];

  readonly charge = fn("test/charge", { whenFailed: "pause" }, (ctx, input: unknown) => {
    this.asked.push([ctx.idempotencyKey, ctx.attempt, input]);
    if (!this.isUp) throw new Error("the bank is down");
    return input;
  });

  readonly receipt = fn("test/receipt", (_, input: unknown) => ({ paid: input }));

  readonly order = fn("test/order", { parts: [this.charge, this.receipt] }, (ctx, input: unknown) =>
    ctx.invoke(this.receipt, ctx.invoke(this.charge, input)),
  );

  get attempts(): readonly number[] {
    return [...new Set(this.asked.map(([, attempt]) => attempt))];
  }

  get keys(): readonly string[] {
    return [...new Set(this.asked.map(([key]) => key))];
  }
}

/** Waits until a flow has this many paused calls, and returns its status. */
async function untilPaused(
  { time }: Pick<Trial, "time">,
  handle: FlowHandle<unknown>,
  calls = 1,
): Promise<FlowStatus> {
  await time.eventually(async () => equal((await handle.status()).paused.length, calls));
  const status = await handle.status();
  equal(status.status, "paused");
  return status;
}

export const whenFailedCases: readonly Case[] = [
  {
    title: "a call that throws pauses with its consumers, and runs again under the same key",
    async run({ start, time }) {
      const bank = new Bank();
      const { client } = await start([bank.order]);
      const handle = await client.start(bank.order, 5, { key: "f" });
      const { paused, settledAt, failure } = await untilPaused({ time }, handle);
      matches(paused, [
        { function: "test/charge", attempts: 1, failure: { message: "the bank is down" } },
      ]);
      equal([settledAt, failure], [undefined, undefined]);
      await client.resume(handle);
      await time.eventually(async () => equal(bank.attempts, [1, 2]));
      await untilPaused({ time }, handle);
      bank.isUp = true;
      await client.resume("f");
      equal(await handle.result(), { paid: 5 });
      equal(bank.attempts, [1, 2, 3]);
      equal(bank.keys.length, 1);
      matches(await handle.status(), { status: "completed", paused: [] });
    },
  },
  {
    title: "the policy of a resumed call starts afresh, and its attempts count on",
    async run({ start, time }) {
      const attempts: number[] = [];
      const retry = { maxAttempts: 3, initialDelay: 10 };
      const failing = fn("test/failing", { retry, whenFailed: "pause" }, (ctx) => {
        attempts.push(ctx.attempt);
        throw new Error("not yet");
      });
      const { client } = await start([failing]);
      const handle = await client.start(failing, undefined, { key: "f" });
      await time.advance(1000);
      matches((await untilPaused({ time }, handle)).paused, [{ attempts: 3 }]);
      await client.resume(handle);
      await time.advance(1000);
      matches((await untilPaused({ time }, handle)).paused, [{ attempts: 6 }]);
      // An engine may run a handler again.
      equal([...new Set(attempts)], [1, 2, 3, 4, 5, 6]);
    },
  },
  {
    title: "a paused call takes another input, and another key, if it is resumed with one",
    async run({ start, time }) {
      const bank = new Bank();
      const { client } = await start([bank.order]);
      const handle = await client.start(bank.order, 5, { key: "f" });
      await untilPaused({ time }, handle);
      bank.isUp = true;
      await client.resume(handle, { input: { cents: 7 }, newKey: true });
      equal(await handle.result(), { paid: { cents: 7 } });
      equal(bank.keys.length, 2);
    },
  },
  {
    title: "a failure passes on once a person says so",
    async run({ start, time }) {
      const bank = new Bank();
      const { client } = await start([bank.order]);
      const handle = await client.start(bank.order, 5, { key: "f" });
      await untilPaused({ time }, handle);
      await client.fail(handle);
      await rejects(handle.result(), { code: "FUNCTION_FAILED" });
      matches(await handle.status(), {
        status: "failed",
        paused: [],
        failure: { message: "the bank is down", function: "test/charge" },
      });
    },
  },
  {
    title: "several paused calls are resumed by name, and their siblings go on meanwhile",
    async run({ start, time }) {
      const bank = new Bank();
      const both = fn("test/both", { parts: [bank.charge, bank.receipt] }, (ctx) =>
        ctx.all([
          ctx.invoke(bank.charge, 1),
          ctx.invoke(bank.charge, 2),
          ctx.onComplete(ctx.sleep(10), bank.receipt),
        ]),
      );
      const { client } = await start([both]);
      const handle = await client.start(both, undefined, { key: "f" });
      const { paused } = await untilPaused({ time }, handle, 2);
      const [first = "", second = ""] = paused.map(({ call }) => call);
      await rejects(client.resume(handle), { code: "INVALID_OPTIONS" });
      await rejects(client.fail(handle), { code: "INVALID_OPTIONS" });
      const stranger = "0".repeat(first.length);
      await rejects(client.resume(handle, { call: stranger }), { code: "NOT_PAUSED" });
      bank.isUp = true;
      await client.resume(handle, { call: second });
      await untilPaused({ time }, handle, 1);
      await rejects(client.resume(handle, { call: second }), { code: "NOT_PAUSED" });
      await client.resume(handle, { call: first });
      await time.advance(20);
      matches(await handle.result(), [1, 2, {}]);
    },
  },
  {
    title: "a flow without paused calls refuses repair, and says how it stands",
    async run({ start, time }) {
      const bank = new Bank();
      bank.isUp = true;
      const waits = fn("test/waits", (ctx) => ctx.event("e"));
      const { client } = await start([bank.order, waits]);
      await rejects(client.resume("f"), { code: "NOT_FOUND" });
      await client.call(bank.order, 5, { key: "done" });
      await client.start(waits, undefined, { key: "pending" });
      await client.start(waits, undefined, { key: "gone" });
      await client.cancel("gone");
      await checkStanding(client, { done: "completed", pending: "pending", gone: "cancelled" });
      await time.quiet();
    },
  },
  {
    title: "failures that are not of a handler itself never pause",
    async run({ start, time }) {
      const functions = unpausedFunctions();
      const { client } = await start(Object.values(functions));
      for (const [name, f] of Object.entries(functions)) {
        const handle = await client.start(f, undefined, { key: name });
        const outcome = await handle.result().catch((error: unknown) => error);
        equal([name, HandbackError.is(outcome)], [name, true]);
        matches(await handle.status(), { status: "failed", paused: [] });
      }
      await time.quiet();
    },
  },
  {
    title: "a paused flow is canceled like any other, and clean-up hears that the call threw",
    async run({ start, time }) {
      const bank = new Bank();
      const heard: unknown[] = [];
      const clean = fn("test/clean", (_, settled: object) => void heard.push(settled));
      const guarded = fn("test/guarded", { parts: [bank.charge, clean] }, (ctx) =>
        ctx.onSettled(ctx.invoke(bank.charge, 1), clean),
      );
      const { client } = await start([guarded]);
      const handle = await client.start(guarded, undefined, { key: "f" });
      await untilPaused({ time }, handle);
      equal(await client.cancel(handle), true);
      await rejects(handle.result(), { code: "CANCELLED" });
      await time.eventually(async () => matches(heard[0], { status: "rejected" }));
      await rejects(client.resume(handle), { code: "NOT_PAUSED" });
      matches(await handle.status(), { status: "cancelled", paused: [] });
      equal(bank.attempts, [1]);
    },
  },
  {
    title: "a timeout fires while its call is paused",
    async run({ start, time }) {
      const bank = new Bank();
      const limited = fn("test/limited", { parts: [bank.charge] }, (ctx) =>
        ctx.timeout(ctx.invoke(bank.charge, 1), 1000),
      );
      const { client } = await start([limited]);
      const handle = await client.start(limited, undefined, { key: "f" });
      await untilPaused({ time }, handle);
      await time.advance(1500);
      await rejects(handle.result(), { code: "TIMEOUT" });
      matches(await handle.status(), { status: "failed", paused: [] });
      await rejects(client.resume(handle), { code: "NOT_PAUSED" });
      equal(bank.attempts, [1]);
    },
  },
  {
    title: "a flow that ends leaves no paused call behind, and its failure passes on",
    async run({ start, time }) {
      const bank = new Bank();
      const late = fn("test/late", (_, { args }: { result: void; args: unknown }) => args);
      const detached = fn("test/detached", { parts: [bank.charge, late] }, (ctx) => {
        const handle = ctx.invoke(bank.charge, 1).handle();
        return ctx.onComplete(ctx.sleep(1000), late, handle);
      });
      const look = fn("test/look", (ctx, handle: FutureHandle<unknown>) => ctx.future(handle));
      const { client } = await start([detached, look]);
      const flow = await client.start(detached, undefined, { key: "f" });
      await untilPaused({ time }, flow);
      await time.advance(1500);
      const handle = (await flow.result()) as FutureHandle<unknown>;
      matches(await flow.status(), { status: "completed", paused: [] });
      await rejects(client.call(look, handle), { code: "FUNCTION_FAILED" });
      await rejects(client.resume(flow), { code: "NOT_PAUSED", details: { status: "completed" } });
    },
  },
  {
    title: "a call that was paused leaves nothing behind",
    needs: ["storedValues", "virtualTime"],
    async run({ start, time }) {
      const bank = new Bank();
      const { client, stored } = await start([bank.order], { retentionMs: 1000 });
      const handle = await client.start(bank.order, 1, { key: "f" });
      await untilPaused({ time }, handle);
      bank.isUp = true;
      await client.resume(handle);
      await handle.result();
      // A cluster remembers requests for longer than a flow.
      await time.advance(8 * 86_400_000);
      await time.eventually(async () => equal(await stored(), 0));
    },
  },
  {
    title: "a paused call is resumed with the functions of a deploy",
    needs: ["redeploy"],
    async run({ start, time }) {
      const bank = new Bank();
      const engine = await start([bank.order]);
      const handle = await engine.client.start(bank.order, 5, { key: "f" });
      await untilPaused({ time }, handle);
      const mended = new Bank();
      mended.isUp = true;
      await engine.redeploy([mended.order]);
      await engine.client.resume("f");
      equal(await engine.client.flow("f").result(), { paid: 5 });
      equal(mended.keys, bank.keys);
    },
  },
];

/** Checks that flows refuse repair, and say how they stand. */
async function checkStanding(
  client: Pick<Client, "resume" | "fail">,
  flows: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [flow, status] of Object.entries(flows)) {
    await rejects(client.resume(flow), { code: "NOT_PAUSED", details: { status } });
    await rejects(client.fail(flow), { code: "NOT_PAUSED", details: { status } });
  }
}

/** Functions that fail although they, or those that they call, pause when they throw. */
function unpausedFunctions() {
  const pause = { whenFailed: "pause" } as const;
  const throwing = fn("test/throwing", pause, () => {
    throw new Error("no");
  });
  const final = fn("test/final", pause, () => {
    throw new HandbackError("FUNCTION_FAILED", "no attempt can succeed");
  });
  const handingBack = fn("test/handing-back", pause, (ctx) => ctx.rejected(new Error("no")));
  const handled = fn("test/handled", { ...pause, parts: [throwing] }, (ctx) =>
    ctx.invoke(throwing, undefined, { whenFailed: "fail" }),
  );
  const deep = fn("test/deep", { ...pause, parts: [handled] }, (ctx) =>
    ctx.all([ctx.invoke(throwing)]),
  );
  const handledDeep = fn("test/handled-deep", { ...pause, parts: [deep] }, (ctx) =>
    ctx.invoke(deep, undefined, { whenFailed: "fail" }),
  );
  return { final, handingBack, handled, handledDeep };
}
