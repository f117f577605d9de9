import { readFileSync } from "node:fs";
import { fn } from "handback";
import { approval } from "handback/patterns";
import type { ApprovalRequest } from "handback/patterns";
import { restate } from "handback/restate";
import type { Restate } from "handback/restate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Deployments } from "./support/deployments.ts";
import { RestateServer } from "./support/restate-server.ts";

/** Number of flows that wait at the same time. */
const FLOWS = Number(process.env["RESTATE_PARKED_FLOWS"] ?? 200);
const AT_ONCE = 32;

let server: RestateServer;
let deployments: Deployments;

beforeAll(async () => {
  server = await RestateServer.start();
  deployments = await Deployments.serve(server);
}, 180_000);

afterAll(async () => {
  deployments.close();
  await server.stop();
});

async function open(
  application: string,
  functions: readonly object[],
  version = 1,
  onError: (line: string) => void = () => undefined,
): Promise<Restate> {
  const ignore = (): void => undefined;
  const log = { debug: ignore, info: ignore, warn: ignore, error: onError };
  const engine = restate({
    functions,
    application,
    ingress: [server.ingress],
    parkedFor: 200,
    log,
  });
  await deployments.add(`${application}v${version}`, engine.handler);
  return engine;
}

/** Returns the invocations of an application that are not over, by their state. */
async function openInvocations(application: string): Promise<Readonly<Record<string, number>>> {
  const rows = await server.query(
    `select status, count(*) as number from sys_invocation ` +
      `where target_service_name like '${application}.%' and status <> 'completed' group by status`,
  );
  return Object.fromEntries(rows.map(({ status, number }) => [String(status), Number(number)]));
}

test(`${FLOWS} approvals that wait hold no open invocation, and go on when they are decided`, async () => {
  const notify = fn("test/notify", (_, __: ApprovalRequest<unknown>) => undefined);
  const approve = approval("test/approve", { ask: notify, timeout: "30d" });
  const engine = await open("parked", [approve]);
  const ids = Array.from({ length: FLOWS }, (_, n) => `order-${n}`);
  await forEach(ids, (id) => engine.client.start(approve, { id }, { id }));
  const isWaiting = async (): Promise<boolean> => {
    const { scheduled = 0, ...rest } = await openInvocations("parked");
    return scheduled >= FLOWS && Object.keys(rest).length === 0;
  };
  await expect.poll(isWaiting, { timeout: 60_000, interval: 500 }).toBe(true);
  const id = `order-${FLOWS - 1}`;
  await engine.client.call(approve.decide, { by: "ada", decision: "approve" }, { id });
  expect(await engine.client.flow(id).result()).toMatchObject({ status: "approved" });
  engine.close();
}, 600_000);

test("a connected client holds one invocation, which is suspended within a second", async () => {
  const wait = fn("test/wait", (ctx) => ctx.event<number>("go"));
  const engine = await open("connected", [wait]);
  const flow = await engine.client.start(wait);
  const result = flow.result();
  await expect
    .poll(() => openInvocations("connected"), { timeout: 60_000, interval: 100 })
    .toEqual({ suspended: 1 });
  await engine.client.signal(flow, "go", 7);
  expect(await result).toBe(7);
  engine.close();
}, 180_000);

test("parked work goes on under new code, while the old code is gone", async () => {
  const tokens: string[] = [];
  const keep = fn("test/keep", (_, token: string) => void tokens.push(token));
  const code = (version: string) => {
    const say = fn("test/say", (_, text: string) => `${version}:${text}`);
    return {
      say,
      keep,
      promised: fn("test/promised", (ctx) => {
        const answer = ctx.promise<string>();
        ctx.send(keep, answer.token);
        return ctx.onComplete(answer, say);
      }),
      signaled: fn("test/signaled", (ctx) => ctx.onComplete(ctx.event<string>("go"), say)),
    };
  };
  const old = code("v1");
  const first = await open("upgraded", Object.values(old));
  const keys = [old.promised, old.signaled].map((each) => first.client.start(each));
  const [promised, signaled] = (await Promise.all(keys)).map(({ id }) => id);
  await expect.poll(() => tokens.length, { timeout: 60_000 }).toBe(1);
  await expect.poll(() => openInvocations("upgraded"), { timeout: 60_000 }).toEqual({});
  first.close();
  deployments.remove("upgradedv1");
  const second = await open("upgraded", Object.values(code("v2")), 2);
  await second.client.settle(tokens[0] ?? "", "yes");
  await second.client.signal(signaled ?? "", "go", "gone");
  expect(await second.client.flow(promised ?? "").result()).toBe("v2:yes");
  expect(await second.client.flow(signaled ?? "").result()).toBe("v2:gone");
  second.close();
}, 180_000);

test("a message for a function that the new code lacks waits, and is handled once it is back", async () => {
  const echo = fn("test/echo", (_, text: string) => text);
  let runs = 0;
  const later = fn("test/later", (ctx) => {
    runs++;
    return ctx.onComplete(ctx.event<string>("go"), echo);
  });
  const first = await open("lacking", [later, echo]);
  const { id } = await first.client.start(later);
  await expect.poll(() => runs, { timeout: 60_000 }).toBe(1);
  await expect.poll(() => openInvocations("lacking"), { timeout: 60_000 }).toEqual({});
  first.close();
  deployments.remove("lackingv1");
  const told: string[] = [];
  const second = await open("lacking", [later], 2, (line) => told.push(line));
  await second.client.signal(id, "go", "here");
  await expect.poll(() => told.join(), { timeout: 60_000 }).toMatch("test/echo");
  second.close();
  const third = await open("lacking", [later, echo], 3);
  expect(await third.client.flow(id).result()).toBe("here");
  third.close();
}, 180_000);

test("an invocation that cannot go on is found by the query of the documentation", async () => {
  const docs = readFileSync(new URL("../../../docs/restate.md", import.meta.url), "utf8");
  const [, printed = ""] = /\n(\{"query": "select id, target.*\})\n/.exec(docs) ?? [];
  const { query } = JSON.parse(printed) as { readonly query: string };
  const hello = fn("test/hello", () => "hello");
  const engine = await open("stuck", [hello]);
  expect(await engine.client.call(hello)).toBe("hello");
  deployments.remove("stuckv1");
  const calling = engine.client.call(hello);
  const find = () => server.query(query.replace("handback.%", "stuck.%"));
  await expect
    .poll(find, { timeout: 60_000, interval: 200 })
    .toMatchObject([{ status: "backing-off", target: "stuck.call/begin" }]);
  await deployments.add("stuckv1", engine.handler);
  expect(await calling).toBe("hello");
  await expect.poll(find, { timeout: 60_000, interval: 200 }).toEqual([]);
  engine.close();
}, 120_000);

async function forEach<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<unknown>,
): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
