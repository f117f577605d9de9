import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import type { Future } from "handback";
import { describe, expect, test } from "vitest";
import { UNDEFINED } from "../../../src/core/codec/encoded.ts";
import type { Envelope } from "../../../src/core/message/envelope.ts";
import { encodeEnvelope } from "../../../src/core/message/envelope.ts";
import { BlockedGets } from "../../../src/engines/embedded/blocking/blocked-gets.ts";
import { CommitGate, HeldStore } from "../../durability/support/held-store.ts";
import { deferredWork, journal, start } from "../../durability/support/started-engine.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

describe("taking turns", () => {
  test("an address handles one message at a time while other addresses continue", async () => {
    const { work, started, end, running } = deferredWork();
    const worker = stateful("test/worker", {
      state: { n: value(0) },
      handlers: { work: (_, name: string) => work(name) },
    });
    const { engine, clock } = await start({ functions: [worker] });
    const results = ["a1", "a2", "b1", "a3", "b2"].map((name) =>
      engine.client.call(worker.work, name, { id: name[0] ?? "" }),
    );
    await clock.quiet();
    expect(running()).toEqual(["a1", "b1"]);
    end("b1");
    await clock.quiet();
    expect(running()).toEqual(["a1", "b2"]);
    for (const name of ["a1", "a2", "b2", "a3"]) {
      end(name);
      await clock.quiet();
    }
    expect(await Promise.all(results)).toEqual(["a1", "a2", "b1", "a3", "b2"]);
    expect(started).toEqual(["a1", "b1", "b2", "a2", "a3"]);
  });

  test("concurrency limits the number of handlers that run at once", async () => {
    const { work, end, running } = deferredWork();
    const worker = fn("test/worker", (_, name: string) => work(name));
    const { engine, clock } = await start({ functions: [worker], concurrency: 2 });
    const results = ["a", "b", "c", "d"].map((name) => engine.client.call(worker, name));
    await clock.quiet();
    expect(running()).toEqual(["a", "b"]);
    end("b");
    await clock.quiet();
    expect(running()).toEqual(["a", "c"]);
    for (const name of ["a", "c", "d"]) {
      end(name);
      await clock.quiet();
    }
    expect(await Promise.all(results)).toEqual(["a", "b", "c", "d"]);
  });

  test("an address is free once its handler has ended: with one slot, a handler may return a call of its own state", async () => {
    const nested = stateful("test/nested", {
      state: { depth: value(0) },
      handlers: {
        down(ctx, left: number): unknown {
          ctx.state.depth++;
          return left === 0
            ? ctx.state.depth
            : { inner: ctx.invoke(nested.down, left - 1, { id: ctx.self.id }) };
        },
      },
    });
    const { engine, clock } = await start({ functions: [nested], concurrency: 1 });
    expect(await clock.until(engine.client.call(nested.down, 3, { id: "x" }))).toEqual({
      inner: { inner: { inner: 4 } },
    });
  });

  test("fifty thousand messages behind one slow address are handled in order", async () => {
    const { work, end } = deferredWork();
    const slow = stateful("test/slow", {
      state: { last: value(-1), gaps: value(0) },
      handlers: {
        hold: (_, name: string) => work(name),
        take(ctx, n: number) {
          if (n !== ctx.state.last + 1) ctx.state.gaps++;
          ctx.state.last = n;
        },
      },
    });
    const flood = fn("test/flood", (ctx, count: number) => {
      for (let n = 0; n < count; n++) ctx.send(slow.take, n, { id: "x" });
    });
    const { engine, clock } = await start({ functions: [slow, flood], mailboxLimit: 100_000 });
    const held = engine.client.call(slow.hold, "hold", { id: "x" });
    await clock.quiet();
    await engine.client.call(flood, 50_000);
    end("hold");
    await held;
    expect(await engine.client.call(slow.take, 50_000, { id: "x" })).toBeUndefined();
    expect(await engine.client.readState(slow, "x")).toEqual({ last: 50_000, gaps: 0 });
  });

  test("a handler may send more messages than a function call can take arguments", async () => {
    const later = fn("test/later", () => undefined);
    const flood = fn("test/flood", (ctx, count: number) => {
      for (let n = 0; n < count; n++) ctx.send(later, undefined, { delay: "1d" });
    });
    const store = memory();
    const { engine } = await start({ functions: [later, flood], store });
    await engine.client.call(flood, 150_000);
    expect(store.count()).toMatchObject({ messages: 0, delayed: 150_000 });
  });

  test("a state that is evicted and loaded many times loses nothing", async () => {
    const journals = journal();
    const clock = new VirtualClock();
    const store = new HeldStore(memory(), () => clock.work(3));
    const { engine } = await start({ functions: [journals], cachedStates: 2, store }, clock);
    const calls: Promise<number>[] = [];
    for (let round = 0; round < 5; round++) {
      for (let id = 0; id < 20; id++)
        calls.push(engine.client.call(journals.write, `${round}`, { id: `j${id}` }));
      await clock.advance(2);
    }
    await clock.until(Promise.all(calls));
    for (let id = 0; id < 20; id++) {
      expect(await engine.client.readState(journals, `j${id}`)).toEqual({
        lines: ["0", "1", "2", "3", "4"],
      });
    }
  });
});

