import type { FutureHandle } from "../../futures/types/handle.ts";
import type { Below, Depth, IsAny } from "../../futures/types/resolvable.ts";

/**
 * A value of a flow as JSON carries it: dates, bigints and bytes are text, Maps are lists of pairs,
 * Sets are lists. Handles are left out. Deeper than 5 levels, a type stays as it is.
 */
export type Plain<T> = PlainParts<T, 5>;

type PlainParts<T, D extends Depth> =
  IsAny<T> extends true
    ? T
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends void | FutureHandle<unknown>
        ? undefined
        : T extends Date | bigint | Uint8Array
          ? string
          : T extends ReadonlyMap<infer Key, infer Value>
            ? [Item<Key, D>, Item<Value, D>][]
            : T extends ReadonlySet<infer Each>
              ? Item<Each, D>[]
              : D extends 0
                ? T
                : T extends readonly unknown[]
                  ? { [Key in keyof T]: Item<T[Key], Below<D>> }
                  : T extends object
                    ? { [Key in keyof T]: PlainParts<T[Key], Below<D>> }
                    : T;

/** An item of a list. JSON has `null` in place of `undefined`. */
type Item<T, D extends Depth> =
  PlainParts<T, D> extends infer Part ? (Part extends undefined ? null : Part) : never;
