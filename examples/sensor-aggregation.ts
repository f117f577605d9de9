/**
 * Shows an aggregator: writes sensor readings to a real SQLite file in batches, each reading once.
 *
 * A batch is sent when it holds 25 readings, or 50 ms after its first reading. One commit sends and
 * clears the batch. Its id is stable, so the database recognizes a batch that it has written
 * already. No reading is lost or counted twice, even after a crash. The naive version at the end is
 * one function that waits for readings, and is billed while none arrive.
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
db.exec("CREATE TABLE batches (id TEXT PRIMARY KEY) STRICT");
db.exec("CREATE TABLE readings (sensor TEXT, at INTEGER, celsius REAL) STRICT");

/** Writes a whole batch, unless an earlier run that crashed has already written it. */
function write({ id, key, events }: Pick<Batch<Reading>, "id" | "key" | "events">): void {
  db.exec("BEGIN");
  const { changes } = db.prepare("INSERT OR IGNORE INTO batches VALUES (?)").run(id);
  const insert = db.prepare("INSERT INTO readings VALUES (?, ?, ?)");
  if (changes === 1) for (const { at, celsius } of events) insert.run(key, at, celsius);
  db.exec("COMMIT");
}

const retry = { maxAttempts: 5 };
const store = fn("sensors/store", { retry }, async (_, batch: Batch<Reading>) => {
  await setTimeout(10); // simulates a remote database
  write(batch);
});
const batches = aggregator("sensors/batches", {
  flush: store,
  maxCount: 25,
  maxWait: "50ms",
  dedupeBy: (reading) => reading.id,
  dedupeFor: "10m",
});

/** The naive version, for one sensor: blocks until the next reading arrives. */
const naive = fn("sensors/naive", { parts: [store] }, async (ctx, count: number) => {
  const readings = new Map<string, Reading>();
  while (readings.size < count) {
    const reading = await ctx.get(ctx.event<Reading>("reading"));
    readings.set(reading.id, reading);
  }
  const about = { key: "naive", reason: "count", openedAt: 0, lastAt: 0 } as const;
  const batch = { ...about, id: ctx.idempotencyKey, events: [...readings.values()] };
  await ctx.get(ctx.invoke(store, batch));
});

const engine = await embedded({ functions: [batches, naive], store: memory() });

/** Sends 60 readings in three bursts, and every third reading twice. */
async function sendAll(send: (reading: Reading) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < 60; n++) {
    if (n % 20 === 0) await setTimeout(40);
    const reading = { id: `r${n}`, at: n, celsius: 20 + (n % 7) };
    for (let times = n % 3 === 0 ? 2 : 1; times > 0; times--) await send(reading);
  }
}

const summary = db.prepare(`
  SELECT count(*) AS n, round(avg(celsius), 2) AS celsius FROM readings WHERE sensor = ?
`);
async function show(sensor: string): Promise<void> {
  while (summary.get(sensor)?.["n"] !== 60) await setTimeout(5);
  console.log(sensor, { ...summary.get(sensor) });
}

let duplicates = 0;
await sendAll(async (reading) => {
  const { status } = await engine.client.call(batches.add, reading, { id: "kitchen" });
  if (status === "duplicate") duplicates++;
});
await show("kitchen");
const written = Number(db.prepare("SELECT count(*) AS n FROM batches").get()?.["n"]);
console.log(`${duplicates} readings arrived twice, ${written} batches were written`);
const bills = [batches, store].map(({ type }) => engine.meter.function(type));

const flow = await engine.client.start(naive, 60, { id: "naive" });
await sendAll((reading) => engine.client.signal(flow, "reading", reading));
await show("naive");
await flow.result();

const sum = (name: "billedMs" | "blockedMs") => bills.reduce((ms, bill) => ms + bill[name], 0);
const split = { billedMs: sum("billedMs"), blockedMs: sum("blockedMs") };
const meters = { split, naive: await engine.meter.flow("naive") };
for (const [name, { billedMs, blockedMs }] of Object.entries(meters)) {
  const beta = (billedMs / (billedMs - blockedMs)).toFixed(3);
  const [billed, waiting] = [billedMs.toFixed(0), blockedMs.toFixed(0)];
  console.log(`${name}: billed ${billed} ms, waiting ${waiting} ms, beta ${beta}`);
}
await engine.close();
db.close();
rmSync(folder, { recursive: true });
