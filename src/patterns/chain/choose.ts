import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { AnyInvokable, OutputOf } from "../../futures/types/function.ts";
import { shapeOf } from "../diagram/shape.ts";
import { checkInvokable, composeStep, invoke } from "../composing/step.ts";
import type { ComposedStep, InputOfAll } from "../composing/step.ts";

/**
 * Makes a step that calls one of several functions, named by `select`, with the value so far.
 *
 * @throws `INVALID_OPTIONS`; the chain fails if `select` returns another name
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { chain, choose } from "handback/patterns";
 *
 * const accept = fn("docs/accept", (_, order: { total: number }) => `accepted ${order.total}`);
 * const review = fn("docs/review", (_, order: { total: number }) => `reviewing ${order.total}`);
 * const decide = chain(
 *   "docs/decide",
 *   choose({ accept, review }, ({ total }) => (total > 100 ? "review" : "accept")),
 * );
 *
 * const engine = await embedded({ functions: [decide], store: memory() });
 * console.log(await engine.client.call(decide, { total: 500 })); // reviewing 500
 * await engine.close();
 */
export function choose<
  const Cases extends Readonly<Record<string, AnyInvokable>>,
  Value extends InputOfAll<Cases> = InputOfAll<Cases>,
>(
  cases: Cases,
  select: (value: Value) => keyof Cases,
): ComposedStep<Value, OutputOf<Cases[keyof Cases]>> {
  if (typeof cases !== "object" || cases === null)
    throw invalidChoice("a record of functions", cases);
  if (typeof select !== "function") throw invalidChoice("a function that names a case", select);
  if (Object.keys(cases).length === 0) throw invalidChoice("at least one case", cases);
  const parts = new Map(
    Object.entries(cases).map(([name, f]) => [name, checkInvokable(`choose: case ${name}`, f)]),
  );
  return composeStep({
    labelIn: (naming) => `choose(${[...parts.values()].map(naming).join(", ")})`,
    shape: {
      kind: "choose",
      cases: [...parts].map(([name, part]) => ({ name, part: shapeOf(part) })),
    },
    parts: [...parts.values()],
    begin(ctx, value) {
      const name: unknown = select(value as Value);
      const chosen = typeof name === "string" ? parts.get(name) : undefined;
      if (chosen === undefined)
        throw new Error(
          `choose: expected one of ${[...parts.keys()].join(", ")} from select, got ${show(name)}`,
        );
      return invoke(ctx, chosen, value);
    },
  });
}

function invalidChoice(expected: string, got: unknown): HandbackError {
  return new HandbackError("INVALID_OPTIONS", `choose: expected ${expected}, got ${show(got)}`);
}
