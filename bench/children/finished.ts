/** Runs flows to their end, forgets them soon after, and watches the file meanwhile. */
import { embedded, sqlite } from "../../src/index.ts";
import { childInput, report } from "../measure/child-process.ts";
import { FastClock } from "../measure/fast-clock.ts";
import { callEach } from "../measure/load.ts";
import { makeScratch } from "../measure/subject.ts";
import { readPages } from "../measure/usage.ts";
import type { Pages } from "../measure/usage.ts";
import { noop } from "../measure/workloads.ts";
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** The file at one time. */
export interface Look {
  /** File and log. */
  readonly bytes: number;
  readonly pages: Pages;
  /** Stored rows of state. */
  readonly states: number;
}

/** The flows to run, and the number of readings. */
export interface Finishing {
  readonly flows: number;
  readonly looks: number;
}

/** An hour passes in about a second, and the collector runs every 20 ms. */
const FACTOR = 3_000;
/** 200 ms of real time: longer than a caller takes to fetch its result. */
const RETENTION = "10m";
const REST_MS = 1_000;

const { flows, looks } = childInput<Finishing>();
const scratch = makeScratch();
const file = join(scratch.path, "finished.db");
const store = sqlite(file);
const engine = await embedded({
  functions: noop.functions,
  store,
  retention: RETENTION,
  clock: new FastClock(FACTOR),
});
const look = (states: number): Look => ({
  bytes: sizeOf(file) + sizeOf(`${file}-wal`),
  pages: readPages(file),
  states,
});
const seen: Look[] = [];
for (let n = 0; n < looks; n++) {
  await callEach(Math.ceil(flows / looks), noop.callers, (n) => noop.call(engine.client, n));
  seen.push(look(store.count().state));
}
await delay(REST_MS);
const { state } = store.count();
await engine.close();
seen.push(look(state));
scratch.remove();
report(seen satisfies readonly Look[]);

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
