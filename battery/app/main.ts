/**
 * The process that is killed: works on a store as ordered on its standard input, and reports all
 * its actions on its output.
 *
 * Exit codes: 0 closed cleanly, 3 the engine stopped by itself, 4 the store could not be opened, 5
 * the reader has gone.
 */
import { embedded, sqlite } from "../../src/index.ts";
import type { Embedded, Store } from "../../src/index.ts";
import { allFunctions } from "../kinds/all-kinds.ts";
import type { LaterOrder } from "../ledger/orders.ts";
import { receipts } from "../kinds/transfer.ts";
import { LIMIT } from "../poison/outcome.ts";
import { Poisoner } from "../poison/poisoner.ts";
import { poisonFunctions } from "../poison/poison-functions.ts";
import { codeOf, RecordingClient } from "../client/recording-client.ts";
import { intrude } from "./intrusions.ts";
import { readOrders } from "./read-orders.ts";
import { dumpState } from "./dump-state.ts";
import { writeEntry } from "../client/ledger-writer.ts";
import { wallClock } from "../client/wall-clock.ts";
import { theftOf } from "../theft/thefts.ts";
import { Work } from "./work.ts";

const STOPPED = 3;
const SHUT = 4;
const DEAF = 5;

const functions = [...allFunctions, ...poisonFunctions];

// From its first line on, the process ends cleanly on request.
const asked = new Promise<"asked">((resolve) => process.once("SIGTERM", () => resolve("asked")));
writeEntry({ what: "hello", pid: process.pid });
const orders = await readOrders({ orElse: () => process.exit(DEAF), onLater: follow });
wallClock.aheadMs = orders.aheadMs ?? 0;
const store = sqlite(orders.path);
const engine = await open(store);
if (engine === undefined) process.exitCode = SHUT;
else await serve(engine, store);

async function open(store: Store): Promise<Embedded | undefined> {
  writeEntry({ what: "opening" });
  try {
    const log = {
      debug: nothing,
      info: nothing,
      warn: nothing,
      error: (text: string) => writeEntry({ what: "warning", text }),
    };
    const clock = orders.aheadMs === undefined ? {} : { clock: wallClock };
    const crashes =
      orders.poisoning === undefined
        ? {}
        : { crashLimit: orders.poisoning.isSought ? LIMIT : Number.POSITIVE_INFINITY };
    const engine = await embedded({
      functions,
      store,
      egress: receipts,
      log,
      ...clock,
      ...crashes,
    });
    writeEntry({ what: "open" });
    return engine;
  } catch (error) {
    writeEntry({ what: "shut", code: codeOf(error) });
    return undefined;
  }
}

async function serve(engine: Embedded, store: Store): Promise<void> {
  const recorder = new RecordingClient(engine.client, {
    life: orders.life,
    known: new Map(orders.open.map(({ op, steps }) => [op, steps])),
  });
  const work = new Work(orders, recorder);
  const stopped = recorder.stopped.then((code) => ({ code }));
  const poisoner =
    orders.poisoning === undefined ? undefined : new Poisoner(engine, orders.poisoning);
  const done = orders.mode === "verify" ? verify({ work, recorder, store, poisoner }) : work.goOn();
  if (orders.mode === "work") poisoner?.begin();
  // Report the side work before the process ends.
  const intrusions = intrude(orders.intrusions, { store, functions });
  const end = await Promise.race([asked, stopped, done]);
  work.end();
  poisoner?.end();
  await intrusions;
  await engine.close();
  if (typeof end === "object") {
    writeEntry({ what: "stopped", code: end.code });
    process.exitCode = STOPPED;
  } else writeEntry({ what: "closed" });
}

/** The engine as a verification reads it. */
interface Verified {
  readonly work: Work;
  readonly recorder: RecordingClient;
  readonly store: Store;
  readonly poisoner: Poisoner | undefined;
}

async function verify({ work, recorder, store, poisoner }: Verified): Promise<"done"> {
  await work.finish();
  await dumpState(orders, { recorder, store, quietMs: orders.quietMs });
  await poisoner?.tell();
  return "done";
}

function follow(order: LaterOrder): void {
  if ("theft" in order) {
    theftOf(order.theft).act(orders.path);
    writeEntry({ what: "theft", how: order.theft });
  } else {
    wallClock.aheadMs = order.aheadMs;
    writeEntry({ what: "clock" });
  }
}

function nothing(): void {
  // Only errors are worth a line.
}