test("the cost of queuing behind a blocked handler does not grow with the length of the queue", async () => {
  const box = stateful("test/box", {
    state: { n: value(0) },
    handlers: {
      add: (ctx) => void ctx.state.n++,
      block: async (ctx) => ctx.get(ctx.event<string>("go")),
    },
  });
  const flood = fn("test/flood", (ctx, count: number) => {
    for (let n = 0; n < count; n++) ctx.send(box.add, undefined, { id: "x" });
  });
  const { engine, clock } = await start({ functions: [box, flood], mailboxLimit: 100_000 });
  const blocked = engine.client.call(box.block, undefined, { id: "x", key: "blocked" });
  await clock.quiet();
  // If each message were compared with all messages before it, the test would time out.
  await engine.client.call(flood, 30_000);
  await clock.quiet();
  await engine.client.signal("blocked", "go", "on");
  expect(await blocked).toBe("on");
  await engine.client.call(box.add, undefined, { id: "x" });
  expect(await engine.client.readState(box, "x")).toEqual({ n: 30_001 });
});

test("a get ends with its handler, and a client's wait does not", () => {
  const stopped: string[] = [];
  const gets = new BlockedGets({ ...NO_COLLABORATORS, leadsTo: () => [] });
  const begin = (envelope: Envelope, key: string, isClients = false) => {
    const stop = (): void => void stopped.push(key);
    const get = { key, envelope, isClients, stop, reject: () => undefined };
    gets.begin(get);
    return get;
  };
  const [first, second] = ["1", "2"].map((id) => ({ ...ENVELOPE, id }));
  if (first === undefined || second === undefined) return;
  const a = begin(first, "a");
  begin(first, "b");
  begin(first, "client's", true);
  const c = begin(second, "c");
  expect(gets.end(a)).toBe(false);
  expect(gets.runs).toBe(2);
  expect(gets.endAll(first)).toBe(true);
  const now = () => ({ stopped, runs: gets.runs, size: gets.size });
  expect(now()).toEqual({ stopped: ["b"], runs: 1, size: 1 });
  expect(gets.end(c)).toBe(true);
  expect(gets.endAll(second)).toBe(false);
  expect(now()).toEqual({ stopped: ["b"], runs: 0, size: 0 });
});

