import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { embedded, memory, stateful, value } from "../../src/index.ts";
import { codec } from "../../src/futures/protocol/codec.ts";

/** Names of values. Inherited properties are not values. */
const NAMES = ["one", "other", "constructor", "__proto__"] as const;
type Name = (typeof NAMES)[number];
type Item = { count: number; list: number[] };

/** A use of a state by a handler. */
type Step =
  | { readonly do: "read" | "delete" | "add" | "push"; readonly at: Name }
  | { readonly do: "set"; readonly at: Name; readonly count: number }
  | { readonly do: "copy"; readonly at: Name; readonly from: Name };

const at = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom("read" as const, "delete" as const, "add" as const, "push" as const),
    at,
  }),
  fc.record({ do: fc.constant("set" as const), at, count: fc.nat(3) }),
  fc.record({ do: fc.constant("copy" as const), at, from: at }),
);

const initial = (): Item => ({ count: 0, list: [] });

/** Performs a step. Returns the value that it read, as text. */
function perform(state: Record<Name, Item>, { at: name, ...rest }: Step): string {
  if (rest.do === "delete") delete state[name];
  else if (rest.do === "add") state[name].count++;
  else if (rest.do === "push") state[name].list.push(state[name].count);
  else if (rest.do === "set") state[name] = { count: rest.count, list: [] };
  else if (rest.do === "copy") state[name] = state[rest.from];
  else return JSON.stringify(state[name]);
  return "";
}

/** The expected behavior: values are copied on assignment, and initial again after deletion. */
function plainState(): Record<Name, Item> {
  const values = new Map<string | symbol, Item>(NAMES.map((name) => [name, initial()]));
  return new Proxy({} as Record<Name, Item>, {
    get: (_, name) => values.get(name),
    set: (_, name, item: Item) => values.set(name, item) === values,
    deleteProperty: (_, name) => values.set(name, initial()) === values,
  });
}

const keeper = stateful("state/keeper", {
  state: {
    one: value(initial()),
    other: value(initial()),
    constructor: value(initial()),
    ["__proto__"]: value(initial()),
  },
  handlers: { run: (ctx, steps: readonly Step[]) => steps.map((each) => perform(ctx.state, each)) },
});

test("a state is the result of its handlers, in whatever order they touch its values", async () => {
  const engine = await embedded({ functions: [keeper], store: memory() });
  let keys = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      async (runs) => {
        const [id, plain] = [`${keys++}`, plainState()];
        for (const steps of runs) {
          // Within a run a copy is an alias. The next run has its own values.
          const expected = steps.map((each) => perform(plain, each));
          expect(await engine.client.call(keeper.run, steps, { id })).toEqual(expected);
          for (const name of NAMES) plain[name] = structuredClone(plain[name]);
        }
      },
    ),
  );
  await engine.close();
});

test("an untouched value is not decoded", async () => {
  const engine = await embedded({ functions: [keeper], store: memory() });
  await engine.client.call(keeper.run, [{ do: "set", at: "other", count: 5 }], { id: "a" });
  const decode = vi.spyOn(codec, "decode");
  const texts = (): readonly string[] =>
    decode.mock.calls.map(([text]) => text).filter((text) => text.includes('"count":5'));
  await engine.client.call(keeper.run, [{ do: "read", at: "one" }], { id: "a" });
  expect(texts()).toEqual([]);
  await engine.client.call(keeper.run, [{ do: "add", at: "other" }], { id: "a" });
  expect(texts()).toEqual(['{"count":5,"list":[]}']);
  decode.mockRestore();
  await engine.close();
});
