import { fn } from "handback";
import { describe, expect, test } from "vitest";
import { keptLog } from "../kept-log.ts";
import { openApp } from "../open-app.ts";
import { open } from "../web-app.ts";

describe("bodies", () => {
  const json = { "content-type": "application/json" };
  const stream = (bytes: number): ReadableStream<Uint8Array> => {
    let left = bytes;
    return new ReadableStream({
      pull(controller) {
        if (left <= 0) return controller.close();
        controller.enqueue(new Uint8Array(Math.min(left, 1024)).fill(48));
        left -= 1024;
      },
    });
  };

  /** A body from a client that disconnects. */
  const cutShort = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array([49]));
        controller.error(new Error("aborted"));
      },
    });

  test.each([
    ["is not JSON", { raw: "{", headers: json }, 400, "MALFORMED_JSON"],
    [
      "is not UTF-8",
      { raw: new Uint8Array([34, 0xc3, 0x28, 34]), headers: json },
      400,
      "MALFORMED_JSON",
    ],
    [
      "has too many levels",
      { raw: "[".repeat(300) + "]".repeat(300), headers: json },
      400,
      "TOO_DEEP",
    ],
    [
      "is text",
      { raw: "1", headers: { "content-type": "text/plain" } },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["has no type", { raw: new Uint8Array([49]) }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    [
      "has another charset",
      { raw: "1", headers: { "content-type": "application/json; charset=utf-16" } },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "is compressed",
      { raw: "1", headers: { ...json, "content-encoding": "gzip" } },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "is larger than allowed",
      { raw: JSON.stringify("x".repeat(2000)), headers: json },
      413,
      "BODY_TOO_LARGE",
    ],
    [
      "claims to be larger",
      { raw: "1", headers: { ...json, "content-length": "5000" } },
      413,
      "BODY_TOO_LARGE",
    ],
    ["is incomplete", { raw: cutShort(), headers: json }, 400, "BODY_INCOMPLETE"],
    ["has no length", { raw: stream(1_000_000), headers: json }, 413, "BODY_TOO_LARGE"],
  ])(
    "are rejected before anything starts if one %s, without a log entry",
    async (_, asked, status, code) => {
      const [log, lines] = keptLog();
      const { ask, store } = await open({ bodyLimit: 1024, log });
      expect(await ask("POST", "/functions/web/double", asked)).toMatchObject({
        status,
        body: { code },
      });
      expect([store.count().state, lines]).toEqual([0, []]);
    },
  );

  test.each([
    [1024, 202],
    [1025, 413],
  ])(
    "of %s bytes are answered with %s if 1,024 are allowed, in one chunk or several",
    async (bytes, status) => {
      const { ask } = await open({ bodyLimit: 1024 });
      const text = JSON.stringify("x".repeat(bytes - 2));
      const streamed = new Blob([text]).stream();
      for (const raw of [text, streamed])
        expect((await ask("POST", "/functions/web/greet", { raw, headers: json })).status).toBe(
          status,
        );
    },
  );

  test.each([
    ["application/json; charset=UTF-8", "21"],
    ["application/problem+json", "21"],
    ["Application/JSON", " 21\n"],
  ])("are JSON as %s", async (type, raw) => {
    const { ask } = await open();
    expect(
      (
        await ask("POST", "/functions/web/double?wait=1", {
          raw,
          headers: { "content-type": type },
        })
      ).body,
    ).toMatchObject({
      output: 42,
    });
  });

  test("may have names with a meaning in JavaScript", async () => {
    const echo = fn("web/echo", (_, input: unknown) => input);
    const { ask } = await openApp({ functions: [echo] });
    const raw =
      '{"__proto__":{"x":1},"constructor":{"prototype":{"x":2}},"then":{"$type":"Function"}}';
    const { text } = await ask("POST", "/functions/web/echo?wait=1", { raw, headers: json });
    expect(text).toContain(raw.slice(1, -1));
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test("of answers are plain JSON", async () => {
    const rich = fn("web/rich", () => ({
      when: new Date(5),
      big: 2n ** 64n,
      odd: [Number.NaN, -0, Infinity, undefined],
      map: new Map([[1, new Set(["a"])]]),
      bytes: new Uint8Array([1, 2]),
      none: null,
    }));
    const { ask } = await openApp({ functions: [rich] });
    expect((await ask("POST", "/functions/web/rich?wait=1")).body["output"]).toEqual({
      when: "1970-01-01T00:00:00.005Z",
      big: "18446744073709551616",
      odd: ["NaN", 0, "Infinity", null],
      map: [[1, ["a"]]],
      bytes: "AQI=",
      none: null,
    });
  });
});
