import fc from "fast-check";
import { fn, HandbackError, stateful, value } from "handback";
import type { Embedded, FlowHandle, Invokable } from "handback";
import { expect, test } from "vitest";
import { withoutStacks } from "../support/ledger.ts";
import { Machine } from "../support/machine.ts";

const KINDS = ["echo", "speak", "flaky", "handBack", "long", "count"] as const;

/** A step on flows. Numbers name started flows, modulo their number. */
type Step =
  | { readonly do: "start"; readonly kind: (typeof KINDS)[number] }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "cut" }
  | { readonly do: "cancel" | "look" | "purge" | "signal"; readonly nth: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("start" as const), kind: fc.constantFrom(...KINDS) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 1, 10, 60, 400),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "cut" } as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("cancel", "look", "look", "purge", "signal"),
      nth: fc.nat(6),
    }),
  },
);

/** A machine whose engine runs one handler at a time and caches two states. */
function computer() {
  const tries = new Map<string, number>();
  const work = (ms: number): Promise<void> => machine.clock.work(ms);
  const echo = fn("derived/echo", (_, name: string) => name);
  const speak = fn("derived/speak", async (ctx, name: string) => {
    ctx.setStatus(name);
    await work(50);
    return name;
  });
  const flaky = fn(
    "derived/flaky",
    { retry: { maxAttempts: 3, initialDelay: 20, factor: 1 } },
    (_, name: string) => {
      const before = tries.get(name) ?? 0;
      tries.set(name, before + 1);
      if (before < 2) throw new Error(`attempt ${before} of ${name}`);
      return name;
    },
  );
  const long = fn("derived/long", async (_, name: string) => {
    await work(100);
    return name;
  });
  const handBack = fn("derived/hand-back", (ctx, name: string) => ctx.invoke(long, name));
  const count = stateful("derived/counter", {
    state: { count: value(0) },
    handlers: { add: (ctx, _: string) => ++ctx.state.count },
  });
  const options = { concurrency: 1, cachedStates: 2, crashLimit: Number.POSITIVE_INFINITY };
  const machine: Machine = new Machine({
    functions: [echo, speak, flaky, long, handBack, count],
    options,
  });
  return { machine, functions: { echo, speak, flaky, long, handBack, count: count.add } };
}

/** Performs the steps, and returns all that can be observed of them. */
async function play(steps: readonly Step[], withKeys: boolean): Promise<unknown> {
  const { machine, functions } = computer();
  const { clock } = machine;
  let engine: Embedded = await machine.boot();
  const seen: string[] = [];
  const flows: string[] = [];
  const note = async (asked: Promise<unknown>): Promise<void> => {
    const told = asked.catch((error: unknown) =>
      error instanceof HandbackError ? error.code : String(error),
    );
    const text = JSON.stringify(withoutStacks({ told: await clock.until(told) }));
    seen.push(flows.reduce((named, id, index) => named.replaceAll(id, `flow ${index}`), text));
  };
  for (const each of steps) {
    if (each.do === "start") {
      const name = `flow ${flows.length}`;
      const options = { ...(withKeys && { key: name }), ...(each.kind === "count" && { id: "c" }) };
      const f: Invokable<string, unknown> = functions[each.kind];
      const handle: FlowHandle<unknown> = await clock.until(engine.client.start(f, name, options));
      flows.push(handle.id);
    } else if (each.do === "wait") await clock.advance(each.ms);
    else if (each.do === "cut") {
      await machine.cut();
      engine = await machine.boot();
    } else if (flows.length > 0) {
      const flow = flows[each.nth % flows.length] ?? "";
      const { client } = engine;
      const ask = {
        look: () => client.status(flow),
        cancel: () => client.cancel(flow),
        purge: () => client.purge(flow),
      };
      await note(each.do === "signal" ? client.signal(flow, "hey") : ask[each.do]());
    }
  }
  await machine.cut();
  engine = await machine.boot();
  await clock.advance(60_000);
  for (const flow of flows) {
    await note(engine.client.status(flow));
    await note(engine.client.flow(flow).result());
    await note(engine.meter.flow(flow));
  }
  await clock.until(engine.close());
  return seen;
}

test("a flow whose record is derived from its first call behaves like a flow whose record is written at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      expect(await play(steps, false)).toEqual(await play(steps, true));
    }),
    { numRuns: 150 },
  );
});

test("a flow whose function is gone after a crash is still known, can be canceled, and then stays known", async () => {
  const registered: object[] = [];
  const machine: Machine = new Machine({ functions: registered });
  const gone = fn("derived/gone", () => machine.clock.work(1_000));
  registered.push(gone);
  const { client } = await machine.boot();
  const handle = await machine.clock.until(client.start(gone));
  await machine.cut();
  registered.pop();

  for (let restart = 0; restart < 2; restart++) {
    const { client } = await machine.boot();
    expect(await machine.clock.until(client.status(handle.id))).toMatchObject({
      function: "derived/gone",
      status: "pending",
    });
    await machine.cut();
  }
  await machine.boot();
  expect(await machine.clock.until(machine.engine.client.cancel(handle.id))).toBe(true);
  await machine.cut();
  await machine.boot();
  expect(await machine.clock.until(machine.engine.client.status(handle.id))).toMatchObject({
    status: "cancelled",
  });
  await machine.clock.until(machine.engine.close());
});

test("until the first call of a flow is handled, the store holds nothing else of the flow", async () => {
  const busy = fn("derived/busy", () => machine.clock.work(1_000));
  const after = fn("derived/after", () => "done");
  const machine: Machine = new Machine({ functions: [busy, after], options: { concurrency: 1 } });
  const { client } = await machine.boot();
  await machine.clock.until(client.start(busy));
  const second = await machine.clock.until(client.start(after));
  expect(machine.disk.content.count()).toMatchObject({ messages: 2, state: 0 });
  expect(await machine.clock.until(second.result())).toBe("done");
  await machine.clock.quiet();
  expect(machine.disk.content.count()).toMatchObject({ messages: 0, state: 2 });
  await machine.clock.until(machine.engine.close());
});
