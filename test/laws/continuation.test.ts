import type { Context, Fn, Future } from "handback";
import { fn } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import type { FlowProgram } from "../../src/testing/flows/program.ts";
import { splitFlow } from "../../src/testing/flows/split.ts";
import { flows } from "../../src/testing/flows/flows.ts";
import { runFlow } from "./support/flow-run.ts";
import { law } from "./support/law.ts";
import { ending, values } from "./support/values.ts";
import type { World } from "./support/world.ts";
import { inWorld } from "./support/world.ts";

/**
 * Behaviors of continuations. To be comparable, they only have to report their input, and differ.
 */
const DOES = ["plain", "falsy", "future", "later", "nested", "fails", "failsLater"] as const;
type Does = (typeof DOES)[number];
const does = fc.constantFrom(...DOES);

/** Futures to start with. */
const BEGINS = ["known", "called", "slept", "joined", "handled", "rejected"] as const;
const begins = fc.constantFrom(...BEGINS);

function cast(world: World) {
  const calls: string[] = [];
  const tell = fn("law/tell", (_, given: unknown) => ["told", given]);
  const wake = fn("law/wake", (_, { args }: { result: unknown; args: unknown }) => args);
  const fail = fn("law/fail", (_, _given: unknown): unknown => {
    throw new Error("no");
  });
  const act = (kind: Does): Fn<unknown, unknown> =>
    fn(`law/${kind}`, async (ctx, given: unknown): Promise<unknown> => {
      calls.push(kind);
      await world.clock.work(1);
      switch (kind) {
        case "plain":
          return [kind, given];
        case "falsy":
          return undefined;
        case "future":
          return ctx.resolved([kind, given]);
        case "later":
          return ctx.onComplete(ctx.sleep(5), wake, [kind, given]);
        case "nested":
          return { inside: ctx.invoke(tell, given) };
        case "fails":
          throw new Error(`${kind} ${JSON.stringify(given) ?? ""}`);
        case "failsLater":
          return ctx.invoke(fail, given);
      }
    });
  const arrows = Object.fromEntries(DOES.map((kind) => [kind, act(kind)])) as Record<
    Does,
    Fn<unknown, unknown>
  >;
  const begin = (ctx: Context, kind: (typeof BEGINS)[number], value: unknown): Future<unknown> => {
    switch (kind) {
      case "known":
        return ctx.resolved(value);
      case "called":
        return ctx.invoke(tell, value);
      case "slept":
        return ctx.onComplete(ctx.sleep(3), wake, value);
      case "joined":
        return ctx.all([ctx.resolved(value), ctx.invoke(tell, value)]);
      case "handled":
        return ctx.future(ctx.invoke(tell, value).handle());
      case "rejected":
        return ctx.rejected(new Error("no"));
    }
  };
  return { calls, arrows, begin, parts: [tell, wake, fail, ...Object.values(arrows)] };
}

/** Compares two ways to make a future, each in its own world. */
async function assertSame(
  one: (ctx: Context, cast: ReturnType<typeof castOf>) => Future<unknown>,
  other: (ctx: Context, cast: ReturnType<typeof castOf>) => Future<unknown>,
): Promise<void> {
  const [first, second] = [await play(one), await play(other)];
  expect(first).toEqual(second);
}

function castOf(world: World) {
  const made = cast(world);
  const compose = fn(
    "law/compose",
    (ctx, { result, args: [f, g] }: { result: unknown; args: readonly [Does, Does] }) =>
      ctx.onComplete(ctx.invoke(made.arrows[f], result), made.arrows[g]),
  );
  const same = fn("law/same", (_, given: unknown) => given);
  return { ...made, compose, same, parts: [...made.parts, compose, same] };
}

async function play(
  build: (ctx: Context, cast: ReturnType<typeof castOf>) => Future<unknown>,
): Promise<unknown> {
  let seen: unknown;
  await inWorld(async (world) => {
    const made = castOf(world);
    const main = fn("law/main", (ctx) => build(ctx, made));
    const client = await world.start([main, ...made.parts]);
    const outcome = await ending(client.call(main));
    await world.clock.advance(1000);
    seen = { outcome, calls: made.calls };
  });
  return seen;
}

law(
  "left identity: continuing a known value equals calling the function with it",
  [values(), does],
  (value, f) =>
    assertSame(
      (ctx, { arrows }) => ctx.onComplete(ctx.resolved(value), arrows[f]),
      (ctx, { arrows }) => ctx.invoke(arrows[f], value),
    ),
);

