import { expect, test, vi } from "vitest";
import { sizesUpTo } from "../../bench/benches/flat.ts";
import { readOptions } from "../../bench/options.ts";
import { DEFAULT_SIZES } from "../../bench/measure/bench.ts";

const NAMES = ["noop", "park", "flat"];

test("without arguments all benches run, at sizes that take minutes", () => {
  expect(readOptions([], NAMES)).toEqual({
    json: false,
    only: NAMES,
    seconds: 2,
    sizes: DEFAULT_SIZES,
  });
});

test("benches, times and sizes can be chosen", () => {
  const options = readOptions(
    ["--json", "--only", "noop, park", "--seconds", "2.5", "--flows", "1000000"],
    NAMES,
  );
  expect(options).toEqual({
    json: true,
    only: ["noop", "park"],
    seconds: 2.5,
    sizes: { ...DEFAULT_SIZES, flows: 1_000_000 },
  });
});

test.each([
  [["--only", "noop,nop"], /no nop; expected some of noop,park,flat/],
  [["--seconds", "0"], /number above 0/],
  [["--seconds", "soon"], /number above 0/],
  [["--flows", "10"], /from 1000/],
  [["--flows", "1e4"], /whole number/],
  [["--states"], /argument missing/],
  [["--fast"], /unknown option/],
  [["noop"], /too many arguments/],
])("%j is rejected with a reason", (args, why) => {
  expect(() => readOptions(args, NAMES)).toThrow(why);
});

test("help is printed, and nothing is measured", () => {
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  expect(readOptions(["--help"], NAMES)).toBeUndefined();
  expect(written.mock.calls.join("")).toContain("noop,park,flat");
});

test("stores are filled in steps of ten, from a thousand up to the requested size", () => {
  expect(sizesUpTo(100_000)).toEqual([1_000, 10_000, 100_000]);
  expect(sizesUpTo(25_000)).toEqual([1_000, 10_000, 25_000]);
  expect(sizesUpTo(1_000)).toEqual([1_000]);
});
