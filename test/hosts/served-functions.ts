import { embedded, fn, memory } from "handback";
import type { Embedded } from "handback";
import { expect } from "vitest";

const greet = fn("hosts/greet", (_, name: unknown) => `hello ${JSON.stringify(name)}`);
const ask = fn("hosts/ask", (ctx, name: string) =>
  ctx.invoke(greet, { name, word: ctx.event<string>("word") }),
);

/** Functions that clients may start. */
export const functions = [greet, ask];

/** Opens an engine that hosts them. */
export function openEngine(): Promise<Embedded> {
  return embedded({ functions, store: memory() });
}

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Sends a JSON text to the server at `base`, and reads the answer. */
export async function post(
  base: string,
  path: string,
  body: string,
  send: Fetch = fetch,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const headers = { "content-type": "application/json" };
  const answer = await send(base + path, { method: "POST", body, headers });
  const text = await answer.text();
  return {
    status: answer.status,
    body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

/** Asserts that flows are served at `base` below `/api`: every kind of request, and links that lead back there. */
export async function assertServes(base: string, send: Fetch = fetch): Promise<void> {
  expect(await post(base, "/api/functions/hosts/greet?wait=10", '"Ada"', send)).toMatchObject({
    status: 200,
    body: { status: "completed", output: 'hello "Ada"' },
  });

  const started = await post(base, "/api/functions/hosts/ask", '"Ada"', send);
  expect(started).toMatchObject({ status: 202, body: { status: "pending" } });
  const { statusUrl, eventUrl } = started.body as { statusUrl: string; eventUrl: string };
  expect(statusUrl).toMatch(/^\/api\/flows\/[0-9a-f]+$/);
  expect((await send(base + statusUrl)).status).toBe(202);
  const event = await post(base, eventUrl.replace("{name}", "word"), '"now"', send);
  expect(event.status).toBe(202);
  const settled = await send(`${base}${statusUrl}?wait=10`);
  expect(await settled.json()).toMatchObject({ output: 'hello {"name":"Ada","word":"now"}' });
  expect((await send(base + statusUrl, { method: "DELETE" })).status).toBe(204);
  expect((await send(base + statusUrl)).status).toBe(404);

  const canceled = await post(base, "/api/functions/hosts/ask", '"Bob"', send);
  const { cancelUrl, purgeUrl } = canceled.body as { cancelUrl: string; purgeUrl: string };
  expect((await send(base + cancelUrl, { method: "POST" })).status).toBe(202);
  expect(await (await send(base + purgeUrl)).json()).toMatchObject({ status: "cancelled" });

  expect(await post(base, "/api/functions/hosts/greet", "{", send)).toMatchObject({
    status: 400,
    body: { code: "MALFORMED_JSON" },
  });
  const long = JSON.stringify("x".repeat(1_048_576));
  expect(await post(base, "/api/functions/hosts/greet", long, send)).toMatchObject({
    status: 413,
    body: { code: "BODY_TOO_LARGE" },
  });
}
