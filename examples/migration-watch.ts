/**
 * Shows a monitor: a database migration must be done by its deadline, or it is terminated.
 *
 * The monitor looks, waits, looks again, and keeps nothing but the time of its next look meanwhile. What is decided is decided once:
 * a migration that is done is not terminated, and one that is terminated is not done. The naive twin at the end sleeps in one function, and is
 * billed for its sleep.
 */
import { embedded, fn, memory } from "handback";
import { monitor } from "handback/patterns";
import { setTimeout } from "node:timers/promises";

type Migration = { name: string; rows: number; deadline: number };

/** Stands for a database: it moves a row a millisecond from the time it is first asked. */
const begun = new Map<string, number>();
const terminated = new Set<string>();
function rowsMoved({ name, rows }: Migration): number {
  const since = begun.get(name) ?? Date.now();
  begun.set(name, since);
  return Math.min(rows, Date.now() - since);
}

const progress = fn("migrate/progress", async (_, migration: Migration) => {
  await setTimeout(5); // stands for a query
  const moved = rowsMoved(migration);
  return moved / migration.rows;
});
const terminate = fn("migrate/terminate", async (_, { name }: Migration) => {
  await setTimeout(5);
  terminated.add(name);
  return `${name} was stopped`;
});

const watch = monitor("migrate/watch", {
  check: progress,
  until: (share) => share === 1,
  every: "10ms",
  backoff: 1.5, // a pause is half as long again as the one before
  maxDelay: "40ms",
  deadline: (migration) => migration.deadline,
  onDeadline: terminate,
});

/** The same, naive: it blocks on each look and on each pause. */
const naive = fn(
  "migrate/naive",
  { parts: [progress, terminate] },
  async (ctx, migration: Migration) => {
    for (let pause = 10, checks = 1; ; pause = Math.min(pause * 1.5, 40), checks++) {
      const share = await ctx.get(ctx.invoke(progress, migration));
      if (share === 1) return { status: "done", value: share, checks };
      await ctx.get(ctx.sleepUntil(Math.min(ctx.now() + pause, migration.deadline)));
      if (ctx.now() >= migration.deadline)
        return { status: "expired", value: await ctx.get(ctx.invoke(terminate, migration)) };
    }
  },
);

const engine = await embedded({ functions: [watch, naive], store: memory() });
const small = { name: "small", rows: 80, deadline: Date.now() + 10_000 };
const large = { name: "large", rows: 1_000_000, deadline: Date.now() + 150 };

const [first, second] = await Promise.all([
  engine.client.call(watch, small, { id: "split" }),
  engine.client.call(watch, large, { id: "watch-large" }),
]);
console.log(`small: ${first.status}`);
console.log(`large: ${second.status}${second.status === "expired" ? `: ${second.value}` : ""}`);

const { status } = await engine.client.call(
  naive,
  { ...small, name: "small again", deadline: Date.now() + 10_000 },
  { id: "naive" },
);
console.log(`small again: ${status}`);
console.log(`terminated: ${[...terminated].join(", ")}`);

for (const id of ["split", "naive"]) {
  const { billedMs, blockedMs, beta } = await engine.meter.flow(id);
  console.log(
    `${id}: billed ${billedMs.toFixed(0)} ms, ${blockedMs.toFixed(0)} of them for waiting, beta ${beta.toFixed(3)}`,
  );
}
await engine.close();
