/**
 * Shows an aggregator: readings of sensors, one at a time and some of them twice, are written to a real SQLite file in batches.
 *
 * A batch leaves when it has 25 readings, or when its first has waited for 50 ms. It leaves with the commit that clears it, and has a name, so
 * the sink can tell that it has written it before: no reading is lost or counted twice, whatever crashes. The naive twin at the end
 * is one function that waits for readings, and is billed while there are none.
 */
import { embedded, fn, memory } from "handback";
import { aggregator } from "handback/patterns";
import type { Batch } from "handback/patterns";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";

type Reading = { id: string; at: number; celsius: number };

const folder = mkdtempSync(join(tmpdir(), "readings-"));
const db = new DatabaseSync(join(folder, "readings.db"));
db.exec(
  "CREATE TABLE batches (id TEXT PRIMARY KEY) STRICT; CREATE TABLE readings (sensor TEXT, at INTEGER, celsius REAL) STRICT",
);

/** Writes a batch, all of it or nothing. One that was written before, by a run that crashed afterwards, is left as it is. */
function write({ id, key, events }: Pick<Batch<Reading>, "id" | "key" | "events">): void {
  db.exec("BEGIN");
  const { changes } = db.prepare("INSERT OR IGNORE INTO batches VALUES (?)").run(id);
  const insert = db.prepare("INSERT INTO readings VALUES (?, ?, ?)");
  if (changes === 1) for (const { at, celsius } of events) insert.run(key, at, celsius);
  db.exec("COMMIT");
}

const store = fn(
  "sensors/store",
  { retry: { maxAttempts: 5 } },
  async (_, batch: Batch<Reading>) => {
    await setTimeout(10); // stands for a database that is far away
    write(batch);
  },
);
const batches = aggregator("sensors/batches", {
  flush: store,
  maxCount: 25,
  maxWait: "50ms",
  dedupeBy: (reading) => reading.id,
  dedupeFor: "10m",
});

/** The same for one sensor, naive: it blocks until the next reading comes, and is billed for the time between. */
const naive = fn("sensors/naive", { parts: [store] }, async (ctx, count: number) => {
  const readings = new Map<string, Reading>();
  while (readings.size < count) {
    const reading = await ctx.get(ctx.event<Reading>("reading"));
    readings.set(reading.id, reading);
  }
  const batch = {
    id: ctx.idempotencyKey,
    key: "naive",
    events: [...readings.values()],
    reason: "count",
    openedAt: 0,
    lastAt: 0,
  } as const;
  await ctx.get(ctx.invoke(store, batch));
});

const engine = await embedded({ functions: [batches, naive], store: memory() });

/** Sends sixty readings, in three bursts; every third comes twice. */
async function sendAll(send: (reading: Reading) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 60; n++) {
    if (n % 20 === 0) await setTimeout(40);
    for (let times = n % 3 === 0 ? 2 : 1; times > 0; times--)
      await send({ id: `r${n}`, at: n, celsius: 20 + (n % 7) });
  }
}

const rows = (sensor: string) =>
  db
    .prepare(
      "SELECT count(*) AS n, round(avg(celsius), 2) AS celsius FROM readings WHERE sensor = ?",
    )
    .get(sensor);
async function show(sensor: string): Promise<void> {
  while (rows(sensor)?.["n"] !== 60) await setTimeout(5);
  console.log(sensor, { ...rows(sensor) });
}

let duplicates = 0;
await sendAll(async (reading) => {
  const { status } = await engine.client.call(batches.add, reading, { id: "kitchen" });
  if (status === "duplicate") duplicates++;
});
await show("kitchen");
const left = Number(db.prepare("SELECT count(*) AS n FROM batches").get()?.["n"]);
console.log(`${duplicates} readings came twice, and ${left} batches left`);
const split = [batches, store].map(({ type }) => engine.meter.function(type));

const flow = await engine.client.start(naive, 60, { id: "naive" });
await sendAll((reading) => engine.client.signal(flow, "reading", reading));
await show("naive");
await flow.result();

const sum = (name: "billedMs" | "blockedMs") =>
  split.reduce((total, bill) => total + bill[name], 0);
const bills = {
  split: { billedMs: sum("billedMs"), blockedMs: sum("blockedMs") },
  naive: await engine.meter.flow("naive"),
};
for (const [name, { billedMs, blockedMs }] of Object.entries(bills)) {
  const beta = billedMs / (billedMs - blockedMs);
  console.log(
    `${name}: billed ${billedMs.toFixed(0)} ms, ${blockedMs.toFixed(0)} of them for waiting, beta ${beta.toFixed(3)}`,
  );
}
await engine.close();
db.close();
rmSync(folder, { recursive: true });
