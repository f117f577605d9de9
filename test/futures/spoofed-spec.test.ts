import { isInvokable } from "handback";
import { expect, test } from "vitest";
import { specOf } from "../../src/futures/define/spec.ts";
import { HOSTILE } from "../support/hostile.ts";

const SPEC = Symbol.for("handback.FunctionSpec");

test.each<readonly [string, unknown]>([
  [
    "an object whose parts throw",
    {
      get parts(): never {
        throw new Error("parts");
      },
    },
  ],
  [
    "a proxy that throws",
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("proxy");
        },
      },
    ),
  ],
  ["parts that are no list", { parts: true }],
  ["no parts", {}],
  ["null", null],
  ...HOSTILE.map(({ name, make }) => [name, make()] as const),
])("an object with %s in place of its spec is no function", (_, spec) => {
  expect(specOf({ [SPEC]: spec })).toBeUndefined();
  expect(isInvokable({ [SPEC]: spec })).toBe(false);
});
