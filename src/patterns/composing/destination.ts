import { checkFunctionType } from "../../core/validation/names.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Invokable } from "../../futures/types/function.ts";
import { checkInvokable } from "./step.ts";

/** Where a pattern sends what it has: a function, an operation of a stateful one, or an egress by its type. */
export type Outlet<Value> = Invokable<Value, unknown> | string;

/** Refuses what is no outlet. @throws `INVALID_OPTIONS`, `INVALID_NAME` */
export function checkOutlet(option: string, outlet: unknown): void {
  if (typeof outlet === "string") checkFunctionType(outlet);
  else checkInvokable(option, outlet);
}

/** The functions among some outlets: what a pattern brings as its parts. */
export function partsAmong(outlets: readonly (Outlet<never> | undefined)[]): readonly object[] {
  return outlets.filter((outlet) => typeof outlet === "object");
}

/** Sends a value to an outlet with this handler's commit; an operation of a stateful function gets it at this address's id. */
export function sendTo<Value>(ctx: Context, outlet: Outlet<Value>, value: Value): void {
  if (typeof outlet === "string") return ctx.egress(outlet, value);
  // Typed as any function, since `Value` may hold futures for all that TypeScript knows.
  const f: Invokable<never, unknown> = outlet;
  const at = outlet.operation === undefined ? {} : { id: ctx.self.id };
  ctx.send(f, value as never, at);
}
