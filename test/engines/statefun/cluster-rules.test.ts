import { join } from "node:path";
import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { DeadLetterReport } from "handback";
import { json, requestReply, statefun, string } from "handback/statefun";
import type { Statefun } from "handback/statefun";
import { SeededRandom, VirtualClock } from "handback/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { driven } from "../../../src/testing/conformance/driven.ts";
import { silentLog } from "handback/engine";
import { CrashGuard } from "../../../src/core/host/crash-guard.ts";
import { CrashMarkFile } from "../../../src/machine/crash-mark-file.ts";
import { MESSAGE_TYPES } from "../../../src/engines/statefun/request/message-format.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";
import { WireCluster } from "./cluster/wire-cluster.ts";
import { decodeAnswer, encodeRequest, exchange } from "./support/exchange.ts";

const REPLIES = "test/replies";
const DAY_MS = 86_400_000;
const RETENTION_MS = 7 * DAY_MS;

/** A cluster with one program, and the messages that it was asked to deliver. */
function clusterOf(
  functions: readonly object[],
  onDeadLetter: (letter: DeadLetterReport) => void = () => undefined,
) {
  const clock = new VirtualClock();
  const answers: Uint8Array[] = [];
  const cluster = new WireCluster({
    handle: () => async (request) => {
      const answer = await program.handle(request);
      answers.push(answer);
      return answer;
    },
    clock,
    random: new SeededRandom(1),
    namespaces: ["_sys", "shop"],
    egresses: [REPLIES],
  });
  const open = (hosted: readonly object[]): Statefun =>
    statefun({
      functions: hosted,
      ingress: cluster.ingress,
      egress: cluster.egress(REPLIES),
      clock,
      log: silentLog,
      onDeadLetter,
      retention: RETENTION_MS,
    });
  let program = open(functions);
  onTestFinished(() => {
    cluster.stop();
    expect(cluster.failure).toBeUndefined();
  });
  return {
    clock,
    cluster,
    answers,
    get client() {
      return driven(program.client, clock);
    },
    deploy(next: readonly object[]) {
      program.close();
      program = open(next);
    },
  };
}

const told: string[] = [];
const tell = fn("shop/tell", (_, text: string) => void told.push(text));

/** A function that sends, replaces and cancels a delayed message. */
const reminder = (type: string, aliases: readonly string[] = []) =>
  stateful(type, {
    aliases,
    state: { count: value(0) },
    handlers: {
      remind: (ctx, text: string) => {
        ctx.state.count++;
        ctx.send(tell, `${type} ${text}`, { delay: "1h", token: "t" });
      },
      forget: (ctx) => ctx.cancelSend("t"),
      count: (ctx) => ctx.state.count,
    },
  });

describe("delay tokens", () => {
  const [one, other] = [reminder("shop/one"), reminder("shop/other")];

  test("of two functions with one id never meet, and a token in use is replaced", async () => {
    told.length = 0;
    const { client, clock } = clusterOf([one, other, tell]);
    const at = { id: "1" };
    await client.call(one.remind, "first", at);
    await client.call(other.remind, "first", at);
    await client.call(one.remind, "second", at);
    await client.call(other.forget, undefined, at);
    await clock.advance(2 * DAY_MS);
    expect(told).toEqual(["shop/one second"]);
  });
});

describe("a renamed function", () => {
  test("keeps its states, its tokens and the messages under way", async () => {
    told.length = 0;
    const running = clusterOf([reminder("shop/old"), tell]);
    const at = { id: "1" };
    await running.client.call(reminder("shop/old").remind, "before", at);
    const renamed = reminder("shop/new", ["shop/old"]);
    running.deploy([renamed, tell]);
    expect(await running.client.call(renamed.count, undefined, at)).toBe(1);
    await running.client.call(renamed.remind, "after", at);
    await running.clock.advance(DAY_MS);
    expect(told).toEqual(["shop/new after"]);
    const again = reminder("shop/newest", ["shop/old", "shop/new"]);
    running.deploy([again, tell]);
    expect(await running.client.call(again.count, undefined, at)).toBe(2);
  });

  test("gets messages that other programs send to its new name, with their caller", async () => {
    const seen: unknown[] = [];
    const f = stateful("shop/new", {
      aliases: ["shop/old"],
      state: { n: value(0) },
      handlers: {
        receive: (ctx, _: unknown) => void seen.push(ctx.self.type, ctx.caller, ++ctx.state.n),
      },
    });
    const { handle } = requestReply({ functions: [f] });
    const argument = { typename: string.typename, bytes: string.encode("hello") };
    const invocations = [{ caller: "py/caller/7", argument }];
    const [sentOn] = (await exchange(handle, { target: "shop/new/1", invocations })).messages;
    expect(sentOn?.to).toBe("shop/old/1");
    const relayed = sentOn === undefined ? [] : [{ caller: "shop/new/1", ...sentOn }];
    await exchange(handle, { target: "shop/old/1", invocations: relayed });
    expect(seen).toEqual(["shop/new", { type: "py/caller", id: "7" }, 1]);
  });
});

