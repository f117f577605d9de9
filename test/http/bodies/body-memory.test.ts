import { fn } from "handback";
import { asyncHttp } from "handback/http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyBytes, BodyMemory } from "../../../src/http/requests/body-bytes.ts";
import { isDeeperThan } from "../../../src/http/requests/nesting.ts";
import { openApp, readAnswer, requestOf } from "../open-app.ts";

const size = fn("memory/size", (_, text: string) => text.length);
const functions = [size];
const headers = { "content-type": "application/json" };

test("a body is read as it was sent, in memory that follows its size and not its chunks", () => {
  const chunk = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 60 }), fc.nat(300), (chunks, last) => {
      const memory = new BodyMemory(1_000_000);
      const body = new BodyBytes(100_000, memory);
      // The last chunk arrives in pieces of one byte.
      const bytes = [...chunks, ...Array.from({ length: last }, (_, n) => Uint8Array.of(n))];
      for (const each of bytes) body.add(each);
      const whole = Uint8Array.from(bytes.flatMap((each) => [...each]));
      const read = body.read();
      expect(read).toEqual(whole);
      if (!bytes.some(({ buffer }) => buffer === read.buffer))
        expect(read.buffer.byteLength).toBeLessThanOrEqual(Math.max(4_096, 2 * whole.length));
    }),
  );
});

/** A body whose bytes the test sends. */
function opened(bytes: number) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const raw = new ReadableStream<Uint8Array>({
    start(stream) {
      controller = stream;
      stream.enqueue(new TextEncoder().encode(`"${"x".repeat(bytes)}`));
    },
  });
  const end = (): void => {
    controller?.enqueue(new TextEncoder().encode('"'));
    controller?.close();
  };
  return { raw, end, abort: () => controller?.error(new Error("gone")) };
}

describe("large bodies", () => {
  test("that arrive at once are parsed one by one, in a turn of the event loop each", async () => {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const turnOfBody = new Map<unknown, number>();
    const count = { turns: 0, isOver: false };
    void over.then(() => (count.isOver = true));
    const turn = (): void => {
      count.turns++;
      if (!count.isOver) setImmediate(turn);
    };
    turn();
    const validate = (input: unknown) => {
      const [body] = input as readonly unknown[];
      // The schema is asked again when the handler runs.
      if (!turnOfBody.has(body)) turnOfBody.set(body, count.turns);
      return { value: input };
    };
    const input = { "~standard": { version: 1 as const, vendor: "test", validate } };
    const wide = fn("memory/wide", { input }, () => 1);
    const { engine } = await openApp({ functions: [wide] });
    const app = asyncHttp(engine.client, { functions: [wide] });
    const bodyOf = (body: number) => JSON.stringify(Array.from({ length: 40_000 }, () => body));
    const post = async (raw: string) =>
      app.fetch(requestOf("POST", "/functions/memory/wide", { raw, headers }));
    const answers = await Promise.all(Array.from({ length: 8 }, (_, body) => post(bodyOf(body))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 202));
    expect(new Set(turnOfBody.values()).size).toBe(8);
    end();
  });

  test("beyond the limit for all of them are answered with 503; small ones are read", async () => {
    const { engine, clock, store } = await openApp({ functions });
    const app = asyncHttp(engine.client, { functions, clock, bodiesLimit: 200_000 });
    const post = async (raw: string | ReadableStream) =>
      readAnswer(await app.fetch(requestOf("POST", "/functions/memory/size", { raw, headers })));
    const [one, two] = [opened(100_000), opened(100_000)];
    const reading = [post(one.raw), post(two.raw)];
    await clock.quiet();
    const refused = await post(`"${"x".repeat(50_000)}"`);
    expect([refused.status, refused.body["code"]]).toEqual([503, "TOO_BUSY"]);
    expect(refused.headers.get("retry-after")).toBe("2");
    expect(store.count().messages).toBe(0);
    expect((await clock.until(post(`"${"x".repeat(10_000)}"`))).status).toBe(202);
    one.end();
    two.abort();
    const answers = await clock.until(Promise.all(reading));
    // The buffer of the first one could not grow for its last byte.
    expect(answers.map(({ status }) => status)).toEqual([503, 400]);
    expect((await clock.until(post(`"${"x".repeat(190_000)}"`))).status).toBe(202);
  });

  test("give their memory back, however they end", async () => {
    const { engine, clock } = await openApp({ functions });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.nat(60_000), how: fc.constantFrom("end", "abort") }), {
          maxLength: 8,
        }),
        async (bodies) => {
          const options = { functions, clock, bodiesLimit: 150_000, bodyLimit: 50_000 };
          const app = asyncHttp(engine.client, options);
          const post = async (raw: string | ReadableStream) =>
            app.fetch(requestOf("POST", "/functions/memory/size", { raw, headers }));
          const streams = bodies.map(({ bytes, how }) => ({ ...opened(bytes), how }));
          const answers = streams.map(({ raw }) => post(raw));
          await clock.quiet();
          for (const { how, end, abort } of streams)
            try {
              if (how === "end") end();
              else abort();
            } catch {
              // The app has stopped reading.
            }
          await clock.until(Promise.all(answers));
          const text = `"${"x".repeat(49_000)}"`;
          const large = await clock.until(Promise.all([post(text), post(text), post(text)]));
          expect(large.map(({ status }) => status)).toEqual([202, 202, 202]);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("deep JSON", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0;

  test("is found by its brackets outside of texts", () => {
    const text = fc.string({ unit: fc.constantFrom("[", "{", "}", "]", '"', "\\", "a", "é") });
    const value = fc.jsonValue({ maxDepth: 6, stringUnit: "binary" });
    fc.assert(
      fc.property(fc.oneof(value, fc.array(fc.dictionary(text, text))), (json) => {
        const bytes = new TextEncoder().encode(JSON.stringify(json));
        const depth = depthOf(json);
        expect([isDeeperThan(depth, bytes), isDeeperThan(depth - 1, bytes)]).toEqual([
          false,
          depth > 0,
        ]);
      }),
    );
  });

  test.each([
    ["small", 0],
    ["large", 10_000],
  ])("has 200 levels at most in a %s body", async (_, spaces) => {
    const { ask } = await openApp({ functions });
    for (const [levels, status] of [
      [200, 202],
      [201, 400],
    ] as const) {
      const raw = "[".repeat(levels) + " ".repeat(spaces) + "]".repeat(levels);
      const answer = await ask("POST", "/functions/memory/size", { raw, headers });
      expect([answer.status, answer.body["code"] ?? "TOO_DEEP"]).toEqual([status, "TOO_DEEP"]);
    }
  });
});
