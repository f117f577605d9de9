import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAttributeOption, readInstantOption } from "../../src/cli/commands/list-command.ts";
import { EXIT, kindOfError } from "../../src/cli/failures/exit-codes.ts";
import { renderFlows } from "../../src/cli/rendering/flow-table.ts";
import { renderFlow } from "../../src/cli/rendering/flow-view.ts";
import { durationText } from "../../src/cli/rendering/time-text.ts";
import { paintFor } from "../../src/cli/terminal/paint.ts";
import { usesColor } from "../../src/cli/terminal/process-terminal.ts";
import { safeBlock, safeText } from "../../src/cli/terminal/safe-text.ts";
import { drawTable, textWidth } from "../../src/cli/terminal/table.ts";
import { ERROR_CODES } from "../../src/core/errors/error-codes.ts";
import type { ErrorCode } from "../../src/core/errors/error-codes.ts";
import { HandbackError } from "../../src/core/errors/errors.ts";

const plain = paintFor(false);
/** Text with characters that steer a terminal among others. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom(
      "\u001b",
      "\n",
      "\r",
      "\u009b",
      "\u202e",
      "\u2028",
      "\ud800",
      "\u0007",
      "é",
      "漢",
    ),
  ),
});

describe("text of users", () => {
  test("never steers the terminal", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(safeText(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
        expect(safeBlock(text)).not.toMatch(
          /[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/,
        );
      }),
    );
  });

  test("stays as it is if it steers nothing", () => {
    for (const text of ["shop/checkout", "Zoë 漢字 🎉", "a 'b' \"c\" \\d"])
      expect(safeText(text)).toBe(text);
    expect(safeText("a\u001b[31m\nb")).toBe(String.raw`a\x1b[31m\x0ab`);
  });

  test("never steers the terminal from any field of a flow", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const flow = {
          id: text,
          function: text,
          status: text,
          startedAt: 0,
          custom: { [text]: text },
          error: { code: text, message: text },
          attributes: { [text]: text },
          paused: [],
          history: [{ type: "failed", at: 0, function: text, code: text } as const],
        };
        expect(renderFlow(flow, { now: 0, paint: plain })).not.toMatch(
          /[\0-\x09\x0b-\x1f\x7f-\x9f]/,
        );
      }),
      { examples: [["__proto__"], ["constructor"]] },
    );
  });
});

describe("a table", () => {
  test("has its columns at the same places, with colors and wide characters", () => {
    const cell = fc.constantFrom("a", "漢字", "\u001b[31mred\u001b[39m", "longer text", "");
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const marked = rows.map(([one, other]) => [one, `|${other}`]);
        const lines = drawTable({ heads: ["one", "|two"], rows: marked }, plain).split("\n");
        expect(new Set(lines.map((line) => textWidth(line.split("|")[0] ?? ""))).size).toBe(1);
      }),
    );
  });

  test("of flows shows their age, their time and their attributes", () => {
    const flow = { id: "a", function: "shop/pay", startedAt: 0, attributes: {} };
    const flows = [
      { ...flow, status: "completed", settledAt: 90_000, attributes: { customer: "c-7" } } as const,
      { ...flow, id: "long-id", status: "pending", settledAt: undefined } as const,
    ];
    expect(renderFlows({ flows, cursor: "c1" }, { now: 7_200_000, paint: plain })).toBe(
      [
        "FLOW     FUNCTION  STATUS     STARTED  TOOK    ATTRIBUTES",
        "a        shop/pay  completed  2h ago   1m 30s  customer=c-7",
        "long-id  shop/pay  pending    2h ago   -",
        "",
        "more: add --cursor c1",
      ].join("\n"),
    );
  });
});

test.each([
  [0, "0ms"],
  [0.123, "0.12ms"],
  [999, "999ms"],
  [1_000, "1s"],
  [59_940, "59.9s"],
  [60_000, "1m"],
  [3_661_000, "1h 1m"],
  [90_000_000, "1d 1h"],
  [86_400_000 * 400, "400d"],
])("%d ms is %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test.each([
  ["a terminal", true, {}, true],
  ["a pipe", undefined, {}, false],
  ["a terminal with NO_COLOR", true, { NO_COLOR: "1" }, false],
  ["a terminal with an empty NO_COLOR", true, { NO_COLOR: "" }, true],
  ["a pipe with FORCE_COLOR", undefined, { FORCE_COLOR: "1" }, true],
  ["a terminal without abilities", true, { TERM: "dumb" }, false],
])("colors on %s: %s, %j -> %s", (_, isTty, environment, expected) => {
  expect(usesColor(isTty, environment)).toBe(expected);
});

test.each([
  ["customer=c-7", { customer: "c-7" }],
  ["n=5", { n: 5 }],
  ["vip=true", { vip: true }],
  ['n="5"', { n: "5" }],
  ["a=b=c", { a: "b=c" }],
  ["a=", { a: "" }],
  ["__proto__=1", JSON.parse('{"__proto__":1}') as object],
])("the attribute %s is %j", (text, expected) => {
  expect(JSON.parse(readAttributeOption(text))).toEqual(expected);
});

test("a time is an instant, or a duration before now", () => {
  expect(readInstantOption("2030-01-31T08:00Z", 0)).toBe(String(Date.UTC(2030, 0, 31, 8)));
  expect(readInstantOption("2h", 10_000_000)).toBe(String(10_000_000 - 7_200_000));
  for (const text of ["", "soon", "-5m", "2030-99-99", "Infinity"])
    expect(() => readInstantOption(text, 0)).toThrow("Expected a date");
});

test("each error code has an exit code other than 0 and that of an unknown error", () => {
  const codes = Object.keys(ERROR_CODES) as readonly ErrorCode[];
  const internal = codes.filter((code) => kindOfError(new HandbackError(code, "")) === "internal");
  expect(internal).toEqual(["UNEXPECTED_ANSWER"]);
  const taken = new HandbackError("UNEXPECTED_ANSWER", "", { details: { status: 409 } });
  expect(kindOfError(taken)).toBe("conflict");
  expect(EXIT[kindOfError(new HandbackError("INVALID_CURSOR", ""))]).toBe(2);
  expect(EXIT[kindOfError(new TypeError("x"))]).toBe(70);
});
