import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HandbackError } from "../../../src/core/errors/errors.ts";
import { WriteBatch } from "../../../src/engines/embedded/commit/write-batch.ts";
import { HandlerSlots } from "../../../src/engines/embedded/mailboxes/handler-slots.ts";
import type { CrashMark } from "../../../src/stores/store.ts";
import { CrashTracker } from "../../../src/engines/embedded/poison/crash-tracker.ts";
import {
  decodeSuspicion,
  encodeSuspicion,
} from "../../../src/engines/embedded/poison/suspicion.ts";
import type { Suspicion } from "../../../src/engines/embedded/poison/suspicion.ts";
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
  for (let seq = 0; seq < messages; seq++) tracker.recover(seq);
  tracker.start();
  const commit = (): void => {
    const { batch } = commits;
    commits.batch = new WriteBatch(messages);
    for (const { seq, crashes } of batch.toStore(
      () => 0,
      () => 0,
    ).crashMarks)
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
        const onMarked = (hasSlot: boolean): void => {
          if (hasSlot) slots.cancelReservation();
          free.push(seq);
        };
        tracker.requestStart(seq, onMarked, (crashes) => {
          poisoned.set(seq, crashes);
          tracker.messageDone(seq);
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
  /** Returns the evidence against a message on the disk. */
  const against = (seq: number): Suspicion => decodeSuspicion(disk.get(seq) ?? 0);
  return { clock, tracker, disk, commit, want, begin, poisoned, crashed, commits, against };
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

/** A message that was in a group when the process crashed. */
const SUSPECTED = { crashes: 0, holdMs: 0 };
const mark = (seq: number, crashes: number, holdMs = 0): CrashMark => ({
  seq,
  crashes: encodeSuspicion({ crashes, holdMs }),
});

describe("the evidence in a crash mark", () => {
  test("is read as it was written, rounded up to seconds, and marks of former releases hold back nothing", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(60), (crashes, seconds) => {
        const written = { crashes, holdMs: seconds * 1_000 };
        const encoded = encodeSuspicion(written);
        expect(decodeSuspicion(encoded)).toEqual(written);
        expect(Number.isSafeInteger(encoded) && encoded > 0).toBe(true);
        const less = { crashes, holdMs: Math.max(0, written.holdMs - 0.5) };
        expect(encodeSuspicion(less)).toBe(encoded);
      }),
    );
    expect(decodeSuspicion(1)).toEqual(SUSPECTED);
    expect(decodeSuspicion(3)).toEqual({ crashes: 2, holdMs: 0 });
  });
});

