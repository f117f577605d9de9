import fc from "fast-check";
import { memory } from "handback";
import { describe, expect, test } from "vitest";
import { ArrivalTimes } from "../../../src/engines/embedded/commit/arrival-times.ts";
import { CommitMeter } from "../../../src/engines/embedded/commit/commit-meter.ts";
import { GroupCommit } from "../../../src/engines/embedded/commit/group-commit.ts";
import { MessageIndex } from "../../../src/engines/embedded/commit/message-index.ts";
import { StoreOutage } from "../../../src/engines/embedded/commit/store-outage.ts";
import { watchKey } from "../../../src/stores/store.ts";
import type { StoredMessage, Batch, Store, ScopeWatch } from "../../../src/stores/store.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { noRoom } from "../../durability/support/fillable-store.ts";
import { CommitGate, HeldStore } from "../../durability/support/held-store.ts";
import type { Visible } from "../../durability/support/held-store.ts";
import { envelope, watching } from "../../stores/support/batches.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Lets all work run that takes no time. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

interface Setting {
  readonly queuesFrom?: number | undefined;
  readonly visible?: Visible;
}

/** Sets up group commit over a store whose gate is shut. */
async function shut({ queuesFrom, visible }: Setting = {}) {
  const clock = new VirtualClock();
  const content = memory();
  const gate = new CommitGate();
  const held = new HeldStore(content, gate.hold, visible, true);
  const asked: Batch[] = [];
  const blocking: (boolean | undefined)[] = [];
  const read = { rows: 0 };
  const count = <Row>(rows: readonly Row[]): readonly Row[] => {
    read.rows += rows.length;
    return rows;
  };
  const store: Pick<
    Store,
    "commit" | "queuesFrom" | "readScope" | "readWatches" | "readDeadLetter"
  > = {
    queuesFrom,
    commit: (batch, mayBlock) => (asked.push(batch), blocking.push(mayBlock), held.commit(batch)),
    readScope: (prefix, limit) => count(content.readScope(prefix, limit)),
    readWatches: (prefix, limit) => count(content.readWatches(prefix, limit)),
    readDeadLetter: (id) => content.readDeadLetter(id),
  };
  const done: StoredMessage[][] = [];
  const failures: unknown[] = [];
  const expected = { isMore: false };
  const commits = new GroupCommit({
    store,
    storeInfo: await content.open(),
    outage: new StoreOutage({ clock, log: quiet }),
    messages: new MessageIndex(),
    commitMeter: new CommitMeter(clock),
    arrivals: new ArrivalTimes(clock.monotonicNs()),
  });
  commits.connect({
    get expectsMore() {
      return expected.isMore;
    },
    committed: (batch) => void done.push([...batch.accepted]),
    commitFailed: (error) => void failures.push(error),
    outage: () => undefined,
    outageOver: () => undefined,
  });
  gate.shut();
  const add = (scope?: string, dueAt?: number): StoredMessage => {
    const sent = { ...envelope(commits.batch.nextSeq), ...(scope !== undefined && { scope }) };
    return commits.accept(sent, dueAt === undefined ? undefined : { dueAt });
  };
  const addMany = (count: number): void => {
    for (let left = count; left > 0; left--) add();
  };
  return {
    commits,
    content,
    gate,
    clock,
    asked,
    blocking,
    read,
    done,
    failures,
    expected,
    add,
    addMany,
  };
}

