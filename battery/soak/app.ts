/**
 * A process that does a mixture of all operations for a long time, and reports its resources at
 * intervals, at rest: `app.ts <orders>`. Finished work is deleted soon, so nothing should grow.
 * Start it with `--expose-gc`.
 */
import { setTimeout } from "node:timers/promises";
import { embedded, sqlite } from "../../src/index.ts";
import { silent } from "../../src/core/host/log.ts";
import type { Embedded } from "../../src/index.ts";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { writeLine } from "../client/ledger-writer.ts";
import { measure } from "./measure.ts";
import { functions, operations } from "./operations.ts";
import type { Line, Orders } from "./sample.ts";

const TICK_MS = 10;
/** Maximum number of open operations. */
const MOST_OPEN = 400;
const KEPT = "2s";
const LETTERS = 10_000;

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const random = new SeededRandom(orders.seed);
const kinds = [...operations];
const open = new Set<Promise<void>>();
let [begun, done] = [0, 0];

const engine = await embedded({
  functions,
  store: sqlite(orders.path),
  retention: KEPT,
  ageOut: KEPT,
  // Every line on stderr is a complaint, and some of the work fails on purpose.
  log: silent,
});
await soak(engine, orders);
await engine.close();

async function soak(engine: Embedded, { path, ms, warmUpMs, everyMs }: Orders): Promise<void> {
  const startedAt = performance.now();
  for (let nextAt = warmUpMs; nextAt <= ms; nextAt += everyMs) {
    await work(startedAt + nextAt);
    // Rest first, so that samples show only leftovers.
    while (open.size > 0) await Promise.all(open);
    for (const { id } of engine.deadLetters(LETTERS)) await engine.discard(id);
    const atMs = Math.round(performance.now() - startedAt);
    say({ what: "sample", sample: { atMs, operations: done, ...(await measure(path)) } });
  }
  say({ what: "done" });
}

/** Performs operations at the ordered rate, until an instant. */
async function work(until: number): Promise<void> {
  let [owed, then] = [1, performance.now()];
  while (performance.now() < until) {
    const now = performance.now();
    owed = Math.min(MOST_OPEN, owed + ((now - then) * orders.rate) / 1_000);
    then = now;
    for (; owed >= 1 && open.size < MOST_OPEN; owed--) begin();
    await setTimeout(TICK_MS);
  }
}

function begin(): void {
  const chosen = kinds[random.below(kinds.length)];
  if (chosen === undefined) throw new Error("there are no operations");
  const [name, operation] = chosen;
  const run = operation(engine.client, begun++)
    .catch((error: unknown) =>
      say({
        what: "wrong",
        said: `${name}: ${error instanceof Error ? error.message : String(error)}`,
      }),
    )
    .finally(() => {
      done++;
      open.delete(run);
    });
  open.add(run);
}

function say(line: Line): void {
  writeLine(line);
}
