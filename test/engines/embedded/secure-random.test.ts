import fc from "fast-check";
import { expect, test } from "vitest";
import { secret } from "../../../src/engines/embedded/host/secure-random.ts";

test("a secret has the requested number of bytes, and shares none with another secret", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 16, max: 64 }), fc.integer({ min: 4_000, max: 9_000 })),
      (bytes) => {
        const made = secret(bytes);
        expect(made).toHaveLength(bytes);
        for (let at = 0; at + 16 <= bytes; at += 16) {
          const part = made.slice(at, at + 16).join();
          expect(seen.has(part)).toBe(false);
          seen.add(part);
        }
      },
    ),
  );
});

test("writing to a secret changes no other secret, earlier or later", () => {
  const one = secret(24);
  const copy = one.slice();
  secret(24).fill(0);
  expect(one).toEqual(copy);
  one.fill(0);
  expect(secret(24).some((byte) => byte !== 0)).toBe(true);
});
