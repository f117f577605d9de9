import fc from "fast-check";
import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import type { Context, Embedded } from "handback";
import type { StandardSchemaV1 } from "../../src/core/validation/standard-schema.ts";
import { retry } from "handback/patterns";
import { expect, test } from "vitest";
import { messageOf } from "../../src/core/errors/thrown.ts";
import { HOSTILE, hostileValue } from "../support/hostile.ts";
import { echo, openEngine, wrong } from "./open-engine.ts";

/** Makes the hostile value of the current run. */
let make: () => unknown = () => undefined;

function throwMade(): never {
  throw make();
}

type KeeperContext = Context<{ kept?: unknown }>;

const keeper = stateful("hostile/keeper", {
  state: { kept: value<unknown>(0) },
  retry: { maxAttempts: 2, initialDelay: 0 },
  handlers: {
    throw: throwMade,
    reject: async () => Promise.reject(make()),
    return: () => make(),
    resolve: async () => make(),
    nested: () => ({ deep: [make()] }),
    state: (ctx: KeeperContext) => void (ctx.state.kept = make()),
    part: (ctx: KeeperContext) => void (ctx.state.kept = { deep: [make()] }),
    cause() {
      throw new Error("outer", { cause: make() });
    },
    input: (ctx: KeeperContext) => ctx.invoke(echo, make()),
    args: (ctx: KeeperContext) => ctx.onComplete(ctx.invoke(echo, 1), wrong(echo), make()),
    future: (ctx: KeeperContext) => ctx.onComplete(wrong(make()), wrong(echo)),
    target: (ctx: KeeperContext) => ctx.invoke(wrong<typeof echo>(make()), 1),
    options: (ctx: KeeperContext) => ctx.invoke(echo, 1, wrong(make())),
    all: (ctx: KeeperContext) => ctx.all(wrong(make())),
    get: async (ctx: KeeperContext) => ctx.get(wrong(make())),
    send: (ctx: KeeperContext) => ctx.send(echo, make()),
    status: (ctx: KeeperContext) => ctx.setStatus(make()),
    egress: (ctx: KeeperContext) => ctx.egress("hostile/out", make()),
    resolved: (ctx: KeeperContext) => ctx.resolved(make()),
    rejected: (ctx: KeeperContext) => ctx.rejected(make()),
    reply: (ctx: KeeperContext) => ctx.reply(make()),
    sleep: (ctx: KeeperContext) => ctx.sleep(wrong(make())),
    hello: () => "hello",
  },
  queries: { query: () => make(), queryThrows: throwMade },
});

function schema(validate: () => unknown): StandardSchemaV1<unknown, unknown> {
  const any: unknown = { "~standard": { version: 1, vendor: "hostile", validate } };
  return wrong(any);
}

const CHECKED = [
  () => make(),
  throwMade,
  () => Promise.reject(make()),
  () => Promise.resolve(make()),
  () => ({ value: make() }),
  () => ({ issues: make() }),
  () => ({ issues: [make(), { message: make(), path: make() }] }),
  () => ({ issues: [{ message: "m", path: [make(), { key: make() }] }] }),
].map((validate, at) => fn(`hostile/checked-${at}`, { input: schema(validate) }, (_, got) => got));

const failing = fn("hostile/failing", throwMade);
const RETRIED = [wrong<() => boolean>(() => make()), throwMade].map((retryIf, at) =>
  retry(`hostile/retried-${at}`, failing, { retryIf, maxAttempts: 2, initialDelay: 0 }),
);

const OPERATIONS = [
  ...Object.values(keeper).filter((part) => typeof part === "object"),
  ...CHECKED,
  ...RETRIED,
] as readonly (typeof keeper.throw)[];

test("a call whose user code throws, returns or passes anything ends, and its address continues", async () => {
  const { client, said, store } = await openEngine([keeper, ...CHECKED, ...RETRIED], {
    egress: { "hostile/out": () => undefined },
  });
  let keys = 0;
  await fc.assert(
    fc.asyncProperty(hostileValue(), async (hostile) => {
      make = hostile.make;
      const at = { id: `${keys++}` };
      await Promise.allSettled(
        OPERATIONS.map((operation) => client.call(operation, undefined, at)),
      );
      expect(await client.call(keeper.hello, undefined, at)).toBe("hello");
      await Promise.allSettled([
        client.call(echo, make()),
        client.call(echo, 1, wrong(make())),
        client.call(wrong<typeof echo>(make()), 1),
        client.signal(wrong(make()), "event", make()),
        client.settle(wrong(make()), make()),
      ]);
    }),
  );
  expect(await client.call(echo, "alive")).toBe("alive");
  expect(said.filter((line) => line.includes("parked"))).toEqual([]);
  expect(store.count().messages).toBe(0);
}, 30_000);

test("a promise of the engine is settled and rejected with anything", async () => {
  await fc.assert(
    fc.asyncProperty(hostileValue(), fc.boolean(), async (hostile, rejects) => {
      let token = "";
      const ask = fn("hostile/ask", (ctx) => {
        const promise = ctx.promise();
        ({ token } = promise);
        return promise;
      });
      const { client, engine } = await openEngine([ask]);
      const asked = await client.start(ask);
      await expect.poll(() => token, { interval: 1 }).not.toBe("");
      const settled = rejects
        ? client.reject(token, hostile.make())
        : client.settle(token, hostile.make());
      await settled.catch(() => client.settle(token, "instead"));
      await asked.result().catch(() => undefined);
      expect((await asked.status()).status).not.toBe("pending");
      await engine.close();
    }),
    { numRuns: 30 },
  );
});

