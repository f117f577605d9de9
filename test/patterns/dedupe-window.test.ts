import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_WINDOW, rememberEvent } from "../../src/patterns/aggregator/dedupe-window.ts";

const names = fc.oneof(
  fc.constantFrom("a", "b", ' "a"', '"a"\n', 'a"', "\\", '\\"a', "1 a", "__proto__", ""),
  fc.string({ unit: "binary" }),
);

test("remembers each name for the length of the window, up to a limit", () =>
  fc.assert(
    fc.property(
      fc.array(fc.tuple(names, fc.nat(5))),
      fc.record({ windowMs: fc.integer({ min: 1, max: 20 }), max: fc.integer({ min: 1, max: 6 }) }),
      (events, window) => {
        let [seen, now] = [EMPTY_WINDOW, 0];
        let expected: (readonly [name: string, at: number])[] = [];
        for (const [name, pauseMs] of events) {
          now += pauseMs;
          expected = expected.filter(([, at]) => at > now - window.windowMs);
          const isKnown = expected.some(([other]) => other === name);
          const next = rememberEvent(seen, window, [name, now]);
          expect(next === undefined).toBe(isKnown);
          if (next === undefined) continue;
          expected = [...expected, [name, now] as const].slice(-window.max);
          seen = next;
          expect(seen).toEqual({
            count: expected.length,
            lines: expected.map(([other, at]) => `${at} ${JSON.stringify(other)}\n`).join(""),
          });
        }
      },
    ),
  ));
