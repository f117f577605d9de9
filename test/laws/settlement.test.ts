import type { Context, Fn, Future, FutureHandle, Settlement } from "handback";
import { fn, FutureHandle as Handle } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { law } from "./support/law.ts";
import { ending, values } from "./support/values.ts";
import { inWorld } from "./support/world.ts";

interface Promised {
  readonly token: string;
  readonly handle: FutureHandle<number>;
}

const promise = fn("law/promise", (ctx): Promised => {
  const future = ctx.promise<number>();
  return { token: future.token, handle: future.handle() };
});
const follow = fn("law/follow", (ctx, handle: FutureHandle<number>) => ctx.future(handle));

const over = fn("law/over", (_, { status }: Settlement<number>) => status.length);
const wait = fn("law/wait", (ctx, own: FutureHandle<number>) =>
  ctx.onSettled(ctx.future(own), over),
);
/**
 * A future that the system settles twice: it waits for itself, is rejected for that, and then ends.
 */
const circle = fn("law/circle", (ctx): Promised => {
  const own = ctx.promise<FutureHandle<number>>();
  return { token: own.token, handle: ctx.invoke(wait, own).handle() };
});

const attempt = fc.record({ ok: fc.boolean(), value: fc.nat(2), together: fc.boolean() });

law(
  "a future is assigned once: the first settlement stays, and later ones get an error",
  [fc.array(attempt, { minLength: 1, maxLength: 6 })],
  (attempts) =>
    inWorld(async (world) => {
      const client = await world.start([promise, follow, circle, wait, over]);
      const { token, handle } = await client.call(promise);
      const early = await client.start(follow, handle);
      const settle = ({ ok, value }: (typeof attempts)[number]) =>
        ending(ok ? client.settle(token, value) : client.reject(token, `no ${value}`));
      const answers: unknown[] = [];
      for (const [index, each] of attempts.entries()) {
        const next = attempts[index + 1];
        // Two concurrent settlements equal two in sequence.
        if (each.together && next !== undefined)
          answers.push(...(await Promise.all([settle(each), settle(next)])));
        else answers.push(await settle(each));
      }
      const [first = { ok: true, value: 0 }] = attempts;
      const made = attempts.flatMap((each, index) =>
        each.together && index + 1 < attempts.length ? [each, attempts[index + 1] ?? each] : [each],
      );
      expect(answers).toEqual(
        made.map(({ ok, value }) =>
          ok === first.ok && value === first.value
            ? { value: undefined }
            : { code: "ALREADY_COMPLETED", why: "ALREADY_COMPLETED" },
        ),
      );
      const expected = first.ok
        ? { value: first.value }
        : { code: "FUNCTION_FAILED", why: `no ${first.value}` };
      expect(await ending(early.result())).toEqual(expected);
      expect(await ending(client.call(follow, handle))).toEqual(expected);
      const { token: begins, handle: twice } = await client.call(circle);
      await client.settle(begins, twice);
      await world.clock.advance(10);
      expect(await ending(client.call(follow, twice))).toMatchObject({ code: "DEADLOCK" });
    }),
);

law(
  "a consumer sees a settlement once, whether it was registered early or late",
  [
    fc.array(fc.record({ atMs: fc.nat(20), times: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 8,
    }),
    fc.nat(20),
    fc.boolean(),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 60, max: 140 }) },
    ),
  ],
  (consumers, settledAtMs, ok, crowd) =>
    inWorld(async (world) => {
      const seen: string[] = [];
      const note = fn(
        "law/note",
        (_, { result, args }: { result: Settlement<number>; args: number }) => {
          seen.push(
            `${args} ${result.status === "fulfilled" ? result.value : result.reason.message}`,
          );
        },
      );
      const consume = fn(
        "law/consume",
        (
          ctx,
          { handle, which, times }: { handle: FutureHandle<number>; which: number; times: number },
        ) => {
          const future = ctx.future(handle);
          return ctx.all(Array.from({ length: times }, () => ctx.onSettled(future, note, which)));
        },
      );
      const gather = fn(
        "law/gather",
        (ctx, { handle, first }: { handle: FutureHandle<number>; first: number }) =>
          ctx.all(
            Array.from({ length: crowd }, (_, n) =>
              ctx.invoke(consume, { handle, which: first + n, times: 1 }),
            ),
          ),
      );
      const client = await world.start([promise, consume, note, gather]);
      const { token, handle } = await client.call(promise);
      // More consumers than one batch notifies.
      await client.start(gather, { handle, first: consumers.length });
      await world.clock.quiet();
      await world.at([
        ...consumers.map(({ atMs, times }, which) => ({
          ms: atMs,
          happens: () => client.start(consume, { handle, which, times }),
        })),
        {
          ms: settledAtMs,
          happens: () => (ok ? client.settle(token, 7) : client.reject(token, "no")),
        },
      ]);
      await world.clock.advance(1000);
      const times = [
        ...consumers.map((each) => each.times),
        ...Array.from({ length: crowd }, () => 1),
      ];
      expect(seen.toSorted()).toEqual(
        times
          .flatMap((count, which) =>
            Array.from({ length: count }, () => `${which} ${ok ? 7 : "no"}`),
          )
          .toSorted(),
      );
    }),
);