describe("commits to a store that queues", () => {
  test("queue one batch ahead of its turn, and no more, when it has enough messages", async () => {
    const { commits, asked, addMany } = await shut({ queuesFrom: 3 });
    addMany(1);
    commits.begin();
    addMany(2);
    commits.begin();
    expect(asked).toHaveLength(1);
    addMany(1);
    commits.begin();
    expect(asked).toHaveLength(2);
    addMany(100);
    commits.begin();
    expect(asked).toHaveLength(2);
  });

  test("wait for messages about to arrive, unless the batch is already large", async () => {
    const { commits, asked, expected, addMany } = await shut({ queuesFrom: 3 });
    addMany(1);
    commits.begin();
    expected.isMore = true;
    addMany(100);
    commits.begin();
    expect(asked).toHaveLength(1);
    addMany(1_000);
    commits.begin();
    expect(asked).toHaveLength(2);
  });

  test("never wait for more messages while the store is idle", async () => {
    const { commits, asked, expected, addMany } = await shut({ queuesFrom: 3 });
    expected.isMore = true;
    addMany(1);
    commits.begin();
    expect(asked).toHaveLength(1);
  });

  test("may block the event loop only when no more messages are about to arrive", async () => {
    const { commits, gate, expected, blocking, addMany } = await shut();
    gate.open();
    for (const isGathering of [false, true, false]) {
      expected.isMore = isGathering;
      addMany(1);
      commits.begin();
      await commits.finish();
    }
    expect(blocking).toEqual([true, false, true]);
  });

  test("that find the disk full are tried again in order, and later messages follow them", async () => {
    const { commits, content, gate, clock, asked, done, failures, addMany } = await shut({
      queuesFrom: 1,
    });
    for (let count = 1; count <= 2; count++) {
      addMany(count);
      commits.begin();
    }
    addMany(3);
    await settled();
    gate.failOne(noRoom());
    await settled();
    commits.begin();
    expect(content.count().messages).toBe(0);
    gate.open();
    await clock.advance(60_000);
    expect(asked.map(({ inserted }) => inserted.length)).toEqual([1, 2, 1, 2, 3]);
    expect(done.map(({ length }) => length)).toEqual([1, 2, 3]);
    expect(content.readMessages(0, 10).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(failures).toEqual([]);
  });

  test("are tried once more when waiting for disk space ends, and so is the one behind", async () => {
    const { commits, content, gate, done, failures, addMany } = await shut({ queuesFrom: 1 });
    for (let count = 1; count <= 2; count++) {
      addMany(count);
      commits.begin();
    }
    await settled();
    gate.failOne(noRoom());
    await settled();
    gate.open();
    await commits.finish();
    expect(done.map(({ length }) => length)).toEqual([1, 2]);
    expect(content.count().messages).toBe(3);
    expect(failures).toEqual([]);
  });

  test("end with the first failure: the one behind it does not happen", async () => {
    const { commits, content, gate, done, failures, addMany } = await shut({ queuesFrom: 1 });
    addMany(1);
    commits.begin();
    addMany(1);
    commits.begin();
    await settled();
    gate.failOne(new Error("the disk is gone"));
    gate.open();
    await commits.finish();
    expect(done).toEqual([]);
    expect(content.count().messages).toBe(0);
    expect(failures[0]).toEqual(new Error("the disk is gone"));
  });
});

describe("whether a scope has work left", () => {
  const SCOPE = "00000a0000000001/1";
  const MANY = 500;

  /** Stores many timers or watches of one scope. Returns a removal for each. */
  async function storeMany(what: "timers" | "watches") {
    const { commits, gate, read, add } = await shut();
    gate.open();
    const removals = Array.from({ length: MANY }, (_, token) => {
      if (what === "timers") {
        const timer = add(SCOPE, 5);
        return () => commits.remove(timer);
      }
      const watch = watching(SCOPE, `${token}`);
      commits.batch.watch(watch);
      return () => commits.batch.unwatch(watch);
    });
    commits.begin();
    await commits.finish();
    return { commits, read, removals };
  }

  test.each(["timers", "watches"] as const)(
    "is found out from a few stored %s, however many there are",
    async (what) => {
      const { commits, read, removals } = await storeMany(what);
      for (const remove of removals.slice(0, 10)) {
        remove();
        read.rows = 0;
        expect(commits.hasWorkInScope(SCOPE)).toBe(true);
        expect(read.rows).toBeGreaterThan(0);
        expect(read.rows).toBeLessThan(MANY / 2);
      }
    },
  );

  test.each(["timers", "watches"] as const)(
    "is exact where a batch removes the first page of stored %s, and then all",
    async (what) => {
      const { commits, removals } = await storeMany(what);
      const removeLast = removals.pop();
      for (const remove of removals) {
        remove();
        expect(commits.hasWorkInScope(SCOPE)).toBe(true);
      }
      removeLast?.();
      expect(commits.hasWorkInScope(SCOPE)).toBe(false);
    },
  );
});

const FLOW = "00000a0000000001";
const SCOPES = [FLOW, `${FLOW}/1`, "~0000000000000001", undefined];
const PREFIXES = ["", FLOW, `${FLOW}/`, "~"];

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("accept"),
      scope: fc.constantFrom(...SCOPES),
      dueAt: fc.constantFrom(undefined, 5),
    } as const),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove"), which: fc.nat(20) } as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("watch", "unwatch"),
      scope: fc.constantFrom(FLOW, "~1"),
      token: fc.constantFrom("s", "t"),
    } as const),
  },
  { weight: 3, arbitrary: fc.constant({ do: "begin" } as const) },
  { weight: 3, arbitrary: fc.constant({ do: "land" } as const) },
);

test("lookups of messages and watches do not depend on the progress of commits", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 50 }),
      fc.constantFrom<Visible>("at once", "when it resolves"),
      fc.constantFrom(1, undefined),
      async (steps, visible, queuesFrom) => {
        const { commits, gate, add } = await shut({ queuesFrom, visible });
        const live = new Map<number, StoredMessage>();
        const watches = new Map<string, ScopeWatch>();
        for (const each of steps) {
          if (each.do === "accept") {
            const accepted = add(each.scope, each.dueAt);
            live.set(accepted.seq, accepted);
          } else if (each.do === "remove") {
            const removed = [...live.values()][each.which % Math.max(1, live.size)];
            if (removed === undefined) continue;
            live.delete(removed.seq);
            commits.remove(removed);
            expect(commits.changes(removed.seq)).toBe(commits.removes(removed.seq));
          } else if (each.do === "begin") commits.begin();
          else if (each.do === "land") {
            gate.passOne();
            await settled();
          } else {
            const watch = watching(each.scope, each.token);
            if (each.do === "watch") {
              watches.set(watchKey(watch), watch);
              commits.batch.watch(watch);
            } else {
              watches.delete(watchKey(watch));
              commits.batch.unwatch(watch);
            }
          }
          expect(commits.deliverableCount).toBe(
            [...live.values()].filter(({ dueAt }) => dueAt === undefined).length,
          );
          for (const prefix of PREFIXES) {
            const begins = (scope: string | undefined): boolean =>
              scope?.startsWith(prefix) === true;
            expect(commits.messagesInScope(prefix)).toEqual(
              [...live.values()].filter(({ envelope: { scope } }) => begins(scope)),
            );
            const named = new Set(
              [...watches.values()].filter(({ scope }) => begins(scope)).map(watchKey),
            );
            expect(new Set([...commits.watchesInScope(prefix)].map(watchKey))).toEqual(named);
            const hasMessages = [...live.values()].some(({ envelope }) => begins(envelope.scope));
            const hasWork = hasMessages || named.size > 0;
            expect(commits.hasWorkInScope(prefix)).toBe(hasWork);
            if (hasWork) expect(commits.isUnderWay(prefix)).toBe(true);
          }
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
