import { expect, test } from "vitest";
import { compareSurvivors } from "../../../battery/disk/notes/survival.ts";
import type { Line } from "../../../battery/disk/notes/survival.ts";

const intend = (number: number): Line => ({ what: "intend", number });
const ack = (number: number): Line => ({ what: "ack", number });
const refused = (number: number): Line => ({ what: "refused", number, code: "STORE_FULL" });

test("nothing is wrong if all acknowledged numbers survive, with or without those under way", () => {
  const lines = [intend(1), ack(1), intend(2), intend(3), ack(2), { what: "read" } as const];
  const well = { lost: [], outOfOrder: [], unheardOf: [] };
  expect(compareSurvivors(lines, new Set([1, 2]))).toEqual(well);
  expect(compareSurvivors(lines, new Set([1, 2, 3]))).toEqual(well);
});

test("a missing acknowledged number is lost, but the order holds if no later one survived", () => {
  const lines = [intend(1), ack(1), intend(2), intend(3), ack(2), ack(3)];
  expect(compareSurvivors(lines, new Set([1, 3]))).toMatchObject({ lost: [2], outOfOrder: [] });
  expect(compareSurvivors(lines, new Set())).toMatchObject({ lost: [1, 2, 3], outOfOrder: [] });
});

test("a surviving number that was tried after a lost acknowledged one is out of order", () => {
  const lines = [intend(1), intend(2), ack(1), intend(3), ack(2), ack(3)];
  expect(compareSurvivors(lines, new Set([2, 3]))).toMatchObject({
    lost: [1],
    outOfOrder: [{ survived: 3, lost: 1 }],
  });
});

test("a number that was never tried, or that was rejected, must not exist", () => {
  const lines = [intend(1), refused(1), intend(2), ack(2)];
  expect(compareSurvivors(lines, new Set([1, 2, 9]))).toMatchObject({
    lost: [],
    unheardOf: [1, 9],
  });
});
