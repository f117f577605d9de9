/**
 * A process that gets SIGTERM: starts flows on the given store, several at a time, and prints
 * the flows that are acknowledged and the errors it gets when it ends.
 */
import { writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { silent } from "../../../src/core/host/log.ts";
import { embedded, fn, HandbackError, sqlite } from "../../../src/index.ts";
import { functions, KINDS, ledger, startFlow } from "../kills/kill-flows.ts";

const AT_A_TIME = 12;
/** The kinds of flows that succeed without a client's help. */
const ALONE = [0, 1, 2, 4, 6, 8, 9];
const [path = ""] = process.argv.slice(2);
let next = 0;

const slow = fn("term/slow", async (ctx, effect: string) => {
  await setTimeout(100);
  return ctx.invoke(ledger.book, effect, { id: "slow" });
});
// Failures are part of this work. What is printed beside the answers is a complaint.
const engine = await embedded({
  functions: [...functions, slow],
  store: sqlite(path),
  log: silent,
});
process.once("SIGTERM", () => void engine.close());
// Written synchronously, unlike console.log.
const say = (...words: readonly unknown[]): void => void writeSync(1, `${words.join(" ")}\n`);
say("open");

async function untilClosed(step: () => Promise<void>): Promise<void> {
  try {
    for (;;) await step();
  } catch (error) {
    say("told", HandbackError.is(error) ? error.code : String(error));
  }
}

async function work(): Promise<void> {
  const number = KINDS * Math.floor(next / ALONE.length) + (ALONE[next++ % ALONE.length] ?? 0);
  const handle = await startFlow(engine.client, number);
  say("started", number);
  await handle.result();
}

async function drag(): Promise<void> {
  const number = next++;
  await engine.client.start(slow, `slow ${number}`);
  say("slow", number);
}

await Promise.all([
  ...Array.from({ length: AT_A_TIME }, () => untilClosed(work)),
  untilClosed(() => drag().then(() => setTimeout(10))),
]);
say("end");
