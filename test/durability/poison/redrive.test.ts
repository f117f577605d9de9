import { embedded, fn, HandbackError, memory, NEW_STATE, stateful, value } from "handback";
import type { Embedded, EmbeddedOptions } from "handback";
import { describe, expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { FAULTS } from "../support/faulty-store.ts";
import { CrashingMachine } from "../support/crashing-machine.ts";

const codeOf = (error: unknown): unknown => (HandbackError.is(error) ? error.code : error);

/** A function that fails, or crashes the process, until it is repaired. */
function makeFlaw(die: () => Promise<never>) {
  const flaw = { how: "throws" as "throws" | "dies" | "mended", keys: [] as string[] };
  const box = stateful("redrive/box", {
    state: { got: value<number[]>([]) },
    handlers: {
      put(ctx, n: number): number | Promise<never> {
        flaw.keys.push(ctx.idempotencyKey);
        if (flaw.how === "throws") throw new Error(`cannot take ${n}`);
        if (flaw.how === "dies") return die();
        ctx.state.got.push(n);
        return n;
      },
    },
  });
  const post = fn("redrive/post", (ctx, { n, id }: { n: number; id?: string }) =>
    ctx.send(box.put, n, { id: id ?? NEW_STATE }),
  );
  return { flaw, box, post };
}

/** The same on a machine that it can crash. */
function makeMachine(options: Partial<EmbeddedOptions> = {}) {
  const parts = makeFlaw(() => crashing.die());
  const crashing = new CrashingMachine(() => [parts.box, parts.post], {
    crashLimit: 2,
    ...options,
  });
  return { ...parts, machine: crashing.machine, restart: () => crashing.restart() };
}

describe("a dead letter", () => {
  const start = async (options: Partial<EmbeddedOptions> = {}) => {
    const parts = makeFlaw(() => Promise.withResolvers<never>().promise);
    const [store, clock] = [memory(), new VirtualClock()];
    const engine = await embedded({ functions: [parts.box, parts.post], store, clock, ...options });
    onTestFinished(() => engine.close());
    await engine.client.call(parts.post, { n: 7, id: "a" });
    await clock.quiet();
    const [letter] = engine.deadLetters();
    if (letter === undefined) throw new Error("there should be a dead letter");
    return { ...parts, store, clock, engine, letter };
  };

  test("is sent again unchanged, under the same idempotency key, and is deleted", async () => {
    const { flaw, box, engine, letter, store, clock } = await start();
    expect(letter).toMatchObject({
      target: { type: "redrive/box", id: "a" },
      operation: "put",
      input: 7,
    });
    expect(letter.failure).toMatchObject({ message: "cannot take 7" });
    flaw.how = "mended";
    expect(await engine.redrive(letter.id)).toBe(true);
    await clock.quiet();
    expect(await engine.client.readState(box, "a")).toEqual({ got: [7] });
    expect(flaw.keys).toEqual([expect.stringContaining(letter.id), flaw.keys[0]]);
    expect(engine.deadLetters()).toEqual([]);
    expect(store.count()).toMatchObject({ messages: 0, dead: 0 });
  });

  test("is replaced by another one with another id and the same key if its message fails again", async () => {
    const { flaw, engine, letter, clock } = await start();
    expect(await engine.redrive(letter.id)).toBe(true);
    await clock.quiet();
    const [second, ...others] = engine.deadLetters();
    expect(others).toEqual([]);
    expect(second).toMatchObject({ input: 7, failure: { message: "cannot take 7" } });
    expect(second?.id).not.toBe(letter.id);
    expect(flaw.keys).toEqual([expect.stringContaining(letter.id), flaw.keys[0]]);
  });

  test("is deleted for good", async () => {
    const { flaw, engine, letter, clock } = await start();
    flaw.how = "mended";
    await engine.discard(letter.id);
    await clock.quiet();
    expect(engine.deadLetters()).toEqual([]);
    expect(flaw.keys).toHaveLength(1);
  });

  test("can be taken once: of two callers at the same time one gets NOT_FOUND", async () => {
    const { flaw, engine, letter, clock } = await start();
    flaw.how = "mended";
    const outcomes = await Promise.all(
      [engine.redrive(letter.id), engine.discard(letter.id), engine.redrive(letter.id)].map(
        (each) => each.catch(codeOf),
      ),
    );
    await clock.quiet();
    expect(outcomes).toEqual([true, "NOT_FOUND", "NOT_FOUND"]);
    expect(flaw.keys).toHaveLength(2);
  });

  test("is NOT_FOUND if it does not exist, and CLOSED after the engine is closed", async () => {
    const { engine, letter } = await start();
    for (const id of ["", "nobody", letter.id.slice(1)]) {
      await expect(engine.redrive(id)).rejects.toMatchObject({
        code: "NOT_FOUND",
        details: { id },
      });
      await expect(engine.discard(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    await engine.close();
    await expect(engine.redrive(letter.id)).rejects.toMatchObject({ code: "CLOSED" });
    await expect(engine.discard(letter.id)).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("stays if its function is no longer registered", async () => {
    const { engine, letter, store } = await start();
    await engine.close();
    const other = await embedded({ functions: [], store });
    onTestFinished(() => other.close());
    const details = { function: "redrive/box" };
    await expect(other.redrive(letter.id)).rejects.toMatchObject({
      code: "UNKNOWN_FUNCTION",
      details,
    });
    expect(other.deadLetters()).toHaveLength(1);
    await other.discard(letter.id);
    expect(other.deadLetters()).toEqual([]);
  });

  test("stays if its message never had an input because a future in it was rejected", async () => {
    const clock = new VirtualClock();
    const box = stateful("redrive/box", {
      state: { n: value(0) },
      handlers: { put: (ctx, n: number) => (ctx.state.n = n) },
    });
    const fails = fn("redrive/fails", (): number => {
      throw new Error("no number");
    });
    const post = fn("redrive/post", (ctx) => ctx.send(box.put, ctx.invoke(fails), { id: "a" }));
    const engine = await embedded({ functions: [box, fails, post], store: memory(), clock });
    onTestFinished(() => engine.close());
    await engine.client.call(post);
    await clock.quiet();
    const [letter] = engine.deadLetters();
    expect(letter).toMatchObject({ input: undefined, failure: { message: "no number" } });
    expect(await engine.redrive(letter?.id ?? "")).toBe(false);
    expect(engine.deadLetters()).toHaveLength(1);
    await engine.discard(letter?.id ?? "");
    expect(engine.deadLetters()).toEqual([]);
  });

  test("and its replacement are committed together or not at all", async () => {
    for (const fault of FAULTS) {
      const { flaw, machine, restart, post, box } = makeMachine({ crashLimit: 3 });
      const first = await restart();
      await machine.clock.until(first.client.call(post, { n: 1, id: "a" }));
      await machine.clock.quiet();
      const [letter] = first.deadLetters();
      flaw.how = "mended";
      const crashed = machine.disk.arm(1, fault);
      const outcome = first.redrive(letter?.id ?? "").catch(codeOf);
      await machine.clock.until(Promise.race([crashed, outcome]));
      if (fault === "refused" || fault === "unsure")
        expect(await machine.clock.until(outcome)).toBe("STORE_FAILED");
      await machine.cut();
      const engine = await restart();
      const isThere = fault === "unheard" || fault === "unsure";
      const got = await engine.client.readState(box, "a").catch(codeOf);
      expect({ fault, letters: engine.deadLetters().length, got }).toEqual({
        fault,
        letters: isThere ? 0 : 1,
        got: isThere ? { got: [1] } : "NOT_FOUND",
      });
      await machine.clock.until(engine.close());
    }
  });
});

describe("a message that crashed the process", () => {
  test("is a dead letter with its number of crashes, and succeeds once its function is repaired", async () => {
    const { flaw, machine, restart, post, box } = makeMachine();
    const first = await restart();
    flaw.how = "dies";
    await first.client.call(post, { n: 5, id: "a" }).catch(codeOf);
    const engine = await restart();
    const [letter, ...others] = engine.deadLetters();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      target: { type: "redrive/box", id: "a" },
      input: 5,
      failure: {
        name: "HandbackError",
        code: "POISONED",
        details: { function: "redrive/box", id: "a", message: letter?.id, crashes: 2 },
      },
    });
    // First, then in a group, then alone.
    expect(flaw.keys).toHaveLength(4);
    flaw.how = "mended";
    expect(await engine.redrive(letter?.id ?? "")).toBe(true);
    await machine.clock.quiet();
    expect(await engine.client.readState(box, "a")).toEqual({ got: [5] });
    expect(new Set(flaw.keys).size).toBe(1);
    await machine.clock.until(engine.close());
  });

  test("creates its state when it is sent again", async () => {
    const { flaw, machine, restart, post, box } = makeMachine();
    const first = await restart();
    flaw.how = "dies";
    await first.client.call(post, { n: 5 }).catch(codeOf);
    const engine = await restart();
    const [letter] = engine.deadLetters();
    expect(letter?.target.id).toMatch(/^@/);
    flaw.how = "mended";
    await engine.redrive(letter?.id ?? "");
    await machine.clock.quiet();
    expect(await engine.client.readState(box, letter?.target.id ?? "")).toEqual({ got: [5] });
    await machine.clock.until(engine.close());
  });

  test("may be an egress: it is given up too, and has the same id when it is sent again", async () => {
    const told: { value: unknown; id: string }[] = [];
    const sink = { how: "dies" };
    const tell = fn("redrive/tell", (ctx, n: number) => ctx.egress("redrive/out", n));
    const out = (value: unknown, { id }: { id: string }): void | Promise<never> => {
      told.push({ value, id });
      if (sink.how === "dies") return crashing.die();
    };
    const crashing: CrashingMachine = new CrashingMachine(() => [tell], {
      crashLimit: 2,
      egress: { "redrive/out": out },
    });
    const first = await crashing.restart();
    await first.client.call(tell, 3).catch(codeOf);
    const engine = await crashing.restart();
    const [letter] = engine.deadLetters();
    expect(letter).toMatchObject({
      target: { type: "redrive/out" },
      input: 3,
      failure: { code: "POISONED", details: { crashes: 2 } },
    });
    sink.how = "mended";
    expect(await engine.redrive(letter?.id ?? "")).toBe(true);
    await crashing.machine.clock.quiet();
    expect(told).toEqual(Array.from({ length: 5 }, () => ({ value: 3, id: letter?.id })));
    expect(engine.deadLetters()).toEqual([]);
    await crashing.machine.clock.until(engine.close());
  });
});

describe("a message that crashed the process and has consumers", () => {
  const hold = async (options: Partial<EmbeddedOptions> = {}) => {
    const flaw = { isMended: false, ids: [] as string[], booked: 0 };
    const book = fn("held/book", () => ++flaw.booked);
    const step = fn("held/step", async (ctx, n: number): Promise<number> => {
      flaw.ids.push(ctx.idempotencyKey);
      // Sent by each run, made once.
      await ctx.get(ctx.invoke(book));
      if (!flaw.isMended) return crashing.die();
      return n + 1;
    });
    const tidy = fn("held/tidy", (_, end: { status: string; reason?: { code?: string } }) => [
      end.status,
      end.reason?.code,
    ]);
    const flow = fn("held/flow", (ctx, n: number) =>
      ctx.onSettled(ctx.all([ctx.invoke(step, n), ctx.resolved("beside")]), tidy),
    );
    const direct = fn("held/direct", (ctx, n: number) => ctx.invoke(step, n));
    const functions = [book, step, tidy, flow, direct];
    const crashing = new CrashingMachine(() => functions, { crashLimit: 2, ...options });
    const { clock } = crashing.machine;
    const start = async (f: typeof flow | typeof direct) => {
      const first = await crashing.restart();
      await first.client.start(f, 5, { id: "f" });
      await clock.advance(100);
      const engine = await crashing.restart();
      const [letter, ...others] = engine.deadLetters();
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ isHeld: true, input: 5, failure: { code: "POISONED" } });
      return { engine, id: letter?.id ?? "" };
    };
    return { flaw, crashing, clock, start, flow, direct, functions };
  };
  const statusOf = async ({ client }: Embedded) => (await client.status("f")).status;

  test("settles nothing until someone decides, also after another start", async () => {
    const { start, direct, crashing, clock } = await hold();
    const { engine } = await start(direct);
    await clock.advance(30 * 86_400_000);
    expect(await statusOf(engine)).toBe("pending");
    await clock.until(engine.close());
    const again = await crashing.restart();
    expect([await statusOf(again), again.deadLetters().length]).toEqual(["pending", 1]);
    await clock.until(again.close());
  });

  test("is redriven with its consumers: the same message runs, and its flow gets the value", async () => {
    for (const name of ["direct", "flow"] as const) {
      const { flaw, start, clock, ...flows } = await hold();
      const { engine, id } = await start(flows[name]);
      flaw.isMended = true;
      expect(await engine.redrive(id)).toBe(true);
      const result = await clock.until(engine.client.flow("f").result());
      expect(result).toEqual(name === "direct" ? 6 : ["fulfilled", undefined]);
      expect([...new Set(flaw.ids)]).toEqual([expect.stringContaining(id)]);
      expect([flaw.booked, engine.deadLetters()]).toEqual([1, []]);
      await clock.quiet();
      expect((await engine.meter.flow("f")).final).toBe(true);
      await clock.until(engine.close());
    }
  });

  test("lets POISONED pass on to its consumers when it is discarded, so that clean-ups run", async () => {
    const { start, flow, clock } = await hold();
    const { engine, id } = await start(flow);
    await engine.discard(id);
    const result = await clock.until(engine.client.flow("f").result());
    expect(result).toEqual(["rejected", "POISONED"]);
    await clock.quiet();
    expect([engine.deadLetters(), (await engine.meter.flow("f")).final]).toEqual([[], true]);
    await expect(engine.discard(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await clock.until(engine.close());
  });

  test.each(["redrive", "discard"] as const)(
    "is watched until it is taken: %s removes its watch",
    async (take) => {
      const { flaw, start, direct, clock, crashing } = await hold();
      const { engine, id } = await start(direct);
      const { content } = crashing.machine.disk;
      const watches = () => content.readWatches("").filter(({ token }) => token.endsWith(id));
      expect(watches()).toHaveLength(1);
      flaw.isMended = true;
      await engine[take](id);
      await clock.quiet();
      expect(watches()).toEqual([]);
      expect(engine.deadLetters()).toEqual([]);
      await clock.until(engine.close());
    },
  );

  test("can be discarded though its function is no longer registered", async () => {
    const { start, direct, clock, crashing } = await hold();
    const { engine, id } = await start(direct);
    await clock.until(engine.close());
    const store = crashing.machine.disk.plug();
    const other = await embedded({ functions: [], store, clock });
    await expect(other.redrive(id)).rejects.toMatchObject({ code: "UNKNOWN_FUNCTION" });
    await other.discard(id);
    await expect(clock.until(other.client.flow("f").result())).rejects.toMatchObject({
      code: "POISONED",
    });
    await clock.until(other.close());
  });

  test("and the end of its wait are committed together or not at all", async () => {
    for (const fault of FAULTS) {
      const { start, direct, clock, crashing } = await hold();
      const { engine, id } = await start(direct);
      const crashed = crashing.machine.disk.arm(1, fault);
      const outcome = engine.discard(id).catch(codeOf);
      await clock.until(Promise.race([crashed, outcome]));
      await crashing.machine.cut();
      const next = await crashing.restart();
      const isDone = fault === "unheard" || fault === "unsure";
      expect([fault, await statusOf(next), next.deadLetters().length]).toEqual([
        fault,
        isDone ? "failed" : "pending",
        isDone ? 0 : 1,
      ]);
      await clock.until(next.close());
    }
  });
});
