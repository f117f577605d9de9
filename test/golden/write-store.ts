import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { embedded, sqlite } from "../../src/index.ts";
import { functions, parked, waiting } from "./flows.ts";

/** Writes a golden store of the present format: `node test/golden/write-store.ts test/golden/store-v1.db`. Run once per format. */
const [file = ""] = process.argv.slice(2);
const engine = await embedded({
  functions,
  store: sqlite(file),
  retention: "36500d",
  clock: frozenClock(Date.UTC(2026, 0, 1)),
});
await engine.client.start(parked, { n: 20 }, { id: "parked" });
await engine.client.start(waiting, undefined, { id: "waiting" });
await engine.client.signal("parked", "go", "went");
while (!(await isParked())) await new Promise((resolve) => setImmediate(resolve));
await engine.close();
const database = new DatabaseSync(file);
database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM");
database.close();
for (const extra of ["-lock", "-pid", "-wal", "-shm"]) rmSync(file + extra, { force: true });

/** All leaves have run, and the keeper has its handle. */
async function isParked(): Promise<boolean> {
  return (
    engine.meter.function("golden/leaf").runs === 22 &&
    engine.meter.function("golden/keeper").runs === 1
  );
}

function frozenClock(at: number): { now(): number; monotonicNs(): number; setTimer(): () => void } {
  return { now: () => at, monotonicNs: () => 0, setTimer: () => () => undefined };
}
