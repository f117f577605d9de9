import type { Invokable } from "../../futures/types/function.ts";
import { shapeOf } from "../diagram/shape.ts";
import { checkInvokable, composeStep, invoke } from "../composing/step.ts";
import type { ComposedStep } from "../composing/step.ts";

/**
 * Makes a step that calls a function with the value so far and keeps that value beside the result.
 * The next step takes `[value, result]`.
 *
 * @throws `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { chain, keep } from "handback/patterns";
 *
 * const price = fn("docs/price", (_, item: string) => item.length);
 * const label = fn("docs/label", (_, [item, cents]: [string, number]) => `${item}: ${cents}`);
 * const offer = chain("docs/offer", keep(price), label);
 *
 * const engine = await embedded({ functions: [offer], store: memory() });
 * console.log(await engine.client.call(offer, "tea")); // tea: 3
 * await engine.close();
 */
export function keep<Input, Output, Value extends Input = Input>(
  f: Invokable<Input, Output>,
): ComposedStep<Value, [Value, Output]> {
  const part = checkInvokable("keep", f);
  return composeStep({
    labelIn: (naming) => `keep(${naming(part)})`,
    shape: { kind: "keep", part: shapeOf(part) },
    parts: [part],
    begin: (ctx, value) => ctx.all([ctx.resolved(value), invoke(ctx, part, value)]),
  });
}
