/**
 * Measures flows on a Restate server beside the same work without this library, in the same run:
 * `npm run bench -- --engine restate [--seconds N] [--callers N] [--carry N]`. The figure to trust is CPU
 * time of the server and the handlers for one flow.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { restate } from "../../src/restate/index.ts";
import { RestateServer } from "../../test/clusters/restate/support/restate-server.ts";
import { freePort } from "../../test/clusters/support/free-port.ts";
import { measured } from "./functions.ts";

const { values: options } = parseArgs({
  options: {
    engine: { type: "string" },
    seconds: { type: "string", default: "4" },
    callers: { type: "string", default: "32" },
    carry: { type: "string", default: "32" },
    only: { type: "string", default: "noop,counter,chain3,fan10,spread5" },
  },
});
const [seconds, callers] = [Number(options.seconds), Number(options.callers)];

let requests = 0;

/** One flow, by a caller that counts its calls. */
type Flow = (caller: number, n: number) => Promise<unknown>;

const server = await RestateServer.start();
const port = await freePort();
const APP = fileURLToPath(new URL("app.ts", import.meta.url));
const app = spawn(process.execPath, [APP, String(port), server.ingress, options.carry], {
  stdio: ["ignore", "inherit", "inherit"],
});
const engine = restate({
  functions: Object.values(measured),
  application: "bench",
  ingress: [server.ingress],
  carry: Number(options.carry) === 0 ? false : Number(options.carry),
});
const { client } = engine;
try {
  await deploy();
  console.log(`CPU ms per flow (flows per second), ${callers} callers, carry ${options.carry}`);
  console.log(["flow", "handback", "native RPC", "native ctx.run"].join("\t"));
  for (const name of options.only.split(",")) {
    const row: string[] = [name];
    for (const flow of flowsOf(name)) row.push(flow === undefined ? "-" : await measure(flow));
    console.log(row.join("\t"));
  }
} finally {
  engine.close();
  app.kill("SIGKILL");
  await once(app, "exit");
  await server.stop();
}

async function deploy(): Promise<void> {
  for (;;) {
    try {
      return await server.deploy(`http://127.0.0.1:${port}`);
    } catch {
      await pause(200);
    }
  }
}

/** Returns the flow on this library, and the same as calls and as steps of Restate's SDK. */
function flowsOf(name: string): readonly (Flow | undefined)[] {
  const { noop, counter, chain3, fan10, spread5 } = measured;
  const keyOf = (caller: number, n: number): string => `k${(caller * 7 + n) % 1_000}`;
  switch (name) {
    case "noop":
      return [() => client.call(noop, "x"), native("noopRpc", "x"), native("noopRun", "x")];
    case "counter":
      return [
        (caller, n) => client.call(counter.add, 1, { id: keyOf(caller, n) }),
        (caller, n) => post(`/native-counter/${keyOf(caller, n)}/add`, 1),
        undefined,
      ];
    case "chain3":
      return [() => client.call(chain3, "x"), native("chain3Rpc", "x"), native("chain3Run", "x")];
    case "fan10":
      return [() => client.call(fan10), native("fan10Rpc", "x"), native("fan10Run", "x")];
    case "spread5":
      return [
        (caller, n) => client.call(spread5, keyOf(caller, n)),
        (caller, n) => native("spread5Rpc", keyOf(caller, n))(caller, n),
        undefined,
      ];
    default:
      throw new Error(`there is no flow ${name}`);
  }
}

function native(handler: string, input: string): Flow {
  return () => post(`/native/${handler}`, input);
}

async function post(path: string, input: unknown): Promise<unknown> {
  const response = await fetch(`${server.ingress}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": `n${requests++}` },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function measure(flow: Flow): Promise<string> {
  await load(flow, seconds / 2);
  const [before, began] = [processorMs(), performance.now()];
  const flows = await load(flow, seconds);
  const rate = (flows * 1_000) / (performance.now() - began);
  return `${((processorMs() - before) / flows).toFixed(2)} (${rate.toFixed(0)})`;
}

async function load(flow: Flow, lengthS: number): Promise<number> {
  const until = performance.now() + lengthS * 1_000;
  let flows = 0;
  const call = async (caller: number): Promise<void> => {
    for (let n = 0; performance.now() < until; n++, flows++) await flow(caller, n);
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return flows;
}

/** Processor time of the server and the handlers so far, in ms. Linux counts in 10 ms. */
function processorMs(): number {
  const [USER, SYSTEM, TICK_MS] = [11, 12, 10];
  return [server.pid, app.pid].reduce((sum: number, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return sum + (Number(fields[USER]) + Number(fields[SYSTEM])) * TICK_MS;
  }, 0);
}
