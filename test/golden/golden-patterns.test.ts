import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embedded, sqlite } from "handback";
import type { Embedded } from "handback";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { holding } from "../support/holding.ts";
import * as flows from "./pattern-flows.ts";

const STORE = join(import.meta.dirname, "patterns-v1.db");
const GO = 10;
/** Parked time of each waiting handler: from the writing of the store to the start of the clock. */
const PARKED_MS = VirtualClock.startAt - Date.UTC(2026, 0, 1);

describe("work that an earlier release parked in every pattern", () => {
  const clock = new VirtualClock();
  const approve = flows.approvalNamed("escalation");
  let folder: string;
  let engine: Embedded;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "handback-golden-"));
    const file = join(folder, "patterns.db");
    copyFileSync(STORE, file);
    const others = flows
      .functionsOf("escalation", false)
      .filter(({ type }) => type !== approve.type);
    const functions = [...others, approve];
    engine = await embedded({
      functions,
      store: holding(clock, sqlite(file)),
      clock,
      ageOut: "36500d",
    });
  });
  afterAll(async () => {
    await clock.until(engine.close());
    rmSync(folder, { recursive: true, force: true });
  });

  const go = async (id: string, times = 1): Promise<void> => {
    for (let left = times; left > 0; left--) await clock.until(engine.client.signal(id, "go", GO));
  };
  const result = (id: string): Promise<unknown> => clock.until(engine.client.flow(id).result());
  const bill = (id: string): Promise<unknown> => clock.until(engine.meter.flow(id));

  test.each([
    ["steps", 1, 24, 6, 2],
    ["modes", 3, 49, 13, 2],
    ["tapped", 1, 2, 6, 2],
    ["chosen", 1, 22, 6, 2],
    ["spread", 3, 36, 8, 4],
    ["window", 4, [11, 12, 13, 14, 15], 26, 7],
    ["enough", 2, "enough", 19, 8],
    ["nested", 2, 22, 9, 6],
    ["trip-saga", 1, 13, 6, 3],
    ["limited", 1, 11, 4, 2],
    ["blocked", 1, 12, 3, 1],
    ["spilled", 1, 27_031, 5, 1],
    ["aliased", 1, 11, 2, 1],
  ])("%s goes on", async (id, signals, expected, runs, handlers) => {
    await go(id, signals);
    expect(await result(id)).toEqual(expected);
    const parkedMs = handlers * PARKED_MS;
    expect(await bill(id)).toMatchObject({ runs, parkedMs, billedMs: 0, beta: 1, final: true });
  });

  test.each([
    ["attempts", 2, 10],
    ["rounds", 8, 9],
    ["buffered", 6, 3],
    ["watch", { status: "done", value: 3, checks: 3 }, 7],
  ])("%s goes on when its timer is due", async (id, expected, runs) => {
    expect(await result(id)).toEqual(expected);
    expect(await bill(id)).toMatchObject({ runs, beta: 1, final: true });
  });

  test("a wait with a tick goes on", async () => {
    await go("waits");
    const { ready, pending } = (await result("waits")) as { ready: unknown; pending: unknown[] };
    expect(ready).toEqual([
      { index: 0, status: "fulfilled", value: 2 },
      { index: 1, status: "fulfilled", value: GO },
    ]);
    expect(pending).toEqual([{ index: 2, handle: expect.anything() as unknown }]);
  });

  test("futures of every kind settle", async () => {
    const { custom } = await clock.until(engine.client.status("futures"));
    const recalled = engine.client.call(flows.notes.recall, undefined, { id: "notes" });
    await clock.until(engine.client.settle((custom as { token: string }).token, 7));
    await go("futures", 3);
    expect(await clock.until(recalled)).toBe(7);
    expect(await result("futures")).toMatchObject({
      race: GO,
      any: GO,
      timeout: GO,
      settled: [{ status: "rejected" }, { status: "fulfilled", value: 7 }],
      tree: Array.from({ length: 40 }, (_, at) => (at === 33 ? 7 : 2 * at)),
      large: 8,
      opening: [600, 7, 7],
      text: ["x".repeat(600), 8],
    });
  });

  test("an approval counts the vote it had", async () => {
    const { client } = engine;
    await clock.until(
      client.call(approve.decide, { by: "bob", decision: "approve" }, { id: "trip" }),
    );
    expect(await result("approve")).toMatchObject({
      status: "approved",
      decisions: [{ by: "ada" }, { by: "bob" }],
    });
    // The early vote was kept for 7 days, which have passed.
    await clock.until(client.start(approve, "another", { id: "early", key: "early" }));
    for (const by of ["ada", "bob"])
      expect(
        await clock.until(
          client.call(approve.decide, { by, decision: "approve" }, { id: "early" }),
        ),
      ).toMatchObject({ status: "recorded" });
    expect(await result("early")).toMatchObject({ status: "approved" });
  });

  test("an aggregator knows the events it has seen", async () => {
    const { client } = engine;
    const added = (id: string) => clock.until(client.call(flows.batch, { id }, { id: "batch" }));
    expect(await added("e2")).toMatchObject({ status: "duplicate" });
    await added("e3");
    await clock.until(clock.work(1_000));
    const { lines } = await client.readState(flows.notes, "batch");
    expect(lines).toEqual(["count: e1 e2 e3"]);
  });

  test("a saga that was undoing its steps undoes them", async () => {
    await go("undoing");
    await expect(result("undoing")).rejects.toMatchObject({ code: "STEP_FAILED" });
    await clock.until(clock.work(1_000));
    expect((await engine.client.readState(flows.notes, "saga")).lines).toEqual([
      `undo 2 with ${GO}`,
    ]);
  });

  test("a delayed message that was due has been delivered", async () => {
    expect(await engine.client.readState(flows.notes, "reminded")).toMatchObject({
      lines: ["later"],
    });
  });

  test("calls that had not begun run, with and without a key", async () => {
    expect(await result("quick-69")).toBe(169);
    expect(engine.meter.function("golden/quick").runs).toBe(76);
    expect(engine.deadLetters()).toMatchObject([{ target: { type: "golden/failing" } }]);
    const bill = await clock.until(engine.meter.flow("quick-69"));
    expect(bill).toMatchObject({ runs: 1, beta: 1, final: true });
  });
});
