import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { createEndpointHandler, service } from "@restatedev/restate-sdk";
import type { Context } from "@restatedev/restate-sdk";
import { expect, onTestFinished, test } from "vitest";
import { sdkLogger } from "../../../src/engines/restate/sdk-logger.ts";
import { KillLoop } from "./support/kill-loop.ts";
import type { KillCounts } from "./support/kill-loop.ts";
import { JOURNAL_MISMATCH, RestateServer } from "./support/restate-server.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Counts of the kill loop of a test. */
    kills?: KillCounts;
  }
}

/** Minutes of each kill loop. Default: a few kills only. */
const MINUTES = Number(process.env["RESTATE_KILL_MINUTES"] ?? 0);
/** One of each kind, and one without progress since the one before. */
const LEAST_KILLS = 5;
/** Time for all that begins before the kills and ends after them. */
const MARGIN_MS = 300_000;

const SUSPENDED = { RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: "0s" };
const LAZY = { RESTATE_WORKER__INVOKER__EAGER_STATE_SIZE_LIMIT: "0" };
const ONE_PARTITION = { RESTATE_DEFAULT_NUM_PARTITIONS: "1" };

const SETTINGS: readonly (readonly [name: string, server: Readonly<Record<string, string>>])[] = [
  ["the usual settings", {}],
  ["inactivity timeout 0", SUSPENDED],
  ["lazy state", LAZY],
  ["one partition", ONE_PARTITION],
  ["all three", { ...SUSPENDED, ...LAZY, ...ONE_PARTITION }],
];

test.concurrent.for(SETTINGS)(
  "additions count once while the program, the server and both are killed: %s",
  { timeout: MINUTES * 60_000 + MARGIN_MS },
  async ([, settings], { task, expect, onTestFinished }) => {
    const loop = await KillLoop.start(settings);
    onTestFinished(() => loop.stop());
    await loop.run(({ kills, counts }) => kills < LEAST_KILLS || counts.minutes < MINUTES);
    const { actual, expected } = await loop.callers.end();
    task.meta.kills = loop.counts;
    expect(actual).toEqual(expected);
    await expect.poll(() => openInvocations(loop.server), { timeout: MARGIN_MS / 3 }).toEqual([]);
    expect(loop.log()).not.toMatch(JOURNAL_MISMATCH);
  },
);

/** Returns the invocations that are neither over nor delayed. */
function openInvocations(server: RestateServer): Promise<readonly object[]> {
  const open = "status not in ('completed', 'scheduled')";
  return server.query(`select id, target, status, last_failure from sys_invocation where ${open}`);
}

test("the logs of the server and of the program show an invocation that leaves its journal", async () => {
  const server = await RestateServer.start();
  onTestFinished(() => server.stop());
  const told: string[] = [];
  const tell = (line: string, facts?: object): void =>
    void told.push(`${line} ${JSON.stringify(facts)}`);
  let runs = 0;
  const go = async (ctx: Context): Promise<void> => {
    if (++runs > 1) return ctx.sleep(1);
    await ctx.run("step", () => undefined);
    throw new Error("it is repeated");
  };
  const program = createServer(
    createEndpointHandler({
      services: [service({ name: "astray", handlers: { go } })],
      logger: sdkLogger({ debug: tell, info: tell, warn: tell, error: tell }),
    }),
  ).listen(0, "127.0.0.1");
  onTestFinished(() => void program.close());
  await once(program, "listening");
  await server.deploy(`http://127.0.0.1:${(program.address() as AddressInfo).port}`);
  const send = (): Promise<boolean> =>
    fetch(`${server.ingress}/astray/go/send`, { method: "POST" }).then(({ ok }) => ok);
  await expect.poll(send).toBe(true);
  await expect.poll(() => server.log()).toMatch(JOURNAL_MISMATCH);
  await expect.poll(() => told.join("\n")).toMatch(JOURNAL_MISMATCH);
});
