import { createEndpointHandler, handlers, serde, service } from "@restatedev/restate-sdk";
import { fn, stateful, value } from "handback";
import { restate } from "handback/restate";
import type { Restate } from "handback/restate";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Deployments } from "./support/deployments.ts";
import { JOURNAL_MISMATCH, RestateServer } from "./support/restate-server.ts";

const WAIT = { timeout: 60_000, interval: 100 };

let server: RestateServer;
let deployments: Deployments;

beforeAll(async () => {
  server = await RestateServer.start();
  deployments = await Deployments.serve(server);
}, 60_000);

afterEach(() => {
  if (JOURNAL_MISMATCH.test(server.log())) throw new Error("a replay took another way");
});

afterAll(async () => {
  deployments.close();
  await server.stop();
});

/** Makes a program with functions, which logs its errors to `told`. */
function program(application: string, functions: readonly object[], told: string[] = []): Restate {
  const ignore = (): void => undefined;
  const tell = (line: string, facts: unknown): void =>
    void told.push(`${line} ${JSON.stringify(facts)}`);
  const log = { debug: ignore, info: ignore, warn: tell, error: tell };
  const ingress = [server.ingress];
  return restate({ functions, application, ingress, parkedFor: 200, log });
}

/** Returns the statuses of the invocations that are not over, with their numbers. */
async function openInvocations(application: string): Promise<Readonly<Record<string, number>>> {
  const rows = await server.query(
    `select status, count(*) as number from sys_invocation ` +
      `where target_service_name like '${application}.%' and status <> 'completed' group by status`,
  );
  return Object.fromEntries(rows.map(({ status, number }) => [String(status), Number(number)]));
}

test("a timer that the old code left goes on under the new code", async () => {
  const code = (version: string) => {
    const say = fn("up/say", (_, { args }: { args: string }) => `${version}:${args}`);
    return fn("up/slept", { parts: [say] }, (ctx) => ctx.onComplete(ctx.sleep("5s"), say, "awake"));
  };
  const first = program("waits", [code("v1")]);
  await deployments.add("waits1", first.handler);
  const { id } = await first.client.start(code("v1"));
  await expect.poll(() => openInvocations("waits"), WAIT).toEqual({ scheduled: 1 });
  first.close();
  deployments.remove("waits1");
  const second = program("waits", [code("v2")]);
  await deployments.add("waits2", second.handler);
  expect(await second.client.flow(id).result()).toBe("v2:awake");
  second.close();
}, 120_000);

test("work of a function that the new code calls by another name goes on", async () => {
  const after = (version: string, name: string, aliases: readonly string[]) =>
    fn(name, { aliases }, (_, text: string) => `${version}:${text}`);
  const old = after("v1", "up/after", []);
  const start = (continuation: typeof old) =>
    fn("up/renamed", { parts: [continuation] }, (ctx) =>
      ctx.onComplete(ctx.event<string>("go"), continuation),
    );
  const first = program("names", [start(old)]);
  await deployments.add("names1", first.handler);
  const { id } = await first.client.start(start(old));
  await expect.poll(() => openInvocations("names"), WAIT).toEqual({});
  first.close();
  deployments.remove("names1");
  const renamed = start(after("v2", "up/afterwards", ["up/after"]));
  const second = program("names", [renamed]);
  await deployments.add("names2", second.handler);
  await second.client.signal(id, "go", "here");
  expect(await second.client.flow(id).result()).toBe("v2:here");
  second.close();
}, 120_000);

