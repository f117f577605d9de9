import { embedded, fn, memory, stateful, value } from "handback";
import type { Embedded } from "handback";
import { createClient } from "handback/client";
import type { ClientOptions, RemoteClient } from "handback/client";
import { asyncHttp, serveHttp } from "handback/http";
import type { AsyncHttpOptions, HttpServer } from "handback/http";
import { onTestFinished } from "vitest";
import * as z from "zod";

const double = fn("remote/double", (_, n: number) => 2 * n);
const nothing = fn("remote/nothing", () => undefined);
const dates = fn("remote/dates", () => ({
  at: new Date(0),
  big: 5n,
  names: new Set(["a"]),
  by: new Map([[1, new Uint8Array([1, 2, 3])]]),
}));
const echo = fn("remote/echo", (_, input: unknown) => input);
const fail = fn("remote/fail", (_, why: string) => {
  throw new Error(`secret: ${why}`);
});
const late = fn("remote/late", (ctx) => ctx.timeout(ctx.event("word"), "1ms"));
const order = fn(
  "remote/order",
  { input: z.object({ lines: z.array(z.object({ count: z.number() })) }) },
  (_, { lines }) => lines.length,
);
const cart = stateful("remote/cart", {
  state: { items: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.items += n) },
});
/** Emits a word, waits for an event, emits its value. */
const talk = fn("remote/talk", (ctx, word: string) => {
  void ctx.emit("words", word);
  ctx.setStatus({ waiting: true });
  return ctx.onComplete(ctx.event<string>("next"), say);
});
const say = fn("remote/say", async (ctx, word: string) => {
  await ctx.emit("words", word);
  return word.length;
});

/** The functions that clients can start. */
export const functions = [double, nothing, dates, echo, fail, late, order, cart, talk] as const;

/** A server on loopback, and a client of it. */
export interface Opened {
  readonly engine: Embedded;
  readonly server: HttpServer;
  readonly client: RemoteClient<typeof functions>;
}

/** Opens an engine, a server and a client, for one test. */
export async function openServer(
  options: Partial<AsyncHttpOptions> = {},
  clientOptions: ClientOptions = {},
): Promise<Opened> {
  const engine = await embedded({ functions: [...functions, say], store: memory() });
  const app = asyncHttp(engine.client, { functions, ...options });
  const server = await serveHttp(app);
  onTestFinished(async () => {
    await Promise.all([server.close(), engine.close()]);
  });
  return { engine, server, client: createClient<typeof functions>(server.url, clientOptions) };
}
