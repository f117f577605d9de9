import fc from "fast-check";
import { embedded, fn, memory } from "handback";
import type { FutureHandle } from "handback";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { HeldStore } from "../support/held-store.ts";
import type { Visible } from "../support/held-store.ts";
import type { Row } from "../support/faulty-store.ts";
import { Machine } from "../support/machine.ts";
import { hasAny, makeWorkers, work } from "../support/random-work.ts";
import type { CleanUp, Work } from "../support/random-work.ts";

const HOUR_MS = 3_600_000;

const setting = fc.record({
  todo: work,
  cancelAt: fc.nat(70),
  commits: fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }),
  visible: fc.constantFrom<Visible>("at once", "when it resolves"),
  queues: fc.boolean(),
  concurrency: fc.constantFrom(1, 2, 64),
});

/** Returns the clean-ups that were not called, or that saw a cancellation and did not finish. */
function unfinished(todo: Work, cleanUps: ReadonlyMap<number, CleanUp>): readonly number[] {
  // A clean-up after a cancellation by the handler itself also sees it, and continues in the flow.
  const isShielded = ({ told }: CleanUp): boolean =>
    told === "CANCELLED" && !hasAny(todo, "cancelled", "cancelledLater");
  return [...cleanUps].flatMap(([number, cleanUp]) =>
    cleanUp.times === 0 || (isShielded(cleanUp) && cleanUp.finished === 0) ? [number] : [],
  );
}

/** Counts the rows of a state with one value. */
function rowsOf(state: Promise<unknown>): Promise<number> {
  return state.then(
    () => 1,
    () => 0,
  );
}