test("a rejected get is part of no other deadlock, and its handler counts as blocked until it continues", () => {
  const rejected: string[] = [];
  // Each get waits for its own handler to end.
  const leadsTo = (envelopes: Iterable<Envelope>) => Array.from(envelopes, ({ id }) => id);
  const gets = new BlockedGets({ ...NO_COLLABORATORS, leadsTo });
  const check = () => gets.rejectDeadlocks(() => []);
  const [first] = ["a", "b"].map((key) => {
    const reject = (): void => void rejected.push(key);
    const get = { key, envelope: { ...ENVELOPE, id: key }, stop: () => undefined, reject };
    gets.begin(get);
    return get;
  });
  check();
  check();
  expect([rejected, gets.runs]).toEqual([["a", "b"], 2]);
  if (first !== undefined) gets.end(first);
  expect(gets.runs).toBe(1);
});

const NO_COLLABORATORS = { cache: { readControl: () => undefined } };

const ENVELOPE: Envelope = {
  id: "",
  target: { type: "test/a", id: "x" },
  name: "call",
  payload: UNDEFINED,
};

test("a loop of a thousand iterations takes no more space than one of ten", async () => {
  const most = { state: 0, messages: 0, bytes: 0 };
  const content = memory();
  const store = new HeldStore(content, async ({ inserted }) => {
    const { state, messages } = content.count();
    for (const { envelope } of inserted)
      most.bytes = Math.max(most.bytes, encodeEnvelope(envelope).head.length);
    most.state = Math.max(most.state, state);
    most.messages = Math.max(most.messages, messages);
  });
  const status = fn("test/status", (_, turn: number) => turn);
  const check = fn("test/check", (ctx, left: number): Future<number> =>
    ctx.onComplete(ctx.invoke(status, left), decide, left),
  );
  const decide = fn(
    "test/decide",
    (ctx, { result, args }: { result: number; args: number }): number | Future<number> =>
      args === 0 ? result : ctx.invoke(check, args - 1),
  );
  const { engine } = await start({ functions: [status, check, decide], store });
  expect(await engine.client.call(check, 10)).toBe(0);
  const { state, messages, bytes } = most;
  expect(await engine.client.call(check, 1_000)).toBe(0);
  // The second flow adds its record, and its sums have more digits.
  expect(most).toEqual({ state: state + 1, messages, bytes: expect.any(Number) as unknown });
  expect(most.bytes - bytes).toBeLessThan(40);
  expect(content.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0, state: 2 });
});

describe("waiting for the disk", () => {
  test("a handler runs only once its message is durable", async () => {
    const gate = new CommitGate();
    const ran: string[] = [];
    const second = fn("test/second", () => void ran.push("second"));
    const first = fn("test/first", (ctx) => {
      ran.push("first");
      return ctx.invoke(second);
    });
    const { engine, clock } = await start({
      functions: [first, second],
      store: new HeldStore(memory(), gate.hold),
    });
    gate.shut();
    const result = engine.client.call(first);
    await clock.quiet();
    expect(ran).toEqual([]);
    gate.passOne();
    await clock.quiet();
    expect(ran).toEqual(["first"]);
    gate.passOne();
    await clock.quiet();
    expect(ran).toEqual(["first", "second"]);
    gate.open();
    await result;
  });

  test("acknowledgments, results, egress and reads from outside wait for the commit", async () => {
    const gate = new CommitGate();
    const journals = journal();
    const told: string[] = [];
    const publish = fn("test/publish", (ctx, line: string) => {
      ctx.egress("test/out", line);
      return ctx.invoke(journals.write, line, { id: "x" });
    });
    const { engine, clock } = await start({
      functions: [journals, publish],
      store: new HeldStore(memory(), gate.hold),
      egress: { "test/out": (line) => void told.push(`egress ${String(line)}`) },
    });
    await engine.client.call(publish, "one");
    await clock.quiet();
    told.length = 0;
    gate.shut();
    const flow = engine.client.start(publish, "two", { id: "two" });
    void flow.then((handle) => {
      told.push("acknowledged");
      void handle.result().then(() => told.push("result"));
    });
    const step = async (): Promise<readonly string[]> => {
      await clock.quiet();
      gate.passOne();
      await clock.quiet();
      return told.splice(0);
    };
    await clock.quiet();
    expect(told).toEqual([]);
    await expect(engine.client.status("two")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await step()).toEqual(["acknowledged"]);
    expect(await step()).toEqual(["egress two"]);
    expect(await engine.client.readState(journals, "x")).toEqual({ lines: ["one"] });
    expect(await engine.client.status("two")).toMatchObject({ status: "pending" });
    expect(await step()).toEqual(["result"]);
    expect(await engine.client.readState(journals, "x")).toEqual({ lines: ["one", "two"] });
    gate.open();
  });

  test("handlers that run during a commit share the next one", async () => {
    const gate = new CommitGate();
    const { work, end } = deferredWork();
    const worker = fn("test/worker", (_, name: string) => work(name));
    const { engine, clock } = await start({
      functions: [worker],
      store: new HeldStore(memory(), gate.hold),
    });
    const results = ["a", "b", "c"].map((name) => engine.client.call(worker, name));
    await clock.quiet();
    gate.shut();
    for (const name of ["a", "b", "c"]) {
      end(name);
      await clock.quiet();
    }
    gate.passOne();
    await clock.quiet();
    expect(gate.waiting).toBe(1);
    gate.passOne();
    expect(await Promise.all(results)).toEqual(["a", "b", "c"]);
    gate.open();
  });
});

