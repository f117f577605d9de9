import { isThenable } from "../../core/data/kind.ts";
import type { VirtualClock } from "../simulation/machine/virtual-clock.ts";

/**
 * Wraps an object so that the clock drives each promise its methods return. Objects that these
 * promises give are wrapped as well.
 */
export function driven<T extends object>(target: T, clock: VirtualClock): T {
  return new Proxy(target, {
    get(_, name): unknown {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: readonly unknown[]) => {
        const result: unknown = Reflect.apply(member, target, args);
        return isThenable(result)
          ? clock.until(Promise.resolve(result).then((value: unknown) => wrap(value, clock)))
          : wrap(result, clock);
      };
    },
  });
}

/** Wraps handles, because they have methods that wait. Leaves plain data as it is. */
function wrap(value: unknown, clock: VirtualClock): unknown {
  return typeof value === "object" &&
    value !== null &&
    "result" in value &&
    typeof value.result === "function"
    ? driven(value, clock)
    : value;
}