describe("a function without state", () => {
  test("answers its first request at once, because it asks for a value", async () => {
    let runs = 0;
    const { handle } = requestReply({ functions: [fn("shop/plain", () => void runs++)] });
    const request = { target: "shop/plain/1", invocations: [{}] };
    const { missing } = decodeAnswer(await handle(encodeRequest(request)));
    expect([missing?.map(({ stateName }) => stateName), runs]).toEqual([["_"], 0]);
  });
});

describe("a job that starts again", () => {
  test("forgets the registered values, and is told of them anew", async () => {
    const counter = stateful("shop/counter", {
      state: { n: value(0) },
      handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
    });
    const { client, cluster } = clusterOf([counter]);
    await client.call(counter.add, 1, { id: "c" });
    cluster.restart();
    expect(await client.call(counter.add, 1, { id: "c" })).toBe(2);
  });
});

describe("a message that cannot be handled yet", () => {
  test("waits for its function, with its caller", async () => {
    const module = requestReply({});
    const argument = { typename: string.typename, bytes: string.encode("hello") };
    const invocations = [{ caller: "py/caller/7", argument }];
    const { delayed } = await exchange(module.handle, { target: "shop/late/1", invocations });
    expect(delayed).toMatchObject([{ to: "shop/late/1", delayMs: 60_000 }]);
    const callers: unknown[] = [];
    module.register("shop/late", (ctx, text: string) => void callers.push(text, ctx.caller));
    const again = { caller: "shop/late/1", ...delayed[0] };
    await exchange(module.handle, { target: "shop/late/1", invocations: [again] });
    expect(callers).toEqual(["hello", { type: "py/caller", id: "7" }]);
  });

  test("waits at its sender while no program serves its target", async () => {
    told.length = 0;
    const later = fn("etl/later", (_, __: object) => void told.push("later"));
    const asker = fn("shop/asker", (ctx) => ctx.onComplete(ctx.sleep("1h"), later, "done"));
    const running = clusterOf([asker, later]);
    await running.client.start(asker, undefined, { key: "a" });
    // A deploy without `etl/later`, whose namespace the cluster does not know any more.
    running.deploy([asker]);
    await running.clock.advance(DAY_MS);
    expect(running.cluster.failure).toBeUndefined();
    running.cluster.serve("etl");
    running.deploy([asker, later]);
    await running.client.flow("a").result();
    expect(told).toEqual(["later"]);
  });
});

/** A function that runs until its gate opens, and its requests. */
function slowFunction() {
  const gates: (() => void)[] = [];
  const log: string[] = [];
  const slow = fn("shop/slow", async (ctx, text: string) => {
    log.push(`begins ${text}`);
    await new Promise<void>((resolve) => void gates.push(resolve));
    ctx.send("mail/sender", "1", text);
    log.push(`ends ${text}`);
  });
  const { handle } = requestReply({ functions: [slow], remotes: ["mail/sender"] });
  return {
    log,
    request: async (text: string): Promise<unknown> => {
      const argument = { typename: string.typename, bytes: string.encode(text) };
      const values = { _: undefined };
      const request = { target: "shop/slow/1", values, invocations: [{ argument }] };
      const { messages } = decodeAnswer(await handle(encodeRequest(request)));
      return messages.map((message) => string.decode(message.argument.bytes));
    },
    /** Ends the handler that runs, and lets the next one begin. */
    end: async () => {
      gates.shift()?.();
      await new Promise((resolve) => void setImmediate(resolve));
    },
  };
}

