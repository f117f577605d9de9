import { describe, expect, test } from "vitest";
import { HandbackError } from "../../../src/core/errors/errors.ts";
import { WriteBatch } from "../../../src/engines/embedded/commit/write-batch.ts";
import { HandlerSlots } from "../../../src/engines/embedded/mailboxes/handler-slots.ts";
import type { CrashMark } from "../../../src/stores/store.ts";
import { CrashTracker } from "../../../src/engines/embedded/poison/crash-tracker.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

interface Start {
  readonly clean?: boolean;
  readonly crashLimit?: number;
  /** How many messages there are, numbered from 0. */
  readonly messages?: number;
  readonly marks?: readonly CrashMark[];
  readonly slots?: HandlerSlots;
}

/** Suspects of a process that has just started, and a disk that takes marks when it is told to. */
function start({
  clean = false,
  crashLimit = 3,
  messages = 4,
  marks = [],
  slots = new HandlerSlots(64),
}: Start = {}) {
  const clock = new VirtualClock();
  const disk = new Map(marks.map(({ seq, crashes }) => [seq, crashes]));
  const commits = { batch: new WriteBatch(messages) };
  const suspects = new CrashTracker({
    clock,
    crashLimit,
    storeInfo: { clean, crashMarks: marks, nextSeq: messages },
    commits,
    dispatcher: { wake: () => undefined },
    slots,
  });
  const poisoned = new Map<number, number>();
  for (let seq = 0; seq < messages; seq++) {
    const crashes = suspects.recover(seq);
    if (crashes !== undefined) poisoned.set(seq, crashes);
  }
  suspects.start();
  const commit = (): void => {
    const { batch } = commits;
    commits.batch = new WriteBatch(messages);
    for (const { seq, crashes } of batch.toStore(() => 0).crashMarks)
      if (crashes === 0) disk.delete(seq);
      else disk.set(seq, crashes);
    for (const onDurable of batch.afterCommit) onDurable();
  };
  const free: number[] = [];
  /** Wants the handlers of some messages to begin. */
  const want = (...seqs: readonly number[]): void => {
    for (const seq of seqs) {
      if (suspects.mayStart(seq)) begin(seq);
      else {
        suspects.requestStart(seq, (hasSlot) => {
          if (hasSlot) slots.cancelReservation();
          free.push(seq);
        });
      }
    }
  };
  /** Begins the handlers that may begin by now. */
  const begin = (...seqs: readonly number[]): readonly number[] => {
    const begun = [...seqs, ...free.splice(0)].filter((seq) => suspects.mayStart(seq));
    for (const seq of begun) suspects.handlerStarted(seq);
    return begun;
  };
  const crashed = () =>
    start({
      crashLimit,
      messages,
      marks: Array.from(disk, ([seq, crashes]) => ({ seq, crashes })),
    });
  return { clock, suspects, disk, commit, want, begin, poisoned, crashed, commits };
}

describe("after a stop that was clean", () => {
  test("every message is free, and nothing is ever written", async () => {
    const { suspects, clock, commits } = start({ clean: true });
    expect([0, 1, 2, 3, 4].map((seq) => suspects.mayStart(seq))).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    suspects.handlerStarted(0);
    suspects.handlerBlocked(0);
    expect(suspects.requestResume(0)).toBeUndefined();
    suspects.messageDone(0);
    await clock.advance(60_000);
    expect(commits.batch.isEmpty).toBe(true);
  });

  test("or without a limit, marks that are there go", () => {
    const { suspects, disk, commit } = start({
      crashLimit: Number.POSITIVE_INFINITY,
      marks: [{ seq: 1, crashes: 2 }],
    });
    commit();
    expect([suspects.mayStart(1), disk.size]).toEqual([true, 0]);
  });
});

