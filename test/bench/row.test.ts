import { expect, test } from "vitest";
import { Rows } from "../../bench/report.ts";

const figure = { name: "noop", value: 50, unit: "ops/s", of: "baseline" };

test("a row has the medians of the values, and of their ratios to the baseline", () => {
  const rows = new Rows();
  rows.add("sqlite", figure, 100);
  rows.add("sqlite", { ...figure, value: 80 }, 400);
  rows.add("sqlite", { ...figure, value: 60 }, 100);
  expect(rows.rows()).toEqual([
    { bench: "noop", engine: "sqlite", value: 60, unit: "ops/s", ratio: 0.5, of: "baseline" },
  ]);
});

test("a bench's own baseline comes before those of others", () => {
  const rows = new Rows();
  rows.add("sqlite", { ...figure, reference: 25 }, 100);
  expect(rows.rows()[0]?.ratio).toBe(2);
});

test("without a baseline of its own, a figure is compared to the row of its engine, or to the raw one", () => {
  const rows = new Rows();
  rows.add("raw", { ...figure, name: "baseline", value: 200 }, undefined);
  rows.add("sqlite", { ...figure, weight: 2 }, undefined);
  rows.add("sqlite", { ...figure, name: "other", value: 10, of: "noop" }, undefined);
  expect(rows.rows().map(({ ratio }) => ratio)).toEqual([1, 0.5, 0.2]);
});

test("a figure without a measured baseline has no ratio", () => {
  const rows = new Rows();
  rows.add("sqlite", { ...figure, of: "" }, undefined);
  rows.add("sqlite", { ...figure, name: "other", of: "missing" }, undefined);
  expect(rows.rows().map(({ ratio }) => ratio)).toEqual([null, null]);
});

test("a figure that could not be measured gives the reason, and has no value in JSON", () => {
  const rows = new Rows();
  rows.add("sqlite", { ...figure, value: Number.NaN, of: "", note: "needs strace" }, undefined);
  expect(JSON.parse(JSON.stringify(rows.rows()))).toMatchObject([
    { bench: "noop", value: null, ratio: null, note: "needs strace" },
  ]);
});
