import { checkedBy, invalidOption, optional, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { checkFunctionType } from "../../core/validation/names.ts";
import type { DefineFn, FunctionOptions, MessageFunctionOptions } from "../types/define.ts";
import type { Accepts } from "../types/message.ts";
import { messageSchema, readAccepts } from "./accepts.ts";
import { HANDLING_OPTIONS, handlerSpec, handlingSpec, standardSchema } from "./options.ts";
import { attachSpec, CALL } from "./spec.ts";

const OPTIONS = {
  input: optional(standardSchema<unknown, unknown>()),
  accepts: optional(checkedBy(readAccepts)),
  ...HANDLING_OPTIONS,
} satisfies OptionTable<FunctionOptions<unknown> & MessageFunctionOptions<Accepts>>;

/**
 * Defines a stateless function: a handler that runs once for each invocation and may hand back a
 * future.
 *
 * The input has the type of the handler's second parameter, or of the schema `options.input` (a
 * Standard Schema). The output is the handler's result, with promises and futures unwrapped. The
 * function does nothing until an engine has it among its `functions`.
 *
 * @throws `INVALID_NAME`, `INVALID_HANDLER`, `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 *
 * const double = fn("docs/double", (_, n: number) => 2 * n);
 * const quadruple = fn("docs/quadruple", (ctx, n: number) =>
 *   ctx.invoke(double, ctx.invoke(double, n)),
 * );
 *
 * const engine = await embedded({ functions: [double, quadruple], store: memory() });
 * console.log(await engine.client.call(quadruple, 3)); // 12
 * await engine.close();
 */
export const fn = ((type: string, ...rest: readonly unknown[]) => {
  checkFunctionType(type);
  const [options, handler] = rest.length > 1 ? rest : [{}, rest[0]];
  const { input, accepts, ...handling } = readOptions(type, OPTIONS, options);
  if (input !== undefined && accepts !== undefined)
    throw invalidOption(`options of ${type}`, "input or accepts", options);
  const schema = accepts === undefined ? input : messageSchema(accepts);
  const operations = new Map([[CALL, handlerSpec(`handler of ${type}`, handler)]]);
  const spec = {
    type,
    operations,
    formerOperations: new Map<string, string>(),
    ...handlingSpec(handling),
    ...(schema !== undefined && { input: schema }),
    ...(accepts !== undefined && { accepts }),
  };
  return Object.freeze(attachSpec({ type }, spec));
}) as DefineFn;
