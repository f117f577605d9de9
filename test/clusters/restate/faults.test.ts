import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { restate } from "handback/restate";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { JOURNAL_MISMATCH, RestateServer } from "./support/restate-server.ts";
import { ledger } from "./support/ledger-functions.ts";
import type { Addition } from "./support/ledger-functions.ts";

const APP = fileURLToPath(new URL("support/ledger-app.ts", import.meta.url));
/** Number of kills in one test. By hand, many more. */
const KILLS = Number(process.env["RESTATE_KILLS"] ?? 4);
/** Flows that end between two kills, and the time until the next one if nothing ends, in ms. */
const [PROGRESS, STALLED_MS] = [12, 20_000];
const [CALLERS, ACCOUNTS] = [8, 5];

/** A program in a process of its own, which can be killed and started again. */
class App {
  readonly port: number;
  readonly #ingress: string;
  #child: ChildProcess | undefined;
  errors = "";

  constructor(port: number, ingress: string) {
    this.port = port;
    this.#ingress = ingress;
  }

  start(): void {
    this.#child = spawn(process.execPath, [APP, String(this.port), this.#ingress], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.on("data", (text: Buffer) => (this.errors += text.toString()));
  }

  async kill(): Promise<void> {
    if (this.#child === undefined || this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

test.each([
  ["the program", true, false],
  ["the server", false, true],
  ["both", true, true],
])(
  "additions count once while %s is killed",
  async (_, killsApp, killsServer) => {
    const server = await RestateServer.start();
    closing.push(() => server.stop());
    const app = new App(await freePort(), server.ingress);
    closing.push(() => app.kill());
    app.start();
    await deployed(server, app);
    const client = restate({
      functions: [ledger.add],
      application: "ledger",
      ingress: [server.ingress],
      requestTimeout: "2m",
    });
    closing.push(() => client.close());

    const over = new AbortController();
    const expected = new Map<string, number>();
    let acknowledged = 0;
    const call = async (caller: number): Promise<void> => {
      for (let n = 0; !over.signal.aborted; n++) {
        const addition = additionOf(caller, n);
        const flow = await client.client.start(ledger.add, addition, { key: `c${caller}-${n}` });
        expect(await flow.result()).toBe(addition.accounts.length);
        acknowledged++;
        for (const account of addition.accounts)
          expected.set(account, (expected.get(account) ?? 0) + addition.amount);
      }
    };
    const kill = async (): Promise<void> => {
      for (let kills = 0; kills < KILLS; kills++) {
        const next = acknowledged + PROGRESS;
        await expect.poll(() => acknowledged, { timeout: STALLED_MS }).toBeGreaterThan(next);
        await pause(50 * (kills % 5));
        if (killsServer) await server.kill();
        if (killsApp) await app.kill();
        if (killsServer) await server.restart();
        if (killsApp) app.start();
      }
      over.abort();
    };
    const calling = Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
    await Promise.all([kill(), calling]);

    for (const [id, sum] of expected)
      expect(await client.client.call(ledger.account.read, undefined, { id })).toMatchObject({
        sum,
      });
    expect(server.log() + app.errors).not.toMatch(JOURNAL_MISMATCH);
    process.stdout.write(`${KILLS} kills, ${acknowledged} flows, the ledger is exact\n`);
  },
  KILLS * STALLED_MS + 60_000,
);

function additionOf(caller: number, n: number): Addition {
  const first = caller + n;
  const accounts = [first, first + 1, first + 3].map((each) => `a${each % ACCOUNTS}`);
  return { accounts, amount: 1 + (n % 7) };
}

/** Registers the program once it answers. */
async function deployed(server: RestateServer, { port }: App): Promise<void> {
  await expect
    .poll(
      () =>
        server.deploy(`http://127.0.0.1:${port}`).then(
          () => true,
          () => false,
        ),
      { timeout: 30_000, interval: 200 },
    )
    .toBe(true);
}
