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
  /** The number of messages, numbered from 0. */
  readonly messages?: number;
  readonly marks?: readonly CrashMark[];
  readonly slots?: HandlerSlots;
}

/** Starts a crash tracker over recovered messages, and a disk that takes marks on `commit()`. */
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
  const tracker = new CrashTracker({
    clock,
    crashLimit,
    storeInfo: { clean, crashMarks: marks, nextSeq: messages },
    commits,
    dispatcher: { wake: () => undefined },
    slots,
  });
  const poisoned = new Map<number, number>();
  for (let seq = 0; seq < messages; seq++) {
    const crashes = tracker.recover(seq);
    if (crashes !== undefined) poisoned.set(seq, crashes);
  }
  tracker.start();
  const commit = (): void => {
    const { batch } = commits;
    commits.batch = new WriteBatch(messages);
    for (const { seq, crashes } of batch.toStore(() => 0).crashMarks)
      if (crashes === 0) disk.delete(seq);
      else disk.set(seq, crashes);
    for (const onDurable of batch.afterCommit) onDurable();
  };
  const free: number[] = [];
  /** Requests the start of some messages. */
  const want = (...seqs: readonly number[]): void => {
    for (const seq of seqs) {
      if (tracker.mayStart(seq)) begin(seq);
      else {
        tracker.requestStart(seq, (hasSlot) => {
          if (hasSlot) slots.cancelReservation();
          free.push(seq);
        });
      }
    }
  };
  /** Starts the handlers that may start by now. */
  const begin = (...seqs: readonly number[]): readonly number[] => {
    const begun = [...seqs, ...free.splice(0)].filter((seq) => tracker.mayStart(seq));
    for (const seq of begun) tracker.handlerStarted(seq);
    return begun;
  };
  const crashed = () =>
    start({
      crashLimit,
      messages,
      marks: Array.from(disk, ([seq, crashes]) => ({ seq, crashes })),
    });
  return { clock, tracker, disk, commit, want, begin, poisoned, crashed, commits };
}

describe("after a clean stop", () => {
  test("every message may start, and no mark is written", async () => {
    const { tracker, clock, commits } = start({ clean: true });
    expect([0, 1, 2, 3, 4].map((seq) => tracker.mayStart(seq))).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    tracker.handlerStarted(0);
    tracker.handlerBlocked(0);
    expect(tracker.requestResume(0)).toBeUndefined();
    tracker.messageDone(0);
    await clock.advance(60_000);
    expect(commits.batch.isEmpty).toBe(true);
  });

  test("or without a limit, existing marks are removed", () => {
    const { tracker, disk, commit } = start({
      crashLimit: Number.POSITIVE_INFINITY,
      marks: [{ seq: 1, crashes: 2 }],
    });
    commit();
    expect([tracker.mayStart(1), disk.size]).toEqual([true, 0]);
  });
});

describe("after an unclean stop", () => {
  test("a recovered message waits until its mark is on disk; a later message may start", () => {
    const { tracker, want, begin, commit, disk } = start();
    expect(tracker.mayStart(4)).toBe(true);
    want(2);
    expect(begin()).toEqual([]);
    commit();
    expect(begin()).toEqual([2]);
    expect(disk.get(2)).toBe(1);
  });

  test("one commit marks many messages, each once, and none that is done", () => {
    const { tracker, want, begin, commit, disk, commits } = start({ messages: 1_000 });
    tracker.messageDone(3);
    want(500, 0, 1);
    expect(commits.batch.afterCommit).toHaveLength(1);
    commit();
    expect(begin().toSorted((one, other) => one - other)).toEqual([0, 1, 500]);
    // Message 500 and the first 64 unmarked ones, without the one that is done.
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
    // All others, in groups, and none twice.
    expect(commits.batch.afterCommit).toHaveLength(Math.ceil((999 - 64) / 64));
    commit();
    expect(disk.size).toBe(999);
  });

  test("a mark is removed when its message is done, or has run for five seconds", async () => {
    const { tracker, want, begin, commit, disk, clock } = start({ messages: 3 });
    want(0, 1, 2);
    commit();
    begin();
    expect(disk.size).toBe(3);
    tracker.messageDone(1);
    commit();
    expect([...disk.keys()]).toEqual([0, 2]);
    await clock.advance(4_999);
    commit();
    expect(disk.size).toBe(2);
    await clock.advance(1);
    commit();
    expect(disk.size).toBe(0);
  });

  test("a mark is removed while its handler is blocked, and is set again before the handler continues", async () => {
    const { tracker, want, begin, commit, disk } = start({ messages: 1 });
    want(0);
    commit();
    begin();
    tracker.handlerBlocked(0);
    commit();
    expect(disk.size).toBe(0);
    const order: string[] = [];
    const first = tracker.requestResume(0)?.then(() => order.push("first"));
    const second = tracker.requestResume(0)?.then(() => order.push("second"));
    await Promise.resolve();
    expect(order).toEqual([]);
    commit();
    // Its mark is durable now, but it must not overtake the gets that waited for that.
    const third = tracker.requestResume(0)?.then(() => order.push("third"));
    await Promise.all([first, second, third]);
    expect(order).toEqual(["first", "second", "third"]);
    expect(disk.get(0)).toBe(1);
    tracker.messageDone(0);
    commit();
    expect(disk.size).toBe(0);
  });
});

