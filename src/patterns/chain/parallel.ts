import type { AnyInvokable } from "../../futures/types/function.ts";
import { shapeOf } from "../diagram/shape.ts";
import { checkInvokable, composeStep, invoke } from "../composing/step.ts";
import type { ComposedStep, InputOfAll, OutputsOf } from "../composing/step.ts";

/**
 * Makes a step that calls several functions at the same time, each with the value so far. The next
 * step takes the list of their outputs, in order. If one fails, the others are canceled.
 *
 * @throws `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { chain, parallel } from "handback/patterns";
 *
 * const width = fn("docs/width", (_, text: string) => text.length);
 * const words = fn("docs/words", (_, text: string) => text.split(" ").length);
 * const mean = chain("docs/mean", parallel(width, words), ([letters, count]) => letters / count);
 *
 * const engine = await embedded({ functions: [mean], store: memory() });
 * console.log(await engine.client.call(mean, "so it is")); // 2.666...
 * await engine.close();
 */
export function parallel<
  const Functions extends readonly AnyInvokable[],
  Value extends InputOfAll<Functions> = InputOfAll<Functions>,
>(...functions: Functions): ComposedStep<Value, OutputsOf<Functions>> {
  const parts = functions.map((f, index) => checkInvokable(`parallel: function ${index + 1}`, f));
  return composeStep({
    labelIn: (naming) => `parallel(${parts.map(naming).join(", ")})`,
    shape: { kind: "parallel", parts: parts.map(shapeOf) },
    parts,
    // A race of one cancels the rest of `all` when a function rejects.
    begin: (ctx, value) => ctx.race([ctx.all(parts.map((f) => invoke(ctx, f, value)))]),
  });
}