test("a state whose schema throws or returns anything is not overwritten, and its callers hear of it", async () => {
  let isBroken = false;
  const returned = [
    throwMade,
    () => make(),
    () => Promise.reject(make()),
    () => ({ value: make() }),
  ];
  const checked = returned.map((validate, at) =>
    stateful(`hostile/schema-${at}`, {
      state: { n: value(0) },
      schema: wrong(
        schema(wrong((values: unknown) => (isBroken ? validate() : { value: values }))),
      ),
      handlers: { add: (ctx) => (ctx.state.n += 1) },
    }),
  );
  const { client } = await openEngine(checked);
  for (const each of checked) await client.call(each.add, undefined, { id: "a" });
  await fc.assert(
    fc.asyncProperty(hostileValue(), async (hostile) => {
      make = hostile.make;
      isBroken = true;
      const add = checked.map((each) => client.call(each.add, undefined, { id: "a" }));
      const ends = await Promise.allSettled(add);
      isBroken = false;
      expect(ends.slice(0, 3).map(({ status }) => status)).toEqual(Array(3).fill("rejected"));
    }),
  );
  for (const each of checked.slice(0, 3))
    expect(await client.call(each.add, undefined, { id: "a" })).toBe(2);
});

test("a migration that throws or returns anything but values holds its state's messages", async () => {
  await fc.assert(
    fc.asyncProperty(hostileValue(), fc.boolean(), async ({ make: made }, throws) => {
      const counter = (version: number) =>
        stateful("hostile/migrated", {
          state: { n: value(0) },
          version,
          migrate: wrong(() => {
            if (throws) throw made();
            return version === 2 ? Promise.reject(made()) : { n: 5 };
          }),
          handlers: { add: (ctx) => (ctx.state.n += 1) },
        });
      const store = memory();
      const open = (version: number) => embedded({ functions: [counter(version), echo], store });
      let engine = await open(1);
      await engine.client.call(counter(1).add, undefined, { id: "a" });
      await engine.close();
      engine = await open(2);
      await engine.client.start(counter(2).add, undefined, { id: "a", key: "held" });
      expect(await engine.client.call(echo, "alive")).toBe("alive");
      expect((await engine.client.flow("held").status()).status).toBe("pending");
      await engine.close();
      if (throws) return;
      engine = await open(3);
      expect(await engine.client.flow("held").result()).toBe(6);
      await engine.close();
    }),
    { numRuns: 30 },
  );
});

test("a client and an engine answer any argument with an error of the library, or work", async () => {
  const { client, engine } = await openEngine([keeper]);
  const handle = await client.start(echo, 1, { key: "flow" });
  await handle.result();
  const any = <Value>(): Value => wrong<Value>(make());
  const calls: readonly (() => unknown)[] = [
    () => client.call(any<typeof echo>(), 1),
    () => client.call(echo, any()),
    () => client.call(echo, 1, any()),
    () => client.call(echo, 1, { key: any() }),
    () => client.signal(any(), "event", 1),
    () => client.signal("flow", any(), 1),
    () => client.signal("flow", "event", any()),
    () => client.signal("flow", "event", 1, any()),
    () => client.settle(any(), 1),
    () => client.cancel(any()),
    () => client.purge(any()),
    () => client.status(any()),
    () => client.bill(any()),
    () => client.waits(any()),
    () => client.waits("flow", any()),
    () => client.readState(any<typeof keeper>(), "a"),
    () => client.readState(keeper, any()),
    () => client.sign(any()),
    () => client.flow(any()),
    () => handle.result(any()),
    () => handle.result({ signal: any() }),
    () => engine.redrive(any()),
    () => engine.discard(any()),
    () => engine.backup(any()),
    () => embedded(any()),
    () => embedded({ functions: any(), store: memory() }),
    () => embedded({ functions: [any()], store: memory() }),
    () => fn("hostile/options", any<{ timeout: "1s" }>(), () => 1),
    () => fn("hostile/schema", { input: any<StandardSchemaV1>() }, () => 1),
  ];
  const strange: readonly unknown[] = [null, 5, Symbol("id"), "", [], {}, () => 1, 1n];
  const alien: string[] = [];
  for (const each of [...HOSTILE, ...strange.map((value) => ({ name: "", make: () => value }))]) {
    make = each.make;
    for (const [number, call] of calls.entries()) {
      const outcome = await Promise.resolve()
        .then(call)
        .then(closeIfOpen, (error: unknown) => HandbackError.is(error) || messageOf(error));
      if (outcome !== true) alien.push(`${each.name}: call ${number}: ${outcome}`);
    }
  }
  expect(alien).toEqual([]);
});

async function closeIfOpen(got: unknown): Promise<true> {
  if (got instanceof Object && "deadLetters" in got) await (got as Embedded).close();
  return true;
}
