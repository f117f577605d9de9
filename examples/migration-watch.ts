/**
 * Shows a monitor: it watches a database migration and stops it at a deadline.
 *
 * Between two checks the monitor keeps only the time of its next check. The end is decided once: a
 * finished migration is never stopped, and a stopped one never counts as done. The naive version at
 * the end sleeps in one function and is billed for the sleep.
 */
import { embedded, fn, memory } from "handback";
import { monitor } from "handback/patterns";
import { setTimeout } from "node:timers/promises";

type Migration = { name: string; rows: number; deadline: number };

/** Simulates a database that moves one row per millisecond, starting at the first check. */
const startedAt = new Map<string, number>();
const stopped = new Set<string>();
function rowsMoved({ name, rows }: Migration): number {
  const since = startedAt.get(name) ?? Date.now();
  startedAt.set(name, since);
  return Math.min(rows, Date.now() - since);
}

const progress = fn("migrate/progress", async (_, migration: Migration) => {
  await setTimeout(5); // simulates a query
  return rowsMoved(migration) / migration.rows;
});
const stop = fn("migrate/stop", async (_, { name }: Migration) => {
  await setTimeout(5);
  stopped.add(name);
  return `${name} was stopped`;
});

const watch = monitor("migrate/watch", {
  check: progress,
  until: (share) => share === 1,
  every: "10ms",
  backoff: 1.5, // each delay is half as long again as the previous one
  maxDelay: "40ms",
  deadline: (migration) => migration.deadline,
  onDeadline: stop,
});

/** The naive version: blocks on each check and each delay. */
const naive = fn("migrate/naive", { parts: [progress, stop] }, async (ctx, job: Migration) => {
  for (let delay = 10, checks = 1; ; delay = Math.min(delay * 1.5, 40), checks++) {
    const share = await ctx.get(ctx.invoke(progress, job));
    if (share === 1) return { status: "done", value: share, checks };
    await ctx.get(ctx.sleepUntil(Math.min(ctx.now() + delay, job.deadline)));
    if (ctx.now() < job.deadline) continue;
    return { status: "expired", value: await ctx.get(ctx.invoke(stop, job)) };
  }
});

const engine = await embedded({ functions: [watch, naive], store: memory() });
const small = { name: "small", rows: 80, deadline: Date.now() + 10_000 };
const large = { name: "large", rows: 1_000_000, deadline: Date.now() + 150 };

const [first, second] = await Promise.all([
  engine.client.call(watch, small, { id: "split" }),
  engine.client.call(watch, large, { id: "watch-large" }),
]);
console.log(`small: ${first.status}`);
const value = second.status === "expired" ? `: ${second.value}` : "";
console.log(`large: ${second.status}${value}`);

const again = { ...small, name: "small again", deadline: Date.now() + 10_000 };
const { status } = await engine.client.call(naive, again, { id: "naive" });
console.log(`small again: ${status}`);
console.log(`stopped: ${[...stopped].join(", ")}`);

for (const id of ["split", "naive"]) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  const [billed, waiting] = [billedMs.toFixed(0), blockedMs.toFixed(0)];
  console.log(`${id}: billed ${billed} ms, waiting ${waiting} ms, beta ${beta.toFixed(3)}`);
}
await engine.close();
