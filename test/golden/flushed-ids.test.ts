import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { embedded, fn, sqlite } from "handback";
import { digest } from "../../src/core/crypto/digest.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { holding } from "../support/holding.ts";

const add = fn("golden/add-one", (_, n: number) => n + 1);
const next = fn("golden/next", (_, { args }: { result: unknown; args: unknown }) => args);
/** Blocks with a future of every kind whose id follows from its content. */
const blocked = fn("golden/blocked-on-all", async (ctx, n: number) => {
  const [one, two] = [ctx.invoke(add, n), ctx.invoke(add, n)];
  const all = ctx.all([one, two, ctx.event("never")]);
  return ctx.get(
    ctx.all([
      all,
      ctx.allSettled([one, two]),
      ctx.race([one, ctx.sleep("30d")]),
      ctx.any([one, two]),
      ctx.wait([one, two, ctx.sleep("20d")], { count: 3, timeout: "30d" }),
      ctx.timeout(ctx.event("late"), "40d"),
      ctx.invoke(next, { result: one, args: [two] }),
      ctx.invoke(add, 3, { after: [one, two] }),
      ctx.onSettled(one, next, [two, all]),
    ]),
  );
});

test("a handler that blocks gives its work the ids that the first release gave it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "handback-golden-"));
  const file = join(folder, "flushed.db");
  const clock = new VirtualClock();
  const store = holding(clock, sqlite(file));
  const engine = await embedded({ functions: [add, next, blocked], store, clock });
  await clock.until(engine.client.start(blocked, 1, { key: "b" }));
  await clock.until(clock.work(1000));
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database
    .prepare("SELECT type, CAST(id AS TEXT) AS id, name FROM state ORDER BY type, id, name")
    .all();
  database.close();
  await clock.until(engine.client.cancel("b"));
  await clock.until(engine.close());
  rmSync(folder, { recursive: true, force: true });
  // The first release called `all` a join.
  const ids = rows
    .map(({ type, id, name }) => `${String(type)} ${String(id)} ${String(name)}`)
    .map((row) => row.replace("_sys/all", "_sys/join"))
    .toSorted();
  // Other ids would make a run after an upgrade send again what an earlier run has sent.
  expect(ids).toHaveLength(43);
  expect(digest(ids.join("\n"))).toBe(
    "4db0f74f43f0741d8c5a0d9ecc929d0c2d72570d1b6071d5cbcbc3f5e00a70e6",
  );
});
