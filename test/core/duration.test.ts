import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDuration, parseDuration, parseInstant } from "../../src/core/validation/duration.ts";
import { codeOf, thrownBy } from "../support/thrown.ts";

const LAST_INSTANT = 8.64e15;
const LONGEST = 8e15;

describe("a duration", () => {
  test.each([
    [0, 0],
    [1, 1],
    ["0s", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["30d", 2_592_000_000],
    ["2w", 1_209_600_000],
  ])("%o is %d ms", (value, ms) => {
    expect(parseDuration(value, "delay")).toBe(ms);
  });

  test.each([
    [0.1, 1],
    [1.000001, 2],
    ["0.5ms", 1],
    ["1.0001s", 1_001],
  ])("%o is rounded up, never early", (value, ms) => {
    expect(parseDuration(value, "delay")).toBe(ms);
  });

  test("a unit adds no fraction that was not written", () => {
    expect(parseDuration("0.07s", "delay")).toBe(70);
    expect(parseDuration("1.1h", "delay")).toBe(3_960_000);
  });

  test("-0 is 0", () => {
    expect(Object.is(parseDuration(-0, "delay"), 0)).toBe(true);
  });

  test("2^31 ms and more are exact", () => {
    expect(parseDuration(2 ** 31, "delay")).toBe(2 ** 31);
  });

  test("is short enough for a Date to hold the instant after it", () => {
    expect(parseDuration(LONGEST, "delay")).toBe(LONGEST);
    expect(
      [LONGEST * 1.01, 1e300, `${"9".repeat(17)}ms`].map((value) =>
        codeOf(() => parseDuration(value, "delay")),
      ),
    ).toEqual(["INVALID_DELAY", "INVALID_DELAY", "INVALID_DELAY"]);
  });

  test.each([-1, -0.5, "-1s", NaN, Infinity, -Infinity])(
    "%o is rejected: negative or endless",
    (value) => {
      expect(codeOf(() => parseDuration(value, "delay"))).toBe("INVALID_DELAY");
    },
  );

  test.each([
    "5",
    "",
    " ",
    "s",
    ".",
    ".s",
    ".5s",
    "1.s",
    "1..5s",
    "1e3s",
    "+1s",
    "1 s",
    "1s ",
    "1S",
    "1h30m",
    "0x1s",
    "١s",
    "1".repeat(1e6) + "s",
  ])("the string %j is rejected", (value) => {
    expect(codeOf(() => parseDuration(value, "delay"))).toBe("INVALID_DELAY");
  });

  test.each([
    null,
    undefined,
    {},
    [],
    [5],
    true,
    5n,
    Symbol("s"),
    () => 5,
    new Date(NaN),
    new Date(0),
  ])("%o is rejected: nothing is coerced", (value) => {
    expect(codeOf(() => parseDuration(value, "delay"))).toBe("INVALID_DELAY");
  });

  test("an object is rejected without running its code", () => {
    const trap = { valueOf: () => expect.unreachable(), toString: () => expect.unreachable() };
    expect(codeOf(() => parseDuration(trap, "delay"))).toBe("INVALID_DELAY");
  });

  test("an error shows the value with its name, bounded and on one line", () => {
    const { message } = thrownBy(() =>
      parseDuration(`\n\u001b[31m\u2028${"9".repeat(1e6)}`, "the delay of send"),
    );
    expect(message).toContain("the delay of send");
    expect(message.length).toBeLessThan(400);
    expect(message).not.toMatch(/[\n\u001b\u2028]/);
  });

  test("any string is either rejected or a whole number of ms", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("0", "9", ".", "m", "s", "h", "-", " ") }),
        (text) => {
          expectWholeOrRefused(text);
        },
      ),
    );
  });

  test("any number is either rejected or a whole number of ms that is not early", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        if (value >= 0 && value <= LONGEST)
          expect(parseDuration(value, "delay")).toBeGreaterThanOrEqual(value);
        expectWholeOrRefused(value);
      }),
    );
  });
});

function expectWholeOrRefused(value: string | number): void {
  try {
    const ms = parseDuration(value, "delay");
    expect(Number.isInteger(ms) && ms >= 0).toBe(true);
  } catch {
    expect(codeOf(() => parseDuration(value, "delay"))).toBe("INVALID_DELAY");
  }
}

describe("an instant", () => {
  test("is a Date or ms since the epoch", () => {
    expect(parseInstant(new Date(1_700_000_000_000), "at")).toBe(1_700_000_000_000);
    expect(parseInstant(1_700_000_000_000, "at")).toBe(1_700_000_000_000);
  });

  test("may be past, and is then due at once", () => {
    expect(parseInstant(new Date(-1), "at")).toBe(-1);
  });

  test("is rounded up, never early", () => {
    expect(parseInstant(10.2, "at")).toBe(11);
    expect(Object.is(parseInstant(-0.5, "at"), 0)).toBe(true);
  });

  test.each([new Date(NaN), NaN, Infinity, -Infinity, LAST_INSTANT + 1, LAST_INSTANT * 2])(
    "%o is rejected",
    (value) => {
      expect(codeOf(() => parseInstant(value, "at"))).toBe("INVALID_DELAY");
    },
  );

  test("may be the last one that a Date holds", () => {
    expect(parseInstant(LAST_INSTANT, "at")).toBe(LAST_INSTANT);
  });
});

describe("a due time", () => {
  test("is the instant after the duration", () => {
    expect(addDuration(1_000, 2 ** 31)).toBe(2 ** 31 + 1_000);
    expect(addDuration(0, LAST_INSTANT)).toBe(LAST_INSTANT);
  });

  test.each([LAST_INSTANT, Number.MAX_VALUE, Infinity, NaN])(
    "after the last instant of a Date is rejected (%d ms from now)",
    (ms) => {
      expect(codeOf(() => addDuration(1, ms))).toBe("INVALID_DELAY");
    },
  );
});