law(
  "`get` is idempotent: every holder gets the same result, as often as it asks",
  [
    fc.array(fc.record({ atMs: fc.nat(20), gets: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 5,
    }),
    fc.nat(20),
    fc.boolean(),
  ],
  (holders, settledAtMs, ok) =>
    inWorld(async (world) => {
      const hold = fn(
        "law/hold",
        async (ctx, { handle, gets }: { handle: FutureHandle<number>; gets: number }) => {
          const future = ctx.future(handle);
          const got: unknown[] = [];
          for (let n = 0; n < gets; n++)
            got.push(await ending(ctx.get(n % 2 === 0 ? future : ctx.future(handle))));
          return got;
        },
      );
      const client = await world.start([promise, hold]);
      const { token, handle } = await client.call(promise);
      const flows: { result(): Promise<unknown> }[] = [];
      await world.at([
        ...holders.map(({ atMs, gets }) => ({
          ms: atMs,
          happens: async () => flows.push(await client.start(hold, { handle, gets })),
        })),
        {
          ms: settledAtMs,
          happens: () => (ok ? client.settle(token, 7) : client.reject(token, "no")),
        },
      ]);
      const expected = ok ? { value: 7 } : { code: "FUNCTION_FAILED", why: "no" };
      const all = await Promise.all(flows.map((flow) => flow.result()));
      expect(all.flat()).toEqual(
        holders.flatMap(({ gets }) => Array.from({ length: gets }, () => expected)),
      );
    }),
);

/** Ways to hand back a future instead of a value. */
const LAYERS = ["invoke", "resolved", "continued", "handle", "stateless", "async"] as const;

law(
  "returning a future of v equals returning v, at any depth, including rejections",
  [values(), fc.boolean(), fc.array(fc.constantFrom(...LAYERS), { maxLength: 6 })],
  (value, fails, layers) =>
    inWorld(async (world) => {
      type Rest = readonly (typeof LAYERS)[number][];
      const end = fn("law/end", () => {
        if (fails) throw new Error("no");
        return value;
      });
      const same = fn("law/same", (_, given: unknown) => given);
      const peel = (ctx: Context, [first, ...rest]: Rest): Future<unknown> => {
        const inner = rest.length === 0 ? ctx.invoke(end) : ctx.invoke(layer, rest);
        switch (first) {
          case "resolved":
            return ctx.resolved(inner);
          case "continued":
            return ctx.onComplete(inner, same);
          case "handle":
            return ctx.future(inner.handle());
          case "stateless":
            return ctx.invoke(same, inner);
          default:
            return inner;
        }
      };
      const layer: Fn<Rest, unknown> = fn(
        "law/layer",
        (ctx, rest: Rest): Future<unknown> | Promise<Future<unknown>> =>
          rest[0] === "async" ? Promise.resolve().then(() => peel(ctx, rest)) : peel(ctx, rest),
      );
      const client = await world.start([end, same, layer]);
      const plain = await ending(client.call(end));
      expect(await ending(client.call(layer, layers))).toEqual(plain);
      expect(plain).toEqual(fails ? { code: "FUNCTION_FAILED", why: "no" } : { value });
    }),
);

/** A value with parts that become futures, or handles of futures. */
type Shape =
  | { readonly kind: "plain"; readonly value: unknown }
  | { readonly kind: "known" | "called" | "later" | "handle"; readonly value: number }
  | { readonly kind: "list"; readonly parts: readonly Shape[] }
  | { readonly kind: "record"; readonly parts: Readonly<Record<string, Shape>> };

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant("plain"), value: values() }),
    fc.record({ kind: fc.constantFrom("known", "called", "later", "handle"), value: fc.nat(9) }),
    fc.record({ kind: fc.constant("list"), parts: fc.array(tie("shape"), { maxLength: 4 }) }),
    fc.record({
      kind: fc.constant("record"),
      parts: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("shape"), { noNullPrototype: true }),
    }),
  ),
}));

law(
  "futures anywhere inside a returned value are joined as in inputs, and handles stay handles",
  [shape],
  (given) =>
    inWorld(async (world) => {
      const same = fn("law/same", (_, value: unknown) => value);
      const build = (ctx: Context, part: Shape): unknown => {
        switch (part.kind) {
          case "plain":
            return part.value;
          case "known":
            return ctx.resolved(part.value);
          case "called":
            return ctx.invoke(same, part.value);
          case "later":
            return ctx.invoke(same, part.value, { after: [ctx.sleep(part.value)] });
          case "handle":
            return ctx.resolved(part.value).handle();
          case "list":
            return part.parts.map((inner) => build(ctx, inner));
          case "record":
            return Object.fromEntries(
              Object.entries(part.parts).map(([name, inner]) => [name, build(ctx, inner)]),
            );
        }
      };
      const plain = (part: Shape): unknown => {
        if (part.kind === "list") return part.parts.map(plain);
        if (part.kind === "record")
          return Object.fromEntries(
            Object.entries(part.parts).map(([name, inner]) => [name, plain(inner)]),
          );
        return part.kind === "handle" ? expect.any(Handle) : part.value;
      };
      const asResult = fn("law/as-result", (ctx) => build(ctx, given));
      const asInput = fn("law/as-input", (ctx) => ctx.invoke(same, build(ctx, given)));
      const client = await world.start([same, asResult, asInput]);
      expect(await client.call(asResult)).toEqual(plain(given));
      expect(await client.call(asInput)).toEqual(plain(given));
    }),
);
