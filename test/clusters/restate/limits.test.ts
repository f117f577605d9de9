import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fn, stateful, value } from "handback";
import { restate } from "handback/restate";
import type { Restate, RestateOptions } from "handback/restate";
import { afterEach, expect, test } from "vitest";
import { Deployments } from "./support/deployments.ts";
import { RestateServer } from "./support/restate-server.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(settings: Readonly<Record<string, string>> = {}) {
  const server = await RestateServer.start(settings);
  closing.push(() => server.stop());
  const deployments = await Deployments.serve(server);
  closing.push(() => deployments.close());
  const open = (functions: readonly object[], options: RestateOptions = {}): Restate => {
    const engine = restate({ ...options, functions, ingress: [server.ingress] });
    closing.push(() => engine.close());
    return engine;
  };
  return { server, deployments, open };
}

/** Characters of three bytes: 18 MiB. Two of them are more than Restate takes. */
const LENGTH = 6 * 1_048_576;
const text = (): string => "世".repeat(LENGTH);

test("a state and a result over Restate's limit fail their calls, and nothing is repeated for ever", async () => {
  const notes = stateful("limits/notes", {
    state: { one: value(""), two: value("") },
    handlers: {
      set: (ctx, name: "one" | "two") => {
        ctx.state[name] = text();
      },
      sizes: (ctx) => [ctx.state.one.length, ctx.state.two.length],
    },
  });
  const take = fn("limits/take", (_, given: string) => given.length);
  const pass = fn("limits/pass", { parts: [take] }, (ctx) =>
    ctx.all([ctx.invoke(take, text()), ctx.invoke(take, text())]),
  );
  const { server, deployments, open } = await start();
  const { client, handler } = open([notes, pass]);
  await deployments.add("limits", handler);
  const tooLarge = { failure: { code: "PAYLOAD_TOO_LARGE" } };
  await expect(client.call(pass)).rejects.toMatchObject(tooLarge);
  await client.call(notes.set, "one", { id: "n" });
  await expect(client.call(notes.set, "two", { id: "n" })).rejects.toMatchObject(tooLarge);
  expect(await client.call(notes.sizes, undefined, { id: "n" })).toEqual([LENGTH, 0]);
  const stuck = await server.query(
    "select target from sys_invocation where status in ('paused', 'backing-off')",
  );
  expect(stuck).toEqual([]);
}, 300_000);

test.each([
  // With four of them, the server and the SDK have waited for each other.
  [32, 4],
  [false, 2],
] as const)(
  "a join of values that are too large together is rejected, with carry %s",
  async (carry, number) => {
    // 21 MiB each.
    const large = fn("limits/large", (_, n: number) => "世".repeat(7 * 1_048_576) + n);
    const join = fn("limits/join", { parts: [large] }, (ctx) =>
      ctx.all([
        ...Array.from({ length: number }, (_, n) => ctx.invoke(large, n)),
        ctx.event("never"),
      ]),
    );
    const { server, deployments, open } = await start();
    const { client, handler } = open([join], { carry });
    await deployments.add("joins", handler);
    await expect(client.call(join)).rejects.toMatchObject({
      failure: { code: "PAYLOAD_TOO_LARGE" },
    });
    const stuck = await server.query(
      "select target from sys_invocation where status in ('paused', 'backing-off')",
    );
    expect(stuck).toEqual([]);
  },
  300_000,
);

test("only a cluster that signs its requests may call a program with its identity key", async () => {
  const folder = mkdtempSync(join(tmpdir(), "handback-identity-"));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "key.pem");
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
  const hello = fn("identity/hello", (_, name: string) => `hello ${name}`);

  const { server, deployments, open } = await start({
    RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: file,
    RESTATE_LOG_FILTER: "info",
  });
  const [key = ""] = /publickeyv1_\w+/.exec(server.log()) ?? [];
  const signed = open([hello], { identityKeys: [key] });
  await deployments.add("signed", signed.handler);
  expect(await signed.client.call(hello, "Ada")).toBe("hello Ada");

  const other = await start();
  await expect(
    other.deployments.add("unsigned", open([hello], { identityKeys: [key] }).handler),
  ).rejects.toThrow("401");
}, 120_000);
