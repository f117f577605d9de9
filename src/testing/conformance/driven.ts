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
        if (!isThenable(result)) return wrap(result, clock);
        const awaited = clock.until(
          Promise.resolve(result).then((value: unknown) => wrap(value, clock)),
        );
        return isAsyncIterable(result)
          ? Object.assign(awaited, drivenItems(result, clock))
          : awaited;
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

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

/** Returns the items of a list. The clock drives the reads of its pages. */
function drivenItems(list: AsyncIterable<unknown>, clock: VirtualClock): AsyncIterable<unknown> {
  return {
    async *[Symbol.asyncIterator]() {
      const items = list[Symbol.asyncIterator]();
      for (;;) {
        const item: IteratorResult<unknown, unknown> = await clock.until(items.next());
        if (item.done === true) return;
        yield item.value;
      }
    },
  };
}
