/**
 * A process to be killed: starts one flow after the other on the store it is told, several at a time, and says on its
 * output what it tries, what is acknowledged, and what is done.
 */
import { writeSync } from "node:fs";
import { embedded, sqlite } from "../../../src/index.ts";
import { finishFlow, functions, startFlow } from "./kill-flows.ts";

const AT_A_TIME = 12;
const [path = "", first = "0"] = process.argv.slice(2);
let next = Number(first);

const { client } = await embedded({ functions, store: sqlite(path) });
// Written at once, unlike what console.log may keep: what is read of it was said before the process died.
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
