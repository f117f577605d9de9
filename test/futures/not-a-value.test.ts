/* oxlint-disable typescript/no-base-to-string, typescript/await-thenable, eqeqeq -- wrong programs, on purpose */
import { format, inspect, isDeepStrictEqual } from "node:util";
import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import type { Future } from "handback";
import { expect, test } from "vitest";
import { wrong } from "../bad-input/open-engine.ts";

const name = fn("not-a-value/name", () => "Ada");
const counter = stateful("not-a-value/counter", {
  state: { n: value(0) },
  handlers: { add: (ctx) => (ctx.state.n += 1) },
});

/** Uses of a future as if it were its value. */
const USES: readonly (readonly [string, (future: Future<string>) => unknown])[] = [
  ["a template", (future) => `hello ${String(future)}`],
  ["a template without String", (future) => `hello ${wrong<string>(future)}`],
  ["+ with text", (future) => "hello " + wrong<string>(future)],
  ["+ with a number", (future) => 1 + wrong<number>(future)],
  ["*", (future) => wrong<number>(future) * 2],
  ["unary +", (future) => Number(future)],
  ["<", (future) => wrong<number>(future) < 2],
  ["== with text", (future) => wrong<string>(future) == "Ada"],
  ["a key of an object", (future) => ({ [wrong<string>(future)]: 1 })],
  ["String", (future) => String(future)],
  ["toString", (future) => (future as { toString: () => string }).toString()],
  ["BigInt", (future) => BigInt(wrong<string>(future))],
  ["Date", (future) => new Date(wrong<string>(future))],
  ["join", (future) => [future].join()],
  ["JSON.stringify", (future) => JSON.stringify(future)],
  ["JSON.stringify of an object with one", (future) => JSON.stringify({ name: future })],
  ["an object spread", (future) => ({ ...future })],
  ["Object.values", (future): unknown => Object.values(future)],
  ["Object.entries", (future): unknown => Object.entries(future)],
  ["structuredClone", (future) => structuredClone(future)],
  ["value", (future) => wrong<{ value: string }>(future).value],
  ["Array.from", (future) => Array.from(wrong<number[]>(future))],
  ["apply", (future) => Math.max.apply(undefined, wrong<number[]>(future))],
  ["length", (future) => wrong<string>(future).length],
  ["parseInt", (future) => Number.parseInt(wrong<string>(future), 10)],
];

test.each(USES)(
  "a future in %s is NOT_A_VALUE, and the message says what to do",
  async (_, use) => {
    const at = fn("not-a-value/at", (ctx) => void use(ctx.invoke(name)));
    const awaited = fn("not-a-value/awaited", async (ctx) => {
      const future: Future<string> = await ctx.invoke(name);
      use(future);
    });
    const other = fn("not-a-value/other", (ctx) => void use(ctx.promise<string>()));
    const engine = await embedded({ functions: [name, at, awaited, other], store: memory() });
    for (const f of [at, awaited, other]) {
      const error: unknown = await engine.client.call(f).catch((thrown: unknown) => thrown);
      expect(HandbackError.is(error, "NOT_A_VALUE")).toBe(true);
      expect(error).toMatchObject({
        message: expect.stringMatching(/return the future.*onComplete/),
      });
    }
    await engine.close();
  },
);

test.each<readonly [string, (future: unknown) => unknown]>([
  ["a list spread", (future) => [...wrong<number[]>(future)]],
  ["for of", (future) => [...new Set(wrong<number[]>(future))]],
])("%s of a future throws, because it is not iterable", async (_, use) => {
  const at = fn("not-a-value/at", (ctx) => void use(ctx.invoke(name)));
  const engine = await embedded({ functions: [name, at], store: memory() });
  await expect(engine.client.call(at)).rejects.toThrow(/iterable/);
  await engine.close();
});

test("a handle in text is NOT_A_VALUE, and is still data in JSON", async () => {
  const text = fn("not-a-value/handle", (ctx) => `job ${String(ctx.invoke(name).handle())}`);
  const json = fn("not-a-value/json", (ctx) => JSON.stringify(ctx.invoke(name).handle()));
  const engine = await embedded({ functions: [name, text, json], store: memory() });
  await expect(engine.client.call(text)).rejects.toMatchObject({ code: "NOT_A_VALUE" });
  expect(JSON.parse(await engine.client.call(json))).toMatchObject({ storeId: expect.any(String) });
  await engine.close();
});

test("a future can be printed, without its token, and compared by tests", async () => {
  const seen: unknown[] = [];
  const look = fn("not-a-value/look", (ctx) => {
    const [future, state, promise] = [ctx.invoke(name), ctx.invoke(counter.add), ctx.promise()];
    seen.push(inspect(future), format("%o", [future]), inspect(promise).includes(promise.token));
    seen.push(inspect(state) === `Future { stateId: "${state.stateId}" }`);
    expect(future).toBe(future);
    expect(future).toEqual(future);
    expect([{ future }]).toStrictEqual([{ future }]);
    expect(future).not.toEqual("Ada");
    expect(state).toMatchObject({ stateId: state.stateId });
    expect(() => expect(future).toBe("Ada")).toThrow(/expected/);
    expect(isDeepStrictEqual([future], [future])).toBe(true);
    return [future, state, ctx.future(promise.handle()), "token" in promise].slice(0, 2);
  });
  const engine = await embedded({ functions: [name, counter, look], store: memory() });
  expect(await engine.client.call(look)).toEqual(["Ada", 1]);
  expect(seen).toEqual(["Future {}", expect.stringContaining("Future {}"), false, true]);
  await engine.close();
});