describe("messages on probation", () => {
  // The first one was in its turn when the process crashed.
  const marks = [mark(0, 1, 7_000), mark(1, 0), mark(2, 0)];

  test("wait for a second, then take turns one by one; one that crashed in its turn waits for longer", async () => {
    const { tracker, want, begin, commit, against, disk, clock } = start({ marks });
    want(0, 1, 2, 3);
    commit();
    expect(begin()).toEqual([3]);
    // If the process crashes now, the crashes have another cause.
    expect(against(0)).toEqual(SUSPECTED);
    await clock.advance(999);
    commit();
    expect(begin()).toEqual([]);
    await clock.advance(1);
    for (const seq of [1, 2]) {
      expect(begin()).toEqual([]);
      commit();
      expect([begin(), against(seq)]).toEqual([[seq], { crashes: 1, holdMs: 7_000 }]);
      // If the process crashes now, the cause is the one in its turn.
      expect(against(0)).toEqual({ crashes: 1, holdMs: 7_000 });
      tracker.messageDone(seq);
    }
    await clock.advance(5_999);
    commit();
    expect(begin()).toEqual([]);
    await clock.advance(1);
    commit();
    expect([begin(), against(0)]).toEqual([[0], { crashes: 2, holdMs: 19_000 }]);
    tracker.messageDone(0);
    commit();
    expect(disk.size).toBe(0);
  });

  test("end their turns when they block, and queue again before they continue", async () => {
    const { tracker, want, begin, commit, against, clock } = start({ marks });
    want(1, 2);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([1]);
    tracker.handlerBlocked(1);
    commit();
    expect([begin(), against(1)]).toEqual([[2], SUSPECTED]);
    let isOn = false;
    const resumed = tracker.requestResume(1)?.then(() => (isOn = true));
    commit();
    await Promise.resolve();
    expect(isOn).toBe(false);
    tracker.messageDone(2);
    commit();
    await resumed;
    expect([isOn, against(1).crashes]).toEqual([true, 1]);
  });

  test("let the next one start after a second, but one that must run alone only when no other is running", async () => {
    const { tracker, want, begin, commit, against, clock } = start({
      marks: [mark(0, 0, 1_000), mark(1, 0), mark(2, 0)],
    });
    want(1, 2, 0);
    await clock.advance(1_000);
    commit();
    expect([begin(), against(1).crashes]).toEqual([[1], 1]);
    await clock.advance(999);
    commit();
    expect(begin()).toEqual([]);
    await clock.advance(1);
    commit();
    expect(begin()).toEqual([2]);
    // Two are running, so a crash counts against neither. The next time each runs alone.
    for (const seq of [1, 2]) {
      expect(against(seq).crashes).toBe(0);
      expect(against(seq).holdMs).toBeGreaterThan(0);
    }
    tracker.messageDone(2);
    await clock.advance(3_999 - 1);
    commit();
    expect(begin()).toEqual([]);
    // Five seconds after the first one started.
    await clock.advance(2);
    commit();
    expect([begin(), against(0).crashes]).toEqual([[0], 1]);
  });

  test("end their turns after five seconds and are no longer suspected", async () => {
    const { want, begin, commit, disk, against, clock } = start({ marks });
    want(0, 1);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([1]);
    await clock.advance(6_000);
    commit();
    expect([begin(), disk.get(1), against(0).crashes]).toEqual([[0], undefined, 2]);
  });

  test("lose a turn in which they cannot start, and keep their crash count", async () => {
    const { want, begin, commit, against, clock, tracker } = start({ marks });
    want(1, 2);
    await clock.advance(1_000);
    commit();
    // The disk is slow, so no handler starts.
    await clock.advance(5_000);
    commit();
    expect([against(1).crashes, against(2).crashes, tracker.mayStart(1)]).toEqual([0, 1, false]);
    want(1);
    expect(begin()).toEqual([2]);
    tracker.messageDone(2);
    commit();
    expect(begin()).toEqual([1]);
  });

  test("without a slot are passed over for one that continues; the next slot is reserved for them while they are marked", async () => {
    const slots = new HandlerSlots(1);
    const { tracker, want, begin, commit, against, clock } = start({
      marks: [mark(0, 1), mark(1, 0)],
      slots,
    });
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
    expect([isOn, begin(), against(1)]).toEqual([true, [], SUSPECTED]);
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

  test("are given up at the crash limit, once the process has lived while they were held back", async () => {
    for (const [crashLimit, crashes, isPoison] of [
      [3, 2, false],
      [3, 3, true],
      [2, 2, true],
      // One crash alone may be a coincidence.
      [1, 1, false],
      [1, 2, true],
    ] as const) {
      const marks = [mark(0, crashes, 43_000)];
      const { want, commit, clock, poisoned, against } = start({ crashLimit, marks, messages: 1 });
      want(0);
      commit();
      await clock.advance(42_999);
      expect([poisoned.size, against(0)]).toEqual([0, SUSPECTED]);
      await clock.advance(1);
      expect([...poisoned]).toEqual(isPoison ? [[0, crashes]] : []);
    }
  });

  test("are given up only if they are not canceled in the same moment", async () => {
    const { want, commit, clock, poisoned, tracker } = start({ marks: [mark(0, 3)], messages: 1 });
    want(0);
    commit();
    clock.setTimer(1_000, () => tracker.messageDone(0));
    await clock.advance(60_000);
    expect(poisoned.size).toBe(0);
  });

  test("start afresh if the process crashes while they are held back", async () => {
    const { want, commit, clock, crashed } = start({ marks: [mark(0, 2, 19_000)] });
    want(0);
    commit();
    await clock.advance(18_000);
    commit();
    expect(crashed().against(0)).toEqual(SUSPECTED);
  });

  test("are all recovered messages if the limit is one", async () => {
    const { want, begin, commit, clock, crashed } = start({ crashLimit: 1, messages: 3 });
    want(2, 0);
    commit();
    expect(begin()).toEqual([]);
    await clock.advance(1_000);
    commit();
    expect(begin()).toEqual([2]);
    expect(crashed().against(2)).toEqual({ crashes: 1, holdMs: 7_000 });
  });

  test("do not include messages that are gone", () => {
    const { commit, disk } = start({ messages: 1, marks: [...marks, mark(9, 2, 19_000)] });
    commit();
    expect([...disk.keys()]).toEqual([0]);
  });
});
