/**
 * A process to be killed: starts flows on the given store, several at a time, and prints those it
 * tries, those that are acknowledged, and those that are done.
 */
import { writeSync } from "node:fs";
import { silent } from "../../../src/core/host/log.ts";
import { embedded, sqlite } from "../../../src/index.ts";
import { finishFlow, functions, startFlow } from "./kill-flows.ts";

const AT_A_TIME = 12;
const [path = "", first = "0"] = process.argv.slice(2);
let next = Number(first);

// Failures are part of this work. What is printed beside the answers is a complaint.
const { client } = await embedded({ functions, store: sqlite(path), log: silent });
// Written synchronously, unlike console.log, so that each line that arrives was true before the
// process died.
const say = (...words: readonly unknown[]): void => void writeSync(1, `${words.join(" ")}\n`);
say("open");

async function work(): Promise<void> {
  for (;;) {
    const number = next++;
    say("try", number);
    const handle = await startFlow(client, number);
    say("started", number);
    say("done", number, JSON.stringify(await finishFlow(client, handle)));
  }
}

await Promise.all(Array.from({ length: AT_A_TIME }, work));
