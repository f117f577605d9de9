import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import type { Exposed } from "../requests/exposed-functions.ts";

/** Functions by the names that clients of Durable Functions know them by. */
export type Orchestrators = ReadonlyMap<string, AnyInvokable>;

/**
 * Names functions as Durable Functions does: `namespace/name` is `name`. The whole type works, too,
 * with an encoded slash. Operations have no name there.
 *
 * @throws `INVALID_OPTIONS` if two functions have one name
 */
export function orchestratorsOf({ all }: Exposed): Orchestrators {
  const found = new Map<string, AnyInvokable>();
  for (const { type, operation, f } of all) {
    if (operation !== undefined) continue;
    const name = type.slice(type.indexOf("/") + 1);
    if (found.has(name))
      throw new HandbackError(
        "INVALID_OPTIONS",
        `functions: expected names that differ without their namespaces, got ${show(name)} twice`,
      );
    found.set(name, f).set(type, f);
  }
  return found;
}
