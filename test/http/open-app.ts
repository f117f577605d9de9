import { embedded, memory } from "handback";
import type { Embedded, EmbeddedOptions } from "handback";
import { asyncHttp } from "handback/http";
import type { AsyncHttpOptions } from "handback/http";
import { afterEach, expect } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";

/** A request of a test: `body` is sent as JSON, `raw` unchanged. */
export interface Asked {
  readonly body?: unknown;
  readonly raw?: string | Uint8Array | ReadableStream;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A response with its body. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** An app over an engine in memory, in virtual time. */
export interface OpenApp {
  readonly engine: Embedded;
  readonly clock: VirtualClock;
  readonly store: ReturnType<typeof memory>;
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Answered>;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Opens an engine and serves its functions. */
export async function openApp(
  options: AsyncHttpOptions,
  engineOptions: Partial<EmbeddedOptions> = {},
): Promise<OpenApp> {
  const clock = new VirtualClock();
  const store = memory();
  const engine = await embedded({ functions: options.functions, store, clock, ...engineOptions });
  closing.push(() => clock.until(engine.close()));
  const app = asyncHttp(engine.client, { clock, ...options });
  return {
    engine,
    clock,
    store,
    async ask(method, path, asked) {
      const response = await clock.until(
        Promise.resolve(app.fetch(requestOf(method, path, asked))),
      );
      // Work that the request started ends before the next request.
      await clock.quiet();
      return readAnswer(response);
    },
  };
}

/** Makes a request. */
export function requestOf(
  method: string,
  path: string,
  { body, raw, headers = {}, signal }: Asked = {},
): Request {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const type: Record<string, string> =
    body === undefined ? {} : { "content-type": "application/json" };
  const sent = content === undefined ? {} : { body: content, duplex: "half" as const };
  return new Request(`http://localhost${path}`, {
    method,
    headers: { ...type, ...headers },
    ...sent,
    ...(signal !== undefined && { signal }),
  });
}

/** Reads an answer, and checks its headers and that a problem reveals nothing. */
export async function readAnswer(response: Response): Promise<Answered> {
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  const body = type.includes("json") && text !== "" ? (JSON.parse(text) as Answered["body"]) : {};
  if (response.status >= 400 && text !== "") {
    expect(type).toBe("application/problem+json");
    expect(body).toMatchObject({
      type: `urn:handback:${String(body["code"])}`,
      status: response.status,
      title: expect.any(String),
    });
    // A problem shows no ids, which give access, and no stack traces.
    expect(text).not.toMatch(/[0-9a-f]{17,}|\/flows\/|\.ts|node_modules/);
  }
  return { status: response.status, headers: response.headers, body, text };
}
