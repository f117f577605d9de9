import { embedded, fn, memory, stateful, value } from "handback";
import { expect, test } from "vitest";
import { everyCrash } from "handback/testing";

const cart = stateful("test/ended", {
  state: { items: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.items += n) },
});

test("a state is ended after the messages that wait for it, and before later ones", async () => {
  const gate = Promise.withResolvers<void>();
  const held = stateful("test/held", {
    state: { items: value(0) },
    handlers: {
      async add(ctx, n: number) {
        await gate.promise;
        return (ctx.state.items += n);
      },
    },
  });
  const engine = await embedded({ functions: [held], store: memory() });
  const { client } = engine;
  const id = "c";
  const before = [1, 2].map((n) => client.call(held.add, n, { id }));
  const ended = client.terminate(held, id);
  const after = client.call(held.add, 5, { id });
  gate.resolve();
  expect(await Promise.all([...before, ended, after])).toEqual([1, 3, undefined, 5]);
  await engine.close();
});

test("a state that a handler ends is ended once, whatever crashes", async () => {
  const ends = fn("test/ends", (ctx, id: string) => ctx.terminateState(cart, id));
  await everyCrash({ functions: [cart, ends] }, async (t) => {
    await t.client.call(cart.add, 1, { id: "c", key: "add" });
    await t.client.call(ends, "c", { key: "end" });
    const { states } = await t.client.states(cart);
    expect(states).toEqual([]);
    return t.client.call(cart.add, 2, { id: "c", key: "again" });
  });
});
