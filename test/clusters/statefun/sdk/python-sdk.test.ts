import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ours } from "../../../engines/statefun/sdk/ours.ts";
import { REQUESTS } from "../../../engines/statefun/sdk/requests.ts";
import { effectsOf, hasIdleChange } from "../../../engines/statefun/sdk/same-effects.ts";
import { decodeAnswer, encodeRequest } from "../../../engines/statefun/support/exchange.ts";
import { toHex } from "../../../../src/core/crypto/hex.ts";
import { startPythonSdk } from "./python-sdk.ts";
import type { PythonSdk } from "./python-sdk.ts";

let python: PythonSdk;
beforeAll(() => {
  python = startPythonSdk();
});
afterAll(() => python.stop());

test(
  "a random batch has the same effects as with the Python SDK, byte for byte",
  { timeout: 120_000 },
  async () => {
    let same = 0;
    await fc.assert(
      fc.asyncProperty(REQUESTS, async (request) => {
        const bytes = encodeRequest(request);
        const [mine, theirs] = [await ours(bytes), await python.handle(bytes)];
        expect(effectsOf(mine, request)).toEqual(effectsOf(theirs, request));
        // Python writes an answer without effects as no bytes, and JSON with spaces.
        if (theirs.length === 0) return;
        const hasJson = decodeAnswer(mine).egress.some(({ to }) => to === "test/out");
        if (hasJson || hasIdleChange(theirs, request)) return;
        expect(toHex(mine)).toBe(toHex(theirs));
        same++;
      }),
      { numRuns: 1_000 },
    );
    expect(same).toBeGreaterThan(100);
  },
);

test("a first request asks for the same values as the Python SDK", async () => {
  const bytes = encodeRequest({ target: "test/runner/1", invocations: [{}] });
  const missing = (answer: Uint8Array) =>
    decodeAnswer(answer).missing?.map(({ stateName, typeTypename, expirationSpec }) => [
      stateName,
      typeTypename,
      expirationSpec?.mode ?? 0,
      expirationSpec?.expireAfterMillis ?? 0n,
    ]);
  expect(missing(await ours(bytes))).toEqual(missing(await python.handle(bytes)));
});
