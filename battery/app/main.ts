/**
 * The process that is killed: works on a store as it was told on its standard input, and says all that it does on its output.
 * Its codes: 0 closed in good order, 3 the engine has stopped by itself, 4 the store could not be opened, 5 nobody listens any more.
 */
import { embedded, sqlite } from "../../src/index.ts";
import type { Embedded, Store } from "../../src/index.ts";
import { allFunctions } from "../kinds/all-kinds.ts";
import { receipts } from "../kinds/transfer.ts";
import { codeOf, Desk } from "./desk.ts";
import { intrude } from "./intrusions.ts";
import { readOrders } from "./read-orders.ts";
import { tellAll } from "./tell-all.ts";
import { say } from "./voice.ts";
import { Work } from "./work.ts";

const STOPPED = 3;
const SHUT = 4;
const DEAF = 5;

// From the first word on it ends in good order when it is asked to.
const asked = new Promise<"asked">((resolve) => process.once("SIGTERM", () => resolve("asked")));
say({ what: "hello", pid: process.pid });
const orders = await readOrders({ orElse: () => process.exit(DEAF) });
const store = sqlite(orders.path);
const engine = await open(store);
if (engine === undefined) process.exitCode = SHUT;
else await serve(engine, store);

async function open(store: Store): Promise<Embedded | undefined> {
  say({ what: "opening" });
  try {
    const log = { debug: nothing, info: nothing, warn: nothing, error: (text: string) => say({ what: "warning", text }) };
    const engine = await embedded({ functions: allFunctions, store, egress: receipts, log });
    say({ what: "open" });
    return engine;
  } catch (error) {
    say({ what: "shut", code: codeOf(error) });
    return undefined;
  }
}

async function serve(engine: Embedded, store: Store): Promise<void> {
  const desk = new Desk(engine.client, { life: orders.life, known: new Map(orders.open.map(({ op, steps }) => [op, steps])) });
  const work = new Work(orders, desk);
  const stopped = desk.stopped.then((code) => ({ code }));
  const done = orders.mode === "verify" ? verify(work, desk, store) : work.goOn();
  // What it did beside the work is said before it ends.
  const intrusions = intrude(orders.intrusions, { store, functions: allFunctions });
  const end = await Promise.race([asked, stopped, done]);
  work.end();
  await intrusions;
  await engine.close();
  if (typeof end === "object") {
    say({ what: "stopped", code: end.code });
    process.exitCode = STOPPED;
  } else say({ what: "closed" });
}

async function verify(work: Work, desk: Desk, store: Store): Promise<"done"> {
  await work.finish();
  await tellAll(orders, { desk, store, quietMs: orders.quietMs });
  return "done";
}

function nothing(): void {
  // Only errors are worth a line.
}
