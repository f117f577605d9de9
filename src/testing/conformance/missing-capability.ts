import { value } from "../../core/state/value.ts";
import { fn } from "../../futures/define/fn.ts";
import { stateful } from "../../futures/define/stateful.ts";
import type { TestedCapability } from "./case/capability.ts";
import type { Trial } from "./case/case.ts";
import { cartV1, cartV2 } from "./cases/deploy/values.ts";
import { CaseFailure, equal, matches, ok, rejects } from "./case/check.ts";

const counter = stateful("test/counter", {
  state: { n: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
});

/**
 * For each capability, a check that an engine without it rejects the request or does without it as
 * agreed. The check replaces each case that needs the capability.
 */
export const MISSING_CAPABILITY_CHECKS: Readonly<
  Record<TestedCapability, (trial: Trial) => Promise<void>>
> = {
  async blockingGet({ start }) {
    const blocking = fn("test/blocking", (ctx) => ctx.get(ctx.sleep(1)));
    const { client } = await start([blocking]);
    await rejects(client.call(blocking), { code: "UNSUPPORTED" });
  },
  async snapshotRead({ start }) {
    const { client } = await start([counter]);
    await client.call(counter.add, 1, { id: "c" });
    await rejects(client.readState(counter, "c"), { code: "UNSUPPORTED" });
    await rejects(client.waits("c"), { code: "UNSUPPORTED" });
  },
  async scopedCancel({ start, time }) {
    const begun = fn("test/begun", () => "late");
    const sleeper = fn("test/sleeper", (ctx) =>
      // The cancellation must come before its end, on any engine.
      ctx.invoke(begun, undefined, { after: [ctx.sleep(1500)] }),
    );
    const { client } = await start([sleeper, begun]);
    const handle = await client.start(sleeper, undefined, { id: "s" });
    equal(await client.cancel(handle), true);
    await time.advance(2000);
    // Pending work may have run in the meantime, but it has no visible effect.
    await rejects(handle.result(), { code: "CANCELLED" });
    matches(await handle.status(), { status: "cancelled" });
  },
  async undeclaredValues({ start }) {
    const engine = await start([cartV1]);
    await engine.client.call(cartV1.add, "pen", { id: "c" });
    await engine.redeploy([cartV2]);
    equal(await engine.client.call(cartV2.read, undefined, { id: "c" }), []);
  },
  async flowIndex({ start }) {
    const { client } = await start([counter]);
    await client.call(counter.add, 1, { id: "c" });
    await rejects(client.flows(), { code: "UNSUPPORTED" });
    await rejects(client.countFlows(), { code: "UNSUPPORTED" });
  },
  async history({ start }) {
    const { client } = await start([counter]);
    await rejects((async () => client.events().next())(), { code: "UNSUPPORTED" });
    await rejects((async () => client.history("f").next())(), { code: "UNSUPPORTED" });
  },
  async pause({ start }) {
    const { client } = await start([counter]);
    await client.call(counter.add, 1, { id: "c" });
    await rejects(client.pause("c"), { code: "UNSUPPORTED" });
    await rejects(client.pause({ function: counter }), { code: "UNSUPPORTED" });
    await rejects(client.pausedFunctions(), { code: "UNSUPPORTED" });
  },
  async storeListing({ start }) {
    const { client } = await start([counter]);
    await client.call(counter.add, 1, { id: "c" });
    await rejects(client.states(counter), { code: "UNSUPPORTED" });
    await rejects(client.deadLetters(), { code: "UNSUPPORTED" });
  },
  async streams({ start }) {
    const emitting = fn("test/emitting", (ctx) => void ctx.emit("progress", 1));
    const { client } = await start([emitting]);
    await rejects(client.call(emitting), { code: "UNSUPPORTED" });
  },
  async egress({ start }) {
    const seen: unknown[] = [];
    const out = fn("test/out", (ctx) => ctx.egress("test/sink", 1));
    const { client } = await start([out], {
      egress: { "test/sink": (given) => void seen.push(given) },
    });
    const [outcome] = await Promise.allSettled([client.call(out)]);
    const code: unknown =
      outcome.status === "rejected" ? Reflect.get(Object(outcome.reason), "code") : undefined;
    ok(
      code === "UNKNOWN_EGRESS" || code === "UNSUPPORTED",
      `expected UNKNOWN_EGRESS or UNSUPPORTED, got ${String(code)}`,
    );
    equal(seen, []);
  },
  async deadLetters({ start, time }) {
    const fail = fn("test/fail", () => {
      throw new Error("a failure without a consumer");
    });
    const parent = fn("test/parent", (ctx) => ctx.send(fail));
    const { client, deadLetters } = await start([parent, fail, counter]);
    await client.call(parent);
    await time.quiet();
    equal(await client.call(counter.add, 1, { id: "c" }), 1);
    assertUnavailable("deadLetters", deadLetters);
  },
  async promptOrder({ start, time }) {
    const promise = fn("test/promise", (ctx) => ({ token: ctx.promise<number>().token }));
    const { client } = await start([promise]);
    const { token } = await client.call(promise);
    const [prompt] = await Promise.allSettled([client.settle(token, 5)]);
    if (prompt.status === "rejected") matches(prompt.reason, { code: "NOT_FOUND" });
    await time.eventually(() => client.settle(token, 5));
  },
  async storedValues({ start }) {
    const { client, stored } = await start([counter]);
    equal(await client.call(counter.add, 1, { id: "c" }), 1);
    assertUnavailable("stored", stored);
  },
  async redeploy({ start }) {
    const { client, redeploy } = await start([counter]);
    equal(await client.call(counter.add, 1, { id: "c" }), 1);
    assertUnavailable("redeploy", () => redeploy([counter]));
  },
  async virtualTime({ start, time }) {
    const sleeper = fn("test/sleeper", (ctx) => ctx.sleep(100));
    const { client } = await start([sleeper]);
    const began = time.now();
    await client.call(sleeper);
    time.assertPassed(100, began);
  },
};

function assertUnavailable(name: string, use: () => unknown): void {
  try {
    use();
  } catch {
    return;
  }
  throw new CaseFailure(
    `expected no ${name}(), because the engine lists the capability as missing`,
  );
}