test("a message for a function that has a state in the new code goes to that state", async () => {
  const late = fn("up/late", (_, n: number) => n);
  const send = fn("up/send", { parts: [late] }, (ctx) => ctx.send(late, 5, { delay: "5s" }));
  const first = program("states", [send]);
  await deployments.add("states1", first.handler);
  await first.client.call(send);
  await expect.poll(() => openInvocations("states"), WAIT).toEqual({ scheduled: 2 });
  first.close();
  deployments.remove("states1");
  const counted = Promise.withResolvers<number>();
  const counter = stateful("up/late", {
    state: { count: value(0) },
    handlers: {
      call(ctx, n: number) {
        ctx.state.count += n;
        counted.resolve(ctx.state.count);
      },
    },
  });
  const told: string[] = [];
  const second = program("states", [counter], told);
  await deployments.add("states2", second.handler);
  expect(await counted.promise).toBe(5);
  expect(told.join()).toMatch("SHAPE_CHANGED");
  await expect
    .poll(() => server.query("select key from state where service_name = 'states.address'"), WAIT)
    .not.toEqual([]);
  second.close();
}, 120_000);

test("a handler that runs ends under the old code, while new work runs under the new code", async () => {
  const going = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const counter = stateful("up/counter", {
    state: { count: value(0) },
    handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
  });
  const named = fn(
    "up/named",
    (_, { result, args }: { result: number; args: string }) => `${args}:${result}`,
  );
  const code = (version: string, work: () => Promise<void>) =>
    fn("up/side", { parts: [counter] }, async (ctx) => {
      await work();
      return ctx.onComplete(ctx.invoke(counter.add, 1, { id: "shared" }), named, version);
    });
  const old = code("v1", async () => {
    begun.resolve();
    await going.promise;
  });
  const first = program("sides", [old, named]);
  await deployments.add("sides1", first.handler);
  const running = first.client.call(old);
  await begun.promise;
  const renewed = code("v2", async () => undefined);
  const second = program("sides", [renewed, named]);
  await deployments.add("sides2", second.handler);
  await expect.poll(() => second.client.call(renewed), WAIT).toMatch(/^v2:/);
  going.resolve();
  expect(await running).toMatch(/^v1:/);
  first.close();
  second.close();
}, 120_000);

test("a running invocation of a function that code in its place lacks is told as parked", async () => {
  const begun = Promise.withResolvers<void>();
  const isHere = { work: true };
  const task = fn("up/task", async () => {
    begun.resolve();
    if (isHere.work) await new Promise(() => undefined);
    return "done";
  });
  const begin = fn("up/begin", { parts: [task] }, (ctx) => ctx.invoke(task));
  const first = program("place", [begin]);
  await deployments.add("place", first.handler);
  const { id } = await first.client.start(begin);
  await begun.promise;
  first.close();
  const other = fn("up/begin", () => "other");
  const told: string[] = [];
  const lacking = program("place", [other], told);
  deployments.replace("place", lacking.handler);
  await expect.poll(() => told.join(), WAIT).toMatch(/up\/task.*parked: UNKNOWN_FUNCTION/);
  isHere.work = false;
  deployments.replace("place", program("place", [begin]).handler);
  expect(await lacking.client.flow(id).result()).toBe("done");
  lacking.close();
}, 120_000);

test("an invocation of a newer format is refused with a code, and is handled once newer code comes", async () => {
  const told: string[] = [];
  const old = program("formats", [fn("up/any", () => 1)], told);
  await deployments.add("formats", old.handler);
  const url = `${server.ingress}/formats.call/begin`;
  const input = JSON.stringify({ delivery: [99, 0, "0".repeat(40), "[]", ""], reply: "r" });
  const headers = { "content-type": "application/json", "idempotency-key": "newer" };
  const asking = fetch(url, { method: "POST", headers, body: input });
  await expect.poll(() => told.join(), WAIT).toMatch("FORMAT_TOO_NEW");
  await expect.poll(() => openInvocations("formats"), WAIT).toEqual({ "backing-off": 1 });
  const begin = handlers.handler(
    { input: serde.binary, output: serde.binary },
    async (_: unknown, given: Uint8Array) => given,
  );
  const newer = service({ name: "formats.call", handlers: { begin } });
  deployments.replace("formats", createEndpointHandler({ services: [newer] }));
  expect(await (await asking).text()).toBe(input);
  old.close();
}, 120_000);