describe("after a stop that was not", () => {
  test("what was recovered waits until its mark is on disk; what came later is free", () => {
    const { suspects, want, begin, commit, disk } = start();
    expect(suspects.mayStart(4)).toBe(true);
    want(2);
    expect(begin()).toEqual([]);
    commit();
    expect(begin()).toEqual([2]);
    expect(disk.get(2)).toBe(1);
  });

  test("one commit marks many, each of them once, and none that is done with", () => {
    const { suspects, want, begin, commit, disk, commits } = start({ messages: 1_000 });
    suspects.messageDone(3);
    want(500, 0, 1);
    expect(commits.batch.afterCommit).toHaveLength(1);
    commit();
    expect(begin().toSorted((one, other) => one - other)).toEqual([0, 1, 500]);
    // Message 500, and the first 64 that it came before, less one that is gone.
    expect([disk.size, disk.has(3), disk.has(63), disk.has(64), disk.has(500)]).toEqual([
      64,
      false,
      true,
      false,
      true,
    ]);
    want(63);
    expect(commits.batch.isEmpty).toBe(true);
    for (let seq = 64; seq < 1_000; seq++) want(seq);
    // All that is left, in groups, and none twice.
    expect(commits.batch.afterCommit).toHaveLength(Math.ceil((999 - 64) / 64));
    commit();
    expect(disk.size).toBe(999);
  });

  test("a mark goes when its message is done with, or has been at work for five seconds", async () => {
    const { suspects, want, begin, commit, disk, clock } = start({ messages: 3 });
    want(0, 1, 2);
    commit();
    begin();
    expect(disk.size).toBe(3);
    suspects.messageDone(1);
    commit();
    expect([...disk.keys()]).toEqual([0, 2]);
    await clock.advance(4_999);
    commit();
    expect(disk.size).toBe(2);
    await clock.advance(1);
    commit();
    expect(disk.size).toBe(0);
  });

  test("a mark goes while its handler is blocked, and is there again before that goes on", async () => {
    const { suspects, want, begin, commit, disk } = start({ messages: 1 });
    want(0);
    commit();
    begin();
    suspects.handlerBlocked(0);
    commit();
    expect(disk.size).toBe(0);
    const order: string[] = [];
    const first = suspects.requestResume(0)?.then(() => order.push("first"));
    const second = suspects.requestResume(0)?.then(() => order.push("second"));
    await Promise.resolve();
    expect(order).toEqual([]);
    commit();
    // It is marked by now, but must not overtake those who waited for that.
    const third = suspects.requestResume(0)?.then(() => order.push("third"));
    await Promise.all([first, second, third]);
    expect(order).toEqual(["first", "second", "third"]);
    expect(disk.get(0)).toBe(1);
    suspects.messageDone(0);
    commit();
    expect(disk.size).toBe(0);
  });
});

