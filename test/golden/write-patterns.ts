import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { embedded, sqlite } from "../../src/index.ts";
import * as flows from "./pattern-flows.ts";

/**
 * Writes the golden store of patterns: `GOLDEN_WRITER=1 node test/golden/write-patterns.ts <file>`.
 * It was run once, by the first release that wrote format 1; its options are of that release.
 */
const [file = ""] = process.argv.slice(2);
const approve = flows.approvalNamed("ladder");
const engine = await embedded({
  functions: [
    ...flows.functionsOf("ladder", true).filter(({ type }) => type !== approve.type),
    approve,
  ],
  store: sqlite(file),
  retention: "36500d",
  ageOut: "36500d",
  clock: frozenClock(Date.UTC(2026, 0, 1)),
});
const { client } = engine;
const start = async (f: Parameters<typeof client.start>[0], id: string, n: unknown = 1) =>
  void (await client.start(f as never, n as never, { key: id }));

await start(flows.steps, "steps");
await start(flows.modes, "modes");
await start(flows.tapped, "tapped");
await start(flows.chosen, "chosen");
await start(flows.spread, "spread");
await start(flows.window, "window", [1, 2, 3, 4, 5]);
await start(flows.enough, "enough", [1, 2, 3]);
await start(flows.nested, "nested");
await start(flows.watch, "watch", { until: Date.UTC(2040, 0, 1) });
await client.start(approve, "a trip", { id: "trip", key: "approve" });
await start(flows.trip, "trip-saga");
await start(flows.undoing, "undoing");
await start(flows.attempts, "attempts");
await start(flows.limited, "limited");
await start(flows.rounds, "rounds");
await start(flows.futures, "futures");
await start(flows.spilled, "spilled");
await start(flows.waits, "waits");
await start(flows.buffered, "buffered");
await start(flows.aliased(true), "aliased");
await start(flows.blocked, "blocked");
await idle();

await client.call(approve.decide, { by: "ada", decision: "approve" }, { id: "trip" });
await client.call(approve.decide, { by: "ada", decision: "approve" }, { id: "early" });
await client.call(flows.batch, { id: "e1" }, { id: "batch" });
await client.call(flows.batch, { id: "e1" }, { id: "batch" });
await client.call(flows.batch, { id: "e2" }, { id: "batch" });
await client.call(flows.notes.remind, "later", { id: "reminded" });
await client.signal("buffered", "early", 5);
await client.signal("window", "go", 10);
await client.call(flows.sender, 1);
await idle();
const many = Array.from({ length: 70 }, (_, n) => n);
await Promise.all(
  many.flatMap((n) => [
    client.start(flows.quick, n, { key: `quick-${n}` }),
    client.start(flows.quick, n),
  ]),
);
await engine.close();

const database = new DatabaseSync(file);
database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM");
database.close();
for (const extra of ["-lock", "-pid", "-wal", "-shm"]) rmSync(file + extra, { force: true });
process.exit(0);

/** Waits until nothing runs: the handler that blocks counts as one message. */
async function idle(): Promise<void> {
  for (let calm = 0; calm < 200; calm = engine.backlog <= 1 ? calm + 1 : 0)
    await new Promise((resolve) => setImmediate(resolve));
}

function frozenClock(at: number): { now(): number; monotonicNs(): number; setTimer(): () => void } {
  return { now: () => at, monotonicNs: () => 0, setTimer: () => () => undefined };
}
