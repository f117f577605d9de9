import { expect, test } from "vitest";
import type { Row } from "../../bench/measure/row.ts";
import { formatTables } from "../../bench/report.ts";

const row = (part: Partial<Row>): Row => ({
  bench: "noop",
  engine: "sqlite",
  value: 1,
  unit: "ops/s",
  ratio: null,
  of: "",
  ...part,
});

test("each kind of bench has its table, and no row is in two", () => {
  const shown = formatTables([
    row({ bench: "noop", value: 30_123 }),
    row({ bench: "noop-cpu", value: 41.25, unit: "us/op" }),
    row({ bench: "noop-p50", value: 0.5, unit: "ms" }),
    row({ bench: "park", value: 31_000, unit: "flows/s" }),
    row({ bench: "park-reopen", value: 17.4, unit: "ms" }),
    row({ bench: "event-loop-noop-p99", value: 12.3, unit: "ms" }),
  ]);
  const titles = [
    "Throughput",
    "Latency of one caller",
    "Delay of the event loop under load",
    "Flows that wait for a person",
  ];
  expect(titles.map((title) => shown.indexOf(title))).toEqual(
    titles.map((title) => shown.indexOf(title)).toSorted((a, b) => a - b),
  );
  for (const value of ["30,123", "41.3", "0.500", "31,000", "17.4", "12.3"])
    expect(shown.split(value)).toHaveLength(2);
});

test("a missing measurement is shown with its reason", () => {
  expect(
    formatTables([row({ bench: "slow-disk", value: Number.NaN, note: "needs strace" })]),
  ).toContain("slow-disk was not measured: needs strace");
});