describe("a request that is repeated while it runs", () => {
  test("runs its handlers once, and another one waits for them", async () => {
    const { request, log, end } = slowFunction();
    const [first, same, next] = [request("a"), request("a"), request("b")];
    await Promise.resolve();
    expect(log).toEqual(["begins a"]);
    await end();
    expect([await first, await same]).toEqual([["a"], ["a"]]);
    await end();
    expect(await next).toEqual(["b"]);
    expect(log).toEqual(["begins a", "ends a", "begins b", "ends b"]);
  });

  test("runs its handlers once, also if another one came in between", async () => {
    const { request, log, end } = slowFunction();
    const first = request("a");
    const replaced = request("b").catch(({ code }: { readonly code?: string }) => code);
    const same = request("a");
    await end();
    expect(log).toEqual(["begins a", "ends a"]);
    expect([await first, await same]).toEqual([["a"], ["a"]]);
    expect(await replaced).toBe("CANCELLED");
  });

  test("waits for one handler at most, however many requests its cluster has given up", async () => {
    const texts = fc.constantFrom("a", "b", "c");
    const step = fc.oneof({ weight: 3, arbitrary: texts }, fc.constant(undefined));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), texts, async (steps, newest) => {
        const { request, log, end } = slowFunction();
        const outcomes: { readonly asked: string; outcome?: unknown }[] = [];
        const ask = (asked: string): void => {
          const asking: { readonly asked: string; outcome?: unknown } = { asked };
          outcomes.push(asking);
          request(asked).then(
            (sent) => (asking.outcome = sent),
            ({ code }: { readonly code?: string }) => (asking.outcome = code),
          );
        };
        for (const each of steps) await (each === undefined ? end() : ask(each));
        ask(newest);
        for (let handlers = 0; handlers < 2; handlers++) await end();
        expect(outcomes.at(-1)?.outcome).toEqual([newest]);
        for (const { asked, outcome } of outcomes)
          expect([[asked], "CANCELLED"]).toContainEqual(outcome);
        const inTurn = log.filter((line) => line.startsWith("begins "));
        expect(log).toEqual(inTurn.flatMap((line) => [line, line.replace("begins", "ends")]));
      }),
    );
  });
});

describe("expired values leave the cluster", () => {
  test("flows, futures and signals after their retention", async () => {
    const pending = fn("shop/pending", (ctx) => ({ token: ctx.promise<number>().token }));
    const waiting = fn("shop/waiting", (ctx) => ctx.all([ctx.event("go"), ctx.sleep("1h")]));
    const { client, clock, cluster } = clusterOf([pending, waiting]);
    const { token } = await client.call(pending);
    await client.settle(token, 1);
    const flow = await client.start(waiting, undefined, { key: "w" });
    await client.signal(flow, "go", 1, { key: "s" });
    await flow.result();
    expect(cluster.stored()).toBeGreaterThan(0);
    await clock.advance(9 * DAY_MS);
    expect(cluster.stored()).toBe(0);
  });

  const aged = stateful("shop/aged", {
    state: { n: value(0) },
    handlers: {
      add: (ctx, n: number) => {
        ctx.expireAfter("1d");
        return (ctx.state.n += n);
      },
    },
  });

  test("values that are written anew are kept, by one message under way", async () => {
    const { client, clock, cluster, answers } = clusterOf([aged]);
    const isMoved = (answer: Uint8Array): boolean =>
      decodeAnswer(answer).delayed.some(
        ({ to, argument }) => to === "shop/aged/a" && argument?.typename === MESSAGE_TYPES.collect,
      );
    for (let n = 1; n <= 100; n++) {
      await clock.advance(DAY_MS / 10);
      expect(await client.call(aged.add, 1, { id: "a" })).toBe(n);
    }
    expect(answers.filter(isMoved).length).toBeLessThan(5);
    await clock.advance(9 * DAY_MS);
    expect(cluster.stored()).toBe(0);
  });

  test("an aged state is kept for a while, because a flow may come back to it", async () => {
    const { client, clock, cluster } = clusterOf([aged]);
    await client.call(aged.add, 1, { id: "a" });
    await clock.advance(7.9 * DAY_MS);
    expect(cluster.stored()).toBeGreaterThan(0);
    await clock.advance(DAY_MS);
    expect(cluster.stored()).toBe(0);
    expect(await client.call(aged.add, 1, { id: "a" })).toBe(1);
  });
});

