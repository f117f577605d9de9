import { fn } from "handback";
import { fanOut } from "handback/patterns";
import { describe, expect, test } from "vitest";
import { formOf, shapeOf } from "../../../src/patterns/diagram/shape.ts";
import type { Shape } from "../../../src/patterns/diagram/shape.ts";

const each = fn("form/each", (_, n: number) => n);

describe("the form of a fan-out's output, which names stored stages", () => {
  test.each([
    ["values", fanOut("form/strict", { each })],
    ["values", fanOut("form/cancel", { each, onFailure: "cancel" })],
    ["outcomes", fanOut("form/settle", { each, onFailure: "settle" })],
    ["outcomes", fanOut("form/tolerate", { each, onFailure: { tolerate: 1 } })],
    ["outcomes", fanOut("form/enough", { each, enough: 1 })],
    ["values of outcomes", fanOut("form/nested", { each: fanOut("form/in", { each, enough: 1 }) })],
  ])("is %s, in whatever words a diagram shows its policy", (form, f) => {
    const shape = shapeOf(f) as Extract<Shape, { kind: "fan-out" }>;
    expect(formOf(shape)).toBe(form);
    for (const policy of ["", "in other words"]) expect(formOf({ ...shape, policy })).toBe(form);
  });
});
