import type { AnyInvokable } from "../../futures/types/function.ts";
import { shapeOf } from "../diagram/shape.ts";
import { checkInvokable, composeStep, invoke } from "../composing/step.ts";
import type { ComposedStep, InputOfAll } from "../composing/step.ts";

/**
 * Makes a step that calls functions with the value so far, waits for all of them, and passes that
 * value on. Use it for work that must finish first but whose output is not needed. If one fails,
 * the others are canceled.
 *
 * @throws `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { chain, tap } from "handback/patterns";
 *
 * type Order = { id: string; to: string };
 * const audit = fn("docs/audit", (ctx, order: Order) => ctx.log.info(`order ${order.id}`));
 * const ship = fn("docs/ship", (_, order: Order) => `${order.id} goes to ${order.to}`);
 * const fulfil = chain("docs/fulfil", (order: Order) => order, tap(audit), ship);
 *
 * const engine = await embedded({ functions: [fulfil], store: memory() });
 * console.log(await engine.client.call(fulfil, { id: "o1", to: "Ada" })); // o1 goes to Ada
 * await engine.close();
 */
export function tap<
  const Functions extends readonly AnyInvokable[],
  Value extends InputOfAll<Functions> = InputOfAll<Functions>,
>(...functions: Functions): ComposedStep<Value, Value> {
  const parts = functions.map((f, index) => checkInvokable(`tap: function ${index + 1}`, f));
  return composeStep({
    labelIn: (naming) => `tap(${parts.map(naming).join(", ")})`,
    shape: { kind: "tap", parts: parts.map(shapeOf) },
    parts,
    begin: (ctx, value) =>
      ctx.race([ctx.all([ctx.resolved(value), ...parts.map((f) => invoke(ctx, f, value))])]),
    map: (joined) => (joined as readonly [value: unknown, ...unknown[]])[0],
  });
}
