import fc from "fast-check";
import { expect, test } from "vitest";
import { ArrivalTimes } from "../../../../src/engines/embedded/commit/arrival-times.ts";

const MS = 1e6;

/** Commits of some messages, each some time after the one before it. */
const commits = fc.array(
  fc.record({
    messages: fc.integer({ min: 1, max: 50 }),
    pauseMs: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 30 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 100_000 }) },
    ),
  }),
  { minLength: 1, maxLength: 200 },
);

test("the age of a message is at most 1 % or 10 ms too long, in bounded memory", () =>
  fc.assert(
    fc.property(commits, fc.integer({ min: 1, max: 100 }), (rounds, repeats) => {
      const arrivals = new ArrivalTimes(0);
      const came: { seq: number; ns: number }[] = [];
      let [seq, ns] = [1, 0];
      for (let n = 0; n < repeats; n++)
        for (const { messages, pauseMs } of rounds) {
          ns += pauseMs * MS;
          arrivals.note(seq, ns);
          came.push({ seq: seq + messages - 1, ns });
          seq += messages;
        }
      expect(arrivals.size).toBeLessThanOrEqual(4_097);
      const nowNs = ns + MS;
      for (const each of came) {
        const [age, seeming] = [nowNs - each.ns, nowNs - arrivals.of(each.seq)];
        expect(seeming).toBeGreaterThanOrEqual(age);
        expect(seeming).toBeLessThanOrEqual(Math.max(1.011 * age, age + 10.001 * MS));
      }
    }),
    { examples: [[[{ messages: 1, pauseMs: 11 }], 10_000]] },
  ));

test("messages that a store had at the start seem to come then", () => {
  const arrivals = new ArrivalTimes(5);
  arrivals.note(100, 20 * MS);
  expect([arrivals.of(7), arrivals.of(100), arrivals.of(1_000)]).toEqual([5, 20 * MS, 20 * MS]);
});