describe("messages on probation", () => {
  const marks = [
    { seq: 0, crashes: 2 },
    { seq: 1, crashes: 1 },
    { seq: 2, crashes: 1 },
  ];

  test("wait for a second, then take turns one by one, those with the fewest crashes first", async () => {
    const { tracker, want, begin, commit, disk, clock } = start({ marks });
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
      tracker.messageDone(seq);
    }
    commit();
    expect([...disk.keys()]).toEqual([3]);
  });

  test("end their turns when they block, and queue again before they continue", async () => {
    const { tracker, want, begin, commit, disk, clock } = start({ marks });
    want(1, 2);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([1]);
    tracker.handlerBlocked(1);
    commit();
    expect([begin(), disk.get(1)]).toEqual([[2], 1]);
    let isOn = false;
    const resumed = tracker.requestResume(1)?.then(() => (isOn = true));
    commit();
    await Promise.resolve();
    expect(isOn).toBe(false);
    tracker.messageDone(2);
    commit();
    await resumed;
    expect([isOn, disk.get(1)]).toEqual([true, 2]);
  });

  test("let the next one start after a second, but one that must run alone only when no other is running", async () => {
    const { tracker, want, begin, commit, clock } = start({ marks, crashLimit: 4 });
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
    tracker.messageDone(2);
    await clock.advance(3_999 - 1);
    commit();
    expect(begin()).toEqual([]);
    // Five seconds after the first one started.
    await clock.advance(2);
    commit();
    expect(begin()).toEqual([0]);
  });

  test("end their turns after five seconds and are no longer suspected", async () => {
    const { want, begin, commit, disk, clock } = start({ marks });
    want(0, 1);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([1]);
    await clock.advance(5_000);
    commit();
    expect([begin(), disk.get(1), disk.get(0)]).toEqual([[0], undefined, 3]);
  });

  test("lose a turn in which they cannot start, and keep their crash count", async () => {
    const { want, begin, commit, disk, clock, tracker } = start({ marks });
    want(1, 2);
    await clock.advance(1_000);
    commit();
    // The disk is slow, so no handler starts.
    await clock.advance(5_000);
    commit();
    expect([disk.get(1), disk.get(2), tracker.mayStart(1)]).toEqual([1, 2, false]);
    want(1);
    expect(begin()).toEqual([2]);
    tracker.messageDone(2);
    commit();
    expect(begin()).toEqual([1]);
  });

  test("without a slot are passed over for one that continues; the next slot is reserved for them while they are marked", async () => {
    const slots = new HandlerSlots(1);
    const { tracker, want, begin, commit, disk, clock } = start({ marks, slots });
    want(0);
    await clock.advance(1_000);
    expect(slots.isAnyFree).toBe(false);
    commit();
    expect(begin()).toEqual([0]);
    slots.acquire();
    tracker.handlerBlocked(0);
    // This one has fewer crashes, but it cannot start.
    want(1);
    let isOn = false;
    const resumed = tracker.requestResume(0)?.then(() => (isOn = true));
    commit();
    await resumed;
    expect([isOn, begin(), disk.get(1)]).toEqual([true, [], 1]);
    slots.release();
    tracker.slotFreed();
    tracker.messageDone(0);
    expect(slots.isAnyFree).toBe(false);
    commit();
    expect([begin(), slots.isAnyFree]).toEqual([[1], true]);
  });

  test("that need not start any more release their reserved slot", async () => {
    const slots = new HandlerSlots(1);
    const { tracker, want, begin, commit, clock } = start({ marks, slots });
    want(1, 2);
    await clock.advance(1_000);
    tracker.messageDone(1);
    commit();
    expect(begin()).toEqual([2]);
    tracker.messageDone(2);
    expect(slots.isAnyFree).toBe(true);
  });

  test("start as soon as a slot is free, in the order of their requests", async () => {
    const slots = new HandlerSlots(1);
    const { tracker, want, begin, commit, clock } = start({ marks, slots });
    slots.acquire();
    want(1, 2);
    await clock.advance(60_000);
    commit();
    expect([begin(), slots.isAnyFree]).toEqual([[], false]);
    slots.release();
    tracker.slotFreed();
    commit();
    expect(begin()).toEqual([1]);
    tracker.handlerBlocked(1);
    const resumed = tracker.requestResume(1);
    commit();
    expect(begin()).toEqual([2]);
    tracker.messageDone(2);
    commit();
    await resumed;
  });

  test("continue together, each get in order, even if their marks take longer than their turn", async () => {
    const { tracker, want, begin, commit, clock } = start({ marks });
    want(1);
    await clock.advance(1_000);
    commit();
    begin();
    tracker.handlerBlocked(1);
    const order: string[] = [];
    const first = tracker.requestResume(1)?.then(() => order.push("first"));
    // The disk is full.
    await clock.advance(5_000);
    const second = tracker.requestResume(1)?.then(() => order.push("second"));
    expect([first, second]).not.toContain(undefined);
    commit();
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
  });

  test("do not continue after the engine stops, though their marks become durable; no timer is left, and waiting gets are rejected", async () => {
    const { tracker, want, begin, commit, clock, commits } = start({ marks });
    want(1);
    await clock.advance(1_000);
    commit();
    begin();
    tracker.handlerBlocked(1);
    const resumed = tracker.requestResume(1);
    tracker.stop();
    commit();
    await clock.advance(60_000);
    expect(commits.batch.isEmpty).toBe(true);
    tracker.rejectResuming(new HandbackError("CLOSED", "the engine is closed"));
    await expect(resumed).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("get another turn if their marks reach the disk after their turn", async () => {
    const { want, begin, commit, clock } = start({ marks });
    want(1);
    await clock.advance(30_000);
    commit();
    expect(begin()).toEqual([1]);
  });

  test("leave the queue when they are canceled, and those behind them continue", async () => {
    const { tracker, want, begin, commit, clock, disk } = start({ marks });
    want(1, 2);
    tracker.messageDone(1);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([2]);
    tracker.messageDone(2);
    commit();
    expect([...disk.keys()]).toEqual([0]);
  });

  test("are given up at the crash limit, and never for a crash at which they did not run alone", () => {
    expect([...start({ crashLimit: 3, marks }).poisoned]).toEqual([]);
    expect([...start({ crashLimit: 2, marks }).poisoned]).toEqual([[0, 2]]);
    expect([...start({ crashLimit: 1, marks }).poisoned]).toEqual([[0, 2]]);
  });

  test("are all recovered messages if the limit is one", async () => {
    const { want, begin, commit, clock, crashed } = start({ crashLimit: 1, messages: 3 });
    want(2, 0);
    commit();
    expect(begin()).toEqual([]);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([2]);
    expect([...crashed().poisoned.keys()]).toEqual([2]);
  });

  test("do not include messages that are gone", () => {
    const { commit, disk, crashed } = start({
      messages: 1,
      marks: [...marks, { seq: 9, crashes: 2 }],
    });
    commit();
    expect([...disk]).toEqual([[0, 2]]);
    expect([...crashed().poisoned]).toEqual([]);
  });
});