describe("suspects", () => {
  const marks = [
    { seq: 0, crashes: 2 },
    { seq: 1, crashes: 1 },
    { seq: 2, crashes: 1 },
  ];

  test("wait for a second, then have their turns one by one, those with the least against them first", async () => {
    const { suspects, want, begin, commit, disk, clock } = start({ marks });
    want(0, 1, 2, 3);
    commit();
    expect(begin()).toEqual([3]);
    await clock.advance(999);
    commit();
    expect(begin()).toEqual([]);
    await clock.advance(1);
    for (const [seq, crashes] of [
      [1, 2],
      [2, 2],
      [0, 3],
    ] as const) {
      expect(begin()).toEqual([]);
      commit();
      expect([begin(), disk.get(seq)]).toEqual([[seq], crashes]);
      suspects.messageDone(seq);
    }
    commit();
    expect([...disk.keys()]).toEqual([3]);
  });

  test("end their turns when they block, and take their place in line again before they go on", async () => {
    const { suspects, want, begin, commit, disk, clock } = start({ marks });
    want(1, 2);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([1]);
    suspects.handlerBlocked(1);
    commit();
    expect([begin(), disk.get(1)]).toEqual([[2], 1]);
    let isOn = false;
    const resumed = suspects.requestResume(1)?.then(() => (isOn = true));
    commit();
    await Promise.resolve();
    expect(isOn).toBe(false);
    suspects.messageDone(2);
    commit();
    await resumed;
    expect([isOn, disk.get(1)]).toEqual([true, 2]);
  });

  test("let the next one begin after a second, but one that has to be alone only when none is at work any more", async () => {
    const { suspects, want, begin, commit, clock } = start({ marks, crashLimit: 4 });
    want(0, 1, 2);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([1]);
    await clock.advance(999);
    commit();
    expect(begin()).toEqual([]);
    await clock.advance(1);
    commit();
    expect(begin()).toEqual([2]);
    suspects.messageDone(2);
    await clock.advance(3_999 - 1);
    commit();
    expect(begin()).toEqual([]);
    // Five seconds after the first one began.
    await clock.advance(2);
    commit();
    expect(begin()).toEqual([0]);
  });

  test("end their turns after five seconds, innocent", async () => {
    const { want, begin, commit, disk, clock } = start({ marks });
    want(0, 1);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([1]);
    await clock.advance(5_000);
    commit();
    expect([begin(), disk.get(1), disk.get(0)]).toEqual([[0], undefined, 3]);
  });

  test("that cannot begin in their turn lose it, and what was held against them stays as it was", async () => {
    const { want, begin, commit, disk, clock, suspects } = start({ marks });
    want(1, 2);
    await clock.advance(1_000);
    commit();
    // The disk lags behind: nothing begins.
    await clock.advance(5_000);
    commit();
    expect([disk.get(1), disk.get(2), suspects.mayStart(1)]).toEqual([1, 2, false]);
    want(1);
    expect(begin()).toEqual([2]);
    suspects.messageDone(2);
    commit();
    expect(begin()).toEqual([1]);
  });

  test("that have no slot are passed by for one that goes on; the next slot is theirs, and kept while they are marked", async () => {
    const slots = new HandlerSlots(1);
    const { suspects, want, begin, commit, disk, clock } = start({ marks, slots });
    want(0);
    await clock.advance(1_000);
    expect(slots.isAnyFree).toBe(false);
    commit();
    expect(begin()).toEqual([0]);
    slots.acquire();
    suspects.handlerBlocked(0);
    // There is less against this one, but it cannot begin.
    want(1);
    let isOn = false;
    const resumed = suspects.requestResume(0)?.then(() => (isOn = true));
    commit();
    await resumed;
    expect([isOn, begin(), disk.get(1)]).toEqual([true, [], 1]);
    slots.release();
    suspects.slotFreed();
    suspects.messageDone(0);
    expect(slots.isAnyFree).toBe(false);
    commit();
    expect([begin(), slots.isAnyFree]).toEqual([[1], true]);
  });

  test("that need not begin any more leave the slot that was kept to others", async () => {
    const slots = new HandlerSlots(1);
    const { suspects, want, begin, commit, clock } = start({ marks, slots });
    want(1, 2);
    await clock.advance(1_000);
    suspects.messageDone(1);
    commit();
    expect(begin()).toEqual([2]);
    suspects.messageDone(2);
    expect(slots.isAnyFree).toBe(true);
  });

  test("begin as soon as there is a slot, and have their turns in the order in which they came", async () => {
    const slots = new HandlerSlots(1);
    const { suspects, want, begin, commit, clock } = start({ marks, slots });
    slots.acquire();
    want(1, 2);
    await clock.advance(60_000);
    commit();
    expect([begin(), slots.isAnyFree]).toEqual([[], false]);
    slots.release();
    suspects.slotFreed();
    commit();
    expect(begin()).toEqual([1]);
    suspects.handlerBlocked(1);
    const resumed = suspects.requestResume(1);
    commit();
    expect(begin()).toEqual([2]);
    suspects.messageDone(2);
    commit();
    await resumed;
  });

  test("whose marks take longer than their turn go on together all the same, each get in its order", async () => {
    const { suspects, want, begin, commit, clock } = start({ marks });
    want(1);
    await clock.advance(1_000);
    commit();
    begin();
    suspects.handlerBlocked(1);
    const order: string[] = [];
    const first = suspects.requestResume(1)?.then(() => order.push("first"));
    // The disk is full.
    await clock.advance(5_000);
    const second = suspects.requestResume(1)?.then(() => order.push("second"));
    expect([first, second]).not.toContain(undefined);
    commit();
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
  });

  test("do not go on when the engine stops, though their marks become durable; nothing is timed any more, and who waits is told", async () => {
    const { suspects, want, begin, commit, clock, commits } = start({ marks });
    want(1);
    await clock.advance(1_000);
    commit();
    begin();
    suspects.handlerBlocked(1);
    const resumed = suspects.requestResume(1);
    suspects.stop();
    commit();
    await clock.advance(60_000);
    expect(commits.batch.isEmpty).toBe(true);
    suspects.rejectResuming(new HandbackError("CLOSED", "the engine is closed"));
    await expect(resumed).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("whose marks take longer than their turn to reach the disk have another one", async () => {
    const { want, begin, commit, clock } = start({ marks });
    want(1);
    await clock.advance(30_000);
    commit();
    expect(begin()).toEqual([1]);
  });

  test("that are withdrawn leave the line, and whoever waits behind them goes on", async () => {
    const { suspects, want, begin, commit, clock, disk } = start({ marks });
    want(1, 2);
    suspects.messageDone(1);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([2]);
    suspects.messageDone(2);
    commit();
    expect([...disk.keys()]).toEqual([0]);
  });

  test("are given up for as many crashes as the limit says, and never for one at which they were not alone", () => {
    expect([...start({ crashLimit: 3, marks }).poisoned]).toEqual([]);
    expect([...start({ crashLimit: 2, marks }).poisoned]).toEqual([[0, 2]]);
    expect([...start({ crashLimit: 1, marks }).poisoned]).toEqual([[0, 2]]);
  });

  test("are all that was recovered, if the limit is one", async () => {
    const { want, begin, commit, clock, crashed } = start({ crashLimit: 1, messages: 3 });
    want(2, 0);
    commit();
    expect(begin()).toEqual([]);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([2]);
    expect([...crashed().poisoned.keys()]).toEqual([2]);
  });

  test("are not those that are not there any more", () => {
    const { commit, disk, crashed } = start({
      messages: 1,
      marks: [...marks, { seq: 9, crashes: 2 }],
    });
    commit();
    expect([...disk]).toEqual([[0, 2]]);
    expect([...crashed().poisoned]).toEqual([]);
  });
});
