import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeRequest } from "../support/exchange.ts";
import { toHex } from "../../../../src/core/crypto/hex.ts";
import { javascriptSdk } from "./javascript-sdk.ts";
import { ours } from "./ours.ts";
import { REQUESTS } from "./requests.ts";
import { effectsOf, hasIdleChange } from "./same-effects.ts";

test("a random batch has the same effects as with the JavaScript SDK, byte for byte", async () => {
  let same = 0;
  await fc.assert(
    fc.asyncProperty(REQUESTS, async (request) => {
      const bytes = encodeRequest(request);
      const [mine, theirs] = [await ours(bytes), await javascriptSdk(bytes)];
      expect(effectsOf(mine, request)).toEqual(effectsOf(theirs, request));
      if (hasIdleChange(theirs, request)) return;
      expect(toHex(mine)).toBe(toHex(theirs));
      same++;
    }),
    { numRuns: 300 },
  );
  expect(same).toBeGreaterThan(50);
});

test("a first request asks for the same values as the JavaScript SDK, byte for byte", async () => {
  const bytes = encodeRequest({ target: "test/runner/1", invocations: [{}] });
  expect(toHex(await ours(bytes))).toBe(toHex(await javascriptSdk(bytes)));
});
