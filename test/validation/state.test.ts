import { embedded, HandbackError, memory, stateful, value } from "handback";
import type { Embedded, StandardSchemaV1 } from "handback";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { valibotCart, valibotNamed, zodCart, zodNamed } from "./schemas.ts";

interface Cart {
  items: string[];
  total: number;
}
interface Named {
  name: string;
}

const libraries: readonly (readonly [
  string,
  StandardSchemaV1<unknown, Cart>,
  StandardSchemaV1<unknown, Named>,
])[] = [
  ["zod", zodCart, zodNamed],
  ["valibot", valibotCart, valibotNamed],
];

describe.each(libraries)("a state schema of %s", (library, cartSchema, namedSchema) => {
  const said: string[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (message: string) => void said.push(message),
  };
  let engine: Embedded;
  afterEach(async () => {
    said.length = 0;
    await engine.close();
  });

  const cart = stateful(`${library}/cart`, {
    state: { items: value<string[]>([]), total: value(0) },
    schema: cartSchema,
    handlers: {
      add(ctx, price: number) {
        ctx.state.items.push(`for ${price}`);
        return (ctx.state.total += price);
      },
    },
  });

  test("accepts state that fits, the initial values included", async () => {
    engine = await embedded({ functions: [cart], store: memory(), log });
    expect(await engine.client.call(cart.add, 5, { id: "ada" })).toBe(5);
    expect(await engine.client.call(cart.add, 6, { id: "ada" })).toBe(11);
    expect(await engine.client.readState(cart, "ada")).toEqual({
      items: ["for 5", "for 6"],
      total: 11,
    });
  });

  test("parks the address whose stored state does not fit, and no other", async () => {
    engine = await embedded({ functions: [cart], store: memory(), log });
    // The schema checks state as it is loaded, not as it is written.
    expect(await engine.client.call(cart.add, -5, { id: "ada" })).toBe(-5);
    const parked = await engine.client.start(cart.add, 10, { id: "ada", key: "parked" });
    expect(await engine.client.call(cart.add, 1, { id: "bob" })).toBe(1);

    await expect.poll(() => said).toHaveLength(1);
    // The schema's own words may hold a value, so only the state's reader sees them.
    expect(said[0]).toMatch(`${library}/cart[ada] is parked: STATE_SCHEMA_MISMATCH`);
    expect((await parked.status()).status).toBe("pending");
    const error: unknown = await engine.client.readState(cart, "ada").catch((e: unknown) => e);
    expect(HandbackError.is(error, "STATE_SCHEMA_MISMATCH") && error.details).toEqual({
      function: `${library}/cart`,
      issues: [expect.stringMatching(/^total: ./)],
    });
  });

  test("cannot be asynchronous", async () => {
    const named = stateful(`${library}/named`, {
      state: { name: value("") },
      schema: namedSchema,
      handlers: { read: (ctx) => ctx.state.name },
    });
    engine = await embedded({ functions: [named], store: memory(), log });
    const error: unknown = await engine.client
      .call(named.read, undefined, { id: "a" })
      .catch((e: unknown) => e);
    expect(HandbackError.is(error) && error.code).toBe("INVALID_OPTIONS");
  });
});

test("a transform of a state schema applies at every load", async () => {
  const trimmed = stateful("zod/trimmed", {
    state: { text: value("") },
    schema: z.object({ text: z.string().transform((text) => `${text}!`) }),
    handlers: {
      read: (ctx) => ctx.state.text,
      append(ctx, more: string) {
        ctx.state.text += more;
      },
    },
  });
  const engine = await embedded({ functions: [trimmed], store: memory() });
  const read = (): Promise<string> => engine.client.call(trimmed.read, undefined, { id: "a" });
  expect([await read(), await read()]).toEqual(["!", "!"]);
  await engine.client.call(trimmed.append, "a", { id: "a" });
  expect(await engine.client.readState(trimmed, "a")).toEqual({ text: "!a!" });
  expect([await read(), await read()]).toEqual(["!a!", "!a!"]);
  await engine.close();
});
