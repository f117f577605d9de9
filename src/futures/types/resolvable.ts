import type { Future } from "./future.ts";
import type { FutureHandle } from "./handle.ts";

/** Types that are not searched for futures: they hold none, or none that the codec would find. */
export type Leaf =
  | string
  | number
  | boolean
  | bigint
  | symbol
  | null
  | undefined
  | void
  | Date
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | Uint8Array
  | ((...args: never) => unknown)
  | FutureHandle<unknown>;

/** Levels left to search. Recursive types stop at 0. */
export type Depth = 0 | 1 | 2 | 3 | 4 | 5;

/** One level less. */
export type Below<D extends Depth> = [0, 0, 1, 2, 3, 4][D] & Depth;

/** True if `T` is `any`. */
export type IsAny<T> = 0 extends 1 & T ? true : false;

/**
 * The values that may be passed where a function takes `Input`: an `Input`, a future of it, or an
 * `Input` with futures in place of parts, down to `Depth` 5.
 *
 * `Input` itself is a member of the union, so generic code can pass an `Input` or a
 * `Future<Input>`, and classes, branded and recursive types are accepted as they are.
 */
export type Resolvable<Input, D extends Depth = 5> =
  | Input
  | Future<Input>
  | ResolvableParts<Input, D>;

type ResolvableParts<Input, D extends Depth> =
  IsAny<Input> extends true
    ? unknown
    : D extends 0
      ? never
      : Input extends Leaf | Future<unknown>
        ? never
        : Input extends object
          ? { [Key in keyof Input]: Resolvable<Input[Key], Below<D>> }
          : never;