describe("a store that fails", () => {
  const broken = () => new HandbackError("STORE_FAILED", "the disk is gone");

  test("stops the engine: callers that wait and later callers get STORE_FAILED, and no handler runs", async () => {
    const gate = new CommitGate();
    const ran: string[] = [];
    const acknowledged: string[] = [];
    const { work, end } = deferredWork();
    const worker = stateful("test/worker", {
      state: { n: value(0) },
      handlers: {
        async hold(ctx, name: string) {
          await work(name);
          ctx.state.n++;
        },
        quick: (_, name: string) => void ran.push(name),
      },
    });
    const { engine, clock } = await start({
      functions: [worker],
      store: new HeldStore(memory(), gate.hold),
    });
    const held = engine.client.call(worker.hold, "hold", { id: "x" });
    const queued = engine.client.call(worker.quick, "queued", { id: "x" });
    await clock.quiet();
    gate.shut();
    const started = engine.client
      .start(worker.quick, "started", { id: "y" })
      .then(() => acknowledged.push("started"));
    await clock.quiet();
    // The address is free now, so the next message runs before the commit in flight fails.
    end("hold");
    await clock.quiet();
    expect(ran.splice(0)).toEqual(["queued"]);
    gate.failOne(broken());
    gate.open();
    for (const call of [held, queued, started])
      await expect(call).rejects.toMatchObject({ code: "STORE_FAILED" });
    for (const later of [
      () => engine.client.call(worker.quick, "later", { id: "x" }),
      () => engine.client.status("nothing"),
      () => engine.client.readState(worker, "x"),
      () => engine.client.settle(`${"0".repeat(40)}.${"0".repeat(48)}`, 1),
    ])
      await expect(later()).rejects.toMatchObject({ code: "STORE_FAILED" });
    await clock.advance(120_000);
    expect({ ran, acknowledged }).toEqual({ ran: [], acknowledged: [] });
  });

  test("commits nothing of an engine step that failed halfway, though a commit in flight succeeds", async () => {
    const gate = new CommitGate();
    const content = memory();
    const readState = content.readState.bind(content);
    let isDamaged = false;
    content.readState = (address) => {
      if (isDamaged) throw new HandbackError("STORE_CORRUPT", `${address.type} cannot be read`);
      return readState(address);
    };
    const { work, end, running } = deferredWork();
    const hold = fn("test/hold", async (_, name: string) => work(name));
    const clock = new VirtualClock();
    // The cache is small, so the flow's record is read when its handler has ended.
    const parts = {
      functions: [hold],
      store: new HeldStore(content, gate.hold),
      clock,
      cachedStates: 1,
    };
    const first = await embedded(parts);
    await clock.until(first.client.start(hold, "half", { key: "half" }));
    await clock.until(first.client.start(hold, "other", { key: "other" }));
    await clock.quiet();
    gate.shut();
    const refused = first.client
      .start(hold, "late", { key: "late" })
      .catch((error: unknown) => error);
    await clock.quiet();
    isDamaged = true;
    end("half");
    await clock.quiet();
    expect(await refused).toMatchObject({ code: "STORE_CORRUPT" });
    isDamaged = false;
    gate.open();
    await clock.until(first.close());
    const { engine } = await start(parts, clock);
    await clock.quiet();
    for (const name of running()) end(name);
    for (const name of ["half", "other", "late"])
      expect(await clock.until(engine.client.flow(name).result())).toBe(name);
  });

  test("keeps its error code and cause, and is logged", async () => {
    const said: string[] = [];
    const gate = new CommitGate();
    const log = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (text: string) => void said.push(text),
    };
    const noop = fn("test/noop", () => undefined);
    for (const [error, code] of [
      [new HandbackError("STORE_FULL", "no space"), "STORE_FULL"],
      [new Error("EIO"), "STORE_FAILED"],
    ] as const) {
      const { engine, clock } = await start({
        functions: [noop],
        store: new HeldStore(memory(), gate.hold),
        log,
      });
      gate.shut();
      const call = engine.client.call(noop);
      await clock.quiet();
      gate.failOne(error);
      const caught: unknown = await call.catch((thrown: unknown) => thrown);
      expect(caught).toMatchObject({ code });
      if (code === "STORE_FAILED") expect(caught).toMatchObject({ cause: error });
      expect(said.splice(0).join()).toContain(code);
      gate.open();
    }
  });

  test("stops the engine, not the process, when a read fails, and loses no message that was being handled", async () => {
    const content = memory();
    const journals = journal();
    const indirect = fn("test/indirect", (ctx, line: string) =>
      ctx.invoke(journals.write, line, { id: "x" }),
    );
    const sleeper = fn("test/sleeper", (ctx) => ctx.sleep("10m"));
    for (const failing of ["readState", "readDelayed", "nextDueAt", "readExpired"] as const) {
      const clock = new VirtualClock();
      let broken = false;
      const store = new Proxy(content, {
        get(target, name) {
          if (name === failing && broken)
            return () => {
              throw new HandbackError("STORE_FAILED", `${failing} fails`);
            };
          const member: unknown = Reflect.get(target, name);
          return typeof member === "function"
            ? (...args: readonly unknown[]): unknown => Reflect.apply(member, target, args)
            : member;
        },
      });
      const engine = await embedded({
        functions: [journals, indirect, sleeper],
        store,
        clock,
        cachedStates: 1,
      });
      const flow = await engine.client.start(indirect, failing, { id: failing });
      broken = true;
      const result = flow.result().catch((error: unknown) => error);
      const sleeping = engine.client.call(sleeper).catch((error: unknown) => error);
      await clock.advance(3_600_000);
      await expect(
        clock.until(engine.client.call(journals.write, "more", { id: "y" })),
      ).rejects.toMatchObject({ code: "STORE_FAILED" });
      await clock.until(engine.close());
      expect(await sleeping).toMatchObject({ code: "STORE_FAILED" });
      await result;
      const next = await embedded({
        functions: [journals, indirect, sleeper],
        store: content,
        clock,
      });
      await clock.until(next.client.flow(failing).result());
      await clock.until(next.close());
    }
    const { engine } = await start({ functions: [journals], store: content });
    expect(await engine.client.readState(journals, "x")).toEqual({
      lines: ["readState", "readDelayed", "nextDueAt", "readExpired"],
    });
  });
});