describe("a message that crashes the process", () => {
  function crashFile(): string {
    return join(temporaryDirectory(), "crashes");
  }

  test("is given up after some crashes, and its caller is told", async () => {
    const path = crashFile();
    const requests: string[] = [];
    const deadly = fn("shop/deadly", (_, text: string) => {
      requests.push(text);
      // The process ends here: the marks stay as they are.
      return new Promise<void>(() => undefined);
    });
    const request = encodeRequest({
      target: "shop/deadly/1",
      values: { _: undefined },
      invocations: [{ argument: { typename: string.typename, bytes: string.encode("x") } }],
    });
    const start = () =>
      requestReply({
        functions: [deadly],
        crashMarks: path,
        egresses: ["shop/dead"],
        deadLetters: "shop/dead",
        clock: new VirtualClock(),
        log: silentLog,
      });
    for (let n = 0; n < 3; n++) {
      void start().handle(request);
      await Promise.resolve();
    }
    expect(requests).toHaveLength(3);
    // A lost answer changes nothing, and neither does another start.
    const last = start();
    for (const { handle } of [last, last, start()]) {
      const { egress } = decodeAnswer(await handle(request));
      const letter = json<{ failure: { code: string } }>("handback/dead-letter").decode(
        egress[0]?.argument.bytes ?? new Uint8Array(),
      );
      expect(letter.failure.code).toBe("POISONED");
    }
    expect(requests).toHaveLength(3);
  });

  test("does not harm messages that ran beside it: they run one by one, and are cleared", async () => {
    const path = crashFile();
    const first = new CrashMarkFile(path, silentLog);
    for (const key of ["a", "b", "c"]) first.begin(key);
    first.end("c");
    const second = new CrashMarkFile(path, silentLog);
    expect(["a", "b", "c"].map((key) => second.crashes(key))).toEqual([1, 1, 0]);
    const guard = new CrashGuard({ marks: second, clock: new VirtualClock(), limit: 3 });
    const log: string[] = [];
    const work = (key: string) =>
      guard.run(key, async () => {
        log.push(`begins ${key}`);
        await Promise.resolve();
        log.push(`ends ${key}`);
      });
    await Promise.all([work("a"), work("b"), work("c")]);
    expect(log.filter((line) => !line.endsWith("c"))).toEqual([
      "begins a",
      "ends a",
      "begins b",
      "ends b",
    ]);
    expect(["a", "b"].map((key) => second.crashes(key))).toEqual([0, 0]);
    const third = new CrashMarkFile(path, silentLog);
    expect(["a", "b", "c"].map((key) => third.crashes(key))).toEqual([0, 0, 0]);
  });

  test("holds up the others that ran beside it for the first seconds only", async () => {
    const path = crashFile();
    const first = new CrashMarkFile(path, silentLog);
    for (const key of ["long", "short"]) first.begin(key);
    const clock = new VirtualClock();
    const marks = new CrashMarkFile(path, silentLog);
    const guard = new CrashGuard({ marks, clock, limit: 3 });
    const begun: string[] = [];
    const begin = (key: string) =>
      guard.run(key, () => {
        begun.push(key);
        return new Promise<void>(() => undefined);
      });
    void begin("long");
    void begin("short");
    await clock.advance(1_000);
    expect(begun).toEqual(["long"]);
    await clock.advance(6_000);
    expect(begun).toEqual(["long", "short"]);
  });

  test("is not blamed for a crash long after its start", () => {
    const path = crashFile();
    const clock = new VirtualClock();
    const guard = new CrashGuard({
      marks: new CrashMarkFile(path, silentLog),
      clock,
      limit: 3,
    });
    void guard.run("long", () => new Promise<void>(() => undefined));
    return clock.advance(6_000).then(() => {
      expect(new CrashMarkFile(path, silentLog).crashes("long")).toBe(0);
    });
  });
});

describe("dead letters", () => {
  test("leave through the egress of replies, and are reported", async () => {
    const letters: DeadLetterReport[] = [];
    const fails = fn("shop/fails", (_, text: string) => {
      throw new Error(`no ${text}`);
    });
    const parent = fn("shop/parent", (ctx) => ctx.send(fails, "tea"));
    const running = clusterOf([parent, fails], (letter) => letters.push(letter));
    await running.client.call(parent);
    await running.clock.advance(1_000);
    expect(letters).toMatchObject([
      {
        target: { type: "shop/fails" },
        input: "tea",
        isHeld: false,
        failure: { message: "no tea" },
      },
    ]);
  });
});