law(
  "right identity: continuing with a function that returns its input changes nothing",
  [begins, values()],
  (kind, value) =>
    assertSame(
      (ctx, { begin, same }) => ctx.onComplete(begin(ctx, kind, value), same),
      (ctx, { begin }) => begin(ctx, kind, value),
    ),
);

law(
  "associativity: onComplete(onComplete(m, f), g) equals onComplete(m, x => onComplete(f(x), g))",
  [begins, values(), does, does],
  (kind, value, f, g) =>
    assertSame(
      (ctx, { begin, arrows }) =>
        ctx.onComplete(ctx.onComplete(begin(ctx, kind, value), arrows[f]), arrows[g]),
      (ctx, { begin, compose }) => ctx.onComplete(begin(ctx, kind, value), compose, [f, g]),
    ),
);

law(
  "a failure short-circuits: no later continuation is called, and the failure arrives unchanged",
  [fc.array(does, { maxLength: 6 }), does],
  (before, after) =>
    inWorld(async (world) => {
      const { arrows, calls, parts } = castOf(world);
      const main = fn("law/main", (ctx) => {
        let future: Future<unknown> = ctx.resolved(1);
        for (const kind of [...before, "fails", after] as const)
          future = ctx.onComplete(future, arrows[kind]);
        return future;
      });
      const client = await world.start([main, ...parts]);
      const outcome = await ending(client.call(main));
      await world.clock.advance(1000);
      const failsAt = [...before, "fails" as const].findIndex((kind) => kind.startsWith("fails"));
      expect(calls).toEqual([...before, "fails"].slice(0, failsAt + 1));
      expect(outcome).toMatchObject({
        code: "FUNCTION_FAILED",
        why: calls.at(-1) === "fails" ? expect.stringMatching(/^fails/) : "no",
      });
    }),
);

law("a future as an input equals a continuation", [begins, values(), does], (kind, value, f) =>
  assertSame(
    (ctx, { begin, arrows }) => ctx.invoke(arrows[f], begin(ctx, kind, value)),
    (ctx, { begin, arrows }) => ctx.onComplete(begin(ctx, kind, value), arrows[f]),
  ),
);

law(
  "futures inside an input equal a continuation of their join",
  [begins, begins, values(), does],
  (one, other, value, f) =>
    assertSame(
      (ctx, { begin, arrows }) =>
        ctx.invoke(arrows[f], [begin(ctx, one, value), begin(ctx, other, value)]),
      (ctx, { begin, arrows }) =>
        ctx.onComplete(ctx.all([begin(ctx, one, value), begin(ctx, other, value)]), arrows[f]),
    ),
);

law(
  "a function called with args gets args, even if they are undefined",
  [begins, values(), values()],
  (kind, value, args) =>
    assertSame(
      (ctx, { begin, same }) => ctx.onComplete(begin(ctx, kind, value), same, args),
      (ctx, { begin }) => ctx.resolved({ result: begin(ctx, kind, value), args }),
    ),
);

/** Ways to replace a leaf with a composition. */
const SUBSTITUTES: Readonly<Record<string, (leaf: FlowProgram) => FlowProgram>> = {
  nested: (part) => ({ kind: "nested", part }),
  handle: (part) => ({ kind: "handle", part: { kind: "nested", part } }),
  sequence: (second) => ({
    kind: "sequence",
    first: { kind: "loop", body: { kind: "twice", part: second }, times: 0 },
    second,
  }),
  loop: (body) => ({ kind: "loop", body: { kind: "nested", part: body }, times: 1 }),
};

/** Replaces each leaf. */
function substitute(program: FlowProgram, by: (leaf: FlowProgram) => FlowProgram): FlowProgram {
  const within = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(within);
    return typeof value === "object" && value !== null && "kind" in value
      ? substitute(value as FlowProgram, by)
      : value;
  };
  if (program.kind === "leaf") return by(program);
  if (program.kind === "note") return program;
  return Object.fromEntries(
    Object.entries(program).map(([name, value]) => [name, within(value)]),
  ) as unknown as FlowProgram;
}

law(
  "substitution: a leaf can be replaced by a composition with the same behavior",
  [flows({ maxDepth: 3 }), fc.constantFrom(...Object.keys(SUBSTITUTES))],
  async (program, how) => {
    const { bill, ...plain } = await runFlow(splitFlow, program);
    const { bill: otherBill, ...other } = await runFlow(
      splitFlow,
      substitute(program, SUBSTITUTES[how] ?? ((leaf) => leaf)),
    );
    expect(other).toEqual(plain);
    expect(otherBill).toMatchObject({
      activeMs: bill.activeMs,
      blockedMs: 0,
      beta: 1,
      final: true,
    });
  },
);
