import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embedded, sqlite } from "handback";
import type { Embedded } from "handback";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { holding } from "../support/holding.ts";
import * as flows from "./rare-flows.ts";

const STORE = join(import.meta.dirname, "rare-v1.db");
const GO = 10;
const DAY_MS = 86_400_000;

describe("rare pending work of an earlier release", () => {
  const clock = new VirtualClock();
  const left: unknown[] = [];
  const warnings: string[] = [];
  let folder: string;
  let engine: Embedded;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "handback-golden-"));
    const file = join(folder, "rare.db");
    copyFileSync(STORE, file);
    engine = await embedded({
      functions: flows.functionsOf(false),
      store: holding(clock, sqlite(file)),
      clock,
      retention: "36500d",
      ageOut: "36500d",
      log: {
        debug: () => undefined,
        info: () => undefined,
        warn: (message: string) => void warnings.push(message),
        error: () => undefined,
      },
      egress: {
        [flows.EGRESS](value) {
          left.push(value);
          if (left.length === 1) throw new Error("the outside is still not there");
        },
      },
    });
  });
  afterAll(async () => {
    await clock.until(engine.close());
    rmSync(folder, { recursive: true, force: true });
  });

  const go = async (id: string, times = 1): Promise<void> => {
    for (let more = times; more > 0; more--) await clock.until(engine.client.signal(id, "go", GO));
  };
  const result = (id: string): Promise<unknown> => clock.until(engine.client.flow(id).result());
  const bill = (id: string): Promise<unknown> => clock.until(engine.meter.flow(id));
  const linesOf = async (id: string): Promise<readonly string[]> =>
    (await engine.client.readState(flows.log, id)).lines;

  test.each([
    ["kept", 1, [1, 11], 4],
    ["judged", 1, 11, 4],
    ["rounding", 2, 21, 7],
    ["splitting", 1, [22, 24], 10],
    ["unheard", 1, 10, 2],
    ["blocked", 1, 12, 3],
  ])("%s goes on", async (id, signals, expected, runs) => {
    await go(id, signals);
    expect(await result(id)).toEqual(expected);
    expect(await bill(id)).toMatchObject({ runs, beta: 1, final: true });
  });

  test("messages that waited for an event are sent, one of them after its delay", async () => {
    await go("later");
    expect(await result("later")).toBe(11);
    await clock.until(clock.work(60_000));
    expect(await linesOf("replies")).toEqual([`number ${GO + 1}`]);
    await expect(linesOf("delayed")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await clock.until(clock.work(3_600_000));
    expect(await linesOf("delayed")).toEqual([`number ${GO}`]);
    expect(await bill("later")).toMatchObject({ runs: 2, beta: 1, final: true });
  });

  test("an egress retry continues with a longer delay", async () => {
    await clock.until(clock.work(1_000));
    expect(left).toEqual([1, 1]);
    expect(warnings.filter((warning) => warning.includes(flows.EGRESS))).toEqual([
      expect.stringContaining("tried again in 200 ms"),
    ]);
  });

  test("a handler that failed under its retry policy is tried again", async () => {
    expect(await result("retried")).toBe(3);
    expect(await bill("retried")).toMatchObject({ runs: 2, final: true });
  });

  test("a fan-out that settles reports its branches", async () => {
    await go("reported", 2);
    expect(await result("reported")).toEqual({
      reason: "completed",
      branches: [
        { status: "fulfilled", value: 1 + GO },
        { status: "fulfilled", value: 2 + GO },
      ],
    });
  });

  test("a fan-out goes on from the pages of its window", async () => {
    await go("pages", 20);
    const doubled = Array.from({ length: 20 }, (_, n) => (n === 3 ? "no 3" : 2 * n));
    const added = Array.from({ length: 20 }, (_, at) => 20 + at + GO);
    expect(await result("pages")).toEqual({ reason: "completed", values: [...doubled, ...added] });
    expect(await bill("pages")).toMatchObject({ final: true });
  });

  test("an approval knows the vote, the delegation and the requester it had", async () => {
    const { client } = engine;
    const decided = (by: string) =>
      clock.until(client.call(flows.approve.decide, { by, decision: "approve" }, { id: "trip" }));
    expect(await decided("bob")).toMatchObject({ status: "refused", reason: "has delegated" });
    expect(await decided("eve")).toMatchObject({ status: "refused", reason: "is the requester" });
    expect(await decided("ada")).toMatchObject({ status: "same" });
    expect(await decided("cy")).toMatchObject({ status: "recorded", ballot: "approved" });
    expect(await result("approve")).toMatchObject({
      status: "approved",
      decisions: [{ by: "ada" }, { by: "cy", role: "finance" }],
      audit: [
        { action: "asked", by: "eve" },
        { action: "delegated", by: "bob", to: "cy" },
        { action: "approved", by: "ada" },
        { action: "approved", by: "cy" },
      ],
    });
    await clock.until(clock.work(1_000));
    expect(await linesOf("audit of trip")).toEqual([
      "asked eve",
      "delegated bob",
      "approved ada",
      "approved cy",
    ]);
  });

  test("an approval counts a vote that came before the request", async () => {
    const { client } = engine;
    await clock.until(client.start(flows.approve, "another", { id: "early", key: "early" }));
    const vote = { by: "bob", decision: "approve" } as const;
    expect(
      await clock.until(client.call(flows.approve.decide, vote, { id: "early" })),
    ).toMatchObject({ status: "recorded", ballot: "approved" });
    expect(await result("early")).toMatchObject({
      status: "approved",
      decisions: [{ by: "ada" }, { by: "bob", role: "finance" }],
    });
  });

  test("an aggregator knows the names and the newest event of every group", async () => {
    const added = (id: string, at: number) =>
      clock.until(engine.client.call(flows.batch, { id, at }, { id: "batch" }));
    for (const id of ["e1", "old", "e2", "e3", "e4", "e5"])
      expect(await added(id, 200)).toEqual({ status: "duplicate", count: 5 });
    expect(await added("older", 92)).toEqual({ status: "late", count: 5 });
    expect(await added("e6", 93)).toEqual({ status: "added", count: 0 });
    await clock.until(clock.work(1_000));
    expect((await linesOf("batch")).toSorted()).toEqual([
      "count: e1 e2 e3 e4 e5 e6",
      "late: old",
      "late: older",
    ]);
  });

  test("a monitor that rested until its deadline expires with what it saw last", async () => {
    expect(await result("resting")).toEqual({
      status: "expired",
      reason: "deadline",
      last: 1,
      checks: 1,
    });
  });

  test("a saga of a cancelled flow undoes its steps", async () => {
    await expect(result("cancelled-trip")).rejects.toMatchObject({ code: "CANCELLED" });
    await clock.until(clock.work(1_000));
    expect(await linesOf("saga")).toEqual(["undone 2"]);
  });

  test("values of every kind are unchanged", async () => {
    expect((await engine.client.readState(flows.kinds, "kinds")).all).toEqual(flows.everyKind());
  });

  test("a state moves to the new name of its function and is migrated", async () => {
    const { client } = engine;
    expect(await clock.until(client.call(flows.newBox.look, undefined, { id: "box" }))).toBe(
      "moved hat",
    );
  });

  test("each subscriber of a handle gets its value", async () => {
    const { custom } = await clock.until(engine.client.status("owner"));
    await clock.until(engine.client.settle((custom as { token: string }).token, 7));
    for (const id of ["owner", "subscriber-one", "subscriber-two"])
      expect(await result(id)).toBe(7);
    const settled = engine.client.call(flows.vault.settled, undefined, { id: "vault" });
    expect(await clock.until(settled)).toBe(2);
  });

  test("a decided join and a decided wait ignore later settlements", async () => {
    await go("decided", 3);
    expect(await result("decided")).toEqual({
      join: "rejected",
      wait: [1, 1],
      texts: [GO, "x".repeat(600)],
    });
    expect(await bill("decided")).toMatchObject({ runs: 5, final: true });
  });

  test("a handler that blocked sends nothing twice", async () => {
    expect(await linesOf("blocked")).toEqual(["sent 1"]);
  });

  test("ended flows are unchanged", async () => {
    const { client } = engine;
    expect(await result("done")).toBe(2);
    await expect(result("failed")).rejects.toThrow("no 1");
    await expect(
      clock.until(engine.client.restart("failed", { keys: "new" })),
    ).rejects.toMatchObject({
      code: "NOT_RESTARTABLE",
      details: { flow: "failed", status: "failed", reason: "inputNotKept" },
    });
    await expect(result("failed")).rejects.toThrow("no 1");
    await expect(result("cancelled")).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await clock.until(client.status("cancelled"))).toMatchObject({ status: "cancelled" });
    expect(await clock.until(client.status("unheard"))).toMatchObject({
      status: "completed",
      unhandled: [{ message: "no 1" }],
    });
    // The same start attaches, another one is a conflict.
    const again = client.start(flows.done, 1, { key: "done" });
    expect(await clock.until((await clock.until(again)).result())).toBe(2);
    await expect(clock.until(client.start(flows.done, 2, { key: "done" }))).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });

  test("dead letters are kept and can be redriven unless they have no input", async () => {
    const letters = engine.deadLetters();
    expect(letters.map(({ target }) => target.type).toSorted()).toEqual([
      "rare/log",
      "rare/refusing",
    ]);
    const messageOf = (type: string) =>
      engine.deadLetters().find(({ target }) => target.type === type)?.failure.message;
    const before = messageOf("rare/refusing");
    const redriven: Record<string, boolean> = {};
    for (const { id, target } of letters)
      redriven[target.type] = await clock.until(engine.redrive(id));
    expect(redriven).toEqual({ "rare/log": false, "rare/refusing": true });
    await clock.until(clock.work(1_000));
    // It failed again with the idempotency key of the first message.
    expect(before).toMatch(/^never [0-9a-f]{40}$/);
    expect(messageOf("rare/refusing")).toBe(before);
  });

  test("a delayed message is cancelled by its token, and an absent future expires", async () => {
    await clock.until(engine.client.call(flows.log.calm, undefined, { id: "reminded" }));
    const expired = engine.client.flow("expecting").result();
    await expect(clock.until(expired, 5 * DAY_MS)).rejects.toMatchObject({ code: "EXPIRED" });
    // The message was due on January 2, 2030, the future on January 3.
    expect(clock.now()).toBeGreaterThanOrEqual(Date.UTC(2030, 0, 3));
    await expect(engine.client.readState(flows.log, "reminded")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
});