test("a canceled flow is over at once: only its clean-ups start, and nothing is left behind", async () => {
  await fc.assert(
    fc.asyncProperty(setting, async ({ todo, cancelAt, commits, visible, queues, concurrency }) => {
      const clock = new VirtualClock();
      const content = memory();
      let commit = 0;
      const store = new HeldStore(
        content,
        () => clock.work(commits[commit++ % commits.length] ?? 0),
        visible,
        queues,
      );
      const { start, room, runs, cleanUps, functions } = makeWorkers(clock);
      const engine = await embedded({ functions, store, clock, concurrency, retention: "1h" });
      const { client, meter } = engine;
      const handle = await clock.until(client.start(start, todo, { id: "flow" }));
      await clock.advance(cancelAt);
      const result = handle.result().then(
        () => "completed",
        () => "failed",
      );
      const cancelled = await clock.until(client.cancel(handle));
      const cancelledAt = clock.now();
      const { status } = await client.status(handle);
      expect(cancelled ? ["cancelled"] : ["completed", "failed"]).toContain(status);
      expect(await clock.until(client.cancel(handle))).toBe(false);
      expect(await clock.until(result)).toBe(cancelled ? "failed" : status);
      await clock.advance(1_000);
      expect(
        [...cleanUps.values()].filter(({ times, finished }) => times > 1 || finished > 1),
      ).toEqual([]);
      if (cancelled) {
        expect(
          runs.filter(({ startedAt, ofCancelled }) => startedAt > cancelledAt && !ofCancelled),
        ).toEqual([]);
        expect(unfinished(todo, cleanUps)).toEqual([]);
        expect(content.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
        expect(await meter.flow("flow")).toMatchObject({
          final: true,
          ...(!hasAny(todo, "get") && { blockedMs: 0, beta: 1 }),
        });
        await clock.advance(3 * HOUR_MS);
        expect(content.count()).toMatchObject({
          state: await rowsOf(client.readState(room, "room")),
        });
      }
      await clock.until(engine.close());
    }),
    { numRuns: 300 },
  );
});

test("a flow canceled before a crash stays canceled, and any other flow can be canceled by the next engine", async () => {
  await fc.assert(
    fc.asyncProperty(
      setting,
      fc.constantFrom("lost", "unheard", "acknowledged"),
      async ({ todo, cancelAt, commits, queues, concurrency }, crash) => {
        const clock = new VirtualClock();
        const { start, runs, cleanUps, functions } = makeWorkers(clock);
        const machine = new Machine({ functions, options: { concurrency } }, commits, clock);
        machine.disk.queues = queues;
        const before = await machine.boot();
        await clock.until(before.client.start(start, todo, { id: "flow" }));
        await clock.advance(cancelAt);
        const crashed = crash === "acknowledged" ? undefined : machine.disk.arm(1, crash);
        const asked = before.client.cancel("flow");
        await clock.until(
          crashed === undefined ? asked : Promise.race([asked, crashed, clock.work(100)]),
        );
        machine.disk.disarm();
        await machine.cut();
        // Handlers that the dead engine still runs do not matter.
        await clock.advance(200);
        runs.length = 0;
        const engine = await machine.boot();
        const { client, meter } = engine;
        const { status } = await client.status("flow");
        const cancelledNow = status === "pending" && (await clock.until(client.cancel("flow")));
        const cancelledAt = status === "cancelled" ? 0 : clock.now();
        await clock.advance(1_000);
        if (cancelledNow || status === "cancelled") {
          expect(
            runs.filter(({ startedAt, ofCancelled }) => startedAt > cancelledAt && !ofCancelled),
          ).toEqual([]);
          // A clean-up that the dead engine saw may come from a run that was never committed.
          if (status === "cancelled") expect(unfinished(todo, cleanUps)).toEqual([]);
          expect(machine.disk.content.count()).toMatchObject({
            messages: 0,
            delayed: 0,
            watches: 0,
          });
          expect(await meter.flow("flow")).toMatchObject({ final: true });
          await machine.forget();
          const isKept = ({ type }: Row): boolean =>
            type === "work/room" || (type === "_sys/cell" && hasAny(todo, "get"));
          expect(machine.disk.rows().filter((row) => !isKept(row))).toEqual([]);
        }
        await clock.until(engine.close());
      },
    ),
    { numRuns: 300 },
  );
});

test("all work of a race's losers is gone once the race is decided", async () => {
  await fc.assert(
    fc.asyncProperty(setting, async ({ todo, commits, visible, queues, concurrency }) => {
      const clock = new VirtualClock();
      const content = memory();
      let commit = 0;
      const store = new HeldStore(
        content,
        () => clock.work(commits[commit++ % commits.length] ?? 0),
        visible,
        queues,
      );
      const { runs, functions, nested } = makeWorkers(clock);
      const race = fn("work/race", (ctx, loser: Work) =>
        ctx.race([ctx.invoke(nested, loser), ctx.timeout(ctx.promise(), 20)]),
      );
      const engine = await embedded({
        functions: [...functions, race],
        store,
        clock,
        concurrency,
        retention: "1h",
      });
      const { client } = engine;
      const isRejected = await clock.until(
        client.call(race, todo).then(
          () => false,
          () => true,
        ),
      );
      const before = runs.length;
      await clock.advance(1_000);
      // Work released by a nested race or handle once that was decided is no longer part of the
      // race.
      const inner = [
        "race",
        "any",
        "timeout",
        "twice",
        "wait",
        "handle",
        "cancelledLater",
        "get",
      ] as const;
      const goesOn =
        hasAny(todo, ...inner) &&
        hasAny(todo, "background", "wait", "handle", "cancelledLater", "get");
      if (isRejected && !goesOn)
        expect(runs.slice(before).filter(({ ofCancelled }) => !ofCancelled)).toEqual([]);
      const keeps = [
        "background",
        "wait",
        "twice",
        "handle",
        "event",
        "promise",
        "cancelledLater",
        "get",
        "state",
      ] as const;
      if (!hasAny(todo, ...keeps)) {
        expect(content.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
        await clock.advance(3 * HOUR_MS);
        expect(content.count()).toMatchObject({ state: 0 });
      }
      await clock.until(engine.close());
    }),
    { numRuns: 300 },
  );
});

test("any holder of a future can cancel it: all its consumers are notified, and its work is gone", async () => {
  const clock = new VirtualClock();
  const content = memory();
  const ran: unknown[] = [];
  const next = fn("test/next", () => void ran.push("next"));
  const give = fn("test/give", (ctx) => ({
    handle: ctx.onComplete(ctx.sleep("14d"), next).handle(),
  }));
  const take = fn("test/take", (ctx, handle: FutureHandle<unknown>) => ctx.future(handle));
  const cancel = fn("test/cancel", (ctx, handle: FutureHandle<unknown>) =>
    ctx.cancel(ctx.future(handle)),
  );
  const engine = await embedded({ functions: [next, give, take, cancel], store: content, clock });
  const { client } = engine;
  const { handle } = await clock.until(client.call(give));
  const taken = client.call(take, handle).catch((error: unknown) => error);
  await clock.advance(1);
  expect(content.count().delayed).toBeGreaterThan(0);
  await clock.until(client.call(cancel, handle));
  expect(await clock.until(taken)).toMatchObject({ code: "CANCELLED" });
  expect(content.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
  expect(
    await clock.until(client.call(take, handle).catch((error: unknown) => error)),
  ).toMatchObject({ code: "CANCELLED" });
  expect(ran).toEqual([]);
  await clock.until(engine.close());
});
