/**
 * Measures flows on a Restate server beside the same work without this library, in the same run:
 * `npm run bench -- --engine restate [--seconds N] [--callers N] [--carry N] [--parked N] [--json]`. The
 * figure to trust is CPU time of the server and the handlers for one flow. Then it parks flows, and
 * measures the memory of each. With `--json`, prints one object a line.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { restate } from "../../src/restate/index.ts";
import { RestateServer } from "../../test/clusters/restate/support/restate-server.ts";
import { freePort } from "../../test/clusters/support/free-port.ts";
import type { Row } from "../measure/row.ts";
import { measured } from "./functions.ts";
import { park } from "./parked.ts";
import { processorMs } from "./processes.ts";

const { values: options } = parseArgs({
  options: {
    engine: { type: "string" },
    seconds: { type: "string", default: "4" },
    callers: { type: "string", default: "32" },
    carry: { type: "string", default: "32" },
    only: { type: "string", default: "noop,counter,chain3,fan10,spread5,parked" },
    parked: { type: "string", default: "10000" },
    json: { type: "boolean", default: false },
  },
});
const [seconds, callers] = [Number(options.seconds), Number(options.callers)];

let requests = 0;

const SUBJECTS = ["handback", "native RPC", "native ctx.run"] as const;
/** The same, as programs read them. */
const ENGINES = ["restate", "native rpc", "native run"] as const;
const NOT_THERE = { cpuMs: Number.NaN, rate: Number.NaN };

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
  say(`CPU ms per flow (flows per second), ${callers} callers, carry ${options.carry}`);
  say(["flow", ...SUBJECTS].join("\t"));
  for (const name of options.only.split(","))
    if (name === "parked") await measureParked();
    else await compare(name);
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

/** Measures a flow on this library and on the SDK of Restate, and prints the figures. */
async function compare(name: string): Promise<void> {
  const cells: string[] = [name];
  const values: number[] = [];
  for (const flow of flowsOf(name)) {
    const { cpuMs, rate } = flow === undefined ? NOT_THERE : await measure(flow);
    values.push(cpuMs);
    cells.push(flow === undefined ? "-" : `${cpuMs.toFixed(2)} (${rate.toFixed(0)})`);
  }
  say(cells.join("\t"));
  const [own = Number.NaN] = values;
  for (const [at, value] of values.entries()) {
    const [engine, of] = [ENGINES[at] ?? "", at === 0 ? "" : ENGINES[0]];
    const ratio = at === 0 ? null : value / own;
    if (!Number.isNaN(value)) write({ bench: name, engine, value, unit: "cpu ms/flow", ratio, of });
  }
}

async function measureParked(): Promise<void> {
  const flows = Number(options.parked);
  const { appBytes, serverBytes, openInvocations } = await park(client, server, {
    flows,
    app: app.pid ?? 0,
  });
  const [ofApp, ofServer] = [appBytes / 1_024, serverBytes / 1_024];
  say(
    `${flows} parked flows: ${ofApp.toFixed(2)} KiB each in the program, ${ofServer.toFixed(2)} KiB in the server, ${openInvocations} open invocations`,
  );
  const row = { engine: "restate", ratio: null, of: "" };
  write({ ...row, bench: "parked program", value: ofApp, unit: "KiB/flow" });
  write({ ...row, bench: "parked server", value: ofServer, unit: "KiB/flow" });
  write({ ...row, bench: "parked open", value: openInvocations, unit: "invocations" });
}

/** Prints a line for people. */
function say(line: string): void {
  if (!options.json) console.log(line);
}

/** Prints a figure for programs. */
function write(row: Row): void {
  if (options.json) console.log(JSON.stringify(row));
}

/** CPU time of the server and the handlers for one flow, in ms, and flows a second. */
async function measure(flow: Flow): Promise<typeof NOT_THERE> {
  await load(flow, seconds / 2);
  const [before, began] = [processorMsOfAll(), performance.now()];
  const flows = await load(flow, seconds);
  const rate = (flows * 1_000) / (performance.now() - began);
  return { cpuMs: (processorMsOfAll() - before) / flows, rate };
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

/** Processor time of the server and the handlers so far, in ms. */
function processorMsOfAll(): number {
  return [server.pid, app.pid].reduce((sum: number, pid) => sum + processorMs(pid ?? 0), 0);
}
