import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { NODE_OPTIONS } from "../process/node-options.ts";
import type { Ground, Trial } from "../trial/trial.ts";
import { wrongObjects } from "./objects.ts";
import type { Line } from "./objects.ts";

const KILLS = "consistencyKills";
const REQUESTS = "consistencyRequests";
const OBJECTS = "consistencyObjects";

const LIVES = 6;
const SHORTEST_MS = 600;
const LONGEST_MS = 1_600;
const APP = join(import.meta.dirname, "app.ts");
/** Requests of a wrong history that the report shows. */
const SHOWN = 40;

/** Records concurrent histories of a few objects, through kills, and checks each object. */
export const consistency: Trial = {
  name: "consistency",
  about: "each address is linearizable: calls, queries, readState and status, through kills",
  share: 2,
  rows: [
    { count: KILLS, label: "kills between concurrent requests" },
    { count: REQUESTS, label: "requests of recorded histories" },
    { count: OBJECTS, label: "addresses that were checked" },
  ],
  missing: () => Promise.resolve(undefined),
  run: runConsistency,
};

async function runConsistency({ seed, folder, until, tally }: Ground): Promise<void> {
  const random = new SeededRandom(seed);
  const path = join(folder, "s.db");
  const lines: Line[] = [];
  for (let life = 1; life <= LIVES && Date.now() < until; life++) {
    const ms = SHORTEST_MS + random.below(LONGEST_MS - SHORTEST_MS);
    lines.push(...(await linesOf([path, `${life}`, `${seed + life}`], ms)));
    tally.add(KILLS);
  }
  tally.add(REQUESTS, lines.filter((line) => "register" in line || "flow" in line).length);
  tally.add(OBJECTS, new Set(lines.map(({ object }) => object)).size);
  for (const { object, history } of wrongObjects(lines))
    tally.fail(`${object} was not linearizable: ${JSON.stringify(history.slice(-SHOWN))}`);
}

/** Runs a process for a while, kills it, and returns its history. */
async function linesOf(args: readonly string[], ms: number): Promise<readonly Line[]> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, APP, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { text: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => (output.text += part));
  const complaints = text(child.stderr);
  const ended = once(child, "close");
  await Promise.race([once(child.stdout, "data"), ended]);
  await setTimeout(ms);
  if (child.exitCode !== null) throw new Error(`a process ended by itself: ${await complaints}`);
  child.kill("SIGKILL");
  await ended;
  // A kill may cut the last line.
  const whole = output.text.split("\n").slice(0, -1);
  return whole.map((line) => JSON.parse(line) as Line);
}
