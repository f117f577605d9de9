import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { Client } from "handback";
import { describe, expect, test } from "vitest";
import { start } from "../../durability/support/started-engine.ts";

/** Ways in which a handler waits for a flow by a client. */
type Wait = (
  call: (key: string) => ReturnType<Client["start"]>,
  client: Client,
) => Promise<unknown>;
const WAITS: readonly (readonly [string, Wait])[] = [
  ["a result at once", (call) => call("inner").then((handle) => handle.result())],
  [
    "a result after something else",
    async (call) => {
      const handle = await call("inner");
      await new Promise((resolve) => setImmediate(resolve));
      return handle.result();
    },
  ],
  [
    "the result of a flow by its key",
    async (call, client) => {
      await call("inner");
      return client.flow("inner").result();
    },
  ],
  [
    "two results",
    async (call) => {
      const handles = [await call("inner"), await call("other")];
      return Promise.all(handles.map((handle) => handle.result()));
    },
  ],
];

describe("a client's wait in a handler", () => {
  test.each(WAITS)("for a call of its own address is REENTRANT_CALL: %s", async (_, wait) => {
    const { client, box, clock } = await open(wait);
    const outcome = client.call(box.outer, "a", { id: "a" });
    const before = clock.now();
    await expect(clock.until(outcome)).rejects.toMatchObject({ code: "REENTRANT_CALL" });
    expect(clock.now() - before).toBeLessThanOrEqual(2_000);
    // The flow that could not be waited for has run.
    expect(await clock.until(client.flow("inner").result())).toBe("inner");
  });

  test.each(WAITS)("for a call of another address works: %s", async (_, wait) => {
    const { client, box, clock } = await open(wait);
    expect([await clock.until(client.call(box.outer, "b", { id: "a" }))].flat()).toContain("inner");
  });

  const open = async (wait: Wait) => {
    const box = stateful("waits/box", {
      state: { n: value(0) },
      handlers: {
        outer: (_, id: string): Promise<unknown> =>
          wait((key) => engine.client.start(box.inner, undefined, { id, key }), engine.client),
        inner: (): string => "inner",
      },
    });
    const { engine, clock } = await start({ functions: [box], concurrency: 1 });
    return { client: engine.client, box, clock };
  };

  test("for its own flow is DEADLOCK", async () => {
    const self = fn("waits/self", async () => engine.client.flow("self").result());
    const { engine, clock } = await start({ functions: [self] });
    const outcome = engine.client.call(self, undefined, { id: "self" });
    await expect(clock.until(outcome)).rejects.toMatchObject({
      code: "DEADLOCK",
      message: expect.stringContaining("a client's wait in a handler of waits/self"),
    });
  });

  test("ends with its abort signal, and its handler takes a slot again", async () => {
    const aborts = fn("waits/aborts", async () => {
      const handle = await engine.client.start(never);
      const timer = new AbortController();
      void clock.work(10).then(() => timer.abort(new Error("long enough")));
      return handle.result({ signal: timer.signal }).catch((error: Error) => error.message);
    });
    const never = fn("waits/never", (ctx) => ctx.event("never"));
    const { engine, clock } = await start({ functions: [aborts, never], concurrency: 1 });
    const calls = [1, 2, 3].map(() => engine.client.call(aborts));
    expect(await clock.until(Promise.all(calls))).toEqual(calls.map(() => "long enough"));
  });

  test("that is not awaited ends after its handler", async () => {
    const told: unknown[] = [];
    const tells = fn("waits/tells", async () => {
      const handle = await engine.client.start(slow);
      void handle.result().then((result) => told.push(result));
    });
    const slow = fn("waits/slow", (ctx) => ctx.onComplete(ctx.sleep("1m"), done));
    const done = fn("waits/done", () => "done");
    const { engine, clock } = await start({ functions: [tells, slow, done], concurrency: 1 });
    await clock.until(engine.client.call(tells));
    expect(told).toEqual([]);
    await clock.advance(60_000);
    expect(told).toEqual(["done"]);
  });

  /** A handler calls each address of its list in turn, which goes on with the rest. */
  test("never hangs: calls by a client and by gets, of any addresses, end or are rejected", async () => {
    const CYCLE = /REENTRANT_CALL|DEADLOCK/;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(fc.nat(4), fc.boolean()), { maxLength: 6 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        async (paths, concurrency) => {
          const box = stateful("waits/box", {
            state: { n: value(0) },
            handlers: {
              async go(ctx, path: readonly (readonly [number, boolean])[]): Promise<string> {
                const [next, ...rest] = path;
                if (next === undefined) return "end";
                const [id, byClient] = [`${next[0]}`, next[1]];
                return byClient
                  ? engine.client.call(box.go, rest, { id })
                  : ctx.get(ctx.invoke(box.go, rest, { id }));
              },
            },
          });
          const { engine, clock } = await start({ functions: [box], concurrency });
          const outcomes = paths.map((path, n) =>
            engine.client
              .call(box.go, path, { id: `root-${n}` })
              .catch((error: { code: string }) => error.code),
          );
          const ends = await clock.until(Promise.all(outcomes));
          for (const [n, end] of ends.entries()) {
            expect(end).toMatch(new RegExp(`^end$|${CYCLE.source}`));
            const ids = paths[n]?.map(([id]) => id) ?? [];
            const isAlone = paths.length === 1 && new Set(ids).size === ids.length;
            if (isAlone) expect(end).toBe("end");
          }
          await clock.until(engine.close());
        },
      ),
    );
  });
});

test("calls by a client that nest deeper than there are slots end", async () => {
  const nested = fn("waits/nested", async (_, depth: number): Promise<number> =>
    depth === 0 ? 0 : 1 + (await engine.client.call(nested, depth - 1)),
  );
  const { engine, clock } = await start({ functions: [nested], concurrency: 2 });
  const calls = [1, 2, 3].map(() => engine.client.call(nested, 20));
  expect(await clock.until(Promise.all(calls))).toEqual([20, 20, 20]);
});
