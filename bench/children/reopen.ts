/** Opens a store, and measures the time until an unrelated call is answered. */
import { embedded, sqlite } from "../../src/index.ts";
import { childInput, report } from "../measure/child-process.ts";
import { measureMemory } from "../measure/usage.ts";
import { noop, waiting, sleeper } from "../measure/workloads.ts";
import type { Reopened } from "./reopened.ts";

const { file } = childInput<{ readonly file: string }>();
const store = sqlite(file);
let held = 0;
const readDelayed = store.readDelayed.bind(store);
store.readDelayed = (until, limit, after) => {
  const rows = readDelayed(until, limit, after);
  held += rows.length;
  return rows;
};
const ignore = (): void => undefined;
const start = performance.now();
const engine = await embedded({
  functions: [waiting(ignore), sleeper(ignore), ...noop.functions],
  store,
});
await noop.call(engine.client, 0);
const ms = performance.now() - start;
const memory = await measureMemory();
await engine.close();
report({ ms, held, memory } satisfies Reopened);
