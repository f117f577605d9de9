import type { Future } from "./future.ts";
import type { Below, Depth, IsAny, Leaf } from "./resolvable.ts";

/**
 * The result for callers of a handler that returns `Return`. Promises (of async handlers) and
 * futures are unwrapped, members of unions one by one, futures inside objects, arrays and tuples
 * down to `Depth` 5.
 *
 * A type without futures stays itself, with its name and identity. So do leaves and handles.
 */
export type Resolved<Return> = ResolvedParts<Awaited<Return>, 5>;

type ResolvedParts<T, D extends Depth> =
  IsAny<T> extends true
    ? T
    : T extends Leaf
      ? T
      : T extends Future<infer Value>
        ? Value
        : true extends HoldsFuture<T, D>
          ? { [Key in keyof T]: ResolvedParts<T[Key], Below<D>> }
          : T;

/** `true`, `false` or `boolean`. The type holds a future if `true` is in it. */
type HoldsFuture<T, D extends Depth> =
  IsAny<T> extends true
    ? false
    : D extends 0
      ? false
      : T extends Leaf
        ? false
        : T extends Future<unknown>
          ? true
          : T extends readonly unknown[]
            ? HoldsFuture<T[number], Below<D>>
            : T extends object
              ? { [Key in keyof T]-?: HoldsFuture<T[Key], Below<D>> }[keyof T]
              : false;
