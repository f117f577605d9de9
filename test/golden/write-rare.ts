import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { embedded, sqlite } from "../../src/index.ts";
import type { Embedded } from "../../src/index.ts";
import * as flows from "./rare-flows.ts";

/**
 * Writes the golden store of rare states: `node test/golden/write-rare.ts <file>`. It was run once, with the sources of the release
 * that wrote the golden store of patterns. Its clock is two days behind that of the test, so values that expire after a week still exist.
 */
// Failures are stored with their stacks, which would name folders of this machine.
Error.stackTraceLimit = 0;
const [file = ""] = process.argv.slice(2);

// The retention of the leaked future ends on January 3, 2030, soon after the test starts.
const first = await open("4d");
await first.client.call(flows.leaking, 1).catch(() => undefined);
await first.close();

const engine = await open("36500d");
const { client } = engine;
const start = async (f: Parameters<typeof client.start>[0], id: string, n: unknown = 1) =>
  void (await client.start(f as never, n as never, { key: id }));

await start(flows.kept, "kept");
await start(flows.judged, "judged");
await start(flows.rounding, "rounding");
await start(flows.reported, "reported", [1, 2]);
await start(flows.splitting, "splitting");
await start(flows.retried, "retried");
await start(
  flows.pages,
  "pages",
  Array.from({ length: 40 }, (_, n) => n),
);
await client.start(flows.approve, "a trip", { id: "trip", key: "approve" });
await start(flows.resting, "resting", { until: Date.UTC(2029, 11, 31) });
await start(flows.cancelledTrip, "cancelled-trip");
await start(flows.owner, "owner");
await start(flows.decided, "decided");
await start(flows.later, "later");
await start(flows.unheard, "unheard");
await start(flows.waiting, "cancelled");
await start(flows.done, "done");
await start(flows.failed, "failed");
await start(flows.leaving, "leaving");
await start(flows.incomplete, "incomplete");
await start(flows.sender, "sender");
await start(flows.blocked, "blocked");
await idle();

await client.cancel("cancelled-trip");
await client.cancel("cancelled");
await client.call(flows.approve.delegate, { by: "bob", to: "cy" }, { id: "trip" });
await client.call(flows.approve.decide, { by: "ada", decision: "approve" }, { id: "trip" });
for (const [id, at] of [
  ["e1", 100],
  ["e1", 100],
  ["old", 50],
  ["e2", 95],
  ["e3", 101],
  ["e4", 102],
  ["e5", 103],
] as const)
  await client.call(flows.batch, { id, at }, { id: "batch" });
await client.call(flows.approve.decide, { by: "ada", decision: "approve" }, { id: "early" });
await client.call(flows.kinds.set, undefined, { id: "kinds" });
await client.call(flows.boxOf(true).put, "hat", { id: "box" });
await client.call(flows.log.remind, "never", { id: "reminded" });
for (const name of ["one", "two"])
  await client.start(flows.vault.open, undefined, { id: "vault", key: `subscriber-${name}` });
await start(flows.expecting, "expecting", flows.leakedHandle());
const [refused] = engine.deadLetters().filter(({ target }) => target.type === flows.refusing.type);
await engine.redrive(refused?.id ?? "");
await idle();
await engine.close();

const database = new DatabaseSync(file);
database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM");
database.close();
for (const extra of ["-lock", "-pid", "-wal", "-shm"]) rmSync(file + extra, { force: true });
process.exit(0);

function open(retention: "4d" | "36500d"): Promise<Embedded> {
  return embedded({
    functions: flows.functionsOf(true),
    store: sqlite(file),
    retention,
    ageOut: "36500d",
    egress: {
      [flows.EGRESS]: () => {
        throw new Error("the outside is not there");
      },
    },
    clock: frozenClock(Date.UTC(2029, 11, 30)),
  });
}

/** Waits until nothing runs: the handler that blocks counts as one message. */
async function idle(): Promise<void> {
  for (let calm = 0; calm < 200; calm = engine.backlog <= 1 ? calm + 1 : 0)
    await new Promise((resolve) => setImmediate(resolve));
}

function frozenClock(at: number): { now(): number; monotonicNs(): number; setTimer(): () => void } {
  return { now: () => at, monotonicNs: () => 0, setTimer: () => () => undefined };
}
