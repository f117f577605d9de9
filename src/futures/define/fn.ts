import { checkOptions } from "../../core/validation/check-options.ts";
import { checkFunctionType } from "../../core/validation/names.ts";
import type { DefineFn, FunctionOptions } from "../types/define.ts";
import { checkSchema, handlerSpec, handlingSpec } from "./options.ts";
import { attachSpec, CALL } from "./spec.ts";

/**
 * Defines a stateless function: a handler that runs once for each invocation, and may hand back a future.
 *
 * Its input is what the handler's second parameter is annotated with, or what `options.input` (a Standard Schema) gives;
 * its output is what the handler returns, with promises and futures unwrapped. It does nothing until an engine has it
 * among its `functions`.
 *
 * @throws `INVALID_NAME`, `INVALID_HANDLER`, `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 *
 * const double = fn("docs/double", (_, n: number) => 2 * n);
 * const quadruple = fn("docs/quadruple", (ctx, n: number) => ctx.invoke(double, ctx.invoke(double, n)));
 *
 * const engine = await embedded({ functions: [double, quadruple], store: memory() });
 * console.log(await engine.client.call(quadruple, 3)); // 12
 * await engine.close();
 */
export const fn = ((type: string, ...rest: readonly unknown[]) => {
  checkFunctionType(type);
  const [options, handler] = rest.length > 1 ? rest : [{}, rest[0]];
  checkOptions(`options of ${type}`, options, ["input", "retry", "timeout", "aliases", "parts"]);
  const { input, ...handling } = options as FunctionOptions<unknown>;
  if (input !== undefined) checkSchema(`input of ${type}`, input);
  const operations = new Map([[CALL, handlerSpec(`handler of ${type}`, handler)]]);
  const spec = {
    type,
    operations,
    ...handlingSpec(type, handling),
    ...(input !== undefined && { input }),
  };
  return Object.freeze(attachSpec({ type }, spec));
}) as DefineFn;
